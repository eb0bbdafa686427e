"""What the kinds with one answer share: exactly one value, and it must be on the list."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.utils.translation import gettext as _

from survey.questionnaires.kinds.base import AnswerError


def only_one(raw: Sequence[str]) -> str:
    """The one value sent; empty when none was."""
    if len(raw) > 1:
        raise AnswerError(_("Choose only one answer."))
    return raw[0] if raw else ""


def on_list(value: object, allowed: Collection[object]) -> None:
    """Refuse what the question does not offer."""
    if isinstance(value, bool) or value not in allowed:
        raise AnswerError(_("Choose one of the answers shown."))
