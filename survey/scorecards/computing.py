"""A period frozen and computed by a button: asked for on a page, done by the worker."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override
from django_tasks import task

from survey.accounts.models import User
from survey.common.languages import staff_language
from survey.common.locks import hold_lock, lock_transaction
from survey.common.periods import parse_period
from survey.responses.cut_offs import CutOffPlan, plans_due
from survey.scorecards.freezing import frozen_answers
from survey.scorecards.methods import find_chosen, keep_method, locate_method
from survey.scorecards.models import Computation, ComputationState
from survey.scorecards.services import make_edition

log = logging.getLogger(__name__)
STUCK_AFTER: Final = timedelta(hours=1)
"""A computation no worker has ended by then can be asked for again."""
TOLD_FOR: Final = timedelta(days=60)
"""A failure that long ago is no news."""
ENDED: Final = (ComputationState.DONE, ComputationState.FAILED)


def request_computation(
    *, period: str, by: User, now: datetime, anew: str = ""
) -> list[Computation]:
    """Have a period frozen once and computed under every method; ``anew`` says why a period that
    has been cut off is to be cut off once more.

    Raises
    ------
    ValidationError
        The period is not one, has not begun, or is being computed.
    """
    try:
        span = parse_period(period)
    except ValueError as error:
        raise ValidationError(str(error)) from error
    if span.first > timezone.localdate(now):
        raise ValidationError(_("This period has not begun yet."))
    with transaction.atomic():
        lock_transaction("computations")
        if find_running(period, now).exists():
            raise ValidationError(_("This period is being computed already."))
        rows = [
            Computation.objects.create(
                period=period, method=method, asked_by=by, asked_at=now, anew=anew
            )
            for method, _sha256 in find_chosen(span).methods
        ]
        numbers = [row.pk for row in rows]
        transaction.on_commit(lambda: compute_period.enqueue(numbers, by.language))
    return rows


def cut_off_planned(now: datetime) -> int:
    """Cut off and compute the periods whose planned day has come; how many. One that cannot be, or
    whose planner's account is closed, keeps no other from it, and is late on the first page.
    """
    begun = 0
    for plan in plans_due(timezone.localdate(now)):
        if find_running(plan.period, now).exists():
            continue
        try:
            request_computation(period=plan.period, by=plan.planned_by, now=now)
        except Exception:
            log.exception("the planned cut-off of %s was not begun", plan.period)
        else:
            begun += 1
    return begun


def overdue_plans(today: date) -> list[CutOffPlan]:
    """Plans whose day has passed, and nothing was cut off."""
    return list(CutOffPlan.objects.filter(day__lt=today))


def failed_periods() -> list[str]:
    """Periods of which the last computation of some method failed."""
    newest = {
        (row.period, row.method): row.state
        for row in Computation.objects.filter(asked_at__gt=timezone.now() - TOLD_FOR)
        .order_by("asked_at", "pk")
        .only("period", "method", "state")
    }
    failed = {period for (period, _m), state in newest.items() if state == ComputationState.FAILED}
    return sorted(failed)


def find_running(period: str, now: datetime) -> QuerySet[Computation]:
    """Computations of a period some worker still has in its hands."""
    young = Computation.objects.filter(period=period, asked_at__gt=now - STUCK_AFTER)
    return young.exclude(state__in=ENDED)


@task()
def compute_period(numbers: list[int], language: str) -> None:
    """Freeze the period of these computations, compute each, and keep what became of it."""
    rows = list(Computation.objects.filter(pk__in=numbers).exclude(state__in=ENDED).order_by("pk"))
    if not rows:
        return
    first = rows[0]
    with override(staff_language(language)), ExitStack() as stack:
        _set_state(rows, ComputationState.COUNTING)
        try:
            frozen = frozen_answers(
                period=parse_period(first.period),
                by=first.asked_by,
                asked_at=first.asked_at,
                now=timezone.now(),
                anew=first.anew,
            )
            folder, cut_off = stack.enter_context(frozen)
        except Exception as error:  # whatever it is, nobody may be left waiting
            log.exception("a snapshot was not taken")
            _set_state(rows, ComputationState.FAILED, problem=" ".join(_say(error)))
            return
        Computation.objects.filter(pk__in=numbers).update(cut_off=cut_off)
        for row in rows:
            _compute(row, folder)


def _say(error: Exception) -> list[str]:
    return error.messages if isinstance(error, ValidationError) else [str(error)]


def _compute(row: Computation, folder: Path) -> None:
    _set_state([row], ComputationState.COMPUTING)
    try:
        # One after the other: each is held against what the one before has told.
        with hold_lock("editions"):
            chosen = find_chosen(parse_period(row.period))
            method = locate_method(row.method, dict(chosen.methods).get(row.method, ""))
            if method == row.method:
                sha256 = dict(chosen.methods)[method]
                keep_method(name=method, sha256=sha256, by=row.asked_by, now=timezone.now())
            row.edition = make_edition(
                folder=folder, method=method, now=timezone.now(), target=chosen.target
            )
    except Exception as error:
        log.exception("figures were not computed")
        _set_state([row], ComputationState.FAILED, problem=str(error))
    else:
        _set_state([row], ComputationState.DONE)


def _set_state(rows: list[Computation], state: ComputationState, *, problem: str = "") -> None:
    for row in rows:
        row.state, row.problem = state, problem
        row.save(update_fields=["state", "problem", "edition"])
