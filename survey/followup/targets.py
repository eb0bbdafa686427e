"""Targets beside the figure as it stands: the province's and its agencies' own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from survey.agencies.models import Agency
from survey.common.periods import parse_period
from survey.followup.effects import is_reached, read_measured, standing_editions
from survey.followup.inspections import inspected_share
from survey.followup.models import FollowUp
from survey.scorecards.models import AgencyResult, Edition
from survey.scorecards.rounds.queries import DossierShares, count_dossiers

PLACES: Final = Decimal("0.01")


@dataclass(frozen=True)
class Progress:
    """A target with what is known of it now; ``value`` is empty where nothing is known."""

    row: FollowUp
    value: Decimal | None
    reached: bool | None


def target_progress(rows: Iterable[FollowUp], day: date) -> dict[int, Progress]:
    """By number of the target: how far it is."""
    targets = list(rows)
    figures = _Figures(day)
    found = {}
    for row in targets:
        value = figures.read(str(row.details.get("measure")), row.agency)
        wanted = Decimal(str(row.details.get("value") or 0))
        operator = str(row.details.get("operator"))
        reached = None if value is None else is_reached(value, operator, wanted)
        found[row.pk] = Progress(row, value, reached)
    return found


class _Figures:
    """What the product knows at the last released period; each part read once, when asked for."""

    def __init__(self, day: date) -> None:
        self.day = day
        editions = standing_editions()
        self.edition: Edition | None = editions[-1] if editions else None
        self._shares: Mapping[str, DossierShares] | None = None

    def read(self, measure: str, agency: Agency) -> Decimal | None:
        """The figure of an agency, or of the province where the agency is its top."""
        if measure == "inspected":
            return inspected_share(self.day).percent
        if self.edition is None or measure == "other":
            return None
        if measure == "satisfaction":
            return _read_index(self.edition, agency)
        return self._read_dossiers(self.edition, measure, agency)

    def _read_dossiers(self, edition: Edition, measure: str, agency: Agency) -> Decimal | None:
        if self._shares is None:
            self._shares = count_dossiers(parse_period(edition.period))
        shares = list(self._shares.values()) if _is_top(agency) else []
        own = self._shares.get(agency.key)
        shares = shares or ([own] if own else [])
        completed = sum(share.completed for share in shares)
        part = sum(s.on_time if measure == "on-time" else s.online for s in shares)
        if not completed:
            return None
        return (Decimal(100) * part / completed).quantize(PLACES, ROUND_HALF_UP)


def _read_index(edition: Edition, agency: Agency) -> Decimal | None:
    found = read_measured(edition, [agency.pk]).get(agency.pk)
    if found is not None:
        return Decimal(str(found.value))
    if not _is_top(agency):
        return None
    result = AgencyResult.objects.filter(edition=edition, agency=None).first()
    rows = result.rows if result else []
    value = next((row["weighted_index"] for row in rows if row["level"] == "overall"), None)
    return Decimal(str(value)) if value is not None else None


def _is_top(agency: Agency) -> bool:
    return not agency.versions.exclude(parent=None).exists()
