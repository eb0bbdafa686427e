"""Complementary suppression: which figures must stay hidden so that no hidden one can be worked out
from the others.

Counts of answers add up: over the domains of an agency, and over the children of a node of the
agency tree. A count below the minimum is hidden; others are hidden with it by Gaussian elimination,
so that it is no sum or difference of what is shown. Whoever gave the only answer of a cell knows
its count: what is hidden beside it must hold without it. A hidden cell is safe when the interval an
attacker can give it is at least ``minimum`` wide and reaches at least ``minimum``. ``audit``
computes the attacker's intervals exactly, by linear programming; where one is too narrow, the
cheapest cells that widen it are hidden and the elimination is done again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from analysis.arrays import Floats, Mask
from analysis.errors import AnalysisError
from analysis.publication.audit import ALL, Counts, audit, safe
from analysis.publication.elimination import hide_by_elimination
from analysis.publication.rectangles import (
    DEARER,
    are_totals,
    certified_cells,
    cheapest_rectangle,
    cover_with_rectangles,
    free_cells,
)

Cell = tuple[int, int]
"""(row, column)."""
_EMPTY: Final = 1e9


def protect(
    counts: Counts, minimum: int, hidden: Mask | None = None, known: Mask | None = None
) -> Mask:
    """Which cells (R, C) to hide: those with 1 to ``minimum - 1`` answers, those given, and what
    protects them.

    ``known`` cells cannot be hidden, because everybody knows them: an agency has no answers in a
    domain it has not.

    Raises
    ------
    AnalysisError
        If the counts do not add up: then nothing can be said about what they give away.

    Examples
    --------
    >>> parent = {"x": "all", "y": "all", "z": "all"}
    >>> counts = Counts(("all", "x", "y", "z"), parent, (ALL,), np.array([[75], [40], [30], [5]]))
    >>> protect(counts, 10)[:, 0].tolist()
    [False, False, True, True]
    """
    _check_sums(counts)
    fixed = np.zeros(counts.n.shape, dtype=bool) if known is None else known & (counts.n == 0)
    result = ((counts.n > 0) & (counts.n < minimum)) | (
        np.zeros(counts.n.shape, bool) if hidden is None else hidden
    )
    matrix = _Matrix.read(counts, fixed)
    secret = result.copy()
    for children, node in counts.families:
        cover_with_rectangles(counts, children, node, result, minimum)
    certified: set[Cell] = set()
    while True:
        matrix.hide_what_tells(result, secret)
        certified |= _free(counts, result, minimum)
        bounds = audit(counts, result, leave_out=certified)
        weak = [cell for cell, (low, high) in bounds.items() if not safe(low, high, minimum)]
        # Hiding more only widens what can be worked out: who is safe stays safe.
        certified |= bounds.keys() - set(weak)
        if not _widen(counts, result, fixed, weak, minimum):
            return result


def _check_sums(counts: Counts) -> None:
    for line in counts.lines:
        if sum(sign * int(counts.n[cell]) for cell, sign in line):
            row, column = line[-1][0]
            raise AnalysisError(
                "counts of {rows!r}, column {columns!r} are not the sum of their parts",
                rows=counts.rows[row],
                columns=counts.columns[column],
            )


@dataclass(frozen=True)
class _Matrix:
    """The publishing matrix of a table: ``sums`` of inner cells, and the cells in the order of what
    hiding them costs, the dearest first.
    """

    counts: Counts
    sums: Mapping[Cell, list[Cell]]
    order: list[Cell]

    @classmethod
    def read(cls, counts: Counts, fixed: Mask) -> _Matrix:
        """``fixed`` cells are known to everybody: they are no part of anything."""
        inner = _inner_cells(counts)
        sums = {
            cell: [part for part in parts if not fixed[part]]
            for cell, parts in inner.items()
            if not fixed[cell]
        }
        price = _prices(counts)
        return cls(counts, sums, sorted(sums, key=lambda cell: (-price[cell], cell)))

    def hide_what_tells(self, hidden: Mask, secret: Mask) -> None:
        """Hide what would tell a hidden cell; to those who gave the only answer of a cell, what
        would tell another ``secret`` one.
        """
        lone = [
            cell
            for cell, parts in self.sums.items()
            if parts == [cell] and hidden[cell] and self.counts.n[cell] == 1
        ]
        closed = [cell for cell, parts in self.sums.items() if hidden[cell] and parts]
        small = [cell for cell in closed if secret[cell]]
        shown = [cell for cell in self.order if not hidden[cell]]
        for cell in hide_by_elimination(self.sums, closed, shown, small, lone):
            hidden[cell] = True


def _inner_cells(counts: Counts) -> dict[Cell, list[Cell]]:
    """Which cells of single agencies in single domains every cell is the sum of."""
    total = counts.columns.index(ALL)
    domains = [c for c in range(len(counts.columns)) if c != total] or [total]
    leaves = {row: [row] for row in range(len(counts.rows))}
    for children, node in counts.families:
        leaves[node] = [leaf for child in children for leaf in leaves[child]]
    return {
        (row, column): [
            (leaf, c) for leaf in parts for c in (domains if column == total else [column])
        ]
        for row, parts in leaves.items()
        for column in range(len(counts.columns))
    }


def _prices(counts: Counts) -> Floats:
    """What hiding a cell costs (R, C): its answers; totals and empty cells last."""
    above = are_totals(counts)
    return np.asarray(counts.n + DEARER * above + _EMPTY * (counts.n == 0), dtype=np.float64)


def _free(counts: Counts, hidden: Mask, minimum: int) -> set[Cell]:
    """Hidden cells that are safe without a linear program, which takes time."""
    families = [children for children, _ in counts.families]
    return set().union(
        *(free_cells(counts, one, hidden, minimum) for one in families),
        *(certified_cells(counts, one, hidden, minimum) for one in families),
    )


def _widen(counts: Counts, hidden: Mask, fixed: Mask, weak: list[Cell], minimum: int) -> bool:
    """Hide what gives ``weak`` cells room: the cheapest rectangle, or what hangs together with
    them.
    """
    before = int(hidden.sum())
    for cell in weak:
        for corner in _rectangle(counts, hidden, cell, minimum) or _next(
            counts, hidden | fixed, cell
        ):
            hidden[corner] = True
    return int(hidden.sum()) > before


def _rectangle(counts: Counts, hidden: Mask, cell: Cell, minimum: int) -> list[Cell]:
    """Corners of the cheapest rectangle through a cell: among the parts of a node, or with it."""
    families = [(rows, node) for rows, node in counts.families if cell[0] in (*rows, node)]
    for children, node in sorted(families, key=lambda family: cell[0] == family[1]):
        if corners := cheapest_rectangle(counts, children, node, hidden, cell, minimum):
            return corners
    return []


def _next(counts: Counts, closed: Mask, cell: Cell) -> list[Cell]:
    """The smallest visible cell in a line with ``cell``, or near it: empty ones and totals last.

    ``closed`` cells are hidden already or cannot be. Empty when nothing is left that it hangs
    together with.
    """
    lines, reached = counts.lines, {cell}
    while True:
        touching = [line for line in lines if any(member in reached for member, _ in line)]
        choices = [
            (counts.n[other] + DEARER * (sign < 0) + _EMPTY * (counts.n[other] == 0), other)
            for line in touching
            for other, sign in line
            if not closed[other]
        ]
        if choices:
            return [min(choices)[1]]
        further = {member for line in touching for member, _ in line}
        if further <= reached:
            return []
        reached |= further
