"""A short text of the citizen's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from survey.common.text import TextError, clean
from survey.questionnaires.content import Answer, QuestionSpec
from survey.questionnaires.kinds.base import AnswerError

LONGEST = 500


class ShortText:
    """Answer: text in NFC, at most 500 characters; stored apart from the response."""

    code = "short-text"
    template = "survey/kinds/text.html"
    separate = True

    def choices(self, question: QuestionSpec, wordings: Mapping[str, str]) -> list[tuple[str, str]]:
        """None: free text."""
        return []

    def clean(self, raw: Sequence[str], question: QuestionSpec) -> Answer | None:
        """The text, cleaned."""
        if len(raw) > 1:
            raise AnswerError(_("Write your comment in one place only."))
        try:
            text = clean(raw[0]) if raw else ""
        except TextError as error:
            raise AnswerError(
                _("The comment holds characters we cannot read. Please type it again.")
            ) from error
        self.check(text, question)
        return text or None

    def check(self, value: object, question: QuestionSpec) -> None:
        """Not too long."""
        if not isinstance(value, str) or len(value) > LONGEST:
            raise AnswerError(
                _("Please shorten the comment to %(count)s characters.") % {"count": LONGEST}
            )
