"""THE formula: weighted satisfaction indices per agency from cells of integer moments.

For agency a and item i with weights w (dossiers per response)

    p_i = sum w [x_i satisfied] / sum w [x_i answered]          share of an item, in percent
    P_f = (1/|S_f|) sum_{i in S_f} p_i                           factor: mean of its item shares
    P   = (1/|S|)   sum_i p_i                                    overall: mean of all item shares

(the SIPAS service block; "Bình thường" is not satisfied). Other rules of a method: ``pooled``
(satisfied over all answers), ``factor-weighted`` (factors with weights of their own), and the
statistic ``score`` in the place of shares, ``(mean - lowest)/(highest - lowest)``. Items fewer than
``min_n`` people answered drop out of the mean, for it would give them away, and are counted in
``items_missing``. Variances: ``analysis.estimation.totals``, strata = the weighting groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal

import numpy as np

from analysis.arrays import Floats, Integers, Mask
from analysis.counting.cells import Cells
from analysis.errors import MethodError
from analysis.estimation import intervals
from analysis.estimation.sizes import size_of_mean, sizes
from analysis.estimation.totals import (
    Design,
    covariance_of_totals,
    domain_cross,
    domain_totals,
    sandwich,
    srs_variance,
)
from analysis.index.figures import Estimates
from analysis.index.results import Measure
from analysis.method import Method


def combine(parts: Sequence[tuple[Decimal | int | str, int]]) -> Decimal:
    """Mean over all items from block means: ``sum(k * p) / sum(k)`` for (p, k items), exact.

    Examples
    --------
    >>> round(combine([("86.51", 23), ("86.49", 16)]), 2)
    Decimal('86.50')
    """
    count = sum(k for _, k in parts)
    return sum((Decimal(p) * k for p, k in parts), Decimal(0)) / count


def _coefficients(
    chosen: Sequence[Measure], method: Method, asked: Mask, enough: Mask
) -> tuple[Floats, Integers]:
    """Weight of each item in each measure (D, M, I), adding up to 1 over the items used, and items
    missing (D, M).

    An item too few people answered is not used where others are: it could be worked out from the
    mean.
    """
    member = np.array(
        [[item in measure.items for item in method.parts] for measure in chosen], float
    )
    used = member[None] * (asked & enough)[:, None, :]
    none = used.sum(axis=2) == 0
    used[none] = (member[None] * asked[:, None, :])[none]
    missing = (member.sum(axis=1)[None] - used.sum(axis=2)).astype(np.int64)
    if method.rule == "factor-weighted":
        for m, measure in enumerate(chosen):
            if measure.whole:
                used[:, m] = _by_factor(method, used[:, m] > 0)
    size = used.sum(axis=2)
    return np.asarray(used / np.where(size > 0, size, 1.0)[:, :, None]), missing


def _by_factor(method: Method, asked: Mask) -> Floats:
    """Item weights (D, I) that give each factor its weight, shared by the items of it that were
    asked.
    """
    weights = np.zeros(asked.shape)
    for factor, items in method.factors.items():
        columns = [method.parts.index(item) for item in items]
        count = asked[:, columns].sum(axis=1)
        share = float(method.factor_weights[factor]) / np.maximum(count, 1)
        weights[:, columns] = asked[:, columns] * share[:, None]
    return weights


def compute_gradients(
    totals: Floats, raw: Floats, chosen: Sequence[Measure], method: Method
) -> tuple[Floats, Floats, Integers]:
    """Values (D, M) on 0..1, gradients (D, M, p) and the number of items not used (D, M).

    ``totals`` (D, p) are weighted, ``raw`` (D, p) say how many answered.
    """
    count = len(method.parts)
    valid, counted = totals[:, :count], totals[:, count : 2 * count]
    asked = valid > 0
    enough = np.rint(raw[:, :count]) >= method.min_n
    coefficient, missing = _coefficients(chosen, method, asked, enough)
    if method.rule == "pooled":
        inside = (coefficient > 0).astype(np.float64)
        base = np.einsum("dmi,di->dm", inside, valid)
        safe_base = np.where(base > 0, base, 1.0)
        value = np.einsum("dmi,di->dm", inside, counted) / safe_base
        down, up = -inside * (value / safe_base)[:, :, None], inside / safe_base[:, :, None]
    elif method.rule in ("mean-of-items", "factor-weighted"):
        safe = np.where(asked, valid, 1.0)
        ratio = np.where(asked, counted / safe, 0.0)
        value = np.einsum("dmi,di->dm", coefficient, ratio)
        down, up = -coefficient * (ratio / safe)[:, None, :], coefficient / safe[:, None, :]
    else:
        raise MethodError("index.rule = {rule!r} has no formula", rule=method.rule)
    low, high = method.range if method.statistic == "score" else (0.0, 1.0)
    value = np.where(coefficient.sum(axis=2) > 0, (value - low) / (high - low), np.nan)
    return value, np.concatenate([down, up], axis=2) / (high - low), missing


@dataclass(frozen=True)
class Sums:
    """What the cells say about D domains: everything an estimate and its variance are made of."""

    responses: Integers
    strata: Integers
    item_strata: Integers
    item_squares: Floats
    weight: Floats
    weight_squared: Floats
    raw: Floats
    totals: Floats
    cross: Floats
    covariance: Floats

    def together(self) -> Sums:
        """All domains as one; right because no stratum holds answers of two agencies."""
        return Sums(
            *(np.sum(getattr(self, item.name), axis=0, keepdims=True) for item in fields(self))
        )

    def rows(self, chosen: Integers) -> Sums:
        """Some of the domains."""
        return Sums(*(getattr(self, item.name)[chosen] for item in fields(self)))


def sum_cells(cells: Cells, design: Design, domain: Integers, size: int, items: int) -> Sums:
    """Sums of K cells over ``size`` domains numbered by ``domain`` (K,); the first ``items``
    variables are answers.
    """
    pairs, code = np.unique(np.column_stack([domain, design.stratum]), axis=0, return_inverse=True)
    answered = np.zeros((len(pairs), items))
    np.add.at(answered, code.ravel(), cells.total[:, :items])
    item_strata = np.zeros((size, items), dtype=np.int64)
    np.add.at(item_strata, pairs[:, 0], (answered > 0).astype(np.int64))
    return Sums(
        item_strata=item_strata,
        item_squares=domain_totals(cells, design.weight**2, domain, size)[:, :items],
        responses=np.rint(np.bincount(domain, weights=cells.n, minlength=size)).astype(np.int64),
        strata=np.bincount(pairs[:, 0], minlength=size),
        weight=np.bincount(domain, weights=design.weight * cells.n, minlength=size).astype(
            np.float64
        ),
        weight_squared=np.bincount(
            domain, weights=design.weight**2 * cells.n, minlength=size
        ).astype(np.float64),
        raw=domain_totals(cells, np.ones(len(cells)), domain, size),
        totals=domain_totals(cells, design.weight, domain, size),
        cross=domain_cross(cells, design.weight, domain, size),
        covariance=covariance_of_totals(cells, design, domain, size),
    )


def add_lonely_strata(whole: Sums, cells: Cells, design: Design, member: Mask) -> Sums:
    """Add the variance of groups with a single answer: alone they show no spread, together they are
    one stratum.

    ``member`` (K,) marks the cells ``whole`` is made of.
    """
    lonely = member & (design.units(cells.n)[design.stratum] == 1)
    if lonely.sum() < 2:
        return whole
    chosen, zeros = cells.restrict(lonely), np.zeros(int(lonely.sum()), dtype=np.int64)
    together = Design(stratum=zeros, weight=design.weight[lonely])
    return replace(
        whole, covariance=whole.covariance + covariance_of_totals(chosen, together, zeros, 1)
    )


def estimate_measures(sums: Sums, chosen: Sequence[Measure], method: Method) -> Estimates:
    """Values, variances and sizes of M measures in D domains."""
    value, gradient, missing = compute_gradients(sums.totals, sums.raw, chosen, method)
    variance = sandwich(gradient, sums.covariance)
    valid = np.rint(sums.raw[:, : len(method.parts)]).astype(np.int64)
    srs = srs_variance(
        totals=sums.totals,
        cross=sums.cross,
        weight_sum=sums.weight,
        n=sums.responses,
        gradient=gradient,
        replace=True,
    )
    counted = [_answers(measure, valid, sums, method) for measure in chosen]
    n = np.column_stack([answers for answers, _ in counted])
    with np.errstate(divide="ignore", invalid="ignore"):
        kish = np.nan_to_num(
            sums.responses * sums.weight_squared / sums.weight**2, nan=1.0, posinf=1.0
        )
        kish = np.where(kish > 0, kish, 1.0)
    diagonal = np.diagonal(variance, axis1=-2, axis2=-1)
    size = sizes(method.interval, diagonal, n, kish[:, None])
    resting = _resting_on(sums, chosen, method)
    size = np.where(
        (method.interval == intervals.DEFAULT) | (diagonal <= 0), np.minimum(size, resting), size
    )
    if (
        method.interval == intervals.DEFAULT
        and method.statistic == "share"
        and method.rule != "pooled"
    ):
        size = _wide_enough(size, value, sums, chosen, method)
    return Estimates(
        n=n,
        value=value,
        unweighted=compute_gradients(sums.raw, sums.raw, chosen, method)[0],
        variance=diagonal,
        srs=srs,
        kish=kish,
        missing=missing,
        df=n - np.column_stack([strata for _, strata in counted]),
        size=size,
    )


def _resting_on(sums: Sums, chosen: Sequence[Measure], method: Method) -> Floats:
    """Answers (D, M) a mean of items rests on, 1 / sum c_i^2 / m_i, where m_i is what the weights
    leave of item i.

    Half a figure that hangs on five answers is no better known than these five.
    """
    count = len(method.parts)
    valid = sums.totals[:, :count]
    coefficient, _ = _coefficients(
        chosen, method, valid > 0, np.rint(sums.raw[:, :count]) >= method.min_n
    )
    if method.rule == "pooled":
        inside = (coefficient > 0) * valid[:, None, :]
        base = inside.sum(axis=2, keepdims=True)
        coefficient = inside / np.where(base > 0, base, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        each = np.where(sums.item_squares > 0, valid**2 / sums.item_squares, np.inf)
        return np.asarray(1 / (coefficient**2 / each[:, None, :]).sum(axis=2))


def _wide_enough(
    size: Floats, value: Floats, sums: Sums, chosen: Sequence[Measure], method: Method
) -> Floats:
    """Sizes (D, M) at which the interval of a mean holds what its items leave open
    (``intervals.size_of_mean``).
    """
    count = len(method.parts)
    valid, counted = sums.totals[:, :count], sums.totals[:, count : 2 * count]
    coefficient, _ = _coefficients(
        chosen, method, valid > 0, np.rint(sums.raw[:, :count]) >= method.min_n
    )
    share = np.where(valid > 0, counted / np.where(valid > 0, valid, 1.0), 0.0)
    left = np.where(
        sums.item_squares > 0,
        valid**2 / np.where(sums.item_squares > 0, sums.item_squares, 1.0),
        1.0,
    )
    several = (coefficient > 0).sum(axis=2) > 1
    held = size_of_mean(value, size, coefficient, share[:, None, :], left[:, None, :])
    return np.where(several, held, size)


def _answers(
    measure: Measure, valid: Integers, sums: Sums, method: Method
) -> tuple[Integers, Integers]:
    """(answers, strata they lie in) per domain; for a factor, those of its most answered item."""
    if measure.whole:
        return sums.responses, sums.strata
    columns = [method.parts.index(item) for item in measure.items]
    most = np.argmax(valid[:, columns], axis=1)
    rows = np.arange(len(valid))
    return valid[:, columns][rows, most], sums.item_strata[:, columns][rows, most]
