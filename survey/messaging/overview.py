"""Reads for operators: how the queue stands, what was spent, and how far invitations got per
agency.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db.models import Count, Min, Sum
from django.utils import timezone

from survey.messaging.models import FunnelCount, KnownNumber, PhoneLedger, Sender, Step
from survey.messaging.outbox.budgets import spent
from survey.messaging.outbox.lookups import unknown_for_a_day
from survey.messaging.outbox.models import MessageState, OutboxMessage
from survey.messaging.sampling import MANY_DOSSIERS, WINDOW
from survey.transactions.queries import closed_by_agency

ALARM_AT: Final = Decimal("0.8")


@dataclass(frozen=True)
class SenderLine:
    """A sender with what it spent today and this month, in đồng."""

    sender: Sender
    today: Decimal
    month: Decimal

    @property
    def alarm(self) -> bool:
        """Four fifths of a budget are gone; at the whole of it messages are held back."""
        limits = ((self.today, self.sender.daily_budget), (self.month, self.sender.monthly_budget))
        return any(budget is not None and spent >= ALARM_AT * budget for spent, budget in limits)


@dataclass(frozen=True)
class QueueState:
    """States with their counts, and how long the oldest due message has waited."""

    states: list[tuple[str, int]]
    oldest: timedelta | None
    unknown: int


def queue_state(now: datetime) -> QueueState:
    """How the queue stands."""
    counts = dict(OutboxMessage.objects.values_list("state").annotate(n=Count("pk")))
    waiting = OutboxMessage.objects.filter(state=MessageState.PENDING, due_at__lte=now).aggregate(
        first=Min("due_at")
    )
    states = [
        (str(MessageState(state).label), counts[state])
        for state in MessageState.values
        if state in counts
    ]
    return QueueState(
        states,
        now - waiting["first"] if waiting["first"] else None,
        counts.get(MessageState.UNKNOWN, 0),
    )


def senders(now: datetime) -> list[SenderLine]:
    """Every sender with its spending."""
    day = timezone.localtime(now).date()
    found = Sender.objects.order_by("name")
    return [
        SenderLine(sender, spent(sender, day), spent(sender, day.replace(day=1)))
        for sender in found
    ]


@dataclass(frozen=True)
class Waiting:
    """What waits under one sender."""

    sender: Sender
    messages: int
    parts: int


def waiting() -> list[Waiting]:
    """Messages and parts that wait, by sender: what a run would send and cost."""
    pending = OutboxMessage.objects.filter(state=MessageState.PENDING)
    rows = {
        row["sender"]: row
        for row in pending.values("sender").annotate(n=Count("pk"), parts=Sum("parts"))
    }
    found = Sender.objects.filter(pk__in=rows).order_by("name")
    return [Waiting(sender, rows[sender.pk]["n"], rows[sender.pk]["parts"]) for sender in found]


def reasons_since(since: datetime) -> list[tuple[str, str, int]]:
    """(state, reason, count) of what was not sent or failed, most first."""
    states = (
        MessageState.SUPPRESSED,
        MessageState.EXPIRED,
        MessageState.FAILED,
        MessageState.UNDELIVERED,
    )
    rows = OutboxMessage.objects.filter(state__in=states, final_at__gte=since).values_list(
        "state", "reason"
    )
    counts = rows.annotate(n=Count("pk")).order_by("-n")[:30]
    return [(str(MessageState(state).label), reason or "–", n) for state, reason, n in counts]


def undecided(now: datetime) -> int:
    """Messages of which nobody can tell for a day whether they were accepted."""
    return unknown_for_a_day(now).count()


def busy_numbers(now: datetime) -> dict[int, int]:
    """Agency id -> numbers behind five and more of its dossiers in thirty days that no agent has
    registered.
    """
    agents = KnownNumber.objects.values("phone_hash")
    rows = PhoneLedger.objects.filter(
        dossiers__gte=MANY_DOSSIERS, counted_since__gt=now - WINDOW, agency__isnull=False
    )
    return dict(rows.exclude(phone_hash__in=agents).values_list("agency").annotate(n=Count("pk")))


def funnel(first: date, last: date) -> dict[int, dict[str, int]]:
    """Agency id -> dossiers closed and how far invitations got, over days with both ends.

    First messages only; accepted and confirmed are added once an invitation is settled. Opened and
    started are told by the page once a person touches it: fetching a link changes nothing, so
    scanners and previews are not counted, and neither are people without JavaScript.
    """
    closed = closed_by_agency(first, last)
    steps = (
        FunnelCount.objects.filter(day__range=(first, last))
        .values_list("agency", "step")
        .annotate(n=Sum("count"))
    )
    reached = {(agency, step): n for agency, step, n in steps}
    agencies = {agency for agency, _step in reached} | closed.keys()
    return {
        agency: {
            "closed": closed.get(agency, 0),
            **{step: reached.get((agency, step), 0) for step in Step.values},
        }
        for agency in agencies
    }
