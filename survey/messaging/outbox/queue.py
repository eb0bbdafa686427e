"""The queue: claims by lease, results, look-ups of what is not known. Every function is one short
transaction.

A row goes pending -> sending -> accepted -> sent -> delivered; whatever may have been accepted
without our knowing becomes ``unknown`` and is looked up, never sent blindly. docs/operations.md has
the states and the crash analysis.
"""

from __future__ import annotations

import logging
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from survey.messaging.gateways.base import DeliveryReport, DeliveryStatus, Message, Outcome, Result
from survey.messaging.models import OptOut, Sender
from survey.messaging.opt_outs import record_opt_out
from survey.messaging.outbox.budgets import money_left, record_spending, spending_day
from survey.messaging.outbox.crash_points import CrashPoint, go_on
from survey.messaging.outbox.eligibility import SendEligibility, locked
from survey.messaging.outbox.lookups import assign_provider_id, decrypt_message
from survey.messaging.outbox.models import MessageState, OutboxMessage
from survey.messaging.outbox.rates import CLOCKS_APART, LONGEST_PUT_OFF, refill
from survey.messaging.outbox.reports import accepted_fields
from survey.messaging.outbox.sending_hours import next_moment, seconds_valid

log = logging.getLogger(__name__)
LEASE: Final = timedelta(seconds=settings.SMS_LEASE)
CALL_MARGIN: Final = timedelta(seconds=1.5 * settings.SMS_TIMEOUT)
"""A call may not begin so late that it could end after the lease."""
FIRST_LOOK: Final = timedelta(seconds=settings.SMS_FIRST_LOOK)
"""The provider's list may lag behind by half a minute."""
MAX_BACKOFF_SECONDS: Final = settings.SMS_LEASE / 4
FAULTS_ALLOWED: Final = 3
SLOW_FOR: Final = timedelta(minutes=15)
"""How long a sender goes at half its rate after the provider's queue was full."""
PENDING, SENDING, UNKNOWN = MessageState.PENDING, MessageState.SENDING, MessageState.UNKNOWN


@dataclass(frozen=True)
class Claimed:
    """One row this dispatcher may send until its lease ends."""

    id: str
    claim_count: int
    message: Message
    lease_until: datetime


def claim(
    *, owner: str, limit: int, now: datetime, crash_point: CrashPoint = go_on
) -> list[Claimed]:
    """Up to ``limit`` due rows, within rate, hours and budget; what may not be sent is put aside
    with its reason.
    """
    claimed: list[Claimed] = []
    for sender_id in (
        Sender.objects.filter(paused_at=None).order_by("pk").values_list("pk", flat=True)
    ):
        if limit > len(claimed):
            claimed += _claim_from(sender_id, owner, limit - len(claimed), now, crash_point)
    crash_point("claimed")
    return claimed


@transaction.atomic
def _claim_from(
    sender_id: int, owner: str, limit: int, now: datetime, crash_point: CrashPoint
) -> list[Claimed]:
    # What lies further ahead than anything is put off was put off while the clock was ahead.
    due = OutboxMessage.objects.filter(
        Q(due_at__lte=now) | Q(due_at__gt=now + LONGEST_PUT_OFF), sender_id=sender_id, state=PENDING
    )
    if not due.exists():
        return []
    # The sender's row is the gate: whoever holds it counts out rate and money, one dispatcher at a
    # time.
    sender = locked(Sender.objects.filter(pk=sender_id)).get()
    later = next_moment(sender, now)
    if later > now:
        due.update(due_at=later)
        return []
    bucket, depth = refill(sender, now)
    money, booked = money_left(sender, now), 0
    rows = list(locked(due.order_by("due_at", "created_at"), skip=True)[:limit])
    eligibility, claimed = SendEligibility(rows, now), []
    for row in rows:
        price = sender.price * row.parts
        if reason := eligibility.reason(row, too_dear=money is not None and price > money):
            _put_aside(row, reason, now)
        elif (waits := eligibility.reminder(row)) is not None:
            _wait_or_put_aside(row, waits, now)
        # A message of more parts than the bucket holds goes when it is full, and the bucket owes
        # the rest.
        elif row.parts > bucket and not (row.parts > depth and bucket >= depth):
            break
        elif (lease := _lease(row, sender, owner, now)) is not None:
            bucket -= row.parts
            booked += row.parts
            money = None if money is None else money - price
            eligibility.sending(row)
            claimed.append(lease)
    sender.bucket = bucket
    sender.save(update_fields=["bucket", "bucket_at"])
    record_spending({(sender_id, spending_day(now, now)): booked})
    crash_point("claiming")
    return claimed


