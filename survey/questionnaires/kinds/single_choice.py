"""One of the question's own options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from survey.questionnaires.content import Answer, QuestionSpec
from survey.questionnaires.kinds.choosing import on_list, only_one


class SingleChoice:
    """Answer: the code of an option."""

    code = "single-choice"
    template = "survey/kinds/choice.html"
    separate = False

    def choices(self, question: QuestionSpec, wordings: Mapping[str, str]) -> list[tuple[str, str]]:
        """Options in their order."""
        return [(code, wordings[f"option.{question.code}.{code}"]) for code in question.options]

    def clean(self, raw: Sequence[str], question: QuestionSpec) -> Answer | None:
        """One option code."""
        value = only_one(raw)
        if not value:
            return None
        self.check(value, question)
        return value

    def check(self, value: object, question: QuestionSpec) -> None:
        """An option of this question."""
        on_list(value if isinstance(value, str) else None, question.options)
