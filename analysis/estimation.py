"""Estimates with their uncertainty from any survey file: rows -> cells -> calibration -> linearised variance.

For estimand m in domain D with terms ``c_j T_num / T_den`` of weighted totals T, the linearised value of response i is

    u_i = g_k w_k ( 1[i in D] J_m z_i - x_k' B_m ),   B_m = (sum w n x x')^- sum w x (J_m Z)'   (starting weights)

and ``V = sum_h (1 - f_h) n_h/(n_h - 1) [ sum u u' - S_h S_h'/n_h ]`` over elements or, with PSUs, over their sums; a
second stage of elements inside PSUs adds ``f_h`` times its own V
(Särndal, Swensson & Wretman 1992; Deville & Särndal 1992).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from analysis import interval
from analysis.cells import unpack
from analysis.linearisation import Linearised, Targets, linearise, targets_of
from analysis.sample import Sample, load_sample
from analysis.spec import Spec
from analysis.survey_variance import answers_of, pairs_of, variances_of
from analysis.weighting.calibrate import Calibration, calibrate

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
MAX_WITH_COVARIANCE: Final = 100
"""Estimates up to which the full matrix is given without asking: its cost grows with their square."""


def estimate(spec: Spec) -> dict[str, Any]:
    """Run a SPEC: estimates, SE, df, design effects, intervals and diagnostics, at full precision.

    The full covariance matrix is there when the SPEC asks for it, and for up to ``MAX_WITH_COVARIANCE`` estimates; else
    None. A domain nobody answered in is a row without a figure.

    Raises
    ------
    SpecError, DesignError
        Naming the column, row, stratum, PSU or margin at fault and the remedy.

    Examples
    --------
    >>> from analysis.spec import load_spec
    >>> result = estimate(load_spec(folder / "SPEC.toml"))
    >>> [(row["label"], round(row["estimate"], 4), row["n"]) for row in result["estimates"]]
    [('satisfied', 0.6667, 6)]
    """
    sample = load_sample(spec)
    calibration = _calibration(spec, sample)
    weight = sample.weight * calibration.g if calibration else sample.weight
    targets = targets_of(spec, sample)
    found = linearise(spec, sample, weight, targets)
    full = spec.covariance if spec.covariance is not None else len(targets) <= MAX_WITH_COVARIANCE
    several = full and (len(targets) > 1 or spec.covariance is True)
    variance, covariance = variances_of(spec, sample, calibration, targets, found.gradient, full=several)
    if full and covariance is None:
        covariance = variance[:, None]
    tables = _Tables.of(spec, sample, weight, targets, found, variance)
    return {
        "estimates": _rows(spec, tables, targets, found),
        "covariance": None if covariance is None else _without_nan(covariance),
        "weights": _diagnostics(weight, sample.cells.n),
        "calibration": None if not calibration else {"rounds": calibration.rounds, "error": calibration.error},
        "design": {"strata": len(sample.strata), "lonely": sample.lonely, "lonely_rule": spec.lonely},
        "data": dict(sample.reading),
    }


def _without_nan(matrix: Floats) -> list[list[float | None]]:
    return [[None if v != v else v for v in row] for row in matrix.tolist()]


def _calibration(spec: Spec, sample: Sample) -> Calibration | None:
    if spec.calibration is None:
        return None
    columns = {column for margin in spec.margins for column in margin.columns}
    values = {column: sample.cells.key(column) for column in columns}
    cells = [{column: values[column][k] for column in columns} for k in range(len(sample.cells))]
    return calibrate(cells, sample.weight * sample.cells.n, spec.margins, spec.calibration, spec.bounds)


@dataclass(frozen=True)
class _Tables:
    """What stands beside the M values: variances, rows, answers, degrees of freedom, and variances under SRS."""

    variance: Floats
    n: Integers
    answers: Integers
    df: Integers
    srs: Floats
    srs_replace: Floats
    kish: Floats
    size: Floats

    @classmethod
    def of(
        cls, spec: Spec, sample: Sample, weight: Floats, targets: Targets, found: Linearised, variance: Floats
    ) -> _Tables:
        n = np.rint(targets.sums(sample.cells.n)).astype(np.int64)
        answered = answers_of(sample, targets)
        answers = np.rint(targets.sums_of_each(answered)).astype(np.int64)
        srs, replace = _srs(sample, weight, targets, found.gradient, answered)
        total, squares = (targets.sums(power * sample.cells.n) for power in (weight, weight**2))
        of_answers = [targets.sums_of_each(power * answered) for power in (weight, weight**2)]
        method, df = spec.interval or interval.DEFAULT, _degrees(sample, targets)
        size = interval.sizes(method, variance, answers, _kish(answers, *of_answers))
        bounded = np.minimum(size, _resting_on(spec, sample, weight, targets))
        size = np.where((variance <= 0) | (method == interval.DEFAULT), bounded, size)
        if method == interval.DEFAULT:
            size = _wide_enough(spec, sample, weight, targets, size)
        if sample.psu is not None:
            # Clusters that all say the same are as many answers as there are clusters.
            size = np.where(variance <= 0, np.minimum(size, df + 1), size)
        return cls(
            variance=variance,
            n=n,
            answers=answers,
            df=df,
            srs=srs,
            srs_replace=replace,
            kish=_kish(n, total, squares),
            size=size,
        )


def _resting_on(spec: Spec, sample: Sample, weight: Floats, targets: Targets) -> Floats:
    """Answers (M,) a mean of shares rests on, 1 / sum c_j^2 / m_j, m_j = (sum w)^2 / sum w^2 of term j."""
    result = np.full(len(targets), np.inf)
    place = {name: column for column, name in enumerate(sample.cells.variables)}
    for e, estimand in enumerate(spec.estimands):
        if estimand.kind != "mean-of-shares":
            continue
        rows = targets.rows_of(e)
        counts = sample.cells.total[:, [place[str(term.denominator)] for term in estimand.terms]]
        total, squares = (targets.sums(power[:, None] * counts)[rows] for power in (weight, weight**2))
        coefficient = np.array([abs(term.coefficient) for term in estimand.terms]) * (total > 0)
        coefficient = coefficient / np.maximum(coefficient.sum(axis=1, keepdims=True), 1e-300)
        with np.errstate(divide="ignore", invalid="ignore"):
            result[rows] = 1 / (coefficient**2 * np.where(total > 0, squares / total**2, 0.0)).sum(axis=1)
    return result


def _wide_enough(spec: Spec, sample: Sample, weight: Floats, targets: Targets, size: Floats) -> Floats:
    """Sizes (M,) at which the interval of a mean of shares holds what the terms' own intervals leave open.

    As ``index`` does for means of items: a mean hangs on the term the fewest answered.
    """
    result, place = size.copy(), {name: column for column, name in enumerate(sample.cells.variables)}
    for e, estimand in enumerate(spec.estimands):
        if estimand.kind != "mean-of-shares" or len(estimand.terms) < 2:
            continue
        rows = targets.rows_of(e)
        counted, answered = (
            sample.cells.total[:, [place[str(name)] for name in names]]
            for names in ([t.numerator for t in estimand.terms], [t.denominator for t in estimand.terms])
        )
        total, squares = (targets.sums(power[:, None] * answered)[rows] for power in (weight, weight**2))
        there = total > 0
        share = np.where(there, targets.sums(weight[:, None] * counted)[rows] / np.where(there, total, 1.0), 0.0)
        left = np.where(there, total**2 / np.where(there, squares, 1.0), 1.0)
        coefficient = np.array([abs(term.coefficient) for term in estimand.terms]) * there
        coefficient = coefficient / np.maximum(coefficient.sum(axis=1, keepdims=True), 1e-300)
        middle = (coefficient * share).sum(axis=1)
        result[rows] = interval.size_of_mean(middle, size[rows], coefficient, share, left)
    return result


def _kish(n: npt.ArrayLike, total: Floats, squares: Floats) -> Floats:
    """Kish's design effect of weights, 1 + cv^2, from their number, sum and sum of squares."""
    safe = np.where(total > 0, total, 1.0)
    return np.where(total > 0, np.maximum(np.asarray(n) * squares / safe**2, 1.0), 1.0)


