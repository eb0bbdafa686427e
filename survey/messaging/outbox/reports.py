"""What happens to an accepted message: reports in any order, each counted once, states only
upwards.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import Case, F, IntegerField, Value, When

from survey.common.encryption import DecryptionError, decrypt, encrypt
from survey.messaging.gateways.base import RANK, DeliveryStatus, Reaction
from survey.messaging.models import OptOut
from survey.messaging.opt_outs import record_opt_out
from survey.messaging.outbox.models import MessageEvent, MessageState, OutboxMessage

log = logging.getLogger(__name__)
FINAL: Final = (DeliveryStatus.DELIVERED, DeliveryStatus.UNDELIVERED, DeliveryStatus.FAILED)
FIRST_POLL_AFTER: Final = timedelta(minutes=15)
AGAIN_AFTER: Final = timedelta(hours=4)
_RANK_OF_STATE = {**RANK, MessageState.SILENT.value: 3}


def accepted_fields(provider_id: str, now: datetime) -> dict[str, Any]:
    """What becomes of a row once the provider is known to have it."""
    return {
        "provider_id": provider_id,
        "state": MessageState.ACCEPTED,
        "accepted_at": now,
        "owner": "",
        "lease_until": None,
        "reason": "",
        "answered_count": F("answered_count") + 1,
        "next_look_at": now + FIRST_POLL_AFTER,
    }


@transaction.atomic
def apply_report(
    *,
    provider_id: str,
    status: DeliveryStatus,
    code: str,
    now: datetime,
    message_id: str | None = None,
    reaction: Reaction = Reaction.NONE,
) -> bool:
    """Note a report and move its message up; False when no message has this id yet.

    One conditional UPDATE per report, so any order and repetition of the same reports ends in the
    same state.
    """
    rows = OutboxMessage.objects.filter(provider_id=provider_id)
    if message_id and not rows.exists():
        # The report was faster than our own note of the provider's answer.
        OutboxMessage.objects.filter(pk=message_id, provider_id=None).exclude(
            state__in=(MessageState.SUPPRESSED, MessageState.EXPIRED)
        ).update(**accepted_fields(provider_id, now))
    row = rows.first()
    _note(row, provider_id, status, code, now)
    if row is None:
        return False
    lower = [state for state, rank in _RANK_OF_STATE.items() if rank < RANK[status]]
    rank = Case(
        *(When(state=s, then=Value(r)) for s, r in _RANK_OF_STATE.items()),
        output_field=IntegerField(),
    )
    changes: dict[str, Any] = {"state": status.value, "reason": code}
    if status in FINAL:
        changes |= {"final_at": now, "to_sealed": None, "body_sealed": None, "next_look_at": None}
    changed = rows.annotate(rank=rank).filter(state__in=lower).update(**changes)
    if changed:
        _react(row, status, reaction, now)
    return True


def _note(
    row: OutboxMessage | None, provider_id: str, status: DeliveryStatus, code: str, now: datetime
) -> None:
    try:
        with transaction.atomic():
            MessageEvent.objects.create(
                message=row, provider_id=provider_id, status=status.value, code=code[:12], at=now
            )
    except IntegrityError:
        if row is not None:
            MessageEvent.objects.filter(provider_id=provider_id, message=None).update(message=row)


def _react(row: OutboxMessage, status: DeliveryStatus, reaction: Reaction, now: datetime) -> None:
    if status == DeliveryStatus.DELIVERED:
        # It arrived after all: the second message that was queued when it seemed lost is not
        # needed.
        later = OutboxMessage.objects.filter(
            invitation=row.invitation_id, kind=row.kind, sequence__gt=row.sequence
        )
        gone = {"state": MessageState.SUPPRESSED, "reason": "arrived", "final_at": now}
        if row.invitation_id is not None:
            later.filter(state=MessageState.PENDING).update(
                **gone, to_sealed=None, body_sealed=None
            )
    elif status not in FINAL:
        return
    elif reaction in (Reaction.OPTED_OUT, Reaction.BAD_NUMBER):
        opted_out = reaction == Reaction.OPTED_OUT
        how = OptOut.Source.PROVIDER if opted_out else OptOut.Source.BAD_NUMBER
        record_opt_out(phone_hash=row.phone_hash, how=how, now=now)
    elif reaction == Reaction.AGAIN and not _arrived(row):
        _once_more(row, now)


def _arrived(row: OutboxMessage) -> bool:
    return MessageEvent.objects.filter(message=row, status=DeliveryStatus.DELIVERED.value).exists()


def _once_more(row: OutboxMessage, now: datetime) -> None:
    """A handset that was off, or a message too old for the carrier, gets one new message after four
    hours.
    """
    if (
        row.sequence
        or row.to_sealed is None
        or row.body_sealed is None
        or row.not_after < now + AGAIN_AFTER
    ):
        return
    fresh = OutboxMessage(
        invitation=row.invitation,
        kind=row.kind,
        sequence=row.sequence + 1,
        sender=row.sender,
        template=row.template,
        phone_hash=row.phone_hash,
        parts=row.parts,
        due_at=now + AGAIN_AFTER,
        not_after=row.not_after,
        created_at=now,
    )
    try:
        parts = [decrypt(part, str(row.pk)) for part in (row.to_sealed, row.body_sealed)]
    except DecryptionError:
        log.error("row %s cannot be unsealed: is PHONE_KEY the right one?", row.pk)
        return
    fresh.to_sealed, fresh.body_sealed = (encrypt(part, str(fresh.pk)) for part in parts)
    fresh.save(force_insert=True)
