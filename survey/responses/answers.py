"""From what a form sent to answers a version allows, and the same check again for what is about to
be stored.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.http import QueryDict
from django.utils.translation import gettext as _

from survey.questionnaires.content import EVENT_FACTS, UNKNOWN, Answers, Form, QuestionSpec
from survey.questionnaires.kinds import KINDS, AnswerError
from survey.transactions.models import Applicant

HELPED: Final = "helped"
"""Somebody helped with the answer; analysed apart."""
NOBODY: Final = "nobody"
ASSISTED: Final = frozenset({HELPED, "relative", "officer", NOBODY})
"""What may be said about help. One box is asked for today; tablets and pages opened before it
asked who helped, and still say so.
"""
APPLICANT: Final = "applicant"
"""The question that asks for whom a dossier was."""
WHOLE_FORM = ""
"""Key of an error that belongs to no single question."""


def helped_by(chosen: Sequence[str]) -> dict[str, str]:
    """The mark for who helped, from what was chosen; empty when nobody did."""
    return {"assisted": chosen[0]} if chosen and chosen[0] != NOBODY else {}


def name_facts(timing: str, applicant: str) -> dict[str, str]:
    """What an event told, under the names questions are asked by."""
    return {"event-timing": timing or UNKNOWN, "event-applicant": applicant or UNKNOWN}


def imply_facts(form: Form, answers: Mapping[str, object]) -> dict[str, str]:
    """Facts that stored answers speak for: who answered a question that is asked of late dossiers
    had one.
    """
    questions = form.questions
    return {
        code: str(wanted[0])
        for answered in answers
        if answered in questions
        for code, wanted in (questions[answered].shown_when or {}).items()
        if code in EVENT_FACTS and wanted
    }


def read_applicant(answers: Mapping[str, object], marks: Mapping[str, str] | None) -> str:
    """For whom the dossier was: as the event told, else as was tapped; empty where neither does."""
    told = (marks or {}).get("applicant") or answers.get(APPLICANT)
    return told if isinstance(told, str) and told in Applicant.values else ""


@dataclass
class Parsed:
    """Outcome of reading a form: clean answers, errors by question code, and what was sent, to show
    it again.
    """

    answers: Answers = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    sent: dict[str, list[str]] = field(default_factory=dict)


class AnswersRefused(ValueError):
    """Answers outside the version's allow-list; ``errors`` by question code."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{code}: {message}" for code, message in errors.items()))
        self.errors = dict(errors)


def parse(
    data: QueryDict,
    questions: Iterable[QuestionSpec],
    technical: Collection[str],
    known: Mapping[str, object] | None = None,
) -> Parsed:
    """Read the answers to ``questions``; any other field than these and the ``technical`` ones is
    an error.

    ``known`` are answers given before, which decide too whether a question applies.
    """
    result = Parsed()
    asked = list(questions)
    if set(data) - {question.code for question in asked} - set(technical):
        result.errors[WHOLE_FORM] = _(
            "This form holds fields that do not belong to it. Please scan the code again."
        )
    for question in asked:
        raw = data.getlist(question.code)
        result.sent[question.code] = raw
        try:
            value = KINDS[question.kind].clean(raw, question)
        except AnswerError as error:
            result.errors[question.code] = str(error)
            continue
        # A follow-up question may still be filled in after the answer above it was changed: it no
        # longer applies.
        if value is not None and question.applies({**(known or {}), **result.answers}):
            result.answers[question.code] = value
    for question in asked:
        if (
            question.required
            and question.code not in result.answers
            and question.code not in result.errors
        ):
            result.errors[question.code] = _("Please choose one answer.")
    return result


def check(
    form: Form,
    answers: Mapping[str, object],
    facts: Mapping[str, str],
    *,
    whole: bool = True,
) -> None:
    """Refuse anything the version does not allow, whichever entrance it came by; ``facts`` of the
    event decide with the answers what applies; ``whole``: nothing required may lack.

    Raises
    ------
    AnswersRefused
        Unknown question, value outside the allow-list, required answer missing, or a question that
        does not apply.
    """
    questions, errors = form.questions, {}
    for code, value in answers.items():
        question = questions.get(code)
        if question is None or not question.applies({**answers, **facts}):
            errors[code] = _("This question is not part of the form.")
            continue
        try:
            KINDS[question.kind].check(value, question)
        except AnswerError as error:
            errors[code] = str(error)
    for question in questions.values():
        if whole and question.required and question.code not in answers:
            errors[question.code] = _("Please choose one answer.")
    if errors:
        raise AnswersRefused(errors)
