"""What the dispatcher does beside sending: missing reports, texts to erase, the circuit breaker,
numbers to erase.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Q
from django.utils import timezone

from survey.messaging.gateways.base import DeliveryReport, Gateway, LookupFailed
from survey.messaging.models import Invitation, PhoneLedger, Sender
from survey.messaging.outbox.models import MessageState, OutboxMessage
from survey.messaging.outbox.queue import pause
from survey.messaging.outbox.reports import apply_report

POLLS: Final = tuple(timedelta(minutes=m) for m in (15, 60, 360, 1440, 4320))
"""After how long without a final report the provider is asked; after the last one the row is
``silent``.
"""
PHONE_TTL: Final = timedelta(days=7)
LEDGER_TTL: Final = timedelta(days=60)
"""Longer than the thirty days between two invitations and the window dossiers are counted in."""
BREAKER_LAST: Final = 100
BREAKER_SHARE: Final = 0.2
_AGAIN: Final = timedelta(minutes=1)
_WAITING: Final = Q(state__in=(MessageState.ACCEPTED, MessageState.SENT))


@dataclass(frozen=True)
class ProviderTask:
    """Something to ask of the provider about one message, done by a thread that holds no database
    connection.
    """

    message_id: str
    provider_id: str
    redact: bool


def due_tasks(now: datetime, limit: int = 20) -> list[ProviderTask]:
    """Reports to ask for and texts to have erased; each is put off, so that no two dispatchers do
    the same.
    """
    missing = OutboxMessage.objects.filter(_WAITING, next_look_at__lte=now).order_by("next_look_at")
    final = OutboxMessage.objects.filter(
        provider_id__isnull=False, final_at__lte=now, redacted_at=None
    ).order_by("final_at")
    shown = final.filter(Q(next_look_at=None) | Q(next_look_at__lte=now))
    found = [
        ProviderTask(str(pk), provider_id or "", redact)
        for rows, redact in ((missing, False), (shown, True))
        for pk, provider_id in rows.values_list("pk", "provider_id")[:limit]
    ]
    OutboxMessage.objects.filter(pk__in=[task.message_id for task in found]).update(
        next_look_at=now + _AGAIN
    )
    return found


def perform_task(gateway: Gateway, task: ProviderTask) -> DeliveryReport | LookupFailed | None:
    """Call the provider, in a thread; a failure is tried again later."""
    try:
        if not task.redact:
            return gateway.fetch(task.provider_id)
        gateway.redact(task.provider_id)
    except LookupFailed as error:
        return error
    return None


def record_task_outcome(
    task: ProviderTask, answer: DeliveryReport | LookupFailed | None, now: datetime
) -> None:
    """Write down what a task brought."""
    if isinstance(answer, LookupFailed):
        return
    row = OutboxMessage.objects.filter(pk=task.message_id)
    if task.redact:
        row.filter(redacted_at=None).update(redacted_at=now, next_look_at=None)
        return
    accepted_at = row.values_list("accepted_at", flat=True).first() or now
    later = next((step for step in POLLS if step > now - accepted_at), None)
    if later is None:
        silent = {"state": MessageState.SILENT, "final_at": now, "next_look_at": None}
        row.filter(_WAITING).update(**silent, to_sealed=None, body_sealed=None)
    else:
        row.filter(_WAITING).update(next_look_at=accepted_at + later)
    if answer is not None and answer.status is not None:
        apply_report(
            provider_id=answer.provider_id,
            status=answer.status,
            code=answer.code,
            now=now,
            reaction=answer.reaction,
        )


def poll_reports(gateway: Gateway, now: datetime) -> int:
    """Do all due_tasks here, one after the other; returns how many."""
    done = 0
    while found := due_tasks(now):
        for task in found:
            record_task_outcome(task, perform_task(gateway, task), now)
        done += len(found)
    return done


def trip_breakers(now: datetime) -> None:
    """Pause a sender when more than a fifth of its last hundred settled messages failed."""
    for sender in Sender.objects.filter(paused_at=None):
        last = OutboxMessage.objects.filter(
            sender=sender, final_at__isnull=False, answered_count__gt=0
        ).order_by("-final_at")
        if sender.resumed_at is not None:
            # What failed before somebody looked into it does not stop the sender again.
            last = last.filter(final_at__gt=sender.resumed_at)
        ids = list(last.values_list("pk", flat=True)[:BREAKER_LAST])
        if len(ids) < BREAKER_LAST:
            continue
        failed = Q(state__in=(MessageState.FAILED, MessageState.UNDELIVERED))
        count = OutboxMessage.objects.filter(pk__in=ids).aggregate(n=Count("pk", filter=failed))[
            "n"
        ]
        if count > BREAKER_SHARE * BREAKER_LAST:
            pause(Sender.objects.filter(pk=sender.pk), "failures", now)


def erase(now: datetime) -> int:
    """Erase numbers seven days after their last message was settled, or with the link's end;
    returns how many.

    What waited or was unknown until its link ended is given up: a paused sender keeps no number for
    ever.
    """
    gone = {"final_at": now, "to_sealed": None, "body_sealed": None, "next_look_at": None}
    late = OutboxMessage.objects.filter(not_after__lt=now)
    late.filter(state=MessageState.PENDING).update(
        state=MessageState.EXPIRED, reason="expired", **gone
    )
    late.filter(state=MessageState.UNKNOWN).update(
        state=MessageState.SILENT, reason="unknown", **gone
    )
    live = OutboxMessage.objects.filter(
        state__in=(MessageState.PENDING, MessageState.SENDING, MessageState.UNKNOWN)
    ).values("invitation_id")
    old = Q(made_on__lt=timezone.localtime(now).date() - PHONE_TTL) | Q(expires_at__lt=now)
    due = Invitation.objects.filter(old, phone_sealed__isnull=False).exclude(pk__in=live)
    erased = due.update(phone_sealed=None)
    _forget_numbers(now)
    return erased


def _forget_numbers(now: datetime) -> None:
    """Erase the hash of a number that was neither invited nor behind a dossier for sixty days."""
    day = timezone.localtime(now).date() - LEDGER_TTL
    unused = Q(last_invited_on=None) | Q(last_invited_on__lt=day)
    PhoneLedger.objects.filter(unused, counted_since__lt=now - LEDGER_TTL).delete()
