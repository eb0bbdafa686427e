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

import numpy as np

from analysis.arrays import Integers
from analysis.index.results import APPLICANT_LEVELS, PROVINCE
from analysis.publication.audit import safe
from analysis.publication.hiding import MIN_WIDTH, Place

Parts = dict[str, dict[str, Place]]
"""agency -> applicant -> place of the figure."""
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
    >>> sorted({place[0] for place in hidden_splits(counts, set(), 10)})  # b's would tell a's
    ['a', 'b']
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
    sums = {agency: sum(n[place] for place in row.values()) for agency, row in parts.items()}
    closed = {
        agency
        for agency, row in parts.items()
        if agency in silent
        or (agency, *whole) in hidden
        or any(place in hidden or 0 < n[place] < minimum for place in row.values())
    }
    if PROVINCE in closed:
        return closed
    unknown = {agency for agency in closed if (agency, *whole) in hidden}
    rest = sorted(set(parts) - closed - {PROVINCE}, key=lambda agency: (sums[agency], agency))
    columns = sorted({applicant for row in parts.values() for applicant in row})
    while True:
        rows, others = (_counts(n, parts, group, columns) for group in (closed - unknown, unknown))
        places = [place for agency in closed for place in parts[agency].values()]
        if _is_safe(rows, others, minimum) and _has_room(n, values, places):
            return closed
        if not rest:
            return closed | {PROVINCE}
        closed.add(rest.pop(0))


def _counts(
    n: Mapping[Place, int], parts: Parts, agencies: Collection[str], columns: list[str]
) -> Integers:
    rows = [[n[parts[a][c]] if c in parts[a] else 0 for c in columns] for a in sorted(agencies)]
    return np.array(rows, dtype=np.int64).reshape(len(rows), len(columns))


def _is_safe(rows: Integers, unknown: Integers, minimum: int) -> bool:
    """Whether the bounds of every hidden count are wide enough; of ``unknown`` rows no sum is known
    but that of all of them.
    """
    table = np.vstack([rows, unknown])
    columns, left = table.sum(axis=0), unknown.sum()
    if len(unknown) == 1 or 0 < left < minimum:
        return False
    total = table.sum()
    for row in rows:
        size = row.sum()
        low, high = np.maximum(size + columns - total, 0), np.minimum(size, columns)
        if not all(safe(a, b, minimum) for a, b, k in zip(low, high, row, strict=True) if k):
            return False
    used = (unknown > 0).any(axis=0)
    return bool((np.minimum(columns, left)[used] >= minimum).all())


def _has_room(
    n: Mapping[Place, int], values: Mapping[Place, float], places: Sequence[Place]
) -> bool:
    """Whether the mean of the hidden parts of every kind leaves each of them ``MIN_WIDTH`` points:
    near 0 or 100 it tells all of them.
    """
    kinds: dict[str, list[tuple[int, float]]] = {}
    for place in places:
        if n[place] and place in values:
            applicant = place[2].partition(".")[0]
            kinds.setdefault(applicant, []).append((n[place], values[place]))
    return all(_width(members) >= MIN_WIDTH for members in kinds.values())


def _width(members: Sequence[tuple[int, float]]) -> float:
    """The narrowest interval, in points, for one of some hidden parts from what they have
    together.
    """
    sizes, values = np.array(members, dtype=np.float64).T
    total = float(sizes @ values)
    low = np.maximum((total - 100 * (sizes.sum() - sizes)) / sizes, 0.0)
    high = np.minimum(total / sizes, 100.0)
    return float((high - low).min())
