"""What happens to an accepted message: reports in any order, each counted once, states only upwards."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Case, IntegerField, Value, When

from survey.dispatch.models import MessageEvent, MessageState, OutboxMessage
from survey.dispatch.sms.base import RANK, Status

FINAL = (Status.DELIVERED, Status.UNDELIVERED, Status.FAILED)
_RANK_OF_STATE = {**RANK, MessageState.SILENT.value: 3}


@transaction.atomic
def apply_report(
    *, sid: str, status: Status, code: str, now: datetime, message_id: str | None = None, retry_later: bool = False
) -> bool:
    """Note a report and move its message up; False when no message has this id yet.

    One conditional UPDATE per report, so any order and repetition of the same reports ends in the same state.
    """
    rows = OutboxMessage.objects.filter(sid=sid)
    if message_id and not rows.exists():
        # The report was faster than our own note of the provider's answer.
        OutboxMessage.objects.filter(pk=message_id, sid=None).exclude(
            state__in=(MessageState.SUPPRESSED, MessageState.EXPIRED)
        ).update(sid=sid, state=MessageState.ACCEPTED, accepted_at=now, owner="", lease_until=None)
    row = rows.first()
    _note(row, sid, status, code, now)
    if row is None:
        return False
    lower = [state for state, rank in _RANK_OF_STATE.items() if rank < RANK[status]]
    rank = Case(*(When(state=s, then=Value(r)) for s, r in _RANK_OF_STATE.items()), output_field=IntegerField())
    changes: dict[str, Any] = {"state": status.value, "reason": code}
    if status in FINAL:
        changes |= {"final_at": now, "to_sealed": None, "body_sealed": None, "next_look_at": None}
    changed = rows.annotate(rank=rank).filter(state__in=lower).update(**changes)
    if changed and retry_later and status in (Status.UNDELIVERED, Status.FAILED):
        _once_more(row, now)
    return True


def _note(row: OutboxMessage | None, sid: str, status: Status, code: str, now: datetime) -> None:
    try:
        with transaction.atomic():
            MessageEvent.objects.create(message=row, sid=sid, status=status.value, code=code[:12], at=now)
    except IntegrityError:
        if row is not None:
            MessageEvent.objects.filter(sid=sid, message=None).update(message=row)


def _once_more(row: OutboxMessage, now: datetime) -> None:
    """A handset that was off gets one new message after four hours, as a row of its own."""
    if row.sequence or row.to_sealed is None or row.body_sealed is None or row.not_after < now + timedelta(hours=4):
        return
    from survey.common.sealing import seal, unseal  # noqa: PLC0415  (only on this rare way)

    fresh = OutboxMessage(
        invitation=row.invitation, kind=row.kind, sequence=row.sequence + 1, sender=row.sender, template=row.template,
        phone_hash=row.phone_hash, parts=row.parts, due_at=now + timedelta(hours=4), not_after=row.not_after,
        created_at=now,
    )  # fmt: skip
    fresh.to_sealed, fresh.body_sealed = (
        seal(unseal(part, str(row.pk)), str(fresh.pk)) for part in (row.to_sealed, row.body_sealed)
    )
    fresh.save(force_insert=True)
