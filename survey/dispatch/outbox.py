"""The queue: claims by lease, results, look-ups of what is not known. Every function is one short transaction.

A row goes pending -> sending -> accepted -> sent -> delivered; whatever may have been accepted without our knowing
becomes ``unknown`` and is looked up, never sent blindly. docs/operations.md has the states and the crash analysis.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from survey.common.sealing import unseal
from survey.dispatch.hours import next_moment, seconds_valid
from survey.dispatch.marks import mark
from survey.dispatch.models import MessageState, OptOut, OutboxMessage, Sender
from survey.dispatch.sms.base import Message, Outcome, Report, Result, Status
from survey.dispatch.statuses import apply_report

LEASE: Final = timedelta(seconds=settings.SMS_LEASE)
CALL_MARGIN: Final = timedelta(seconds=1.5 * settings.SMS_TIMEOUT)
"""A call may not begin so late that it could end after the lease."""
FIRST_LOOK: Final = timedelta(seconds=settings.SMS_FIRST_LOOK)
"""The provider's list may lag behind by half a minute."""
LOOKS_APART: Final = timedelta(seconds=settings.SMS_LOOKS_APART)
LOOKS_NEEDED: Final = 2
MOST_BACKOFF: Final = settings.SMS_LEASE / 4
FAULTS_ALLOWED: Final = 3
MOST_A_WEEK: Final = 2
"""Messages to one number in seven days, over all services."""
WEEK: Final = timedelta(days=7)
PENDING, SENDING, UNKNOWN = MessageState.PENDING, MessageState.SENDING, MessageState.UNKNOWN


@dataclass(frozen=True)
class Claimed:
    """One row this dispatcher may send until its lease ends."""

    id: str
    attempt: int
    message: Message
    lease_until: datetime


@dataclass(frozen=True)
class Lookup:
    """One row of which nobody knows whether it was accepted."""

    id: str
    to: str
    token: str
    since: datetime


def claim(*, owner: str, limit: int, now: datetime) -> list[Claimed]:
    """Up to ``limit`` due rows, within rate, hours and budget; what may not be sent is put aside with its reason."""
    claimed: list[Claimed] = []
    for sender_id in Sender.objects.filter(paused_at=None).order_by("pk").values_list("pk", flat=True):
        if limit > len(claimed):
            claimed += _claim_from(sender_id, owner, limit - len(claimed), now)
    mark("claimed")
    return claimed


@transaction.atomic
def _claim_from(sender_id: int, owner: str, limit: int, now: datetime) -> list[Claimed]:
    due = OutboxMessage.objects.filter(sender_id=sender_id, state=PENDING, due_at__lte=now)
    if not due.exists():
        return []
    # The sender's row is the gate: whoever holds it counts out rate and money, one dispatcher at a time.
    sender = _locked(Sender.objects.filter(pk=sender_id)).get()
    later = next_moment(sender, now)
    if later > now:
        due.update(due_at=later)
        return []
    allowed = _refill(sender, now)
    money = _money_left(sender, now)
    claimed = []
    rows = list(_locked(due.order_by("due_at", "created_at"), skip=True)[:limit])
    unwanted, often = _unwanted(rows), _written_often(rows, now)
    for row in rows:
        price = sender.price * row.parts
        too_dear = money is not None and price > money
        if reason := _held_back(row, now, row.phone_hash in unwanted, often[row.phone_hash] >= MOST_A_WEEK, too_dear):
            _put_aside(row, reason, now)
            continue
        if row.parts > allowed:
            break
        allowed -= row.parts
        money = None if money is None else money - price
        often[row.phone_hash] += 1
        claimed.append(_lease(row, sender, owner, now))
    sender.bucket = allowed
    sender.save(update_fields=["bucket", "bucket_at"])
    mark("claiming")
    return claimed


def _locked(rows: QuerySet[Any], *, skip: bool = False) -> QuerySet[Any]:
    """Lock rows where the database can; SQLite's IMMEDIATE transaction locks everything anyway."""
    if not connection.features.has_select_for_update:
        return rows
    return rows.select_for_update(skip_locked=skip, of=("self",))


def _refill(sender: Sender, now: datetime) -> float:
    """What may go now. The bucket holds nine tenths of a second, so no ten seconds exceed the rate by 10 %."""
    depth = max(0.9 * sender.rate, 1.0)
    passed = (now - sender.bucket_at).total_seconds() if sender.bucket_at else depth / sender.rate
    sender.bucket_at = max(now, sender.bucket_at or now)
    return min(depth, sender.bucket + max(passed, 0.0) * sender.rate)


def _money_left(sender: Sender, now: datetime) -> Decimal | None:
    """What the budgets of the day and the month leave; None without budgets."""
    local = timezone.localtime(now)
    day = local.replace(hour=0, minute=0, second=0, microsecond=0)
    limits = [(sender.daily_budget, day), (sender.monthly_budget, day.replace(day=1))]
    left = [budget - spent(sender, since) for budget, since in limits if budget is not None]
    return min(left, default=None)


