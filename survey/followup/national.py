"""Results of national indices (PAR INDEX, SIPAS, PAPI, PCI) beside the province's own: stored as
they were published, never mixed with them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from survey.followup.effects import read_whole, standing_editions
from survey.followup.kinds import NATIONAL
from survey.followup.models import FollowUp


@dataclass(frozen=True)
class NationalResult:
    """One index of one year.

    Attributes
    ----------
    up : places gained since the year before; None without one, or where other many were ranked.
    own : the province's own released index of that year.
    """

    row: FollowUp
    name: str
    year: int
    score: Decimal
    rank: int | None
    ranked: int | None
    up: int | None
    own: Decimal | None

    @property
    def down(self) -> int:
        """Places lost."""
        return -(self.up or 0)


def national_results(rows: Iterable[FollowUp]) -> list[NationalResult]:
    """By index and year, the newest first; of two entries of one year the later one counts."""
    found: dict[tuple[str, int], FollowUp] = {}
    for row in sorted(rows, key=lambda row: row.pk):
        found[str(row.details["index"]), int(Decimal(str(row.details["year"])))] = row
    own = _own_indices()
    return [
        _read(row, found.get((index, year - 1)), own.get(year))
        for (index, year), row in sorted(
            found.items(), key=lambda item: (_order(item[0][0]), -item[0][1])
        )
    ]


def _order(index: str) -> int:
    return [key for key, _name in NATIONAL].index(index)


def _whole(value: Any) -> int | None:
    return int(Decimal(str(value))) if value not in (None, "") else None


def _read(row: FollowUp, before: FollowUp | None, own: Decimal | None) -> NationalResult:
    details = row.details
    rank, ranked = _whole(details.get("rank")), _whole(details.get("ranked"))
    up = None
    if before is not None and rank is not None:
        then, count = _whole(before.details.get("rank")), _whole(before.details.get("ranked"))
        up = then - rank if then is not None and count == ranked else None
    return NationalResult(
        row=row,
        name=dict(NATIONAL)[str(details["index"])],
        year=_whole(details["year"]) or 0,
        score=Decimal(str(details["score"])),
        rank=rank,
        ranked=ranked,
        up=up,
        own=own,
    )


def _own_indices() -> dict[int, Decimal]:
    """Year -> the province's own index, where figures of the whole year are released."""
    found = {}
    for edition in standing_editions():
        measured = read_whole(edition) if len(edition.period) == 4 else None
        if measured is not None:
            found[int(edition.period)] = Decimal(str(measured.value))
    return found
