"""Complementary suppression: which figures must stay hidden so that no hidden one can be worked out from the others.

Counts of answers add up: over the domains of an agency, and over the children of a node of the agency tree. A count
below the minimum is hidden; a hidden cell alone in a row or column is found by subtraction, so others are hidden with
it. A hidden cell is safe when the interval an attacker can give it is at least ``minimum`` wide and reaches at least
``minimum``. Two rows and two columns whose four corners are hidden are a certificate: moving t answers round the
rectangle changes no total (two-way tables: Cox 1980, JASA 75). ``audit`` computes the attacker's intervals exactly, by
linear programming; where certificates are not enough, it decides.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError

Integers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
ALL: Final = ""
"""Name of the column that holds the sum over the domains."""
_DEARER: Final = 1e12
_EMPTY: Final = 1e9
_LARGEST_PROGRAM: Final = 40_000
_Line = list[tuple[tuple[int, int], int]]


@dataclass(frozen=True)
class Counts:
    """Counts of R nodes of the agency tree in C columns.

    Attributes
    ----------
    rows : names of the nodes; ``parent`` names the node each is a part of ("" for the root).
    columns : names of the domains; the column ``ALL`` holds their sum and must be there.
    n : (R, C) numbers of answers.
    """

    rows: tuple[str, ...]
    parent: Mapping[str, str]
    columns: tuple[str, ...]
    n: Integers

    def families(self) -> Iterator[tuple[list[int], int]]:
        """(rows of the children, row of the node), lowest nodes first."""
        place = {name: row for row, name in enumerate(self.rows)}
        children: dict[str, list[int]] = {}
        for name in self.rows:
            if self.parent.get(name):
                children.setdefault(self.parent[name], []).append(place[name])

        def height(name: str) -> int:
            return 1 + max((height(self.rows[row]) for row in children.get(name, ())), default=0)

        for name in sorted(children, key=lambda name: (height(name), name)):
            yield children[name], place[name]

    def lines(self) -> list[_Line]:
        """The sums everybody knows to hold: lists of ((row, column), sign) that add up to 0."""
        total = self.columns.index(ALL)
        domains = [c for c in range(len(self.columns)) if c != total]
        lines: list[_Line] = []
        if domains:
            lines += [[((r, c), 1) for c in domains] + [((r, total), -1)] for r in range(len(self.rows))]
        for children, node in self.families():
            lines += [[((r, c), 1) for r in children] + [((node, c), -1)] for c in range(len(self.columns))]
        return lines


def protect(counts: Counts, minimum: int, hidden: Mask | None = None, known: Mask | None = None) -> Mask:
    """Which cells (R, C) to hide: those with 1 to ``minimum - 1`` answers, those given, and what protects them.

    ``known`` cells cannot be hidden, because everybody knows them: an agency has no answers in a domain it has not.

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
    result = ((counts.n > 0) & (counts.n < minimum)) | (np.zeros(counts.n.shape, bool) if hidden is None else hidden)
    certified: set[tuple[int, int]] = set()
    for children, node in counts.families():
        certified |= _protect_family(counts, children, node, result, minimum)
    # Certificates do not see what lies above and below a total they move; the intervals themselves do.
    for _ in range(counts.n.size):
        bounds = audit(counts, result, leave_out=certified)
        weak = [cell for cell, (low, high) in bounds.items() if not safe(low, high, minimum)]
        if not any(_hide_next(counts, result | fixed, result, cell) for cell in weak):
            return result
    return result


def safe(low: float, high: float, minimum: int) -> bool:
    """Whether an attacker's interval is wide enough and reaches far enough.

    Examples
    --------
    >>> safe(0.0, 35.0, 10), safe(4.0, 6.0, 10)
    (True, False)
    """
    return high - low >= minimum - 1e-6 and high >= minimum - 1e-6


def _check_sums(counts: Counts) -> None:
    for line in counts.lines():
        if sum(sign * int(counts.n[cell]) for cell, sign in line):
            row, column = line[-1][0]
            raise AnalysisError(
                f"counts of {counts.rows[row]!r}, column {counts.columns[column]!r} are not the sum of their parts"
            )


def _protect_family(counts: Counts, children: list[int], node: int, hidden: Mask, minimum: int) -> set[tuple[int, int]]:
    """Hide a rectangle around every hidden cell of a node and its children; returns the cells this makes safe."""
    leaves = set(range(len(counts.rows))) - {row for _, row in counts.families()}
    rows = [*children, node]
    todo = [(r, c) for r in rows for c in range(len(counts.columns)) if hidden[r, c]]
    done: set[tuple[int, int]] = set()
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
    """Corners of the safe rectangle through ``cell`` that hides the fewest answers; empty when there is none."""
    row, column = cell
    total = counts.columns.index(ALL)
    others = np.array([r for r in rows if r != row], dtype=np.int64)
    mates = np.array([c for c in range(len(counts.columns)) if c != column], dtype=np.int64)
    n = counts.n
    if not len(mates):
        return _cheapest_pair(counts, others, node, hidden, cell, minimum)
    across = np.where((others == node) | (row == node), 1, -1)  # how a cell of the other row moves with this one
    along = np.where((mates == total) | (column == total), 1, -1)
    a, b, c = n[row, mates][None, :], n[others, column][:, None], n[np.ix_(others, mates)]
    turn = across[:, None] * along[None, :]
    far = np.iinfo(np.int64).max
    parts = ((n[cell], np.ones((1, 1))), (a, along[None, :]), (b, across[:, None]), (c, turn))
    up = np.min(np.broadcast_arrays(*(np.where(sign < 0, value, far) for value, sign in parts)), axis=0)
    down = np.min(np.broadcast_arrays(*(np.where(sign > 0, value, far) for value, sign in parts)), axis=0)
    reach = np.min(np.broadcast_arrays(*(value + np.where(sign > 0, up, down) for value, sign in parts)), axis=0)
    fits = (up < far) & (up + down >= minimum) & (reach >= minimum)
    fits &= (a > 0) & (b > 0) & (c > 0)
    if not fits.any():
        return []
    price = np.where(hidden, 0.0, n + _DEARER * _is_total(counts, node))
    cost = price[row, mates][None, :] + price[others, column][:, None] + price[np.ix_(others, mates)]
    best = np.unravel_index(int(np.argmin(np.where(fits, cost, np.inf))), cost.shape)
    other, mate = int(others[best[0]]), int(mates[best[1]])
    return [(row, mate), (other, column), (other, mate)]


