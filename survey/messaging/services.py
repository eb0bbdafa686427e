"""Writes: keep a number from further messages; decide about messages nobody knows of."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from survey.messaging.models import OptOut
from survey.messaging.opt_outs import record_opt_out
from survey.messaging.outbox.lookups import unknown_for_a_day
from survey.messaging.outbox.models import MessageState
from survey.messaging.queries import find_link


@transaction.atomic
def opt_out(*, token: str, now: datetime) -> None:
    """Keep the number behind a link from all further messages; waiting ones are dropped when their
    turn comes.
    """
    link = find_link(token, now)
    if link is not None:
        record_opt_out(phone_hash=link.phone_hash, how=OptOut.Source.PAGE, now=now)


def decide_unknown(*, again: bool, now: datetime) -> int:
    """Send rows that are unknown for a day again, at the risk of a second message, or give
    them up.
    """
    if again:
        return unknown_for_a_day(now).update(
            state=MessageState.PENDING, due_at=now, reason="operator", looks=0
        )
    gone = {"final_at": now, "to_sealed": None, "body_sealed": None, "next_look_at": None}
    return unknown_for_a_day(now).update(state=MessageState.SILENT, reason="operator", **gone)
