"""Which figures by applicant are hidden, so that neither a few people nor a hidden figure can be
worked out.

An agency shows citizens, businesses and the answers that do not tell, or none of them: with one of
the parts hidden, the whole and the others would tell it. What is hidden is then a table of whole
rows, of which a reader knows the sums: of every agency, and of every part of the province. The
bounds such a table leaves are those of Fréchet (1940): cell (r, c) lies between
``max(0, R + C - T)`` and ``min(R, C)`` with the sums R of its row, C of its column and T of all.
Agencies are hidden, the smallest first, until every bound is wide enough; where none is left, the
province's own parts are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import numpy as np

from analysis.arrays import Integers
from analysis.index.results import APPLICANT_LEVELS, PROVINCE
from analysis.publication.audit import safe
from analysis.publication.hiding import Place

Parts = dict[str, dict[str, Place]]
"""agency -> applicant -> place of the figure."""


def hidden_splits(n: Mapping[Place, int], hidden: Collection[Place], minimum: int) -> set[Place]:
    """Figures by applicant to hide.

    ``n`` answers of every figure, ``hidden`` what is hidden already, ``minimum`` answers a figure
    must have.

    Examples
    --------
    >>> counts = {("a", "overall", "overall"): 50, ("b", "overall", "overall"): 40}
    >>> counts |= {("a", "applicant", "citizen"): 46, ("a", "applicant", "business"): 4}
    >>> counts |= {("b", "applicant", "citizen"): 20, ("b", "applicant", "business"): 20}
    >>> sorted({place[0] for place in hidden_splits(counts, set(), 10)})  # b's would tell a's
    ['a', 'b']
    """
    hidden = set(hidden)
    silent = {agency for agency, level, _ in hidden if level in ("overall", "domain")} - {PROVINCE}
    result: set[Place] = set()
    for whole, parts in _tables(n):
        closed = _hidden_agencies(n, whole, parts, hidden, silent, minimum)
        result |= {place for agency in closed for place in parts.get(agency, {}).values()}
        # Whose overall split is hidden shows no part of its factors and items either.
        if whole == ("overall", "overall"):
            silent |= closed - {PROVINCE}
    return result


def _tables(n: Mapping[Place, int]) -> Iterator[tuple[tuple[str, str], Parts]]:
    """(level, code) of every figure that is split, and its parts; the overall one first."""
    found: dict[tuple[str, str], Parts] = {}
    for place in n:
        agency, level, code = place
        if level in APPLICANT_LEVELS:
            applicant, _dot, inside = code.partition(".")
            whole = APPLICANT_LEVELS[level], inside or "overall"
            found.setdefault(whole, {}).setdefault(agency, {})[applicant] = place
    yield from sorted(found.items(), key=lambda item: item[0] != ("overall", "overall"))


def _hidden_agencies(
    n: Mapping[Place, int],
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
        if _is_safe(rows, others, minimum):
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
