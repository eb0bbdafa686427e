"""Rows of which nobody knows whether the provider has them: asked for, adopted when found, sent
again when not.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet

from survey.common.encryption import DecryptionError, decrypt
from survey.messaging.gateways.base import DeliveryReport
from survey.messaging.outbox.budgets import record_spending, spending_day
from survey.messaging.outbox.crash_points import CrashPoint, go_on
from survey.messaging.outbox.eligibility import locked
from survey.messaging.outbox.models import MessageState, OutboxMessage
from survey.messaging.outbox.reports import accepted_fields, apply_report

log = logging.getLogger(__name__)
LOOKS_APART: Final = timedelta(seconds=settings.SMS_LOOKS_APART)
LOOKS_NEEDED: Final = 2
LONGEST_UNTIL_LOOK: Final = max(
    timedelta(hours=1), 2 * LOOKS_APART, timedelta(seconds=2 * settings.SMS_FIRST_LOOK)
)
"""No look at an unknown row is put further ahead."""
PENDING, UNKNOWN = MessageState.PENDING, MessageState.UNKNOWN


@dataclass(frozen=True)
class Lookup:
    """One row of which nobody knows whether it was accepted."""

    id: str
    to: str
    token: str
    since: datetime
    known: frozenset[str]


def decrypt_message(row: OutboxMessage, now: datetime) -> tuple[str, str] | None:
    """Number and text of a row; one that no key opens fails alone, the others go on."""
    try:
        return decrypt(row.to_sealed or b"", str(row.pk)), decrypt(
            row.body_sealed or b"", str(row.pk)
        )
    except DecryptionError:
        log.error("row %s cannot be unsealed: is PHONE_KEY the right one?", row.pk)
        failed = {
            "state": MessageState.FAILED,
            "reason": "unreadable",
            "final_at": now,
            "lease_until": None,
        }
        OutboxMessage.objects.filter(pk=row.pk, state=row.state).update(**failed)
        return None


def due_lookups(now: datetime, limit: int) -> list[Lookup]:
    """Rows to ask the provider about; each is put back for a minute so that two dispatchers do not
    ask at once.
    """
    found = []
    with transaction.atomic():
        # Further ahead than any look is put: the clock was set back since.
        soon = Q(next_look_at__lte=now) | Q(next_look_at__gt=now + LONGEST_UNTIL_LOOK)
        due = OutboxMessage.objects.filter(soon, state=UNKNOWN).order_by("next_look_at")
        for row in locked(due, skip=True)[:limit]:
            OutboxMessage.objects.filter(pk=row.pk).update(next_look_at=now + LOOKS_APART / 2)
            if (pair := decrypt_message(row, now)) is not None:
                since = (row.attempt_at or now) - timedelta(minutes=5)
                found.append(Lookup(str(row.pk), pair[0], token_in(pair[1]), since, _siblings(row)))
    return found


def _siblings(row: OutboxMessage) -> frozenset[str]:
    """Provider ids of other messages with the same link: a look-up must not take them for
    this one.
    """
    if row.invitation_id is None:
        return frozenset()
    others = OutboxMessage.objects.filter(
        invitation=row.invitation_id, provider_id__isnull=False
    ).exclude(pk=row.pk)
    return frozenset(
        provider_id for provider_id in others.values_list("provider_id", flat=True) if provider_id
    )


def token_in(body: str) -> str:
    """What identifies a message in the provider's list: the last part of its link."""
    return next(
        (word.rstrip(".").rpartition("/")[2] for word in body.split() if "://" in word), body
    )


@transaction.atomic
def record_lookup(
    *, lookup: Lookup, report: DeliveryReport | None, now: datetime, crash_point: CrashPoint = go_on
) -> None:
    """Adopt what was found; after two looks without result, two minutes apart, the row may be sent
    again.
    """
    if report is not None and assign_provider_id(message_id=lookup.id, report=report, now=now):
        return
    row = OutboxMessage.objects.filter(pk=lookup.id, state=UNKNOWN)
    booked = (
        row.filter(looks__gte=LOOKS_NEEDED - 1)
        .values_list("sender_id", "attempt_at", "parts")
        .first()
    )
    if booked and row.update(state=PENDING, due_at=now, reason="not-found", looks=0):
        record_spending({(booked[0], spending_day(booked[1], now)): -booked[2]})
        return
    row.update(looks=F("looks") + 1, next_look_at=now + LOOKS_APART)
    crash_point("looked-up")


@transaction.atomic
def assign_provider_id(*, message_id: str, report: DeliveryReport, now: datetime) -> bool:
    """A provider's id becomes ours, whichever way we heard of it first; False when it belongs to
    another row.
    """
    OutboxMessage.objects.filter(
        pk=message_id, provider_id=report.provider_id, parts_billed=None
    ).update(parts_billed=report.parts)
    rows = OutboxMessage.objects.filter(pk=message_id, provider_id=None)
    try:
        with transaction.atomic():
            rows.exclude(state__in=(MessageState.SUPPRESSED, MessageState.EXPIRED)).update(
                **accepted_fields(report.provider_id, now), parts_billed=report.parts
            )
    except IntegrityError:
        log.error("row %s was found under a provider id that is taken", message_id)
        return False
    if report.status is not None:
        apply_report(
            provider_id=report.provider_id,
            status=report.status,
            code=report.code,
            now=now,
            reaction=report.reaction,
        )
    return True


def unknown_for_a_day(now: datetime) -> QuerySet[OutboxMessage]:
    """Rows the provider could not be asked about for a day: somebody has to decide."""
    return OutboxMessage.objects.filter(state=UNKNOWN, attempt_at__lt=now - timedelta(days=1))
