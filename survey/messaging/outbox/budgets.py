"""What messages cost: a running sum of parts per sender and day, so that a budget is asked for in
one row.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from django.db.models import Sum
from django.utils import timezone

from survey.common.tallies import increment
from survey.messaging.models import Sender
from survey.messaging.outbox.models import Spending


def spending_day(moment: datetime | None, now: datetime) -> date:
    """The day an attempt belongs to."""
    return timezone.localtime(moment or now).date()


def record_spending(parts: Mapping[tuple[int, date], int]) -> None:
    """Add parts to (sender, day), or take them back when they were not sent after all."""
    for (sender_id, day), number in sorted(parts.items()):
        if number:
            increment(Spending, "parts", number, sender_id=sender_id, day=day)


def spent(sender: Sender, since: date) -> Decimal:
    """Price of the parts since a day, in đồng."""
    parts = (
        Spending.objects.filter(sender=sender, day__gte=since).aggregate(n=Sum("parts"))["n"] or 0
    )
    return sender.price * parts


def money_left(sender: Sender, now: datetime) -> Decimal | None:
    """What the budgets of the day and the month leave; None without budgets."""
    today = spending_day(now, now)
    limits = [(sender.daily_budget, today), (sender.monthly_budget, today.replace(day=1))]
    left = [budget - spent(sender, since) for budget, since in limits if budget is not None]
    return min(left, default=None)
