"""Which figures by applicant are hidden, so that neither a few people nor a hidden figure can be
worked out.

An agency shows citizens, businesses and the answers that do not tell, or none of them: with one of
the parts hidden, the whole and the others would tell it. The same holds for the factors and items
of an agency together: a hidden item is found from the mean of its factor. What is hidden is then a
table of whole rows, of which a reader knows the sums: of every agency, and of every part of the
province. The bounds such a table leaves are those of Fréchet (1940): cell (r, c) lies between
``max(0, R + C - T)`` and ``min(R, C)`` with the sums R of its row, C of its column and T of all.
Agencies are hidden, the smallest first, until every bound is wide enough, and until what the hidden
parts have together leaves each of them room; where none is left, the province's own parts are
hidden.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from analysis.arrays import Floats, Integers, Mask
from analysis.index.results import APPLICANT_LEVELS, PROVINCE
from analysis.publication.hiding import MIN_WIDTH, Place, narrowest_width

Parts = dict[str, dict[str, Place]]
"""agency -> applicant -> place of the figure."""
LEAST_ROWS: Final = 3
"""Agencies that are hidden together at least, and so many times the minimum their answers of every
kind.
"""
_OVERALL = ("overall", "overall")


def hidden_splits(
    n: Mapping[Place, int],
    hidden: Collection[Place],
    minimum: int,
    *,
    values: Mapping[Place, float] | None = None,
    earlier: Sequence[Mapping[Place, int]] = (),
) -> set[Place]:
    """Figures by applicant to hide.

    ``n`` answers of every figure, ``hidden`` what is hidden already, ``minimum`` answers a figure
    must have; ``values`` of the figures in percent; ``earlier`` numbers of releases that share
    answers with this one: what differs from them is a table that has to be hidden alike.

    Examples
    --------
    >>> counts = {("a", "overall", "overall"): 50, ("b", "overall", "overall"): 40}
    >>> counts |= {("a", "applicant", "citizen"): 46, ("a", "applicant", "business"): 4}
    >>> counts |= {("b", "applicant", "citizen"): 20, ("b", "applicant", "business"): 20}
    >>> sorted({place[0] for place in hidden_splits(counts, set(), 10)})  # and the province's
    ['a']
    """
    tables = [(dict(n), dict(values or {}))]
    tables += [
        ({place: abs(n[place] - known) for place, known in release.items() if place in n}, {})
        for release in earlier
    ]
    silent = {agency for agency, level, _ in hidden if level in ("overall", "domain")} - {PROVINCE}
    whole = _closed_in_all(tables, _OVERALL, set(hidden), silent, minimum)
    detail = _closed_in_all(tables, None, set(hidden), silent | (whole - {PROVINCE}), minimum)
    return {
        place
        for place in n
        if (place[1] == "applicant" and place[0] in whole)
        or (place[1] in APPLICANT_LEVELS and place[1] != "applicant" and place[0] in detail)
    }


def _closed_in_all(
    tables: Sequence[tuple[Mapping[Place, int], Mapping[Place, float]]],
    only: tuple[str, str] | None,
    hidden: set[Place],
    silent: Collection[str],
    minimum: int,
) -> set[str]:
    """Agencies that are closed in every table of some figures, because one of them asks for it."""
    closed = set(silent)
    while True:
        before = set(closed)
        for n, values in tables:
            for whole, parts in _tables(n, only):
                closed |= _closed_in_one(n, values, whole, parts, hidden, closed, minimum)
        if closed == before:
            return closed


def _tables(
    n: Mapping[Place, int], only: tuple[str, str] | None
) -> Iterator[tuple[tuple[str, str], Parts]]:
    """(level, code) of every figure that is split, and its parts: the overall one, or the rest."""
    found: dict[tuple[str, str], Parts] = {}
    for place in n:
        agency, level, code = place
        if level in APPLICANT_LEVELS:
            applicant, _dot, inside = code.partition(".")
            whole = APPLICANT_LEVELS[level], inside or "overall"
            if (whole == _OVERALL) is (only is not None):
                found.setdefault(whole, {}).setdefault(agency, {})[applicant] = place
    yield from found.items()


def _closed_in_one(
    n: Mapping[Place, int],
    values: Mapping[Place, float],
    whole: tuple[str, str],
    parts: Parts,
    hidden: set[Place],
    silent: Collection[str],
    minimum: int,
) -> set[str]:
    """Agencies that show no part of one figure; ``PROVINCE`` among them where nothing helps."""
    closed = {
        agency
        for agency, row in parts.items()
        if agency in silent
        or (agency, *whole) in hidden
        or any(place in hidden or 0 < n[place] < minimum for place in row.values())
    }
    if PROVINCE in closed:
        return closed
    table = _Table.read(n, values, parts)
    mask = np.array([agency in closed for agency in table.agencies], dtype=bool)
    unknown = mask & np.array([(a, *whole) in hidden for a in table.agencies], dtype=bool)
    rest = [row for row in table.smallest_first() if not mask[row]]
    step = 1
    while not table.is_safe(mask, unknown, minimum):
        if not rest:
            return closed | {PROVINCE}
        # One more at first; where many are asked for, as many again.
        mask[rest[:step]] = True
        rest, step = rest[step:], 2 * step
    return {agency for agency, is_closed in zip(table.agencies, mask, strict=True) if is_closed}


@dataclass(frozen=True)
class _Table:
    """One figure: R agencies by C kinds of applicant; ``n`` (R, C) answers, ``values`` (R, C) in
    percent, NaN where none is told.
    """

    agencies: tuple[str, ...]
    n: Integers
    values: Floats

    @classmethod
    def read(cls, n: Mapping[Place, int], values: Mapping[Place, float], parts: Parts) -> _Table:
        agencies = tuple(sorted(set(parts) - {PROVINCE}))
        columns = sorted({applicant for row in parts.values() for applicant in row})
        size = (len(agencies), len(columns))
        counts, told = np.zeros(size, dtype=np.int64), np.full(size, np.nan)
        for r, agency in enumerate(agencies):
            for c, column in enumerate(columns):
                place = parts[agency].get(column)
                if place is not None:
                    counts[r, c], told[r, c] = n[place], values.get(place, np.nan)
        return cls(agencies, counts, told)

    def smallest_first(self) -> list[int]:
        """Rows by their answers."""
        return [int(row) for row in np.argsort(self.n.sum(axis=1), kind="stable")]

    def is_safe(self, mask: Mask, unknown: Mask, minimum: int) -> bool:
        """Whether a reader can tell no hidden count and no hidden value; of ``unknown`` rows no sum
        is known but that of all of them.
        """
        return self._counts_are_safe(mask, unknown, minimum) and self._have_room(mask)

    def _counts_are_safe(self, mask: Mask, unknown: Mask, minimum: int) -> bool:
        if not mask.any():
            return True
        columns, left = self.n[mask].sum(axis=0), int(self.n[unknown].sum())
        # A reader knows the dossiers of every agency, and so what an answer of it weighs: the
        # weighted value of the province's part is an equation more. Few hidden rows and few answers
        # would leave it one solution in whole numbers.
        few = (columns > 0) & (columns < LEAST_ROWS * minimum)
        if mask.sum() < LEAST_ROWS or few.any():
            return False
        if unknown.sum() == 1 or 0 < left < minimum:
            return False
        rows = self.n[mask & ~unknown]
        size = rows.sum(axis=1, keepdims=True)
        low = np.maximum(size + columns - columns.sum(), 0)
        high = np.minimum(size, columns)
        weak = (rows > 0) & ((high - low < minimum) | (high < minimum))
        used = (self.n[unknown] > 0).any(axis=0)
        return not weak.any() and bool((np.minimum(columns, left)[used] >= minimum).all())

    def _have_room(self, mask: Mask) -> bool:
        """Whether the mean of the hidden parts of every kind leaves each of them ``MIN_WIDTH``
        points: near 0 or 100 it tells all of them.
        """
        for column in range(self.n.shape[1]):
            told = mask & (self.n[:, column] > 0) & ~np.isnan(self.values[:, column])
            if not told.any():
                continue
            sizes = self.n[told, column].astype(np.float64)
            if narrowest_width(sizes, self.values[told, column]) < MIN_WIDTH:
                return False
        return True