def spent(sender: Sender, since: datetime) -> Decimal:
    """Price of what was handed over, or may have been, since a time."""
    rows = OutboxMessage.objects.filter(sender=sender, attempt_at__gte=since).exclude(
        state__in=(PENDING, MessageState.SUPPRESSED, MessageState.EXPIRED)
    )
    parts = rows.aggregate(n=Sum(Coalesce("parts_billed", "parts")))["n"] or 0
    return sender.price * parts


def _unwanted(rows: Sequence[OutboxMessage]) -> set[str]:
    """Numbers among these that opted out, asked just before the call."""
    return set(
        OptOut.objects.filter(phone_hash__in={row.phone_hash for row in rows}).values_list("phone_hash", flat=True)
    )


def _written_often(rows: Sequence[OutboxMessage], now: datetime) -> Counter[str]:
    """Messages handed over, or that may have been, to each of these numbers in the last seven days."""
    recent = OutboxMessage.objects.filter(phone_hash__in={row.phone_hash for row in rows}, attempt_at__gt=now - WEEK)
    sent = recent.exclude(state__in=(PENDING, MessageState.SUPPRESSED, MessageState.EXPIRED))
    return Counter(dict(sent.values_list("phone_hash").annotate(n=Count("pk"))))


def _held_back(row: OutboxMessage, now: datetime, unwanted: bool, often: bool, too_dear: bool) -> str:
    if row.not_after <= now:
        return "expired"
    if unwanted:
        return "opt-out"
    if often:
        return "cap"
    if row.to_sealed is None or row.body_sealed is None:
        return "erased"
    return "budget" if too_dear else ""


def _put_aside(row: OutboxMessage, reason: str, now: datetime) -> None:
    state = MessageState.EXPIRED if reason == "expired" else MessageState.SUPPRESSED
    changes = {"state": state, "reason": reason, "final_at": now, "to_sealed": None, "body_sealed": None}
    OutboxMessage.objects.filter(pk=row.pk, state=PENDING).update(**changes)


def _lease(row: OutboxMessage, sender: Sender, owner: str, now: datetime) -> Claimed:
    row.state, row.owner, row.attempt, row.attempt_at = SENDING, owner, row.attempt + 1, now
    row.lease_until = now + LEASE
    row.save(update_fields=["state", "owner", "attempt", "attempt_at", "lease_until"])
    base = settings.SMS_STATUS_CALLBACK_BASE_URL
    message = Message(
        to=unseal(row.to_sealed or b"", str(row.pk)),
        body=unseal(row.body_sealed or b"", str(row.pk)),
        reference=str(row.pk),
        callback_url=f"{base}/sms/status?m={row.pk}" if base else "",
        valid_for=seconds_valid(sender, now, row.not_after),
    )
    return Claimed(str(row.pk), row.attempt, message, row.lease_until)


@transaction.atomic
def record(*, results: Sequence[tuple[Claimed, Result]], owner: str, now: datetime) -> None:
    """Write what came of some calls; a row another dispatcher has taken over meanwhile is left alone."""
    for claimed, result in results:
        mine = OutboxMessage.objects.filter(pk=claimed.id, owner=owner, attempt=claimed.attempt, state=SENDING)
        if result.outcome == Outcome.ACCEPTED and not mine.exists():
            # A callback may have been faster, or the lease ran out: the id must not be lost.
            adopt(message_id=claimed.id, report=Report(sid=result.sid, status=Status.ACCEPTED), now=now)
            continue
        mine.update(**_changes(claimed, result, now))
    _note_faults([result.outcome for _, result in results], [claimed.id for claimed, _ in results], now)
    mark("recording")


def _changes(claimed: Claimed, result: Result, now: datetime) -> dict[str, Any]:
    outcome = result.outcome
    free = {"lease_until": None, "owner": ""}
    if outcome == Outcome.ACCEPTED:
        return {
            **free,
            "state": MessageState.ACCEPTED, "sid": result.sid, "accepted_at": now, "parts_billed": result.parts,
            "tries": F("tries") + 1, "next_look_at": now + timedelta(minutes=15), "reason": "",
        }  # fmt: skip
    if outcome == Outcome.UNKNOWN:
        return {**free, "state": UNKNOWN, "reason": result.code, "looks": 0, "next_look_at": now + FIRST_LOOK}
    wait = _wait(claimed.attempt, result)
    if wait is not None:
        return {**free, "state": PENDING, "reason": result.code, "due_at": now + timedelta(seconds=wait)}
    reasons = {Outcome.BAD_NUMBER: "bad-number", Outcome.OPTED_OUT: "opt-out", Outcome.REFUSED: "refused"}
    gone = {"to_sealed": None, "body_sealed": None, "final_at": now, "tries": F("tries") + 1}
    return {**free, **gone, "state": MessageState.FAILED, "reason": f"{reasons[outcome]} {result.code}".strip()}


