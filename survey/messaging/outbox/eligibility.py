"""What is not sent, and why: opt-outs, caps, budgets, reminders whose invitation did not arrive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection
from django.db.models import Count, QuerySet

from survey.messaging.models import MessageKind, OptOut
from survey.messaging.outbox.models import MessageState, OutboxMessage

MAX_MESSAGES_A_WEEK: Final = 2
"""Messages to one number in seven days, over all services."""
WEEK: Final = timedelta(days=7)
REMIND_AFTER: Final = timedelta(days=3)
NEVER_SENT: Final = (MessageState.PENDING, MessageState.SUPPRESSED, MessageState.EXPIRED)


@dataclass
class SendEligibility:
    """What is known about the numbers of some due rows, asked once for all of them just before the
    calls.
    """

    rows: Sequence[OutboxMessage]
    now: datetime
    unwanted: set[str] = field(init=False)
    often: Counter[str] = field(init=False)

    def __post_init__(self) -> None:
        numbers = {row.phone_hash for row in self.rows}
        self.unwanted = set(
            OptOut.objects.filter(phone_hash__in=numbers).values_list("phone_hash", flat=True)
        )
        recent = OutboxMessage.objects.filter(
            phone_hash__in=numbers, attempt_at__gt=self.now - WEEK
        )
        sent = (
            recent.exclude(state__in=NEVER_SENT).values_list("phone_hash").annotate(n=Count("pk"))
        )
        self.often = Counter(dict(sent))

    def reason(self, row: OutboxMessage, *, too_dear: bool) -> str:
        """Why a row is not sent for good; empty when it may be."""
        if row.not_after <= self.now:
            return "expired"
        if row.phone_hash in self.unwanted:
            return "opt-out"
        if self.often[row.phone_hash] >= MAX_MESSAGES_A_WEEK:
            return "cap"
        if row.to_sealed is None or row.body_sealed is None:
            return "erased"
        return "budget" if too_dear else ""

    def sending(self, row: OutboxMessage) -> None:
        """Another message goes to this number."""
        self.often[row.phone_hash] += 1

    def reminder(self, row: OutboxMessage) -> datetime | str | None:
        """When a reminder may go, or why never; None for what is no reminder or may go now."""
        if row.kind != MessageKind.REMINDER:
            return None
        first = OutboxMessage.objects.filter(
            invitation=row.invitation_id, kind=MessageKind.INVITATION
        )
        accepted = [moment for moment in first.values_list("accepted_at", flat=True) if moment]
        if accepted:
            due = max(accepted) + REMIND_AFTER
            return due if due > self.now else None
        open_states = (MessageState.PENDING, MessageState.SENDING, MessageState.UNKNOWN)
        return (
            self.now + timedelta(hours=6)
            if first.filter(state__in=open_states).exists()
            else "no-invitation"
        )


def locked(rows: QuerySet[Any], *, skip: bool = False) -> QuerySet[Any]:
    """Lock rows where the database can; SQLite's IMMEDIATE transaction locks everything anyway."""
    if not connection.features.has_select_for_update:
        return rows
    return rows.select_for_update(skip_locked=skip, of=("self",))
