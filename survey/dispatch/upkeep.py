"""What the dispatcher does beside sending: missing reports, the circuit breaker, and erasing numbers in time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Q

from survey.dispatch.models import Invitation, MessageState, OutboxMessage, Sender
from survey.dispatch.sms.base import Gateway, LookupFailed
from survey.dispatch.statuses import apply_report

POLLS: Final = tuple(timedelta(minutes=m) for m in (15, 60, 360, 1440, 4320))
"""After how long without a final report the provider is asked; after the last one the row is ``silent``."""
PHONE_LIFE: Final = timedelta(days=7)
BREAKER_LAST: Final = 100
BREAKER_SHARE: Final = 0.2
MOST_POLLED: Final = 20
_EVERY: Final = timedelta(minutes=1)
_last: dict[str, datetime] = {}


def tick(gateway: Gateway, now: datetime) -> None:
    """Everything that is due; cheap when nothing is."""
    if now - _last.get("polled", now - _EVERY) >= timedelta(seconds=10):
        _last["polled"] = now
        poll(gateway, now)
    if now - _last.get("cleaned", now - _EVERY) >= _EVERY:
        _last["cleaned"] = now
        trip_breakers(now)
        erase(now)


def poll(gateway: Gateway, now: datetime) -> int:
    """Ask about accepted messages whose reports are missing; returns how many were asked about."""
    waiting = Q(state__in=(MessageState.ACCEPTED, MessageState.SENT), next_look_at__lte=now)
    rows = list(OutboxMessage.objects.filter(waiting).order_by("next_look_at")[:MOST_POLLED])
    for row in rows:
        age = now - (row.accepted_at or now)
        later = next((step for step in POLLS if step > age), None)
        try:
            report = gateway.fetch(row.sid or "")
        except LookupFailed:
            OutboxMessage.objects.filter(pk=row.pk).update(next_look_at=now + _EVERY)
            continue
        if later is None:
            silent = {"state": MessageState.SILENT, "final_at": now, "next_look_at": None}
            mine = OutboxMessage.objects.filter(waiting, pk=row.pk)
            mine.update(**silent, to_sealed=None, body_sealed=None)
        else:
            next_time = (row.accepted_at or now) + later
            OutboxMessage.objects.filter(waiting, pk=row.pk).update(next_look_at=next_time)
        if report is not None and report.status is not None:
            apply_report(
                sid=report.sid, status=report.status, code=report.code, now=now, retry_later=report.retry_later
            )
    return len(rows)


def trip_breakers(now: datetime) -> None:
    """Pause a sender when more than a fifth of its last hundred settled messages failed."""
    for sender in Sender.objects.filter(paused_at=None):
        last = OutboxMessage.objects.filter(sender=sender, final_at__isnull=False, tries__gt=0).order_by("-final_at")
        ids = list(last.values_list("pk", flat=True)[:BREAKER_LAST])
        if len(ids) < BREAKER_LAST:
            continue
        failed = Q(state__in=(MessageState.FAILED, MessageState.UNDELIVERED))
        count = OutboxMessage.objects.filter(pk__in=ids).aggregate(n=Count("pk", filter=failed))["n"]
        if count > BREAKER_SHARE * BREAKER_LAST:
            Sender.objects.filter(pk=sender.pk, paused_at=None).update(paused_at=now, paused_because="failures")


def erase(now: datetime) -> int:
    """Erase numbers seven days after their last message was settled, or with the link's end; returns how many."""
    live = OutboxMessage.objects.filter(
        state__in=(MessageState.PENDING, MessageState.SENDING, MessageState.UNKNOWN)
    ).values("invitation_id")
    old = Q(created_at__lt=now - PHONE_LIFE) | Q(expires_at__lt=now)
    due = Invitation.objects.filter(old, phone_sealed__isnull=False).exclude(pk__in=live)
    return due.update(phone_sealed=None)
