"""How fast a sender may go: a bucket of message parts that fills with time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from survey.messaging.models import Sender

CLOCKS_APART: Final = timedelta(minutes=10)
"""Clocks of two dispatchers differ by less, or one of them is not run; more is a clock that was set
back.
"""
LONGEST_PUT_OFF: Final = timedelta(days=30)
"""No message waits longer for its reminder's day, for morning or for another try."""


def refill(sender: Sender, now: datetime) -> tuple[float, float]:
    """What may go now, and what the bucket holds at most.

    It holds nine tenths of a second, so that no ten seconds exceed the rate by 10 %.
    """
    slowed = sender.slowed_until is not None and now < sender.slowed_until
    rate = sender.rate / 2 if slowed else sender.rate
    depth = max(0.9 * rate, 1.0)
    last = sender.bucket_at
    if last and last - now > CLOCKS_APART:
        last = now  # it was filled while the clock was ahead: nothing would go until then
    passed = (now - last).total_seconds() if last else depth / rate
    sender.bucket_at = max(now, last or now)
    return min(depth, sender.bucket + max(passed, 0.0) * rate), depth
