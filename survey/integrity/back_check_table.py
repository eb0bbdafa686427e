"""Reads: what people said on the telephone, beside what their agencies' answers say."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.db.models import Count

from survey.integrity.back_checks import MARK, PRESSED, sum_levels
from survey.integrity.models import BackCheck, BackCheckCall, BackCheckUnit
from survey.responses.models import Evidence, Response
from survey.responses.queries import MIN_ANSWERS_SHOWN
from survey.scorecards.bridge.stuffing import Measured, Shift, compare_measured, measure_share


@dataclass(frozen=True)
class BackCheckLine:
    """One agency of a check. Shares in percent with exact 95 % limits; None while calls are still
    to be made, for between two looks lies one answer, and where there are too few.
    """

    unit: BackCheckUnit
    waiting: int
    denied: Measured | None
    pressed: int | None
    called: Measured | None
    counted: Measured | None
    shift: Shift | None
    """Counted answers against those by telephone: better means that callers hear better."""

    @property
    def reached(self) -> int:
        """People who said whether there was a dossier."""
        return self.unit.denied + self.unit.answered


def build_table(check: BackCheck) -> list[BackCheckLine]:
    """Every agency of a check; agencies in the order they were drawn in."""
    calls = BackCheckCall.objects.filter(unit__check_of=check).order_by()
    waiting = dict(calls.values_list("unit").annotate(n=Count("pk")))
    units = list(check.units.select_related("agency"))
    given = Response.objects.filter(
        evidence=Evidence.AUDIT,
        agency__in=[unit.agency_id for unit in units],
        **{f"marks__{MARK}": str(check.pk)},
    )
    levels = sum_levels(given)
    pressed = Counter(
        given.filter(**{f"marks__{PRESSED}": "yes"}).values_list("agency_id", flat=True)
    )
    return [
        _build_line(unit, waiting.get(unit.pk, 0), levels, pressed[unit.agency_id])
        for unit in units
    ]


def _build_line(
    unit: BackCheckUnit, waiting: int, levels: dict[int, tuple[int, int]], pressed: int
) -> BackCheckLine:
    if waiting:
        return BackCheckLine(unit, waiting, None, None, None, None, None)
    n, satisfied = levels.get(unit.agency_id, (0, 0))
    called, counted = _share(satisfied, n), _share(unit.satisfied, unit.counted)
    return BackCheckLine(
        unit=unit,
        waiting=0,
        denied=_share(unit.denied, unit.denied + unit.answered),
        pressed=pressed if n >= MIN_ANSWERS_SHOWN else None,
        called=called,
        counted=counted,
        shift=compare_measured(counted, called) if called and counted else None,
    )


def _share(count: int, size: int) -> Measured | None:
    return measure_share(count, size) if size >= MIN_ANSWERS_SHOWN else None
