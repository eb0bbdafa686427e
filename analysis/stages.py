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
    counts: Floats,
    group: Integers,
    units: npt.NDArray[Any],
    population: Floats | None,
    names: list[str],
    within: Callable[[int], Floats] | None = None,
    factor: Floats | None = None,
    present: npt.NDArray[np.bool_] | None = None,
) -> Floats:
    """Sum over groups of factor (1 - f) n/(n - 1) sum (u - mean u)(u - mean u)', with the rule for single units.

    Parameters
    ----------
    sums, counts : (M, K) and (K,) sums of u over K cells and the units in them; ``group`` (K,) is their stratum.
    units, population : (H,) units of each group in the sample and, if known, in the population.
    within : sum of squares about its own mean of a cell, (M, M); None when a cell is one unit.
    present : (M, H) strata each estimate has answers in; the rule ``average`` counts these. None = all.

    Squares are taken about the mean, cell by cell: sums of raw squares would cancel where values are large.

    Examples
    --------
    >>> sums, ones = np.array([[1.0, 3.0, 5.0]]), np.ones(3)
    >>> stage_variance("fail", sums, ones, np.zeros(3, dtype=int), np.array([3]), np.array([30.0]), ["a"])
    array([[10.8]])
    """
    result = np.zeros((len(sums), len(sums)))
    lonely = 0
    fraction = np.zeros(len(units)) if population is None else units / population
    if population is not None and (fraction > 1 + 1e-9).any():
        bad = int(np.argmax(fraction))
        raise DesignError(
            f"{names[bad]}: {units[bad]:g} units are in the sample, its population size says {population[bad]:g}; "
            "correct the fpc column"
        )
    for h, n in enumerate(units.tolist()):
        members = np.flatnonzero(group == h)
        share = (1 - fraction[h]) * (1.0 if factor is None else factor[h])
        if share <= 1e-12:
            continue
        if n == 1:
            lonely += 1
            result += _lonely(rule, names[h], share, sums[:, members].sum(axis=1))
            continue
        result += share * n / (n - 1) * _about_mean(sums[:, members], counts[members], n, members, within)
    if rule == "average" and lonely:
        if lonely == len(units):
            raise DesignError("every stratum has a single unit: there is nothing to average; join strata")
        scale = np.sqrt(_averaged(units, fraction, present, len(sums)))
        result *= np.outer(scale, scale)
    return result


def _averaged(units: npt.NDArray[Any], fraction: Floats, present: npt.NDArray[np.bool_] | None, size: int) -> Floats:
    """Strata over strata that show a spread, per estimate (M,); NaN where none of its strata does."""
    there = np.ones((size, len(units)), dtype=bool) if present is None else present
    alone = (units == 1) & (fraction < 1 - 1e-12)
    told = (there & ~alone).sum(axis=1)
    return np.where(told > 0, there.sum(axis=1) / np.where(told > 0, told, 1), np.nan)


def _about_mean(
    sums: Floats, counts: Floats, n: float, members: Integers, within: Callable[[int], Floats] | None
) -> Floats:
    means = sums / counts
    apart = means - (sums.sum(axis=1) / n)[:, None]
    # Differences of equal means are rounding.
    apart[np.abs(apart) <= 1e-13 * np.abs(means).max(axis=1, keepdims=True)] = 0.0
    between = (apart * counts) @ apart.T
    return between if within is None else sum((within(k) for k in members.tolist()), between)


def _lonely(rule: str, name: str, share: float, total: Floats) -> Floats:
    """A stratum with one unit: remove and certainty count it as known, adjust centres it at the whole sample."""
    if rule == "fail":
        where = name if name.strip() != "stratum" else "the sample"
        raise DesignError(f"{where} has a single unit; join it, or set design.lonely to remove, adjust or average")
    return np.asarray(share * np.outer(total, total) if rule == "adjust" else np.zeros((len(total), len(total))))
