"""Reads: what people said on the telephone, beside what their agencies' answers say."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

from survey.integrity.back_checks import MARK, PRESSED, sum_levels
from survey.integrity.models import BackCheck, BackCheckCall, BackCheckUnit
from survey.responses.models import Evidence, Response
from survey.scorecards.bridge.stuffing import Measured, Shift, compare_measured, measure_share

LEAST_SHOWN: Final = 10
"""Below so many answers a share would tell what somebody said."""
_Outcome = BackCheckCall.Outcome


@dataclass(frozen=True)
class BackCheckLine:
    """One agency of a check. Shares in percent with exact 95 % limits; None where there are too few
    answers for one.
    """

    unit: BackCheckUnit
    outcomes: dict[str, int]
    denied: Measured | None
    pressed: int | None
    called: Measured | None
    counted: Measured | None
    shift: Shift | None
    """Counted answers against those by telephone: better means that callers hear better."""

    @property
    def waiting(self) -> int:
        """Calls still to be made."""
        return self.outcomes.get(_Outcome.WAITING, 0)

    @property
    def reached(self) -> int:
        """People who said whether there was a dossier."""
        return sum(self.outcomes.get(one, 0) for one in (_Outcome.DENIED, _Outcome.ANSWERED))


def build_table(check: BackCheck) -> list[BackCheckLine]:
    """Every agency of a check; agencies in the order they were drawn in."""
    outcomes: dict[int, Counter[str]] = {}
    calls = BackCheckCall.objects.filter(unit__check_of=check)
    for unit, outcome in calls.values_list("unit_id", "outcome"):
        outcomes.setdefault(unit, Counter())[outcome] += 1
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
        _build_line(unit, outcomes.get(unit.pk, Counter()), levels, pressed[unit.agency_id])
        for unit in units
    ]


def _build_line(
    unit: BackCheckUnit,
    outcomes: Counter[str],
    levels: dict[int, tuple[int, int]],
    pressed: int,
) -> BackCheckLine:
    n, satisfied = levels.get(unit.agency_id, (0, 0))
    called, counted = _share(satisfied, n), _share(unit.satisfied, unit.counted)
    reached = outcomes[_Outcome.DENIED] + outcomes[_Outcome.ANSWERED]
    return BackCheckLine(
        unit=unit,
        outcomes=dict(outcomes),
        denied=_share(outcomes[_Outcome.DENIED], reached),
        pressed=pressed if n >= LEAST_SHOWN else None,
        called=called,
        counted=counted,
        shift=compare_measured(counted, called) if called and counted else None,
    )


def _share(count: int, size: int) -> Measured | None:
    return measure_share(count, size) if size >= LEAST_SHOWN else None
