"""When messages may go: the sender's hours in Vietnam, and how long the provider may keep one."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final

from django.conf import settings
from django.utils import timezone

from survey.messaging.models import Sender

MIN_TIME_LEFT: Final = timedelta(minutes=10)
MAX_VALIDITY: Final = timedelta(hours=4)


def next_moment(sender: Sender, now: datetime) -> datetime:
    """``now`` inside the sender's hours with at least ten minutes left, otherwise when they begin
    again.
    """
    if not settings.SMS_QUIET_HOURS:
        return now
    local = timezone.localtime(now)
    opens, closes = (
        local.replace(hour=t.hour, minute=t.minute, second=0, microsecond=0)
        for t in (sender.opens, sender.closes)
    )
    if local < opens:
        return opens
    return now if local <= closes - MIN_TIME_LEFT else opens + timedelta(days=1)


def _at(day: datetime, moment: time) -> datetime:
    return day.replace(hour=moment.hour, minute=moment.minute, second=0, microsecond=0)


def seconds_valid(sender: Sender, now: datetime, not_after: datetime) -> int:
    """How long the provider's own queue may hold a message: never into the night, at most four
    hours.
    """
    ends = [MAX_VALIDITY, not_after - now]
    if settings.SMS_QUIET_HOURS:
        local = timezone.localtime(now)
        ends.append(
            local.replace(
                hour=sender.closes.hour, minute=sender.closes.minute, second=0, microsecond=0
            )
            - local
        )
    return max(1, int(min(ends).total_seconds()))
