"""Five levels of satisfaction, 1 very dissatisfied to 5 very satisfied, and 0 for "not
applicable".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from survey.questionnaires.content import Answer, QuestionSpec
from survey.questionnaires.kinds.choosing import on_list, only_one

NOT_APPLICABLE = 0
LEVELS = (1, 2, 3, 4, 5)


def level_names() -> list[str]:
    """The levels from the lowest to the highest, in words of the active language."""
    return [
        _("Very dissatisfied"),
        _("Dissatisfied"),
        _("Neutral"),
        _("Satisfied"),
        _("Very satisfied"),
    ]


class Scale:
    """Answer: an integer."""

    code = "scale"
    template = "survey/kinds/scale.html"
    separate = False

    def _allowed(self, question: QuestionSpec) -> tuple[int, ...]:
        return (*LEVELS, NOT_APPLICABLE) if question.not_applicable else LEVELS

    def choices(self, question: QuestionSpec, wordings: Mapping[str, str]) -> list[tuple[str, str]]:
        """Low to high, the same direction everywhere."""
        labels = dict(zip(LEVELS, level_names(), strict=True))
        labels[NOT_APPLICABLE] = _("Not applicable")
        return [(str(level), labels[level]) for level in self._allowed(question)]

    def clean(self, raw: Sequence[str], question: QuestionSpec) -> Answer | None:
        """One digit."""
        text = only_one(raw)
        if not text:
            return None
        value = int(text) if len(text) == 1 and text.isascii() and text.isdigit() else -1
        self.check(value, question)
        return value

    def check(self, value: object, question: QuestionSpec) -> None:
        """An integer on the scale."""
        on_list(value if isinstance(value, int) else None, self._allowed(question))
