"""What became of it in figures: released indices before and after, beside other agencies, and
against a target. From stored editions only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any, Final

from django.utils import timezone

from survey.agencies.models import Agency
from survey.common.periods import Period, parse_period
from survey.followup.models import FollowUp
from survey.scorecards.bridge.before_after import (
    Measured,
    Shift,
    compare_before_after,
    compare_with_others,
)
from survey.scorecards.models import AgencyResult, Edition
from survey.scorecards.queries import find_overall, main_methods

BY_EYE: Final = ("fixed", "not-fixed")
"""Verdicts of a re-check nobody needs a figure for."""
FIRST_TENTH: Final = 0.1


@dataclass(frozen=True)
class Effect:
    """The index of an agency before and after, and what the difference says."""

    before: Period
    after: Period
    first: Measured
    second: Measured
    shift: Shift

    def as_data(self) -> dict[str, Any]:
        """What a step keeps of it; numbers with two places."""
        return {
            "before": self.before.name,
            "after": self.after.name,
            "index_before": round(self.first.value, 2),
            "index_after": round(self.second.value, 2),
            "difference": round(self.shift.difference, 2),
            "low": round(self.shift.low, 2),
            "high": round(self.shift.high, 2),
            "verdict": self.shift.verdict.value,
        }


def standing_editions() -> list[Edition]:
    """Released figures that stand, by the main method of their period, earliest period first."""
    released = Edition.objects.filter(withdrawn_at=None).exclude(released_at=None)
    # Long, and few readers of these ask for them.
    rows = list(released.defer("counted", "answers", "about").order_by("released_at", "pk"))
    methods = main_methods({row.period for row in rows})
    newest = {row.period: row for row in rows if row.method == methods[row.period]}
    return sorted(newest.values(), key=lambda row: parse_period(row.period).last)


def edition_before(editions: Iterable[Edition], day: date) -> Edition | None:
    """The last of these whose period had ended by a day."""
    found = [row for row in editions if parse_period(row.period).last < day]
    return found[-1] if found else None


def is_comparable(one: Edition, other: Edition) -> bool:
    """Whether two editions are of one length and come from the same version of one method."""
    same = one.method == other.method and one.method_version == other.method_version
    return same and parse_period(one.period).months == parse_period(other.period).months


def edition_pairs(day: date) -> list[tuple[Edition, Edition]]:
    """(before, after) around a day, the latest last: of each later edition the last comparable one
    whose period had ended. A later period begins after the day, or had only just begun: its first
    tenth may lie before.
    """
    editions = standing_editions()
    found = []
    for after in editions:
        if _share_before(parse_period(after.period), day) > FIRST_TENTH:
            continue
        before = edition_before([row for row in editions if is_comparable(row, after)], day)
        if before is not None:
            found.append((before, after))
    return found


def _share_before(period: Period, day: date) -> float:
    """Which share of a period's days lies before a day."""
    return (day - period.first).days / ((period.last - period.first).days + 1)


def read_measured(edition: Edition, agencies: Iterable[int]) -> dict[int, Measured]:
    """The index with its interval of these agencies, where it may be shown."""
    results = AgencyResult.objects.filter(edition=edition, agency__in=list(agencies))
    known = {result.agency_id or 0: _measure(result) for result in results}
    return {agency: measured for agency, measured in known.items() if measured is not None}


def read_whole(edition: Edition) -> Measured | None:
    """The index of the province with its interval, where it is shown."""
    result = AgencyResult.objects.filter(edition=edition, agency=None).first()
    return _measure(result) if result else None


def _measure(result: AgencyResult) -> Measured | None:
    row = find_overall(result)
    values = [row.get(name) for name in ("weighted_index", "ci_low", "ci_high")]
    if any(value is None for value in values):
        return None
    return Measured(*(float(str(value)) for value in values))


def find_effect(agency: int, before: Edition, after: Edition) -> Effect | None:
    """The change of one agency between two editions; None where a figure is not shown."""
    first = read_measured(before, [agency]).get(agency)
    second = read_measured(after, [agency]).get(agency)
    if first is None or second is None:
        return None
    return Effect(
        parse_period(before.period),
        parse_period(after.period),
        first,
        second,
        compare_before_after(first, second),
    )


def compare_results(first: AgencyResult, second: AgencyResult) -> Shift | None:
    """The change between two results that are shown; None where one is not."""
    before, after = _measure(first), _measure(second)
    if before is None or after is None:
        return None
    return compare_before_after(before, after)


def recheck_pairs(row: FollowUp) -> list[tuple[Edition, Edition]]:
    """With which figures a finding can be re-checked: before and after the day the agency reported
    it as put right.
    """
    reported = row.steps.filter(move="report").order_by("-pk").first()
    fixed_at = reported.made_at if reported else row.opened_at
    return edition_pairs(timezone.localdate(fixed_at))


@dataclass(frozen=True)
class Evaluation:
    """An initiative by figures: the own change, and how much more it is than that of others."""

    own: Effect
    others: Sequence[str]
    beyond: Shift | None


def evaluate_initiative(row: FollowUp) -> Evaluation | None:
    """Before it began against the last period since; None until both are released."""
    pairs = edition_pairs(date.fromisoformat(row.details["started_on"]))
    if not pairs:
        return None
    before, after = pairs[-1]
    own = find_effect(row.agency_id, before, after)
    if own is None:
        return None
    others = _find_shifts(row.details.get("others") or [], before, after)
    beyond = compare_with_others(own.shift, list(others.values())) if others else None
    names = Agency.objects.filter(pk__in=others)
    return Evaluation(own, [str(agency) for agency in names], beyond)


def _find_shifts(agencies: Iterable[int], before: Edition, after: Edition) -> Mapping[int, Shift]:
    first = read_measured(before, agencies)
    second = read_measured(after, agencies)
    return {
        agency: compare_before_after(first[agency], second[agency])
        for agency in first
        if agency in second
    }


def is_reached(value: Fraction, operator: str, target: Fraction) -> bool:
    """Whether a figure reaches a target: above it, or at least it."""
    return value > target if operator == ">" else value >= target
