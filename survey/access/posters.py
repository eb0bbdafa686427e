"""Codes of counters, printed on posters: issue, withdraw, and what a code stands for."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from survey.access.models import CodeStatus, CounterCode
from survey.access.twin_pictures import choose_picture, pictures_beside
from survey.agencies.models import Counter
from survey.common.tokens import new_code
from survey.questionnaires.models import Questionnaire
from survey.questionnaires.queries import SHORT_FORM

CODE_LENGTH: Final = 8


@transaction.atomic
def issue_code(*, counter: Counter, now: datetime, code: str | None = None) -> CounterCode:
    """A new issue for a counter; the issue before it is retired. ``code`` is only given by the demo
    province.
    """
    if counter.closed_on is not None:
        raise ValidationError(_("This counter is closed; it gets no new code."))
    latest = CounterCode.objects.filter(counter=counter).order_by("-issue").first()
    CounterCode.objects.filter(counter=counter, status=CodeStatus.ACTIVE).update(
        status=CodeStatus.RETIRED, ended_at=now
    )
    code = code or new_code(CODE_LENGTH)
    return CounterCode.objects.create(
        code=code,
        counter=counter,
        picture=choose_picture(code, pictures_beside(counter)),
        questionnaire=Questionnaire.objects.get(code=SHORT_FORM),
        issue=latest.issue + 1 if latest else 1,
        issued_at=now,
    )


def revoke_code(*, code: CounterCode, now: datetime) -> CounterCode:
    """Stop a code at once, e.g. when a poster was tampered with; a new one has to be issued on
    purpose.
    """
    if code.status == CodeStatus.REVOKED:
        return code
    code.status, code.ended_at = CodeStatus.REVOKED, now
    code.save(update_fields=["status", "ended_at"])
    return code


@transaction.atomic
def issue_codes(*, counters: Iterable[Counter], now: datetime) -> int:
    """A first or new code for each of these counters that has none in use, all or none; returns how
    many. Who comes second finds what the first has issued.
    """
    numbers = [counter.pk for counter in counters]
    locked = list(Counter.objects.select_for_update().filter(pk__in=numbers).order_by("pk"))
    active = CounterCode.objects.filter(counter__in=locked, status=CodeStatus.ACTIVE)
    coded = set(active.values_list("counter_id", flat=True))
    return len([issue_code(counter=one, now=now) for one in locked if one.pk not in coded])


@transaction.atomic
def revoke_codes(*, codes: Iterable[CounterCode], now: datetime) -> int:
    """Stop these codes at once, all or none; returns how many were in use."""
    numbers = [code.pk for code in codes]
    used = CounterCode.objects.select_for_update().filter(pk__in=numbers, status=CodeStatus.ACTIVE)
    used = used.order_by("pk")
    return len([revoke_code(code=code, now=now) for code in used])
