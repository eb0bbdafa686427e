"""A questionnaire version as plain, frozen data: what pages, checks and exports work with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from django.utils.translation import gettext as _

Answer = int | str | list[str]
Answers = dict[str, Answer]
UNKNOWN: Final = "unknown"
EVENT_FACTS: Final[Mapping[str, tuple[str, ...]]] = {
    "event-timing": (UNKNOWN, "early", "on-time", "late"),
    "event-applicant": (UNKNOWN, "citizen", "business"),
}
"""What the event of a dossier may tell beside the answers: a question can be asked under it. Where
nothing is told, as at a counter, it is ``unknown``.
"""


def fact_words() -> dict[str, tuple[str, dict[str, str]]]:
    """Fact -> what it is about and what each of its values is called, in the active language."""
    unknown = {UNKNOWN: _("not known")}
    return {
        "event-timing": (
            _("the result of the dossier"),
            {"early": _("early"), "on-time": _("on time"), "late": _("late"), **unknown},
        ),
        "event-applicant": (
            _("the applicant"),
            {"citizen": _("a citizen"), "business": _("a business"), **unknown},
        ),
    }


@dataclass(frozen=True)
class QuestionSpec:
    """One question. ``shown_when``: code of another question -> answers for which this one
    applies.
    """

    code: str
    kind: str
    factor: str
    required: bool = False
    not_applicable: bool = False
    options: tuple[str, ...] = ()
    shown_when: Mapping[str, tuple[Answer, ...]] | None = None

    def applies(self, answers: Mapping[str, object]) -> bool:
        """Whether the question is put to someone who gave these answers; facts of the event stand
        among them under their names.
        """
        known = {**dict.fromkeys(EVENT_FACTS, UNKNOWN), **answers}
        return all(known.get(code) in wanted for code, wanted in (self.shown_when or {}).items())

    @property
    def applies_without_event(self) -> bool:
        """Whether it can be asked where no event of a dossier tells anything."""
        wanted = self.shown_when or {}
        return all(UNKNOWN in wanted[fact] for fact in EVENT_FACTS if fact in wanted)

    @property
    def depends_on_answers(self) -> bool:
        """Whether what somebody answered decides if it is asked, not the event alone."""
        return bool(set(self.shown_when or {}) - set(EVENT_FACTS))


@dataclass(frozen=True)
class Form:
    """A version: its factors in order, each with its questions in order."""

    version_id: int
    questionnaire: str
    number: int
    published: bool
    extends: str | None
    factors: Mapping[str, tuple[QuestionSpec, ...]]

    @cached_property
    def questions(self) -> dict[str, QuestionSpec]:
        """Questions by code: the allow-list of this version."""
        return {
            question.code: question for questions in self.factors.values() for question in questions
        }

    @cached_property
    def first_page(self) -> dict[str, QuestionSpec]:
        """What is asked before anything is stored: what has to be answered, else the first
        question.
        """
        needed = {code: question for code, question in self.questions.items() if question.required}
        return needed or dict(list(self.questions.items())[:1])

    @cached_property
    def second_page(self) -> dict[str, QuestionSpec]:
        """What is asked of an answer that is stored already."""
        first = self.first_page
        return {code: question for code, question in self.questions.items() if code not in first}
