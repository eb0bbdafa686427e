"""Counters of what came in, by day, source and outcome."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.utils import timezone

from survey.common.tallies import increment
from survey.transactions.models import IntakeCount


def count_intake(*, source: str, outcomes: Mapping[str, int], now: datetime) -> None:
    """Add to the counters of a day; several processes may count at once."""
    day = timezone.localtime(now).date()
    for outcome, number in sorted(outcomes.items()):
        increment(IntakeCount, "count", number, day=day, source=source[:40], outcome=outcome[:60])


_waiting: Counter[tuple[str, str]] = Counter()
_lock = threading.Lock()
_written = 0.0
FLUSH_SECONDS: Final = 30.0


def count_later(*, source: str, outcome: str, now: datetime) -> None:
    """Count what anybody may send: summed in this process and written now and then, so that a flood
    writes little.
    """
    global _written
    with _lock:
        _waiting[source, outcome] += 1
        if time.monotonic() - _written < FLUSH_SECONDS:
            return
        _written = time.monotonic()
        found = dict(_waiting)
        _waiting.clear()
    for (name, what), number in found.items():
        count_intake(source=name, outcomes={what: number}, now=now)
