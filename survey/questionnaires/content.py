"""A questionnaire version as plain, frozen data: what pages, checks and exports work with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Answer = int | str | list[str]
Answers = dict[str, Answer]


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
        """Whether the question is put to someone who gave these answers."""
        return all(answers.get(code) in wanted for code, wanted in (self.shown_when or {}).items())


@dataclass(frozen=True)
class Form:
    """A version: its factors in order, each with its questions in order."""

    version_id: int
    questionnaire: str
    number: int
    published: bool
    extends: str | None
    factors: Mapping[str, tuple[QuestionSpec, ...]]

    @property
    def questions(self) -> dict[str, QuestionSpec]:
        """Questions by code: the allow-list of this version."""
        return {
            question.code: question for questions in self.factors.values() for question in questions
        }

    @property
    def first_page(self) -> dict[str, QuestionSpec]:
        """What is asked before anything is stored: what has to be answered, else the first
        question.
        """
        needed = {code: question for code, question in self.questions.items() if question.required}
        return needed or dict(list(self.questions.items())[:1])

    @property
    def second_page(self) -> dict[str, QuestionSpec]:
        """What is asked of an answer that is stored already."""
        first = self.first_page
        return {code: question for code, question in self.questions.items() if code not in first}
