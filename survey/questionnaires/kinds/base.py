"""The contract of a question kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from survey.questionnaires.content import Answer, QuestionSpec


class AnswerError(ValueError):
    """An answer that cannot be taken; the message is for the citizen, in the active language."""


class QuestionKind(Protocol):
    """What every kind of question can do."""

    code: str
    template: str
    separate: bool
    """True: the answer is text of the citizen's own and is stored apart from the response."""

    def choices(self, question: QuestionSpec, wordings: Mapping[str, str]) -> list[tuple[str, str]]:
        """(value, label) pairs in the order they are shown; empty for free text."""
        ...

    def clean(self, raw: Sequence[str], question: QuestionSpec) -> Answer | None:
        """The answer in what a form sent, None when left blank; raises ``AnswerError``."""
        ...

    def check(self, value: object, question: QuestionSpec) -> None:
        """Refuse a stored-form value that this question does not allow; raises ``AnswerError``."""
        ...
