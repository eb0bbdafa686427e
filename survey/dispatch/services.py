"""Writes: issue, re-issue and revoke the code of a counter; keep a number from further messages."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from survey.agencies.models import Counter
from survey.common.tokens import new_code
from survey.dispatch.lookups import unknown_for_a_day
from survey.dispatch.models import CodeStatus, CounterCode, MessageState, OptOut
from survey.dispatch.queries import find_link
from survey.questionnaires.models import Questionnaire

CODE_LENGTH: Final = 8
SHORT_FORM: Final = "counter-short"


@transaction.atomic
def issue_code(*, counter: Counter, now: datetime, code: str | None = None) -> CounterCode:
    """A new issue for a counter; the issue before it is retired. ``code`` is only given by the demo province."""
    if counter.closed_on is not None:
        raise ValidationError(_("This counter is closed; it gets no new code."))
    latest = CounterCode.objects.filter(counter=counter).order_by("-issue").first()
    CounterCode.objects.filter(counter=counter, status=CodeStatus.ACTIVE).update(
        status=CodeStatus.RETIRED, ended_at=now
    )
    return CounterCode.objects.create(
        code=code or new_code(CODE_LENGTH),
        counter=counter,
        questionnaire=Questionnaire.objects.get(code=SHORT_FORM),
        issue=latest.issue + 1 if latest else 1,
        issued_at=now,
    )


@transaction.atomic
def opt_out(*, token: str, now: datetime) -> None:
    """Keep the number behind a link from all further messages; waiting ones are dropped when their turn comes."""
    link = find_link(token, now)
    if link is not None:
        OptOut.objects.get_or_create(phone_hash=link.phone_hash, defaults={"how": "page", "at": now})


def decide_unknown(*, again: bool, now: datetime) -> int:
    """Send rows that are unknown for a day again, at the risk of a second message, or give them up."""
    if again:
        return unknown_for_a_day(now).update(state=MessageState.PENDING, due_at=now, reason="operator", looks=0)
    gone = {"final_at": now, "to_sealed": None, "body_sealed": None, "next_look_at": None}
    return unknown_for_a_day(now).update(state=MessageState.SILENT, reason="operator", **gone)


def revoke_code(*, code: CounterCode, now: datetime) -> CounterCode:
    """Stop a code at once, e.g. when a poster was tampered with; a new one has to be issued on purpose."""
    if code.status == CodeStatus.REVOKED:
        return code
    code.status, code.ended_at = CodeStatus.REVOKED, now
    code.save(update_fields=["status", "ended_at"])
    return code