def _wait(attempt: int, result: Result) -> float | None:
    """Seconds until a safe new try (full jitter); None when the outcome is final."""
    if result.outcome in (Outcome.BUSY, Outcome.NOT_SENT):
        most = min(MOST_BACKOFF, 2.0 ** min(attempt, 8))
        return max(result.retry_after or 0.0, random.uniform(0.5, most))  # noqa: S311  (spreads load, no secret)
    if result.outcome == Outcome.QUEUE_FULL:
        return 900.0
    return 60.0 if result.outcome in (Outcome.CREDENTIALS, Outcome.CONFIGURATION) else None


def _note_faults(outcomes: Iterable[Outcome], ids: Sequence[str], now: datetime) -> None:
    """Pause a sender at wrong credentials, or after three configuration faults in a row; remember opt-outs."""
    outcomes = list(outcomes)
    for outcome, message_id in zip(outcomes, ids, strict=True):
        row = OutboxMessage.objects.filter(pk=message_id).values_list("sender_id", "phone_hash").first()
        if row is None:
            continue
        sender = Sender.objects.filter(pk=row[0])
        if outcome == Outcome.OPTED_OUT:
            OptOut.objects.get_or_create(phone_hash=row[1], defaults={"how": "provider", "at": now})
        elif outcome == Outcome.CREDENTIALS:
            sender.filter(paused_at=None).update(paused_at=now, paused_because="credentials")
        elif outcome == Outcome.CONFIGURATION:
            sender.update(faults=F("faults") + 1)
            sender.filter(faults__gte=FAULTS_ALLOWED, paused_at=None).update(
                paused_at=now, paused_because="configuration"
            )
        elif outcome == Outcome.QUEUE_FULL:
            sender.filter(rate__gt=1).update(rate=F("rate") / 2)
        elif outcome == Outcome.ACCEPTED:
            sender.exclude(faults=0).update(faults=0)


def release_expired(now: datetime) -> int:
    """Rows whose dispatcher died or froze: whether they were accepted is not known."""
    stuck = OutboxMessage.objects.filter(state=SENDING, lease_until__lt=now)
    return stuck.update(state=UNKNOWN, reason="lease", owner="", lease_until=None, looks=0, next_look_at=now)


def to_look_up(now: datetime, limit: int) -> list[Lookup]:
    """Rows to ask the provider about; each is put back for a minute so that two dispatchers do not ask at once."""
    found = []
    with transaction.atomic():
        due = OutboxMessage.objects.filter(state=UNKNOWN, next_look_at__lte=now).order_by("next_look_at")
        for row in _locked(due, skip=True)[:limit]:
            OutboxMessage.objects.filter(pk=row.pk).update(next_look_at=now + LOOKS_APART / 2)
            number, body = (unseal(part or b"", str(row.pk)) for part in (row.to_sealed, row.body_sealed))
            since = (row.attempt_at or now) - timedelta(minutes=5)
            found.append(Lookup(str(row.pk), number, token_in(body), since))
    return found


def token_in(body: str) -> str:
    """What identifies a message in the provider's list: the last part of its link."""
    return next((word.rstrip(".").rpartition("/")[2] for word in body.split() if "://" in word), body)


@transaction.atomic
def looked_up(*, lookup: Lookup, report: Report | None, now: datetime) -> None:
    """Adopt what was found; after two looks without result, two minutes apart, the row may be sent again."""
    if report is not None:
        adopt(message_id=lookup.id, report=report, now=now)
        return
    row = OutboxMessage.objects.filter(pk=lookup.id, state=UNKNOWN)
    if row.filter(looks__gte=LOOKS_NEEDED - 1).update(state=PENDING, due_at=now, reason="not-found", looks=0):
        return
    row.update(looks=F("looks") + 1, next_look_at=now + LOOKS_APART)
    mark("looked-up")


@transaction.atomic
def adopt(*, message_id: str, report: Report, now: datetime) -> None:
    """A provider's id becomes ours, whichever way we heard of it first."""
    rows = OutboxMessage.objects.filter(pk=message_id, sid=None)
    rows.exclude(state__in=(MessageState.SUPPRESSED, MessageState.EXPIRED)).update(
        sid=report.sid, state=MessageState.ACCEPTED, accepted_at=now, owner="", lease_until=None, reason="",
        parts_billed=report.parts, next_look_at=now + timedelta(minutes=15), tries=F("tries") + 1,
    )  # fmt: skip
    if report.status is not None:
        apply_report(sid=report.sid, status=report.status, code=report.code, now=now, retry_later=report.retry_later)


def only_paused() -> bool:
    """Whether all that is left waits for a paused sender."""
    left = OutboxMessage.objects.filter(Q(state=PENDING) | Q(state=SENDING) | Q(state=UNKNOWN))
    return not left.exclude(state=PENDING, sender__paused_at__isnull=False).exists()


def open_rows() -> int:
    """Rows that are not settled: waiting, being sent, or unknown."""
    return OutboxMessage.objects.filter(Q(state=PENDING) | Q(state=SENDING) | Q(state=UNKNOWN)).count()
