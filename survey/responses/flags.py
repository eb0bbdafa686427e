"""Rules that mark an answer: their names, and the mark of a row."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final

from django.utils import timezone

from survey.transactions.models import Channel

FIRST_HOUR: Final = 6
"""No counter serves earlier: an answer at a counter before it is marked."""
END_HOUR: Final = 20
"""No counter serves later."""


class Flag(StrEnum):
    """A marked answer stays in the record; ``uncounted_flags`` of a method say which never count.

    An answer has one mark: at an entrance that of the rule asked last, of a stored row that of the
    first that fits.
    """

    NO_CODE = "no-code"
    """The office was chosen from a list."""
    OLD_POSTER = "old-poster"
    """Given on a replaced issue of a poster."""
    UNPROVEN = "unproven"
    """The page of a screen was too old, or nobody can tell its origin."""
    OVER = "over"
    """More than a counter can have served in an hour."""
    DISPUTED = "disputed"
    """Both answers of a slip two people claim."""
    UNSENT = "unsent"
    """Touched and left on a tablet."""
    QUICK = "quick"
    """Within seconds of the one before on a tablet."""
    HOURS = "hours"
    """Outside opening hours."""
    UNDATED = "undated"
    """A tablet's clock that cannot be believed."""
    WITHDRAWN = "withdrawn"
    """A tablet that was no longer allowed."""
    EXCLUDED = "excluded"
    """Two people took it out of every figure; no answer bears it in its row."""
    ASSISTED = "assisted"
    """An officer helped."""


def find_flag(channel: str, hour: datetime, marks: Mapping[str, str] | None) -> str:
    """The mark of an answer, or empty."""
    marks = marks or {}
    if flag := marks.get("flag"):
        return flag
    if marks.get("assisted") == "officer":
        return Flag.ASSISTED.value
    open_then = FIRST_HOUR <= timezone.localtime(hour).hour < END_HOUR
    return "" if open_then or channel != Channel.COUNTER else Flag.HOURS.value
