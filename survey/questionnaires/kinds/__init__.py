"""Question kinds: one small file each, equals behind one contract."""

from __future__ import annotations

from typing import Final

from survey.questionnaires.kinds.base import AnswerError, QuestionKind
from survey.questionnaires.kinds.multiple_choice import MultipleChoice
from survey.questionnaires.kinds.scale import Scale
from survey.questionnaires.kinds.short_text import ShortText
from survey.questionnaires.kinds.single_choice import SingleChoice
from survey.questionnaires.kinds.yes_no import YesNo

KINDS: Final[dict[str, QuestionKind]] = {
    kind.code: kind for kind in (Scale(), YesNo(), SingleChoice(), MultipleChoice(), ShortText())
}

__all__ = ["KINDS", "AnswerError", "QuestionKind"]