def _put_aside(row: OutboxMessage, reason: str, now: datetime) -> None:
    state = MessageState.EXPIRED if reason == "expired" else MessageState.SUPPRESSED
    changes = {
        "state": state,
        "reason": reason,
        "final_at": now,
        "to_sealed": None,
        "body_sealed": None,
    }
    OutboxMessage.objects.filter(pk=row.pk, state=PENDING).update(**changes)


def _wait_or_put_aside(row: OutboxMessage, waits: datetime | str, now: datetime) -> None:
    if isinstance(waits, str):
        _put_aside(row, waits, now)
    else:
        OutboxMessage.objects.filter(pk=row.pk, state=PENDING).update(due_at=waits)


def _lease(row: OutboxMessage, sender: Sender, owner: str, now: datetime) -> Claimed | None:
    if (found := decrypt_message(row, now)) is None:
        return None
    row.state, row.owner, row.claim_count, row.attempt_at = SENDING, owner, row.claim_count + 1, now
    row.lease_until = now + LEASE
    row.save(update_fields=["state", "owner", "claim_count", "attempt_at", "lease_until"])
    base = settings.SMS_STATUS_CALLBACK_BASE_URL
    message = Message(
        to=found[0],
        body=found[1],
        reference=str(row.pk),
        callback_url=f"{base}/sms/status?m={row.pk}" if base else "",
        valid_for=seconds_valid(sender, now, row.not_after),
    )
    return Claimed(str(row.pk), row.claim_count, message, row.lease_until)


@transaction.atomic
def record(
    *,
    results: Sequence[tuple[Claimed, Result]],
    owner: str,
    now: datetime,
    crash_point: CrashPoint = go_on,
) -> None:
    """Write what came of some calls; a row another dispatcher has taken over meanwhile is left
    alone.
    """
    bookings: Counter[tuple[int, date]] = Counter()
    for claimed, result in results:
        row = OutboxMessage.objects.filter(pk=claimed.id).first()
        if row is None:
            continue
        mine = OutboxMessage.objects.filter(
            pk=claimed.id, owner=owner, claim_count=claimed.claim_count, state=SENDING
        )
        if result.outcome == Outcome.ACCEPTED and not mine.exists():
            # A callback may have been faster, or the lease ran out: the id must not be lost.
            assign_provider_id(
                message_id=claimed.id,
                report=DeliveryReport(
                    result.provider_id, DeliveryStatus.ACCEPTED, parts=result.parts
                ),
                now=now,
            )
            continue
        changes = _changes(claimed, result, now)
        try:
            with transaction.atomic():
                changed = mine.update(**changes)
        except IntegrityError:
            # The provider gave an id that belongs to another row already.
            log.error("row %s got a provider id that is taken", claimed.id)
            changed = mine.update(
                **_changes(claimed, Result(Outcome.REFUSED, code="id-taken"), now)
            )
        if changed:
            bookings[row.sender_id, spending_day(row.attempt_at, now)] += _correction(
                row, changes, result
            )
        _note_fault(row, result.outcome, now)
    record_spending(bookings)
    crash_point("recording")


def _correction(row: OutboxMessage, changes: Mapping[str, Any], result: Result) -> int:
    """Parts to record beside those of the claim: the provider's count, or none when nothing was
    sent.
    """
    if changes["state"] in (PENDING, MessageState.FAILED):
        return -row.parts
    return (result.parts or row.parts) - row.parts if result.outcome == Outcome.ACCEPTED else 0