def _degrees(sample: Sample, targets: Targets) -> Integers:
    """Units minus strata of each target, counted where it has responses."""
    strata = _distinct(targets, sample.stratum, len(sample.strata))
    if sample.psu is None:
        return np.rint(targets.sums(sample.cells.n)).astype(np.int64) - strata
    return _distinct(targets, sample.psu, len(sample.psu_names)) - strata


def _distinct(targets: Targets, group: Integers, size: int) -> Integers:
    """How many groups the cells of each target lie in."""
    there = targets.code >= 0
    pairs = np.unique(targets.code[there] * size + np.broadcast_to(group, targets.code.shape)[there])
    return np.bincount(pairs // size, minlength=len(targets))


def _srs(sample: Sample, weight: Floats, targets: Targets, gradient: Floats, answered: Floats) -> tuple[Floats, Floats]:
    """Variances (M,) under simple random sampling of as many answers, without and with replacement (R's two deff)."""
    n, big = targets.sums_of_each(answered), targets.sums_of_each(weight * answered)
    spread = np.zeros(len(targets))
    for e in range(len(targets.code)):
        rows = targets.rows_of(e)
        used = np.flatnonzero((gradient[rows] != 0).any(axis=0))
        spread[rows] = _spread(sample, weight, targets, rows, used, gradient[rows][:, used], big[rows])
    with np.errstate(divide="ignore", invalid="ignore"):
        replaced = np.where(n > 1, big**2 * spread / (n - 1), 0.0)
        return np.where(big > 0, replaced * (1 - n / big), 0.0), replaced


def _spread(
    sample: Sample, weight: Floats, targets: Targets, rows: slice, used: Integers, gradient: Floats, big: Floats
) -> Floats:
    """Spread of the linearised values of the answers of some targets, (D,)."""
    cells, member = sample.cells, targets.member[rows]
    size = np.where(big > 0, big, 1.0)[:, None]
    first = member @ (weight[:, None] * cells.total[:, used]) / size
    cross = member @ (weight[:, None] * cells.cross[:, pairs_of(used, len(cells.variables))]) / size
    about = unpack(np.asarray(cross), len(used)) - first[:, :, None] * first[:, None, :]
    spread = np.einsum("dp,dpq,dq->d", gradient, about, gradient)
    gross = np.einsum("dp,dpq,dq->d", np.abs(gradient), np.abs(about), np.abs(gradient))
    return np.asarray(np.where(spread > 1e-13 * gross, spread, 0.0))


def _rows(spec: Spec, tables: _Tables, targets: Targets, found: Linearised) -> list[dict[str, Any]]:
    low, high = _limits(spec, tables, targets, found.value)
    return [_row(targets, found, tables, m, (float(low[m]), float(high[m]))) for m in range(len(targets))]


def _limits(spec: Spec, tables: _Tables, targets: Targets, value: Floats) -> tuple[Floats, Floats]:
    """Limits (M,): shares by the SPEC's method, means, totals and ratios by t."""
    proportion = np.array([e.kind in ("share", "mean-of-shares") for e in targets.estimands])
    df = np.maximum(np.minimum(tables.df, tables.answers - 1), 1)
    arguments = (np.nan_to_num(value), np.nan_to_num(tables.variance), np.maximum(tables.size, 1.0), df, spec.level)
    shares, others = interval.METHODS[spec.interval or interval.DEFAULT](*arguments), interval.METHODS["t"](*arguments)
    low, high = (np.where(proportion, a, b) for a, b in zip(shares, others, strict=True))
    return low, high


def _row(targets: Targets, found: Linearised, tables: _Tables, m: int, limits: tuple[float, float]) -> dict[str, Any]:
    variance, answers, df = float(tables.variance[m]), int(tables.answers[m]), int(tables.df[m])
    known = bool(found.value[m] == found.value[m]) and answers > 0
    told = known and answers > 1 and variance == variance
    inside = told and df > 0
    deff = variance / float(tables.srs_replace[m]) if told and tables.srs_replace[m] > 0 else None
    row = {
        "label": targets.label(m),
        "estimand": targets.estimands[m].name,
        "domain": dict(targets.domains[m]),
        "estimate": float(found.value[m]) if known else None,
        "se": float(np.sqrt(variance)) if told else None,
        "low": limits[0] if inside else None,
        "high": limits[1] if inside else None,
        "df": df,
        "n": int(tables.n[m]),
        "answers": answers,
        "deff": variance / float(tables.srs[m]) if told and tables.srs[m] > 0 else None,
        "deff_replace": deff,
        "n_eff": min(answers / deff, float(answers)) if deff else None,
        "kish_deff": float(tables.kish[m]),
    }
    if targets.estimands[m].kind == "mean-of-shares":
        row["items_missing"] = int(found.missing[m])
    return row


def _diagnostics(weight: Floats, n: Integers) -> dict[str, float]:
    total, squares, count = float(weight @ n), float(weight**2 @ n), float(n.sum())
    return {
        "sum": total,
        "min": float(weight.min()),
        "max": float(weight.max()),
        "sum_of_squares": squares,
        "kish_deff": count * squares / total**2,
    }
