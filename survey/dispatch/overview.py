"""Reads for operators: how the queue stands, what was spent, and how far invitations got per agency."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Count, Min, Q, Sum
from django.utils import timezone

from survey.dispatch.models import Invitation, MessageKind, MessageState, OutboxMessage, Sender
from survey.dispatch.outbox import spent


@dataclass(frozen=True)
class SenderLine:
    """A sender with what it spent today and this month, in đồng."""

    sender: Sender
    today: Decimal
    month: Decimal


@dataclass(frozen=True)
class QueueState:
    """States with their counts, and how long the oldest due message has waited."""

    states: list[tuple[str, int]]
    oldest: timedelta | None
    unknown: int


def queue_state(now: datetime) -> QueueState:
    """How the queue stands."""
    counts = dict(OutboxMessage.objects.values_list("state").annotate(n=Count("pk")))
    waiting = OutboxMessage.objects.filter(state=MessageState.PENDING, due_at__lte=now).aggregate(first=Min("due_at"))
    states = [(str(MessageState(state).label), counts[state]) for state in MessageState.values if state in counts]
    return QueueState(states, now - waiting["first"] if waiting["first"] else None, counts.get(MessageState.UNKNOWN, 0))


def senders(now: datetime) -> list[SenderLine]:
    """Every sender with its spending."""
    day = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    found = Sender.objects.order_by("name")
    return [SenderLine(sender, spent(sender, day), spent(sender, day.replace(day=1))) for sender in found]


@dataclass(frozen=True)
class Waiting:
    """What waits under one sender."""

    sender: Sender
    messages: int
    parts: int


def waiting() -> list[Waiting]:
    """Messages and parts that wait, by sender: what a run would send and cost."""
    pending = OutboxMessage.objects.filter(state=MessageState.PENDING)
    rows = {row["sender"]: row for row in pending.values("sender").annotate(n=Count("pk"), parts=Sum("parts"))}
    found = Sender.objects.filter(pk__in=rows).order_by("name")
    return [Waiting(sender, rows[sender.pk]["n"], rows[sender.pk]["parts"]) for sender in found]


def funnel(since: datetime) -> dict[int, dict[str, int]]:
    """Agency id -> invited, accepted by the provider, confirmed by the carrier; first messages only.

    How many opened a link is not counted: opening changes nothing, not even a counter.
    """
    first = Q(messages__kind=MessageKind.INVITATION, messages__sequence=0)
    confirmed = first & Q(messages__state=MessageState.DELIVERED)
    rows = (
        Invitation.objects.filter(created_at__gte=since)
        .values("agency")
        .annotate(
            invited=Count("pk", distinct=True),
            accepted=Count("messages", filter=first & Q(messages__sid__isnull=False), distinct=True),
            confirmed=Count("messages", filter=confirmed, distinct=True),
        )
    )
    return {row["agency"]: {name: row[name] for name in ("invited", "accepted", "confirmed")} for row in rows}
