"""A period frozen and computed by a button: asked for on a page, done by the worker."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override
from django_tasks import task

from survey.accounts.models import User
from survey.common.languages import staff_language
from survey.common.periods import parse_period
from survey.scorecards.bridge.snapshots import take_snapshot
from survey.scorecards.models import Computation, ComputationState
from survey.scorecards.services import make_edition

METHODS: Final = ("sipas-service", "overall")
"""What is computed of a period: the 16 criteria, and the one question everybody answers."""
STUCK_AFTER: Final = timedelta(hours=1)
"""A computation no worker has ended by then can be asked for again."""
ENDED: Final = (ComputationState.DONE, ComputationState.FAILED)


def request_computation(*, period: str, by: User, now: datetime) -> list[Computation]:
    """Have a period frozen once and computed under every method.

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
        User.objects.select_for_update().get(pk=by.pk)
        running = Computation.objects.filter(period=period, asked_at__gt=now - STUCK_AFTER)
        if running.exclude(state__in=ENDED).exists():
            raise ValidationError(_("This period is being computed already."))
        rows = [
            Computation.objects.create(period=period, method=method, asked_by=by, asked_at=now)
            for method in METHODS
        ]
        numbers = [row.pk for row in rows]
        transaction.on_commit(lambda: compute_period.enqueue(numbers, by.language))
    return rows


@task()
def compute_period(numbers: list[int], language: str) -> None:
    """Freeze the period of these computations, compute each, and keep what became of it."""
    rows = list(Computation.objects.filter(pk__in=numbers).exclude(state__in=ENDED).order_by("pk"))
    if not rows:
        return
    with override(staff_language(language)), TemporaryDirectory(prefix="snapshot-") as folder:
        _set_state(rows, ComputationState.COUNTING)
        try:
            take_snapshot(
                period=parse_period(rows[0].period),
                folder=Path(folder) / "snapshot",
                now=timezone.now(),
                province=settings.PROVINCE_NAME,
            )
        except (ValueError, OSError) as error:
            _set_state(rows, ComputationState.FAILED, problem=str(error))
            return
        for row in rows:
            _compute(row, Path(folder) / "snapshot")


def _compute(row: Computation, folder: Path) -> None:
    _set_state([row], ComputationState.COMPUTING)
    try:
        row.edition = make_edition(folder=folder, method=row.method, now=timezone.now())
    except (ValueError, OSError) as error:
        _set_state([row], ComputationState.FAILED, problem=str(error))
    else:
        _set_state([row], ComputationState.DONE)


def _set_state(rows: list[Computation], state: ComputationState, *, problem: str = "") -> None:
    for row in rows:
        row.state, row.problem = state, problem
        row.save(update_fields=["state", "problem", "edition"])