def _changes(claimed: Claimed, result: Result, now: datetime) -> dict[str, Any]:
    outcome = result.outcome
    free = {"lease_until": None, "owner": ""}
    if outcome == Outcome.ACCEPTED:
        return {
            **free,
            **accepted_fields(result.provider_id, now),
            "parts_billed": result.parts,
        }
    if outcome == Outcome.UNKNOWN:
        return {
            **free,
            "state": UNKNOWN,
            "reason": result.code,
            "looks": 0,
            "next_look_at": now + FIRST_LOOK,
        }
    wait = _wait(claimed.claim_count, result)
    if wait is not None:
        return {
            **free,
            "state": PENDING,
            "reason": result.code,
            "due_at": now + timedelta(seconds=wait),
        }
    reasons = {
        Outcome.BAD_NUMBER: "bad-number",
        Outcome.OPTED_OUT: "opt-out",
        Outcome.REFUSED: "refused",
    }
    gone = {
        "to_sealed": None,
        "body_sealed": None,
        "final_at": now,
        "answered_count": F("answered_count") + 1,
    }
    return {
        **free,
        **gone,
        "state": MessageState.FAILED,
        "reason": f"{reasons[outcome]} {result.code}".strip(),
    }


def _wait(claim_count: int, result: Result) -> float | None:
    """Seconds until a safe new try (full jitter); None when the outcome is final."""
    if result.outcome in (Outcome.BUSY, Outcome.NOT_SENT):
        most = min(MAX_BACKOFF_SECONDS, 2.0 ** min(claim_count, 8))
        return max(result.retry_after or 0.0, random.uniform(0.5, most))  # noqa: S311  (spreads load, no secret)
    if result.outcome == Outcome.QUEUE_FULL:
        return 900.0
    return 60.0 if result.outcome in (Outcome.CREDENTIALS, Outcome.CONFIGURATION) else None


def _note_fault(row: OutboxMessage, outcome: Outcome, now: datetime) -> None:
    """Pause a sender at wrong credentials, or after three configuration faults in a row; remember
    dead numbers.
    """
    sender = Sender.objects.filter(pk=row.sender_id)
    if outcome in (Outcome.OPTED_OUT, Outcome.BAD_NUMBER):
        opted_out = outcome == Outcome.OPTED_OUT
        how = OptOut.Source.PROVIDER if opted_out else OptOut.Source.BAD_NUMBER
        record_opt_out(phone_hash=row.phone_hash, how=how, now=now)
    elif outcome == Outcome.CREDENTIALS:
        pause(sender, "credentials", now)
    elif outcome == Outcome.CONFIGURATION:
        sender.update(faults=F("faults") + 1)
        pause(sender.filter(faults__gte=FAULTS_ALLOWED), "configuration", now)
    elif outcome == Outcome.QUEUE_FULL:
        sender.update(slowed_until=now + SLOW_FOR)
    elif outcome == Outcome.ACCEPTED:
        sender.exclude(faults=0).update(faults=0)


def pause(senders: QuerySet[Sender], why: str, now: datetime) -> None:
    """Stop senders until somebody lets them go on; said loudly, for nobody is written to
    meanwhile.
    """
    if senders.filter(paused_at=None).update(paused_at=now, paused_because=why):
        log.error("a sender is paused: %s", why)


def release_expired(now: datetime) -> int:
    """Rows whose dispatcher died or froze: whether they were accepted is not known. A lease longer
    than any was given while the clock was ahead.
    """
    over = Q(lease_until__lt=now) | Q(lease_until__gt=now + LEASE + CLOCKS_APART)
    return OutboxMessage.objects.filter(over, state=SENDING).update(
        state=UNKNOWN, reason="lease", owner="", lease_until=None, looks=0, next_look_at=now
    )


def only_paused() -> bool:
    """Whether all that is left waits for a paused sender."""
    left = OutboxMessage.objects.filter(Q(state=PENDING) | Q(state=SENDING) | Q(state=UNKNOWN))
    return not left.exclude(state=PENDING, sender__paused_at__isnull=False).exists()


def open_rows() -> int:
    """Rows that are not settled: due within the hour, being sent, or unknown."""
    soon = Q(state=PENDING, due_at__lte=timezone.now() + timedelta(hours=1))
    return OutboxMessage.objects.filter(soon | Q(state=SENDING) | Q(state=UNKNOWN)).count()
