"""Complementary suppression: which figures must stay hidden so that no hidden one can be worked out
from the others.

Counts of answers add up: over the domains of an agency, and over the children of a node of the
agency tree. A count below the minimum is hidden; a hidden cell alone in a row or column is found by
subtraction, so others are hidden with it. A hidden cell is safe when the interval an attacker can
give it is at least ``minimum`` wide and reaches at least ``minimum``. Two rows and two columns
whose four corners are hidden are a certificate: moving t answers round the rectangle changes no
total (two-way tables: Cox 1980, JASA 75). So are cells of one column whose rows hide their totals:
answers move freely between them. ``audit`` computes the attacker's intervals exactly, by linear
programming; where certificates are not enough, it decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Final

import numpy as np

from analysis.arrays import Floats, Integers, Mask
from analysis.errors import AnalysisError
from analysis.publication.audit import ALL, Counts, audit, safe

_DEARER: Final = 1e12
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
    certified: set[tuple[int, int]] = set()
    for children, node in counts.families():
        free = _free_cells(counts, children, result, minimum)
        certified |= free | _protect_family(counts, children, node, result, minimum, free)
    for children, _ in counts.families():
        certified |= _free_cells(counts, children, result, minimum)
    # Certificates do not see what lies above and below a total they move; the intervals themselves
    # do.
    for _ in range(counts.n.size):
        bounds = audit(counts, result, leave_out=certified)
        weak = [cell for cell, (low, high) in bounds.items() if not safe(low, high, minimum)]
        # Hiding more only widens what can be worked out: who is safe stays safe.
        certified |= bounds.keys() - set(weak)
        if not any(_hide_next(counts, result | fixed, result, cell) for cell in weak):
            return result
    return result


def _check_sums(counts: Counts) -> None:
    for line in counts.lines():
        if sum(sign * int(counts.n[cell]) for cell, sign in line):
            row, column = line[-1][0]
            raise AnalysisError(
                f"counts of {counts.rows[row]!r}, column {counts.columns[column]!r} are not the "
                f"sum of their parts"
            )


def _free_cells(
    counts: Counts, children: list[int], hidden: Mask, minimum: int
) -> set[tuple[int, int]]:
    """Hidden cells of leaves that are safe by themselves: within one column, answers move between
    the rows that hide their total too, so each may hold any part of what these have together.
    """
    total = counts.columns.index(ALL)
    leaves = sorted(set(children) - {row for _, row in counts.families()})
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


def _protect_family(
    counts: Counts,
    children: list[int],
    node: int,
    hidden: Mask,
    minimum: int,
    free: Set[tuple[int, int]],
) -> set[tuple[int, int]]:
    """Hide a rectangle around every hidden cell of a node and its children that is not ``free``;
    returns the cells this makes safe.
    """
    leaves = set(range(len(counts.rows))) - {row for _, row in counts.families()}
    rows = [*children, node]
    todo = [(r, c) for r in rows for c in range(len(counts.columns)) if hidden[r, c]]
    done = set(free)
    certified: set[tuple[int, int]] = set()
    while todo:
        cell = todo.pop()
        if cell in done:
            continue
        corners = _cheapest(counts, rows, node, hidden, cell, minimum)
        # All corners of a rectangle move by the same amount, so each is as safe as the first.
        corners = [cell, *corners] if corners else []
        done |= {cell, *corners}
        for corner in corners:
            hidden[corner] = True
        if all(row in leaves for row, _ in corners):
            certified |= set(corners)
    return certified


def _cheapest(
    counts: Counts, rows: list[int], node: int, hidden: Mask, cell: tuple[int, int], minimum: int
) -> list[tuple[int, int]]:
    """Corners of the safe rectangle through ``cell`` that hides the fewest answers; empty when
    there is none.
    """
    row, column = cell
    total = counts.columns.index(ALL)
    others = np.array([r for r in rows if r != row], dtype=np.int64)
    mates = np.array([c for c in range(len(counts.columns)) if c != column], dtype=np.int64)
    n = counts.n
    if not len(mates):
        return _cheapest_pair(counts, others, node, hidden, cell, minimum)
    across = np.where(
        (others == node) | (row == node), 1, -1
    )  # how a cell of the other row moves with this one
    along = np.where((mates == total) | (column == total), 1, -1)
    a, b, c = n[row, mates][None, :], n[others, column][:, None], n[np.ix_(others, mates)]
    turn = across[:, None] * along[None, :]
    far = np.iinfo(np.int64).max
    parts = ((n[cell], np.ones((1, 1))), (a, along[None, :]), (b, across[:, None]), (c, turn))
    up = np.min(
        np.broadcast_arrays(*(np.where(sign < 0, value, far) for value, sign in parts)), axis=0
    )
    down = np.min(
        np.broadcast_arrays(*(np.where(sign > 0, value, far) for value, sign in parts)), axis=0
    )
    reach = np.min(
        np.broadcast_arrays(*(value + np.where(sign > 0, up, down) for value, sign in parts)),
        axis=0,
    )
    fits = (up < far) & (up + down >= minimum) & (reach >= minimum)
    fits &= (a > 0) & (b > 0) & (c > 0)
    if not fits.any():
        return []
    price = np.where(hidden, 0.0, n + _DEARER * _is_total(counts, node))
    cost = (
        price[row, mates][None, :] + price[others, column][:, None] + price[np.ix_(others, mates)]
    )
    best = np.unravel_index(int(np.argmin(np.where(fits, cost, np.inf))), cost.shape)
    other, mate = int(others[best[0]]), int(mates[best[1]])
    return [(row, mate), (other, column), (other, mate)]


def _cheapest_pair(
    counts: Counts, others: Integers, node: int, hidden: Mask, cell: tuple[int, int], minimum: int
) -> list[tuple[int, int]]:
    """A table of one column: a second row whose sum with this one stays known, or the total with
    it.
    """
    row, column = cell
    values = counts.n[others, column]
    fits = (values > 0) & (values + counts.n[cell] >= minimum) & (others != node)
    if row == node or not fits.any():
        return []
    price = np.where(hidden[others, column], 0, values)
    return [(int(others[int(np.argmin(np.where(fits, price, np.inf)))]), column)]


def _is_total(counts: Counts, node: int) -> Floats:
    total = np.zeros(counts.n.shape)
    total[:, counts.columns.index(ALL)] += 1
    total[node] += 1
    return total


def _hide_next(counts: Counts, closed: Mask, hidden: Mask, cell: tuple[int, int]) -> bool:
    """Hide the smallest visible cell in a line with ``cell``, or near it: empty ones and totals
    last.

    ``closed`` cells are hidden already or cannot be. False when nothing is left that it hangs
    together with.
    """
    lines, reached = counts.lines(), {cell}
    while True:
        touching = [line for line in lines if any(member in reached for member, _ in line)]
        choices = [
            (counts.n[other] + _DEARER * (sign < 0) + _EMPTY * (counts.n[other] == 0), other)
            for line in touching
            for other, sign in line
            if not closed[other]
        ]
        if choices:
            hidden[min(choices)[1]] = True
            return True
        further = {member for line in touching for member, _ in line}
        if further <= reached:
            return False
        reached |= further
