"""Variance of one sampling stage from sums of linearised values, with the rules for strata of a single unit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis.errors import DesignError

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def stage_variance(
    rule: str,
    sums: Floats,
    group: Integers,
    units: npt.NDArray[Any],
    population: Floats | None,
    names: list[str],
    squares: Callable[[int], Floats],
    factor: Floats | None = None,
) -> Floats:
    """Sum over groups of factor (1 - f) n/(n - 1) [ sum u u' - S S'/n ], with the chosen rule for single units."""
    result = np.zeros((len(sums), len(sums)))
    lonely = 0
    fraction = np.zeros(len(units)) if population is None else units / population
    if (fraction > 1 + 1e-9).any():
        bad = int(np.argmax(fraction))
        raise DesignError(f"stratum {names[bad]}: {units[bad]:g} units in the sample, fpc says {population[bad]:g}")  # type: ignore[index]  # a fraction above 0 has a population
    for h, n in enumerate(units.tolist()):
        members = np.flatnonzero(group == h)
        share = (1 - fraction[h]) * (1.0 if factor is None else factor[h])
        if share <= 1e-12:
            continue
        if n == 1:
            lonely += 1
            result += _lonely(rule, names[h], share, sums[:, members].sum(axis=1))
            continue
        total = sums[:, members].sum(axis=1)
        inner = sum((squares(k) for k in members.tolist()), np.zeros_like(result))
        centred = inner - np.outer(total, total) / n
        centred[np.abs(centred) <= 1e-13 * np.abs(inner)] = 0.0
        result += share * n / (n - 1) * centred
    if rule == "average" and lonely:
        result *= len(units) / (len(units) - lonely)
    return result


def _lonely(rule: str, name: str, share: float, total: Floats) -> Floats:
    """A stratum with one unit: remove and certainty count it as known, adjust centres it at the whole sample."""
    if rule == "fail":
        raise DesignError(
            f"stratum {name} has a single unit; join it, or set design.lonely to remove, adjust or average"
        )
    return np.asarray(share * np.outer(total, total) if rule == "adjust" else np.zeros((len(total), len(total))))
