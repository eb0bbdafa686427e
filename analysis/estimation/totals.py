"""Linearised variances of estimated totals, from cells.

For strata h with n_h responses, weights w constant in a key k and elements drawn independently
inside strata

    V(T) = sum_h n_h/(n_h - 1) [ sum_k w_k^2 ZZ_k - S_h S_h'/n_h ],   S_h = sum_k w_k Z_k

(designs with clusters, stages and finite populations: ``sample_survey.stage_variance``).
A smooth function phi of the totals has the variance J V J' with J = d phi / dT (Taylor
linearisation; Särndal, Swensson & Wretman 1992, ch. 5; equal to R ``survey``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from analysis.arrays import Floats, Integers
from analysis.counting.cells import Cells, unpack
from analysis.errors import DesignError


@dataclass(frozen=True)
class Design:
    """How the responses in K keys were drawn, one by one and with replacement inside strata.

    Attributes
    ----------
    stratum : (K,) number of the stratum, 0..H-1.
    weight : (K,) weight of one response.
    """

    stratum: Integers
    weight: Floats

    def __post_init__(self) -> None:
        if not (np.isfinite(self.weight).all() and (self.weight > 0).all()):
            bad = int(np.flatnonzero(~(np.isfinite(self.weight) & (self.weight > 0)))[0])
            raise DesignError(
                "weight of cell {bad} is {weight}; weights must be finite and above 0",
                bad=bad,
                weight=self.weight[bad],
            )

    def units(self, n: Integers) -> Integers:
        """Responses per stratum, (H,)."""
        size = int(self.stratum.max(initial=-1)) + 1
        return np.rint(np.bincount(self.stratum, weights=n, minlength=size)).astype(np.int64)


def domain_totals(cells: Cells, weight: Floats, domain: Integers, size: int) -> Floats:
    """Weighted totals of the p variables per domain, (D, p); cells of domain -1 lie in none."""
    totals = np.zeros((size, cells.total.shape[1]))
    inside = domain >= 0
    np.add.at(totals, domain[inside], weight[inside, None] * cells.total[inside])
    return totals


def covariance_of_totals(cells: Cells, design: Design, domain: Integers, size: int) -> Floats:
    """Covariance matrices of the weighted totals of each domain, (D, p, p).

    Domains are disjoint sets of keys numbered 0..D-1 (-1 = in no domain); they may cut across
    strata: n_h counts every response of the stratum, in the domain or not.
    """
    units = design.units(cells.n)
    # A single response shows no spread.
    factor = np.where(units > 1, units / np.maximum(units - 1, 1), 0.0)
    p = len(cells.variables)
    inside = domain >= 0
    matrices = np.zeros((size, p, p))
    scale = factor[design.stratum] * design.weight**2
    _add_cross(matrices, cells.cross, np.where(inside, scale, 0.0), np.where(inside, domain, 0), p)
    gross = np.abs(matrices)
    over = np.where(units > 0, factor / np.maximum(units, 1), 0.0)
    _subtract_squares(matrices, cells, design, domain, over)
    # What is left of two equal sums is rounding, not variance.
    matrices[np.abs(matrices) <= 1e-13 * gross] = 0.0
    return matrices


def _blocks(order: Integers, domain: Integers) -> Iterator[tuple[int, Integers]]:
    """(domain, rows) for rows brought together by domain."""
    starts = np.flatnonzero(np.diff(domain[order], prepend=-1))
    for start, stop in zip(starts.tolist(), [*starts[1:].tolist(), len(order)], strict=True):
        rows = order[start:stop]
        yield int(domain[rows[0]]), rows


def _add_cross(matrices: Floats, cross: Integers, scale: Floats, domain: Integers, p: int) -> None:
    # One small product per domain: BLAS needs a tenth of what adding row by row takes.
    sums = np.zeros((len(matrices), cross.shape[1]))
    for d, rows in _blocks(np.argsort(domain, kind="stable"), domain):
        sums[d] = scale[rows] @ cross[rows].astype(np.float64)
    matrices += unpack(sums, p)


def _subtract_squares(
    matrices: Floats, cells: Cells, design: Design, domain: Integers, factor: Floats
) -> None:
    """Subtract factor_h S S' where S sums w Z over a (domain, stratum)."""
    inside = np.flatnonzero(domain >= 0)
    pairs = np.column_stack([domain[inside], design.stratum[inside]])
    groups, code = np.unique(pairs, axis=0, return_inverse=True)
    sums = np.zeros((len(groups), cells.total.shape[1]))
    np.add.at(sums, code.ravel(), design.weight[inside, None] * cells.total[inside])
    for d, rows in _blocks(np.arange(len(groups)), groups[:, 0]):
        part = sums[rows]
        matrices[d] -= (factor[groups[rows, 1], None] * part).T @ part


