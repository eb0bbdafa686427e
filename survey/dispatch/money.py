"""What messages cost: a running sum of parts per sender and day, so that a budget is asked for in one row."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from survey.common.counters import add_to
from survey.dispatch.models import Sender


class Spending(models.Model):
    """Parts of a sender that were handed over on a day, or may have been."""

    sender = models.ForeignKey(Sender, on_delete=models.CASCADE, related_name="spending", verbose_name=_("sender"))
    day = models.DateField(_("day"))
    parts = models.IntegerField(_("parts"), default=0)

    class Meta:
        verbose_name = _("spending of a day")
        verbose_name_plural = _("spending by day")
        constraints: ClassVar = [models.UniqueConstraint(fields=["sender", "day"], name="spending_day_once")]

    def __str__(self) -> str:
        return f"{self.sender_id} {self.day}: {self.parts}"


def day_of(moment: datetime | None, now: datetime) -> date:
    """The day an attempt belongs to."""
    return timezone.localtime(moment or now).date()


def book(parts: Mapping[tuple[int, date], int]) -> None:
    """Add parts to (sender, day), or take them back when they were not sent after all."""
    for (sender_id, day), number in sorted(parts.items()):
        if number:
            add_to(Spending, "parts", number, sender_id=sender_id, day=day)


def spent(sender: Sender, since: date) -> Decimal:
    """Price of the parts since a day, in đồng."""
    parts = Spending.objects.filter(sender=sender, day__gte=since).aggregate(n=Sum("parts"))["n"] or 0
    return sender.price * parts


def money_left(sender: Sender, now: datetime) -> Decimal | None:
    """What the budgets of the day and the month leave; None without budgets."""
    today = day_of(now, now)
    limits = [(sender.daily_budget, today), (sender.monthly_budget, today.replace(day=1))]
    left = [budget - spent(sender, since) for budget, since in limits if budget is not None]
    return min(left, default=None)
