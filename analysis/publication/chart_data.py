"""What charts need beside the table, where it may be shown: response by month, levels of
satisfaction, weights.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from analysis.arrays import Floats
from analysis.counting.cells import Cells
from analysis.counting.variables import Variable
from analysis.index.counted import weight_answers
from analysis.method import Method
from analysis.weighting.poststratify import Key

MONTH_KEYS = ("agency", "month")
MONTH_VARIABLES = [Variable("n", "", "one")]
"""What has to be counted for ``coverage_rows``."""
LEVEL_VARIABLES = [Variable(f"l{level}", "overall", "among", (level,)) for level in range(1, 6)]
"""What has to be counted, by the keys of an index, for ``level_rows``."""


class ShownWeights(NamedTuple):
    """Weights before and after trimming and the answers they stand for, one entry per cell."""

    before: Floats
    after: Floats
    answers: Floats


def coverage_rows(
    months: Cells, dossiers: Mapping[tuple[str, str], int], shown: Iterable[str], min_n: int
) -> list[list[Any]]:
    """[agency, month, answers per 100 dossiers] of agencies that may be shown.

    ``months`` are cells by ``MONTH_KEYS``, ``dossiers`` completed ones by the same. None where
    fewer than ``min_n`` answered, or where such a month could be found by subtraction.
    """
    keys = zip(months.key("agency"), months.key("month"), strict=True)
    n = dict(zip(keys, months.n.tolist(), strict=True))
    rows: list[list[Any]] = []
    for agency in sorted(set(shown)):
        # A month of answers without dossiers has no rate, but the other months would tell it.
        mine = {m: n.get((a, m), 0) for a, m in sorted({*n, *dossiers}) if a == agency}
        listed = {month for month in mine if dossiers.get((agency, month))}
        hidden = _hidden_months(mine, listed, min_n)
        for month in sorted(listed):
            rate = 100 * mine[month] / dossiers[agency, month]
            rows.append([agency, month, None if month in hidden else min(round(rate, 1), 100.0)])
    return rows


def _hidden_months(n: Mapping[str, int], listed: Collection[str], min_n: int) -> set[str]:
    """Months of an agency that are not told: those not ``listed``, those of few answers, and more
    until the sum of the period does not tell these.
    """
    small = {month for month, count in n.items() if count < min_n}
    hidden = small | (set(n) - set(listed))
    others = sorted(set(n) - hidden, key=lambda month: (n[month], month))
    while small and others and (len(hidden) < 2 or sum(n[month] for month in hidden) < min_n):
        hidden.add(others.pop(0))
    return hidden


def level_rows(
    levels: Cells, completed: Mapping[Key, int], method: Method, shown: Iterable[str]
) -> list[list[Any]]:
    """[agency, five whole percentages] of the overall question, for agencies that may be shown.

    ``levels`` are cells of ``LEVEL_VARIABLES``. Counted and weighted as the index is: the same
    evidence classes, caps and dossiers. Left out where fewer than the minimum for a place
    (``min_n_eff``) answered this question.
    """
    cells, weights = weight_answers(levels, completed, method)
    sums: dict[str, Any] = {}
    answered: dict[str, float] = {}
    for agency, total, weight in zip(
        cells.key("agency"), cells.total, weights.weight.tolist(), strict=True
    ):
        sums[agency] = sums.get(agency, 0) + weight * total
        answered[agency] = answered.get(agency, 0.0) + float(total.sum())
    return [
        [agency, [round(100 * part) for part in (sums[agency] / sums[agency].sum()).tolist()]]
        for agency in sorted(set(shown) & set(sums))
        if answered[agency] >= method.min_n_eff
    ]


def shown_weights(
    cells: Cells, completed: Mapping[Key, int], method: Method, shown: Collection[str]
) -> ShownWeights | None:
    """Weights of the agencies shown, before and after the method's trimming; weights of few answers
    are left out.
    """
    counted, before = weight_answers(cells, completed, replace(method, trim=0.0))
    after = weight_answers(cells, completed, method)[1].weight
    size = counted.n
    same = np.unique(np.round(before.weight, 1), return_inverse=True)[1]
    large = np.bincount(same, weights=size)[same] >= method.min_n
    inside = np.isin(counted.key("agency"), list(shown)) & large
    if not inside.any():
        return None
    return ShownWeights(before.weight[inside], after[inside], np.asarray(size[inside], float))
