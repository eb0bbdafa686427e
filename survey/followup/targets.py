"""Targets beside the figure as it stands: the province's and its agencies' own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Final

from survey.agencies.models import Agency, AgencyKind, AgencyVersion
from survey.common.periods import parse_period
from survey.followup.effects import is_reached, read_measured, read_whole, standing_editions
from survey.followup.inspections import inspected_share
from survey.followup.models import FollowUp
from survey.scorecards.bridge.before_after import Measured
from survey.scorecards.models import Edition
from survey.scorecards.rounds.queries import DossierShares, count_dossiers

PLACES: Final = Decimal("0.01")


@dataclass(frozen=True)
class Progress:
    """A target with what is known of it now.

    Attributes
    ----------
    value : percent with two places; empty where nothing is known.
    reached : decided by the exact figure; of a satisfaction index by its whole interval, None while
        the interval holds the target.
    """

    row: FollowUp
    value: Decimal | None
    reached: bool | None


@dataclass(frozen=True)
class _Figure:
    """Exact limits in percent; alike for what is counted and not estimated."""

    value: Fraction
    low: Fraction
    high: Fraction


def target_progress(rows: Iterable[FollowUp], day: date) -> dict[int, Progress]:
    """By number of the target: how far it is."""
    targets = list(rows)
    figures = _Figures(day, [row.agency for row in targets])
    return {row.pk: _compare(row, figures) for row in targets}


def _compare(row: FollowUp, figures: _Figures) -> Progress:
    found = figures.read(str(row.details.get("measure")), row.agency)
    if found is None:
        return Progress(row, None, None)
    wanted, operator = Fraction(str(row.details["value"])), str(row.details["operator"])
    shown = Decimal(found.value.numerator) / found.value.denominator
    value = shown.quantize(PLACES, ROUND_HALF_UP)
    if is_reached(found.low, operator, wanted):
        return Progress(row, value, True)
    return Progress(row, value, None if is_reached(found.high, operator, wanted) else False)


class _Figures:
    """What the product knows at the last released period of these agencies; each part read once,
    when asked for.
    """

    def __init__(self, day: date, agencies: Iterable[Agency]) -> None:
        self.day, self.agencies = day, list(agencies)
        editions = standing_editions()
        self.edition: Edition | None = editions[-1] if editions else None
        versions = AgencyVersion.objects.filter(kind=AgencyKind.PROVINCE)
        self.tops = set(versions.values_list("agency_id", flat=True))
        self._shares: Mapping[str, DossierShares] | None = None
        self._indices: Mapping[int, Measured] | None = None

    def read(self, measure: str, agency: Agency) -> _Figure | None:
        """The figure of an agency, or of the province where the agency is its top."""
        top = agency.pk in self.tops
        if measure == "inspected":
            share = inspected_share(self.day)
            return _exact(share.done, share.units) if top else None
        if self.edition is None or measure == "other":
            return None
        if measure == "satisfaction":
            return self._read_index(self.edition, agency, top=top)
        return self._read_dossiers(self.edition, measure, agency, top=top)

    def _read_index(self, edition: Edition, agency: Agency, *, top: bool) -> _Figure | None:
        if self._indices is None:
            self._indices = read_measured(edition, [one.pk for one in self.agencies])
        found = read_whole(edition) if top else self._indices.get(agency.pk)
        if found is None:
            return None
        return _Figure(*(Fraction(str(v)) for v in (found.value, found.low, found.high)))

    def _read_dossiers(
        self, edition: Edition, measure: str, agency: Agency, *, top: bool
    ) -> _Figure | None:
        if self._shares is None:
            self._shares = count_dossiers(parse_period(edition.period), edition)
        own = self._shares.get(agency.key)
        shares = list(self._shares.values()) if top else [own] if own else []
        completed = sum(share.completed for share in shares)
        part = sum(s.on_time if measure == "on-time" else s.online for s in shares)
        return _exact(part, completed)


def _exact(part: int, whole: int) -> _Figure | None:
    if not whole:
        return None
    value = Fraction(100 * part, whole)
    return _Figure(value, value, value)
