"""Hidden cells that move freely: answers can be moved between them without changing what is shown.

Two rows and two columns whose four corners are hidden are a certificate: moving t answers round the
rectangle changes no total (two-way tables: Cox 1980, JASA 75). So are cells of one column whose
rows hide their totals: answers move freely between them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from analysis.arrays import Floats, Integers, Mask
from analysis.publication.audit import ALL, Counts

DEARER: Final = 1e12
"""What hiding a total costs, in answers."""


def free_cells(
    counts: Counts, children: list[int], hidden: Mask, minimum: int
) -> set[tuple[int, int]]:
    """Hidden cells of leaves that are safe by themselves: within one column, answers move between
    the rows that hide their total too, so each may hold any part of what these have together.
    """
    total = counts.columns.index(ALL)
    leaves = sorted(set(children) - {row for _, row in counts.families})
    columns = [c for c in range(len(counts.columns)) if c != total] or [total]
    pools = {c: [row for row in leaves if hidden[row, c] and hidden[row, total]] for c in columns}
    pools = {column: pool for column, pool in pools.items() if pool}
    held = {column: int(counts.n[pool, column].sum()) for column, pool in pools.items()}
    free = {
        (row, where)
        for column, pool in pools.items()
        if len(pool) > 1 and held[column] >= minimum
        for row in pool
        for where in (column, total)
    }
    for row in leaves:
        if not hidden[row, total]:
            free |= _free_beside(counts.n[row], row, np.flatnonzero(hidden[row]), held, minimum)
    return free


def _free_beside(
    n: Integers, row: int, hidden: Integers, held: Mapping[int, int], minimum: int
) -> set[tuple[int, int]]:
    """Hidden cells of a row whose total is shown: answers move to its other hidden cells, and the
    rows that hide their totals, which ``held`` so many by column, move the other way.
    """
    columns = [int(column) for column in hidden if int(column) in held]
    free = set()
    for column in columns:
        others = [other for other in columns if other != column]
        down = min(int(n[column]), sum(held[other] for other in others))
        up = min(sum(int(n[other]) for other in others), held[column])
        if up + down >= minimum and int(n[column]) + up >= minimum:
            free.add((row, column))
    return free


def certified_cells(
    counts: Counts, children: list[int], hidden: Mask, minimum: int
) -> set[tuple[int, int]]:
    """Hidden cells of leaves that are corners of a wide enough rectangle of such cells."""
    leaves = sorted(set(children) - {row for _, row in counts.families})
    done: set[tuple[int, int]] = set()
    for row in leaves:
        for column in np.flatnonzero(hidden[row]):
            cell = (row, int(column))
            if cell not in done:
                among = np.array([r for r in leaves if hidden[r, column]], dtype=np.int64)
                corners = _Rectangles.through(counts, cell, among, None, minimum).within(hidden)
                # All corners move by the same amount: each is as safe as the first.
                done |= {cell, *corners} if corners else set()
    return done


def cover_with_rectangles(
    counts: Counts, children: list[int], node: int, hidden: Mask, minimum: int
) -> None:
    """Hide the cheapest rectangle round every hidden cell of a node and its children that is not
    free.
    """
    done = free_cells(counts, children, hidden, minimum)
    rows = [*children, node]
    todo = [(row, int(column)) for row in rows for column in np.flatnonzero(hidden[row])]
    while todo:
        cell = todo.pop()
        if cell in done:
            continue
        if corners := cheapest_rectangle(counts, children, node, hidden, cell, minimum):
            # All corners of a rectangle move by the same amount: each is as safe as the first.
            done |= {cell, *corners}
            hidden[tuple(np.array(corners).T)] = True


def cheapest_rectangle(
    counts: Counts,
    children: list[int],
    node: int,
    hidden: Mask,
    cell: tuple[int, int],
    minimum: int,
) -> list[tuple[int, int]]:
    """Corners of the wide enough rectangle through ``cell`` that hides the fewest answers; empty
    when there is none.
    """
    rows = np.array([*children, node], dtype=np.int64)
    if len(counts.columns) == 1:
        return _cheapest_pair(counts, rows, node, hidden, cell, minimum)
    return _Rectangles.through(counts, cell, rows, node, minimum).cheapest(hidden)


@dataclass(frozen=True)
class _Rectangles:
    """The rectangles through a cell: M other rows by K other columns, ``fits`` (M, K) where answers
    can be moved round it far enough.
    """

    counts: Counts
    cell: tuple[int, int]
    others: Integers
    mates: Integers
    fits: Mask

    @classmethod
    def through(
        cls,
        counts: Counts,
        cell: tuple[int, int],
        rows: Integers,
        node: int | None,
        minimum: int,
    ) -> _Rectangles:
        """Those of ``rows`` and every column; ``node`` is the row of the totals, if any."""
        row, column = cell
        others = rows[rows != row]
        mates = np.delete(np.arange(len(counts.columns)), column)
        total, n = counts.columns.index(ALL), counts.n
        # How a cell of the other row moves with this one.
        across = np.where((others == node) | (row == node), 1, -1)[:, None]
        along = np.where((mates == total) | (column == total), 1, -1)[None, :]
        a, b, c = n[row, mates][None, :], n[others, column][:, None], n[np.ix_(others, mates)]
        itself = n[np.ix_([row], [column])], np.ones((1, 1), dtype=np.int64)
        parts = (itself, (a, along), (b, across), (c, across * along))
        fits = _fits(parts, minimum) & (a > 0) & (b > 0) & (c > 0)
        return cls(counts, cell, others, mates, fits)

    def within(self, hidden: Mask) -> list[tuple[int, int]]:
        """Corners of one of which all are hidden."""
        (row, column), mates, others = self.cell, self.mates, self.others
        closed = hidden[row, mates][None, :] & hidden[others, column][:, None]
        found = np.argwhere(self.fits & closed & hidden[np.ix_(others, mates)])
        return self._corners(found[0]) if len(found) else []

    def cheapest(self, hidden: Mask) -> list[tuple[int, int]]:
        """Corners of the one that hides the fewest answers more."""
        if not self.fits.any():
            return []
        (row, column), mates, others = self.cell, self.mates, self.others
        price = np.where(hidden, 0.0, self.counts.n + DEARER * are_totals(self.counts))
        beside = price[row, mates][None, :] + price[others, column][:, None]
        cost = np.where(self.fits, beside + price[np.ix_(others, mates)], np.inf)
        return self._corners(np.array(np.unravel_index(int(np.argmin(cost)), cost.shape)))

    def _corners(self, best: Integers) -> list[tuple[int, int]]:
        other, mate = int(self.others[best[0]]), int(self.mates[best[1]])
        return [(self.cell[0], mate), (other, self.cell[1]), (other, mate)]


def _fits(parts: Sequence[tuple[Integers, Integers]], minimum: int) -> Mask:
    """Whether the corners, each with the direction in which it moves, leave an interval that is
    wide enough and reaches far enough.
    """
    far = np.iinfo(np.int64).max

    def least(sign: int) -> Integers:
        moving = (np.where(direction == sign, value, far) for value, direction in parts)
        return np.asarray(np.min(np.broadcast_arrays(*moving), axis=0))

    up, down = least(-1), least(1)
    ends = (value + np.where(direction > 0, up, down) for value, direction in parts)
    reach = np.min(np.broadcast_arrays(*ends), axis=0)
    return np.asarray((up < far) & (up + down >= minimum) & (reach >= minimum))


def _cheapest_pair(
    counts: Counts, rows: Integers, node: int, hidden: Mask, cell: tuple[int, int], minimum: int
) -> list[tuple[int, int]]:
    """A table of one column: a second row whose sum with this one stays known, or the total with
    it.
    """
    row, column = cell
    others = rows[rows != row]
    values = counts.n[others, column]
    fits = (values > 0) & (values + counts.n[cell] >= minimum) & (others != node)
    if row == node or not fits.any():
        return []
    price = np.where(hidden[others, column], 0, values)
    return [(int(others[int(np.argmin(np.where(fits, price, np.inf)))]), column)]


def are_totals(counts: Counts) -> Floats:
    """How often a cell is a total (R, C): of domains, of rows, or of both."""
    total = np.zeros(counts.n.shape)
    total[:, counts.columns.index(ALL)] += 1
    total[[node for _, node in counts.families]] += 1
    return total
