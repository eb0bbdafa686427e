"""Counters of what came in, by day, source and outcome."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from survey.transactions.models import IntakeCount


def count_intake(*, source: str, outcomes: Mapping[str, int], now: datetime) -> None:
    """Add to the counters of a day; several processes may count at once."""
    day = timezone.localtime(now).date()
    for outcome, number in sorted(outcomes.items()):
        row = IntakeCount.objects.filter(day=day, source=source[:40], outcome=outcome[:60])
        if row.update(count=F("count") + number):
            continue
        try:
            with transaction.atomic():
                IntakeCount.objects.create(day=day, source=source[:40], outcome=outcome[:60], count=number)
        except IntegrityError:
            row.update(count=F("count") + number)
