"""Any number of the question's own options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from survey.questionnaires.content import Answer, QuestionSpec
from survey.questionnaires.kinds.base import AnswerError
from survey.questionnaires.kinds.choosing import on_list


class MultipleChoice:
    """Answer: a list of option codes, each once, in the order of the options."""

    code = "multiple-choice"
    template = "survey/kinds/choices.html"
    separate = False

    def choices(self, question: QuestionSpec, wordings: Mapping[str, str]) -> list[tuple[str, str]]:
        """Options in their order."""
        return [(code, wordings[f"option.{question.code}.{code}"]) for code in question.options]

    def clean(self, raw: Sequence[str], question: QuestionSpec) -> Answer | None:
        """Option codes; blanks are ignored."""
        sent = [value for value in raw if value]
        self.check(sent, question)
        return [code for code in question.options if code in sent] or None

    def check(self, value: object, question: QuestionSpec) -> None:
        """Options of this question, none twice."""
        if not isinstance(value, list):
            raise AnswerError(_("Choose one of the answers shown."))
        for item in value:
            on_list(item if isinstance(item, str) else None, question.options)
        if len(set(value)) != len(value):
            raise AnswerError(_("Choose each answer only once."))
