"""THE formula: weighted satisfaction indices per agency from cells of integer moments.

For agency a and item i with weights w (dossiers per response)

    p_i = sum w [x_i satisfied] / sum w [x_i answered]          share of an item, in percent
    P_f = (1/|S_f|) sum_{i in S_f} p_i                           factor: mean of its item shares
    P   = (1/|S|)   sum_i p_i                                    overall: mean of all item shares

(the SIPAS service block; "Bình thường" is not satisfied). Other rules of a method: ``pooled`` (satisfied over all
answers), ``factor-weighted`` (factors with weights of their own), and the statistic ``score`` in the place of shares,
``(mean - lowest)/(highest - lowest)``. Items nobody answered drop out of the mean and are counted in
``items_missing``. Variances: ``analysis.variance``, strata = the weighting groups.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis import interval
from analysis.cells import Cells
from analysis.method import Method
from analysis.result import PROVINCE, Figure, IndexResult, Measure, measures
from analysis.variance import Design, covariance_of_totals, domain_cross, domain_totals, sandwich, srs_variance
from analysis.weighting.poststratify import Weights, poststratify

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def combine(parts: Sequence[tuple[Decimal | int | str, int]]) -> Decimal:
    """Mean over all items from block means: ``sum(k * p) / sum(k)`` for (p, k items), exact.

    Examples
    --------
    >>> round(combine([("86.51", 23), ("86.49", 16)]), 2)
    Decimal('86.50')
    """
    count = sum(k for _, k in parts)
    return sum((Decimal(p) * k for p, k in parts), Decimal(0)) / count


def _coefficients(chosen: Sequence[Measure], method: Method, asked: npt.NDArray[np.bool_]) -> tuple[Floats, Integers]:
    """Weight of each item in each measure (D, M, I), adding up to 1 over the items asked, and items missing (D, M)."""
    member = np.array([[item in measure.items for item in method.items] for measure in chosen], float)
    used = member[None] * asked[:, None, :]
    missing = (member.sum(axis=1)[None] - used.sum(axis=2)).astype(np.int64)
    if method.rule == "factor-weighted":
        for m, measure in enumerate(chosen):
            if measure.level == "overall":
                used[:, m] = _by_factor(method, asked)
    size = used.sum(axis=2)
    return np.asarray(used / np.where(size > 0, size, 1.0)[:, :, None]), missing


def _by_factor(method: Method, asked: npt.NDArray[np.bool_]) -> Floats:
    """Item weights (D, I) that give each factor its weight, shared by the items of it that were asked."""
    weights = np.zeros(asked.shape)
    for factor, items in method.factors.items():
        columns = [method.items.index(item) for item in items]
        count = asked[:, columns].sum(axis=1)
        share = float(method.factor_weights[factor]) / np.maximum(count, 1)
        weights[:, columns] = asked[:, columns] * share[:, None]
    return weights


def _gradients(totals: Floats, chosen: Sequence[Measure], method: Method) -> tuple[Floats, Floats, Integers]:
    """Values (D, M) on 0..1, gradients (D, M, p) and the number of items without answers (D, M)."""
    count = len(method.items)
    valid, counted = totals[:, :count], totals[:, count : 2 * count]
    asked = valid > 0
    coefficient, missing = _coefficients(chosen, method, asked)
    if method.rule == "pooled":
        inside = (coefficient > 0).astype(np.float64)
        base = np.einsum("dmi,di->dm", inside, valid)
        safe_base = np.where(base > 0, base, 1.0)
        value = np.einsum("dmi,di->dm", inside, counted) / safe_base
        down, up = -inside * (value / safe_base)[:, :, None], inside / safe_base[:, :, None]
    else:
        safe = np.where(asked, valid, 1.0)
        ratio = np.where(asked, counted / safe, 0.0)
        value = np.einsum("dmi,di->dm", coefficient, ratio)
        down, up = -coefficient * (ratio / safe)[:, None, :], coefficient / safe[:, None, :]
    low, high = (0.0, 1.0) if method.statistic == "share" else (min(method.answers), max(method.answers))
    value = np.where(coefficient.sum(axis=2) > 0, (value - low) / (high - low), np.nan)
    return value, np.concatenate([down, up], axis=2) / (high - low), missing


@dataclass(frozen=True)
class _Sums:
    """What the cells say about D domains: everything an estimate and its variance are made of."""

    responses: Integers
    strata: Integers
    item_strata: Integers
    weight: Floats
    weight_squared: Floats
    raw: Floats
    totals: Floats
    cross: Floats
    covariance: Floats

    def together(self) -> _Sums:
        """All domains as one; right because no stratum crosses a domain."""
        return _Sums(*(np.sum(getattr(self, item.name), axis=0, keepdims=True) for item in fields(self)))


@dataclass(frozen=True)
class _Estimates:
    """Arrays over D domains and M measures."""

    n: Integers
    value: Floats
    unweighted: Floats
    variance: Floats
    srs: Floats
    kish: Floats
    missing: Integers
    df: Integers
    size: Floats


def _sums(cells: Cells, design: Design, domain: Integers, size: int, items: int) -> _Sums:
    pairs, code = np.unique(np.column_stack([domain, design.stratum]), axis=0, return_inverse=True)
    answered = np.zeros((len(pairs), items))
    np.add.at(answered, code.ravel(), cells.total[:, :items])
    item_strata = np.zeros((size, items), dtype=np.int64)
    np.add.at(item_strata, pairs[:, 0], (answered > 0).astype(np.int64))
    return _Sums(
        item_strata=item_strata,
        responses=np.bincount(domain, weights=cells.n, minlength=size).astype(np.int64),
        strata=np.bincount(pairs[:, 0], minlength=size),
        weight=np.bincount(domain, weights=design.weight * cells.n, minlength=size).astype(np.float64),
        weight_squared=np.bincount(domain, weights=design.weight**2 * cells.n, minlength=size).astype(np.float64),
        raw=domain_totals(cells, np.ones(len(cells)), domain, size),
        totals=domain_totals(cells, design.weight, domain, size),
        cross=domain_cross(cells, design.weight, domain, size),
        covariance=covariance_of_totals(cells, design, domain, size),
    )


def _with_lonely(whole: _Sums, cells: Cells, design: Design) -> _Sums:
    """Add the variance of groups with a single answer: alone they show no spread, together they are one stratum."""
    lonely = design.units(cells.n)[design.stratum] == 1
    if lonely.sum() < 2:
        return whole
    chosen, zeros = cells.restrict(lonely), np.zeros(int(lonely.sum()), dtype=np.int64)
    together = Design(stratum=zeros, weight=design.weight[lonely])
    return replace(whole, covariance=whole.covariance + covariance_of_totals(chosen, together, zeros, 1))


def _estimate(sums: _Sums, chosen: Sequence[Measure], method: Method) -> _Estimates:
    value, gradient, missing = _gradients(sums.totals, chosen, method)
    variance = sandwich(gradient, sums.covariance)
    valid = sums.raw[:, : len(method.items)].astype(np.int64)
    srs = srs_variance(
        totals=sums.totals, cross=sums.cross, weight_sum=sums.weight, n=sums.responses, gradient=gradient, replace=True
    )
    counted = [_answers(measure, valid, sums, method) for measure in chosen]
    n = np.column_stack([answers for answers, _ in counted])
    kish = sums.responses * sums.weight_squared / sums.weight**2
    diagonal = np.diagonal(variance, axis1=-2, axis2=-1)
    return _Estimates(
        n=n,
        value=value,
        unweighted=_gradients(sums.raw, chosen, method)[0],
        variance=diagonal,
        srs=srs,
        kish=kish,
        missing=missing,
        df=n - np.column_stack([strata for _, strata in counted]),
        # Without any spread there is no effective size to compute; the one of the weights takes its place.
        size=np.where(diagonal > 0, n, n / kish[:, None]),
    )


def _answers(measure: Measure, valid: Integers, sums: _Sums, method: Method) -> tuple[Integers, Integers]:
    """(answers, strata they lie in) per domain; for a factor, those of its most answered item."""
    if measure.level == "overall":
        return sums.responses, sums.strata
    columns = [method.items.index(item) for item in measure.items]
    most = np.argmax(valid[:, columns], axis=1)
    rows = np.arange(len(valid))
    return valid[:, columns][rows, most], sums.item_strata[:, columns][rows, most]


def agency_indices(
    cells: Cells, totals: Mapping[tuple[str, str, str], tuple[int, int]], method: Method, about: Mapping[str, Any]
) -> IndexResult:
    """Indices of every agency in the cells or the totals, and of all together (agency ``PROVINCE``).

    Parameters
    ----------
    cells : moments with the keys agency, domain, channel and the variables of ``method.variables()``.
    totals : (agency, domain, channel) -> (completed dossiers, of these on time).
    about : what identifies the data; carried into the result.
    """
    completed = {key: n for key, (n, _) in totals.items()}
    chosen = measures(method)
    transactions: dict[str, int] = {}
    for (agency, _, _), n in completed.items():
        transactions[agency] = transactions.get(agency, 0) + n
    figures: list[Figure] = []
    if len(cells):
        keys = list(zip(cells.key("agency"), cells.key("domain"), cells.key("channel"), strict=True))
        weights = poststratify(_masked(keys, method), cells.n, _summed(completed, method), method.min_cell)
        design = Design(stratum=weights.stratum, weight=weights.weight)
        code, labels = cells.codes("agency")
        sums = _sums(cells, design, code, len(labels), len(method.items))
        whole = _with_lonely(sums.together(), cells, design)
        each, everything = (_estimate(part, chosen, method) for part in (sums, whole))
        names = [label[0] for label in labels]
        figures += _figures(everything, [PROVINCE], chosen, method, {PROVINCE: sum(transactions.values())}, weights)
        figures += _figures(each, names, chosen, method, transactions, weights)
    silent = sorted(set(transactions) - {figure.agency for figure in figures})
    figures += [_silent(agency, measure, transactions[agency]) for agency in silent for measure in chosen]
    return IndexResult(tuple(figures), method, dict(about))


def _masked(keys: Sequence[tuple[str, str, str]], method: Method) -> list[tuple[str, str, str]]:
    """Keys with what the method does not weight on left empty."""
    domain, channel = ("domain" in method.weighting_cells), ("channel" in method.weighting_cells)
    return [(a, d if domain else "", c if channel else "") for a, d, c in keys]


def _summed(completed: Mapping[tuple[str, str, str], int], method: Method) -> dict[tuple[str, str, str], int]:
    result: dict[tuple[str, str, str], int] = {}
    for key, masked in zip(completed, _masked(list(completed), method), strict=True):
        result[masked] = result.get(masked, 0) + completed[key]
    return result


def _figures(
    estimates: _Estimates,
    names: Sequence[str],
    chosen: Sequence[Measure],
    method: Method,
    transactions: Mapping[str, int],
    weights: Weights,
) -> list[Figure]:
    df = np.maximum(estimates.df, 1)
    limits = interval.METHODS[method.interval](
        np.nan_to_num(estimates.value), estimates.variance, np.maximum(estimates.size, 1), df, method.confidence
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        deff = np.where(estimates.variance > 0, estimates.variance / estimates.srs, estimates.kish[:, None])
    n_eff = np.where(deff > 0, estimates.n / np.where(deff > 0, deff, 1.0), np.nan)
    tables = [
        table.tolist()
        for table in (
            estimates.n,
            100 * estimates.unweighted,
            100 * estimates.value,
            100 * np.sqrt(estimates.variance),
            100 * limits[0],
            100 * limits[1],
            deff,
            n_eff,
            estimates.missing,
        )
    ]
    result = []
    for d, agency in enumerate(names):
        dossiers = transactions.get(agency, 0)
        joined, without = _remarks(agency, weights)
        for measure, n, *values, missing in zip(chosen, *(table[d] for table in tables), strict=True):
            known = n > 0 and values[1] == values[1]
            rate = 100 * n / dossiers if dossiers else None
            unweighted, weighted, se, low, high, deff_, n_eff_ = _known(values, known=known, spread=known and n > 1)
            figure = Figure(
                agency=agency,
                level=measure.level,
                code=measure.code,
                n=n,
                transactions=dossiers,
                response_rate=rate,
                unweighted=unweighted,
                weighted=weighted,
                se=se,
                low=low,
                high=high,
                deff=deff_,
                n_eff=n_eff_,
                items_missing=missing,
                cells_joined=joined,
                without_totals=without,
            )
            result.append(figure)
    return result


def _remarks(agency: str, weights: Weights) -> tuple[int, bool]:
    """Number of joined cells, and whether dossier totals are missing."""
    if agency == PROVINCE:
        return sum(weights.joined.values()), bool(weights.without_totals)
    return weights.joined.get(agency, 0), agency in weights.without_totals


def _known(values: Sequence[float], *, known: bool, spread: bool) -> list[float | None]:
    """Unweighted, weighted, SE, low, high, deff, n_eff; None where the answers do not tell."""
    told = (known, known, spread, known, known, spread, spread and values[6] == values[6])
    return [value if tell else None for value, tell in zip(values, told, strict=True)]


def _silent(agency: str, measure: Measure, transactions: int) -> Figure:
    """An agency with dossiers but no answer: present, with nothing to say."""
    return Figure(
        agency, measure.level, measure.code, 0, transactions, 0.0 if transactions else None,
        None, None, None, None, None, None, None, len(measure.items), 0, False,
    )  # fmt: skip
