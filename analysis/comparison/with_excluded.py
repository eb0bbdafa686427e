"""What a figure would be with the answers that were excluded: told beside it, so that nobody has to
believe that taking them out changed nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from analysis.comparison.quality import Totals, overall_figures
from analysis.counting.cells import Cells
from analysis.index.counted import EXCLUDED
from analysis.index.results import PROVINCE
from analysis.method import Method
from analysis.rounding import rounded


@dataclass(frozen=True)
class WithExcluded:
    """``excluded`` answers of an agency were taken out; with them its index is ``index`` percent,
    to the places of the method.
    """

    agency: str
    excluded: int
    index: Decimal


def figures_with_excluded(
    cells: Cells, totals: Totals, method: Method, shown: Collection[str]
) -> list[WithExcluded]:
    """Overall index with excluded answers of the agencies ``shown`` (``PROVINCE`` among them).

    Of fewer than ``min_n`` excluded answers nothing is told, nor of the province when those the
    agencies do not tell are as few: two indices and their answers tell what the excluded ones said.
    An excluded answer is taken as one without a mark: the one it had before is not kept.

    Examples
    --------
    >>> figures_with_excluded(cells, snapshot.totals(), method, {"s00", "*"})
    []
    """
    counts = _count_excluded(cells, method)
    told = {agency for agency, n in counts.items() if n >= method.min_n and agency in shown}
    rest, whole = sum(n for agency, n in counts.items() if agency not in told), sum(counts.values())
    if PROVINCE in shown and whole >= method.min_n and not 0 < rest < method.min_n:
        counts[PROVINCE] = whole
        told.add(PROVINCE)
    if not told:
        return []
    flags = ["" if flag == EXCLUDED else flag for flag in cells.key("flag")]
    figures = overall_figures(cells.with_key("flag", flags), totals, method)
    values = {
        agency: rounded(figures[agency].weighted, method.decimals, method.rounding)
        for agency in sorted(told)
        if agency in figures
    }
    return [
        WithExcluded(agency, counts[agency], value)
        for agency, value in values.items()
        if value is not None
    ]


def _count_excluded(cells: Cells, method: Method) -> dict[str, int]:
    out = np.array(cells.key("flag")) == EXCLUDED
    out &= np.isin(cells.key("evidence"), method.counted)
    counts: dict[str, int] = {}
    for agency, n, is_out in zip(cells.key("agency"), cells.n.tolist(), out, strict=True):
        if is_out:
            counts[agency] = counts.get(agency, 0) + n
    return counts