def _cheapest_pair(
    counts: Counts, others: Integers, node: int, hidden: Mask, cell: tuple[int, int], minimum: int
) -> list[tuple[int, int]]:
    """A table of one column: a second row whose sum with this one stays known, or the total with it."""
    row, column = cell
    values = counts.n[others, column]
    fits = (values > 0) & (values + counts.n[cell] >= minimum) & (others != node)
    if row == node or not fits.any():
        return []
    price = np.where(hidden[others, column], 0, values)
    return [(int(others[int(np.argmin(np.where(fits, price, np.inf)))]), column)]


def _is_total(counts: Counts, node: int) -> npt.NDArray[np.float64]:
    total = np.zeros(counts.n.shape)
    total[:, counts.columns.index(ALL)] += 1
    total[node] += 1
    return total


def _hide_next(counts: Counts, closed: Mask, hidden: Mask, cell: tuple[int, int]) -> bool:
    """Hide the smallest visible cell in a line with ``cell``, or near it: empty ones and totals last.

    ``closed`` cells are hidden already or cannot be. False when nothing is left that it hangs together with.
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


def audit(
    counts: Counts, hidden: Mask, *, leave_out: Collection[tuple[int, int]] = ()
) -> dict[tuple[int, int], tuple[float, float]]:
    """What an attacker can know: the smallest and largest value of every hidden cell, given all that is shown.

    The attacker knows the shown counts, the sums, and that no count is negative; a cell nothing holds from above gets
    infinity. Solved with HiGHS, many cells in one program: each has its own copy of the unknowns. ``leave_out`` cells
    stay unknown but are not asked for.

    Examples
    --------
    >>> counts = Counts(("all", "x", "y"), {"x": "all", "y": "all"}, (ALL,), np.array([[45], [40], [5]]))
    >>> alone = np.array([[False], [False], [True]])
    >>> [(round(low), round(high)) for low, high in audit(counts, alone).values()]  # found by subtraction
    [(5, 5)]
    """
    cells = [(int(r), int(c)) for r, c in np.argwhere(hidden)]
    asked = [x for x, cell in enumerate(cells) if cell not in leave_out]
    if not asked:
        return {}
    place = {cell: x for x, cell in enumerate(cells)}
    entries: list[tuple[int, int, int]] = []
    right: list[int] = []
    for line in counts.lines():
        unknown = [(place[cell], sign) for cell, sign in line if cell in place]
        if unknown:
            entries += [(len(right), x, sign) for x, sign in unknown]
            right.append(-sum(sign * int(counts.n[cell]) for cell, sign in line if cell not in place))
    # Beyond what could be there at all: reaching this means that nothing bounds the cell.
    most = 2.0 * float(counts.n.sum()) + 100.0
    step = max(1, _LARGEST_PROGRAM // len(cells))
    result = {}
    for start in range(0, len(asked), step):
        chosen = asked[start : start + step]
        for x, low, high in zip(chosen, *_extremes(entries, right, len(cells), chosen, most), strict=True):
            result[cells[x]] = (low, high if high < most - 1 else float("inf"))
    return result


def _extremes(
    entries: list[tuple[int, int, int]], right: list[int], size: int, chosen: list[int], most: float
) -> tuple[list[float], list[float]]:
    """Smallest and largest value of some unknowns: one program per direction, a copy of all unknowns for each."""
    from scipy.optimize import linprog  # noqa: PLC0415  (scipy is loaded when needed)
    from scipy.sparse import csr_array, identity, kron  # noqa: PLC0415

    copies = len(chosen)
    places = np.arange(copies) * size + np.array(chosen)
    goal = np.zeros(copies * size)
    goal[places] = 1.0
    system: dict[str, Any] = {}
    if right:
        i, j, signs = (np.array(part) for part in zip(*entries, strict=True))
        one = csr_array((signs.astype(float), (i, j)), shape=(len(right), size))
        system = {"A_eq": kron(identity(copies), one, format="csr"), "b_eq": np.tile(right, copies)}
    low = linprog(goal, bounds=(0, most), method="highs", **system)
    high = linprog(-goal, bounds=(0, most), method="highs", **system)
    if low.x is None or high.x is None:
        raise AnalysisError(f"the disclosure audit could not be solved: {low.message} {high.message}")
    return low.x[places].tolist(), high.x[places].tolist()
