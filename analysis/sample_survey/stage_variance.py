"""Variance of one sampling stage from sums of linearised values, with the rules for strata of a
single unit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from analysis.arrays import Floats, Integers, Mask
from analysis.errors import AnalysisError, DesignError, Named

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def stage_variance(
    rule: str,
    sums: Floats,
    counts: Floats,
    group: Integers,
    units: npt.NDArray[Any],
    population: Floats | None,
    names: Sequence[Named],
    within: Callable[[Integers], Floats] | None = None,
    factor: Floats | None = None,
    present: Mask | None = None,
) -> Floats:
    """Sum over groups of factor (1 - f) n/(n - 1) sum (u - mean u)(u - mean u)', with the rule for
    single units.

    Parameters
    ----------
    sums, counts : (M, K) and (K,) sums of u over K cells and the units in them; ``group`` (K,) is
        their stratum.
    units, population : (H,) units of each group in the sample and, if known, in the population.
    within : sum of squares of some cells about their own means, (M, M); None when a cell is one
        unit.
    present : (M, H) strata each estimate has answers in; the rule ``average`` counts these. None =
        all.

    Squares are taken about the mean, cell by cell: sums of raw squares would cancel where values
    are large.

    Examples
    --------
    >>> sums, ones = np.array([[1.0, 3.0, 5.0]]), np.ones(3)
    >>> stratum, size, population = np.zeros(3, dtype=int), np.array([3]), np.array([30.0])
    >>> stage_variance("fail", sums, ones, stratum, size, population, ["a"])
    array([[10.8]])
    """
    result = np.zeros((len(sums), len(sums)))
    lonely = 0
    fraction = _fractions(units, population, names)
    order = np.argsort(group, kind="stable")
    ends = np.searchsorted(group[order], np.arange(len(units) + 1))
    for h, n in enumerate(units.tolist()):
        members = order[ends[h] : ends[h + 1]]
        share = (1 - fraction[h]) * (1.0 if factor is None else factor[h])
        if share <= 1e-12:
            continue
        if n == 1:
            lonely += 1
            result += _lonely(rule, names[h], share, sums[:, members].sum(axis=1))
            continue
        result += (
            share * n / (n - 1) * _about_mean(sums[:, members], counts[members], n, members, within)
        )
    if rule == "average" and lonely:
        if lonely == len(units):
            raise DesignError(
                "every stratum has a single unit: there is nothing to average; join strata"
            )
        scale = np.sqrt(_averaged(units, fraction, present, len(sums)))
        result *= np.outer(scale, scale)
    return result


def _fractions(
    units: npt.NDArray[Any], population: Floats | None, names: Sequence[Named]
) -> Floats:
    """Sampled share of each group, (H,)."""
    fraction = np.zeros(len(units)) if population is None else units / population
    if population is not None and (fraction > 1 + 1e-9).any():
        bad = int(np.argmax(fraction))
        raise DesignError(
            "{names}: {units:g} units are in the sample, its population size says "
            "{population:g}; correct the fpc column",
            names=names[bad],
            units=units[bad],
            population=population[bad],
        )
    return fraction


def _averaged(units: npt.NDArray[Any], fraction: Floats, present: Mask | None, size: int) -> Floats:
    """Strata over strata that show a spread, per estimate (M,); NaN where none of its
    strata does.
    """
    there = np.ones((size, len(units)), dtype=bool) if present is None else present
    alone = (units == 1) & (fraction < 1 - 1e-12)
    told = (there & ~alone).sum(axis=1)
    return np.where(told > 0, there.sum(axis=1) / np.where(told > 0, told, 1), np.nan)


def _about_mean(
    sums: Floats,
    counts: Floats,
    n: float,
    members: Integers,
    within: Callable[[Integers], Floats] | None,
) -> Floats:
    means = sums / counts
    apart = means - (sums.sum(axis=1) / n)[:, None]
    # Differences of equal means are rounding.
    apart[np.abs(apart) <= 1e-13 * np.abs(means).max(axis=1, keepdims=True)] = 0.0
    between = (apart * counts) @ apart.T
    return np.asarray(between if within is None else between + within(members))


def _lonely(rule: str, name: Named, share: float, total: Floats) -> Floats:
    """A stratum with one unit: remove and certainty count it as known, adjust centres it at the
    whole sample.
    """
    if rule == "fail":
        where = name if str(name).strip() != "stratum" else AnalysisError("the sample")
        raise DesignError(
            "{where} has a single unit; join it, or set design.lonely to remove, adjust or average",
            where=where,
        )
    return np.asarray(
        share * np.outer(total, total) if rule == "adjust" else np.zeros((len(total), len(total)))
    )


@dataclass(frozen=True)
class Residuals:
    """What calibration takes off: per unit the mean of scaled indicators z (U, q), and coefficients
    B (q, M).
    """

    z: csr_array
    coefficients: Floats


@dataclass(frozen=True)
class Own:
    """Entries of targets in units: R pairs of a target and a unit it has responses in.

    Attributes
    ----------
    target, unit : (R,) numbers.
    mean : (R,) mean of the linearised value over all responses of the unit, those of other targets
        counting 0.
    within : (R,) squares about the mean inside a unit of several responses; zeros where a unit is
        one number.
    answered : (R,) whether the target has answers in the unit.
    """

    target: Integers
    unit: Integers
    mean: Floats
    within: Floats
    answered: Mask


def stage_diagonal(
    rule: str,
    own: Own,
    size: int,
    counts: Floats,
    group: Integers,
    units: npt.NDArray[Any],
    population: Floats | None,
    names: Sequence[Named],
    *,
    residuals: Residuals | None = None,
    factor: Floats | None = None,
) -> Floats:
    """The diagonal of ``stage_variance`` for ``size`` targets, (M,), at the cost of their own
    entries only.

    With a = own means, n_h units in a group and c = z'B the calibrated part, the squares of a group
    about its mean are

        sum n (a - a_h)^2 + (n_h - n_own) a_h^2 - 2 sum n a (z - z_h)'B + B'S_h B

    where a_h and z_h are means over the group and S_h the squares of z about z_h, the same for all
    targets.

    Examples
    --------
    >>> scores = np.array([1.0, 3.0, 5.0])
    >>> own = Own(np.zeros(3, int), np.arange(3), scores, np.zeros(3), np.ones(3, bool))
    >>> one = np.zeros(3, dtype=int)
    >>> stage_diagonal("fail", own, 1, np.ones(3), one, np.array([3]), np.array([30.0]), ["a"])
    array([10.8])
    """
    fraction = _fractions(units, population, names)
    share = (1 - fraction) * (1.0 if factor is None else factor)
    open_ = share > 1e-12
    alone = open_ & (units == 1)
    if rule == "fail" and alone.any():
        _lonely(rule, names[int(np.argmax(alone))], 0.0, np.zeros(1))
    scale = np.where(open_ & (units > 1), share * units / np.maximum(units - 1, 1), 0.0)
    single = np.where(alone & (rule == "adjust"), share, 0.0)
    pair, code = np.unique(own.target * len(units) + group[own.unit], return_inverse=True)
    target, stratum = pair // len(units), pair % len(units)
    n = counts[own.unit]
    sums = np.bincount(code, weights=n * own.mean)
    mean = sums / units[stratum]
    apart = own.mean - mean[code]
    apart[np.abs(apart) <= 1e-13 * np.maximum(np.abs(own.mean), np.abs(mean[code]))] = 0.0
    squares = np.bincount(code, weights=n * apart**2 + own.within)
    rest = units[stratum] - np.bincount(code, weights=n)
    rest = np.where(np.abs(rest) <= 1e-9, 0.0, rest)
    parts = scale[stratum] * (squares + rest * mean**2) + single[stratum] * sums**2
    gross = np.bincount(
        target, weights=(scale + single)[stratum] * (squares + np.abs(sums * mean)), minlength=size
    )
    result: Floats = np.bincount(target, weights=parts, minlength=size).astype(np.float64)
    if residuals is not None:
        taken, both = _residual_part(
            residuals, own, code, (target, stratum), n, counts, group, units, scale, single
        )
        result += both - 2 * np.bincount(target, weights=taken, minlength=size)
        result[np.abs(result) <= 1e-13 * (gross + both)] = 0.0
    if rule == "average" and alone.any():
        result *= _average_scale(own, group, alone, len(units), size, open_)
    return np.maximum(result, 0.0)


def _residual_part(
    residuals: Residuals,
    own: Own,
    code: Integers,
    place: tuple[Integers, Integers],
    n: Floats,
    counts: Floats,
    group: Integers,
    units: npt.NDArray[Any],
    scale: Floats,
    single: Floats,
) -> tuple[Floats, Floats]:
    """Per pair: sum n a (z - z_h)'B, scaled; per target: B'(sum of scaled S_h)B."""
    from scipy.sparse import csr_array, diags_array  # noqa: PLC0415  (scipy is loaded when needed)

    target, stratum = place
    z, b = residuals.z, residuals.coefficients
    home = csr_array((counts, (group, np.arange(len(group)))), shape=(len(units), len(group)))
    mean = diags_array(1.0 / np.maximum(units, 1)) @ (home @ z)
    into = csr_array((n * own.mean, (code, own.unit)), shape=(len(target), len(group)))
    crossed = into @ z
    sums = np.bincount(code, weights=n * own.mean)
    rows = b.T[target]
    at_mean = mean[stratum]
    in_mean = np.asarray(at_mean.multiply(rows).sum(axis=1)).ravel()
    taken = scale[stratum] * (
        np.asarray(crossed.multiply(rows).sum(axis=1)).ravel() - sums * in_mean
    )
    taken += single[stratum] * sums * units[stratum] * in_mean
    weight = scale[group] * counts + single[group] * counts**2
    squares = (((z.T @ (diags_array(weight) @ z)) @ b) * b).sum(axis=0)
    return taken, np.asarray(squares - (scale * units) @ (mean @ b) ** 2)


def _average_scale(
    own: Own, group: Integers, alone: Mask, count: int, size: int, open_: Mask
) -> Floats:
    """Strata with answers over those of them that show a spread, per target; NaN where none
    does.
    """
    if alone.all():
        raise DesignError(
            "every stratum has a single unit: there is nothing to average; join strata"
        )
    there = np.unique(own.target[own.answered] * count + group[own.unit[own.answered]])
    present = np.bincount(there // count, minlength=size)
    told = np.bincount(there[~alone[there % count]] // count, minlength=size)
    return np.where(told > 0, present / np.where(told > 0, told, 1), np.nan)
