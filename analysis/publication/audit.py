"""What a reader can work out about hidden cells from those shown: the tightest bounds."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Final

import numpy as np

from analysis.arrays import Integers, Mask
from analysis.errors import AnalysisError


def audit(
    counts: Counts, hidden: Mask, *, leave_out: Collection[tuple[int, int]] = ()
) -> dict[tuple[int, int], tuple[float, float]]:
    """What an attacker can know: the smallest and largest value of every hidden cell, given all
    that is shown.

    The attacker knows the shown counts, the sums, and that no count is negative; a cell nothing
    holds from above gets infinity. Solved with HiGHS, many cells in one program: each has its own
    copy of the unknowns. ``leave_out`` cells stay unknown but are not asked for.

    Examples
    --------
    >>> n = np.array([[45], [40], [5]])
    >>> counts = Counts(("all", "x", "y"), {"x": "all", "y": "all"}, (ALL,), n)
    >>> alone = np.array([[False], [False], [True]])
    >>> [(round(low), round(high)) for low, high in audit(counts, alone).values()]
    [(5, 5)]
    """
    cells = [(int(r), int(c)) for r, c in np.argwhere(hidden)]
    asked = [x for x, cell in enumerate(cells) if cell not in leave_out]
    if not asked:
        return {}
    place = {cell: x for x, cell in enumerate(cells)}
    entries: list[tuple[int, int, int]] = []
    right: list[int] = []
    for line in counts.lines:
        unknown = [(place[cell], sign) for cell, sign in line if cell in place]
        if unknown:
            entries += [(len(right), x, sign) for x, sign in unknown]
            right.append(
                -sum(sign * int(counts.n[cell]) for cell, sign in line if cell not in place)
            )
    # Beyond what could be there at all: reaching this means that nothing bounds the cell.
    most = 2.0 * float(counts.n.sum()) + 100.0
    step = max(1, _MAX_PROGRAM_CELLS // len(cells))
    result = {}
    for start in range(0, len(asked), step):
        chosen = asked[start : start + step]
        for x, low, high in zip(
            chosen, *_extremes(entries, right, len(cells), chosen, most), strict=True
        ):
            result[cells[x]] = (low, high if high < most - 1 else float("inf"))
    return result


def _extremes(
    entries: list[tuple[int, int, int]], right: list[int], size: int, chosen: list[int], most: float
) -> tuple[list[float], list[float]]:
    """Smallest and largest value of some unknowns: one program per direction, a copy of all
    unknowns for each.
    """
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
        raise AnalysisError(
            "the disclosure audit could not be solved: {low} {high}",
            low=low.message,
            high=high.message,
        )
    return low.x[places].tolist(), high.x[places].tolist()


_MAX_PROGRAM_CELLS: Final = 40_000


ALL: Final = ""
"""Name of the column that holds the sum over the domains."""


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

    @cached_property
    def families(self) -> list[tuple[list[int], int]]:
        """(rows of the children, row of the node), lowest nodes first."""
        place = {name: row for row, name in enumerate(self.rows)}
        children: dict[str, list[int]] = {}
        for name in self.rows:
            if self.parent.get(name):
                children.setdefault(self.parent[name], []).append(place[name])

        @cache
        def height(name: str) -> int:
            return 1 + max((height(self.rows[row]) for row in children.get(name, ())), default=0)

        lowest = sorted(children, key=lambda name: (height(name), name))
        return [(children[name], place[name]) for name in lowest]

    @cached_property
    def lines(self) -> list[_Line]:
        """The sums everybody knows to hold: lists of ((row, column), sign) that add up to 0."""
        total = self.columns.index(ALL)
        domains = [c for c in range(len(self.columns)) if c != total]
        lines: list[_Line] = []
        if domains:
            lines += [
                [((r, c), 1) for c in domains] + [((r, total), -1)] for r in range(len(self.rows))
            ]
        for children, node in self.families:
            lines += [
                [((r, c), 1) for r in children] + [((node, c), -1)]
                for c in range(len(self.columns))
            ]
        return lines


def safe(low: float, high: float, minimum: int) -> bool:
    """Whether an attacker's interval is wide enough and reaches far enough.

    Examples
    --------
    >>> safe(0.0, 35.0, 10), safe(4.0, 6.0, 10)
    (True, False)
    """
    return high - low >= minimum - 1e-6 and high >= minimum - 1e-6


_Line = list[tuple[tuple[int, int], int]]
