"""Yes or no."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from survey.questionnaires.content import Answer, QuestionSpec
from survey.questionnaires.kinds.choosing import on_list, only_one


class YesNo:
    """Answer: ``"yes"`` or ``"no"``."""

    code = "yes-no"
    template = "survey/kinds/choice.html"
    separate = False

    def choices(self, question: QuestionSpec, wordings: Mapping[str, str]) -> list[tuple[str, str]]:
        """Yes first."""
        return [("yes", _("Yes")), ("no", _("No"))]

    def clean(self, raw: Sequence[str], question: QuestionSpec) -> Answer | None:
        """One of the two."""
        value = only_one(raw)
        if not value:
            return None
        self.check(value, question)
        return value

    def check(self, value: object, question: QuestionSpec) -> None:
        """One of the two."""
        on_list(value if isinstance(value, str) else None, ("yes", "no"))