def sandwich(gradient: Floats, covariance: Floats) -> Floats:
    """J V J' for stacks of gradients (..., M, p) and matrices (..., p, p); rounding below 1e-12 is
    set to 0.

    Raises
    ------
    DesignError
        If a variance is negative by more than rounding.

    Examples
    --------
    >>> sandwich(np.array([[1.0, -1.0]]), np.array([[4.0, 1.0], [1.0, 9.0]])).tolist()
    [[11.0]]
    """
    result = np.asarray(gradient @ covariance @ np.swapaxes(gradient, -1, -2))
    gross = np.abs(gradient) @ np.abs(covariance) @ np.swapaxes(np.abs(gradient), -1, -2)
    result = np.where(np.abs(result) <= 1e-12 * gross, 0.0, result)
    if (np.diagonal(result, axis1=-2, axis2=-1) < 0).any():
        raise DesignError("a variance came out negative: the moments contradict each other")
    return result


def domain_cross(cells: Cells, weight: Floats, domain: Integers, size: int) -> Floats:
    """Weighted sums of products of the p variables per domain, (D, p, p)."""
    result = np.zeros((size, len(cells.variables), len(cells.variables)))
    _add_cross(
        result,
        cells.cross,
        np.where(domain >= 0, weight, 0.0),
        np.maximum(domain, 0),
        len(cells.variables),
    )
    return result


def srs_variance(
    *,
    totals: Floats,
    cross: Floats,
    weight_sum: Floats,
    n: Integers,
    gradient: Floats,
    replace: bool,
) -> Floats:
    """Variance the same estimates would have under simple random sampling, (D, M).

    With e = J z the linearised value of a response, W = sum w and n responses in the domain: ``V =
    W^2 (1 - n/W) s^2/n``, ``s^2 = n/(n-1) sum w (e - mean e)^2 / W``; ``replace`` leaves 1 - n/W
    out. This is the denominator of R's ``deff``. ``totals`` (D, p) and ``cross`` (D, p, p) are
    weighted sums.

    Examples
    --------
    >>> totals, cross = np.array([[80.0, 100.0]]), np.array([[[80.0, 80.0], [80.0, 100.0]]])
    >>> share = np.array([[[0.01, -0.008]]])  # 80 of 100 satisfied: d(a/b) = (1/b, -a/b^2)
    >>> size, n = np.array([100.0]), np.array([50])
    >>> sums = {"totals": totals, "cross": cross, "weight_sum": size, "n": n}
    >>> v = srs_variance(**sums, gradient=share, replace=True)
    >>> round(float(v[0, 0]), 6)  # 0.8 * 0.2 / 49
    0.003265
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = totals / weight_sum[:, None]
        of_means = mean[:, :, None] * mean[:, None, :]
        centred = cross / weight_sum[:, None, None] - of_means
        # What is left of two equal products is rounding, not spread.
        centred[np.abs(centred) <= 1e-13 * np.abs(of_means)] = 0.0
        spread = np.diagonal(sandwich(gradient, np.nan_to_num(centred)), axis1=-2, axis2=-1)
        variance = spread * (weight_sum**2 / (n - 1))[:, None]
        return variance if replace else variance * (1 - n / weight_sum)[:, None]
