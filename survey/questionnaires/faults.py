"""What keeps a version from being shown: everything a page needs is looked at before it is
published.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from django.utils.translation import gettext as _

from survey.questionnaires.content import EVENT_FACTS, Form, QuestionSpec
from survey.questionnaires.kinds import KINDS, AnswerError
from survey.questionnaires.models import Version
from survey.questionnaires.queries import read_form

CODE: Final = re.compile(r"^[A-Za-z][A-Za-z0-9_-]{0,19}$")
OPTION: Final = re.compile(r"^[a-z0-9][a-z0-9-]{0,19}$")
OVERALL: Final = "overall"
"""The question every figure of a first form rests on."""
TECHNICAL: Final = frozenset(
    {
        "ticket",
        "lang",
        "assisted",
        "dispute",
        "pressed",
        "switch",
        "part",
        "state",
        "form",
        "next",
        "t",
        "consent",
    }
)
"""Names of fields the pages use themselves."""
RESERVED: Final = frozenset(
    {
        OVERALL,
        *(f"A{number}" for number in range(1, 4)),
        *(f"B{number}" for number in range(1, 5)),
        *(f"{letter}{number}" for letter in "CDE" for number in range(1, 4)),
        *(f"U{number}" for number in range(1, 10)),
    }
)
"""Codes of items the figures are made of; see docs/snapshot.md."""


def find_faults(version: Version) -> list[str]:
    """Sentences that name the question and what to do; empty when the version can be shown."""
    stray = version.questions.exclude(factor__version=version)
    found = [
        _(
            "Question “%(code)s” hangs under a factor of another version; choose one of this "
            "version."
        )
        % {"code": question.code}
        for question in stray
    ]
    found += [
        _(
            "Question “%(code)s”: choices are a list of codes, the condition a table of question "
            "codes and lists of "
            "answers."
        )
        % {"code": question.code}
        for question in version.questions.all()
        if not _well_formed(question.options, question.shown_when)
    ]
    if found:
        return found
    form = read_form(version)
    found += _faults_of_form(form)
    found += _faults_of_order(form)
    asked: list[QuestionSpec] = []
    for question in form.questions.values():
        found += _faults_of_question(question, asked)
        asked.append(question)
    return found


def _well_formed(options: object, shown_when: object) -> bool:
    """Whether the two free fields of a question are of the kind a page can read."""
    listed = isinstance(options, list) and all(isinstance(option, str) for option in options)
    if shown_when in (None, {}):
        return listed
    return (
        listed
        and isinstance(shown_when, dict)
        and all(isinstance(values, list) for values in shown_when.values())
    )


def _faults_of_form(form: Form) -> Iterator[str]:
    for factor, questions in form.factors.items():
        if not questions:
            yield _("Factor “%(code)s” has no question; add one or delete the factor.") % {
                "code": factor
            }
    if not form.questions:
        yield _("The version asks nothing; add a question.")
        return
    overall = form.questions.get(OVERALL)
    if form.extends is None and (
        overall is None or overall.kind != "scale" or not overall.required
    ):
        yield _(
            "A first form needs the question “%(code)s” of kind “scale”, and it must be required."
        ) % {"code": OVERALL}


def _faults_of_order(form: Form) -> Iterator[str]:
    """Conditions that nobody would meet: of a first form all but what must be answered stands on
    one page, and of a form that goes on the event is not known.
    """
    for question in form.questions.values():
        for code in question.shown_when or {}:
            if form.extends and code in EVENT_FACTS:
                yield _(
                    "Question “%(code)s”: only a form of its own can ask by what the dossier tells."
                ) % {"code": question.code}
            elif not form.extends and code in form.second_page:
                yield _(
                    "Question “%(code)s” stands on the same page as “%(other)s”, on whose answer "
                    "it depends; let it depend on a question that must be answered."
                ) % {"code": question.code, "other": code}


def _faults_of_question(question: QuestionSpec, before: Sequence[QuestionSpec]) -> Iterator[str]:
    name = {"code": question.code}
    if not CODE.fullmatch(question.code) or question.code in {*TECHNICAL, *EVENT_FACTS}:
        yield (
            _(
                "Question code “%(code)s”: letters, digits, “-” and “_” only, and no name the "
                "pages use."
            )
            % name
        )
    if question.code in RESERVED and question.kind != "scale":
        yield _("Question “%(code)s”: figures read this code as a level; take another code.") % name
    if question.kind not in KINDS:
        kinds = ", ".join(KINDS)
        yield _("Question “%(code)s”: unknown kind “%(kind)s”; known are %(kinds)s.") % {
            **name,
            "kind": question.kind,
            "kinds": kinds,
        }
        return
    yield from _faults_of_options(question, name)
    yield from _faults_of_condition(question, before, name)


def _faults_of_options(question: QuestionSpec, name: dict[str, str]) -> Iterator[str]:
    chooses = question.kind in ("single-choice", "multiple-choice")
    well_formed = all(OPTION.fullmatch(str(option)) for option in question.options)
    if chooses and (
        len(question.options) < 2
        or not well_formed
        or len({*question.options}) < len(question.options)
    ):
        yield (
            _(
                "Question “%(code)s”: at least two choices are needed, each with a code of its own "
                "(a-z, 0-9, “-”)."
            )
            % name
        )
    if not chooses and question.options:
        yield _("Question “%(code)s”: this kind has no choices of its own; empty the list.") % name


def _faults_of_condition(
    question: QuestionSpec, before: Sequence[QuestionSpec], name: dict[str, str]
) -> Iterator[str]:
    if question.shown_when and question.required:
        yield _("Question “%(code)s” is asked under a condition and cannot be required.") % name
    known = {other.code: other for other in before}
    for code, values in (question.shown_when or {}).items():
        if code in EVENT_FACTS:
            yield from _faults_of_fact(code, values, name)
            continue
        other = known.get(code)
        if other is None or other.kind not in KINDS:
            yield _("Question “%(code)s” depends on “%(other)s”, which is not asked before it.") % {
                **name,
                "other": code,
            }
            continue
        for value in values:
            if not _is_answer(other, value):
                yield _("Question “%(code)s”: “%(value)s” is no answer of “%(other)s”.") % {
                    **name,
                    "value": value,
                    "other": code,
                }


def _faults_of_fact(fact: str, values: Sequence[object], name: dict[str, str]) -> Iterator[str]:
    for value in values:
        if value not in EVENT_FACTS[fact]:
            yield _(
                "Question “%(code)s”: “%(value)s” is nothing “%(other)s” can be; known are "
                "%(known)s."
            ) % {
                **name,
                "value": value,
                "other": fact,
                "known": ", ".join(EVENT_FACTS[fact]),
            }


def _is_answer(question: QuestionSpec, value: object) -> bool:
    try:
        KINDS[question.kind].check(
            [value] if question.kind == "multiple-choice" else value, question
        )
    except AnswerError:
        return False
    return True
