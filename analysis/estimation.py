"""Estimates with their full covariance from any survey file: rows -> cells -> calibration -> linearised variance.

For estimand m in domain D with terms ``c_j T_num / T_den`` of weighted totals T, the linearised value of response i is

    u_i = g_k w_k ( 1[i in D] J_m z_i - x_k' B_m ),   B_m = (sum w n x x')^- sum w x (J_m Z)'   (starting weights)

and ``V = sum_h (1 - f_h) n_h/(n_h - 1) [ sum u u' - S_h S_h'/n_h ]`` over elements or, with PSUs, over their sums; a
second stage of elements inside PSUs adds ``f_h`` times its own V
(Särndal, Swensson & Wretman 1992; Deville & Särndal 1992).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from analysis import interval
from analysis.cells import Cells, unpack
from analysis.engine import read_survey
from analysis.errors import DesignError
from analysis.spec import Estimand, Spec
from analysis.stages import stage_variance
from analysis.weighting.calibrate import Calibration, calibrate

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Target:
    """One number to estimate: an estimand in a domain given by column values."""

    estimand: Estimand
    domain: Mapping[str, str]
    member: npt.NDArray[np.bool_]

    @property
    def label(self) -> str:
        """Name with the domain, e.g. ``api00[stype=E]``."""
        inside = ", ".join(f"{column}={value}" for column, value in self.domain.items())
        return f"{self.estimand.name}[{inside}]" if inside else self.estimand.name


@dataclass(frozen=True)
class Sample:
    """The cells of a survey with its design: everything later needs only this.

    Attributes
    ----------
    stratum, psu : (K,) numbers; psu is None when responses were drawn one by one.
    weight : (K,) starting weight. population, population2 : (H,) and (J,) units, or None.
    """

    cells: Cells
    weight: Floats
    stratum: Integers
    strata: list[str]
    psu: Integers | None
    population: Floats | None
    population2: Floats | None


def estimate(spec: Spec) -> dict[str, Any]:
    """Run a SPEC: estimates, covariance, SE, df, design effects, intervals and diagnostics, at full precision.

    Raises
    ------
    SpecError, DesignError
        Naming the column, row, stratum, PSU or margin at fault and the remedy.
    """
    sample = load_sample(spec)
    calibration = _calibration(spec, sample)
    weight = sample.weight * calibration.g if calibration else sample.weight
    targets = _targets(spec, sample.cells)
    values, gradients = _linearise(sample, weight, targets)
    covariance = _covariance(spec, sample, calibration, targets, gradients)
    rows = [
        _row(spec, sample, weight, target, float(values[m]), gradients[m], float(covariance[m, m]))
        for m, target in enumerate(targets)
    ]
    return {
        "estimates": rows,
        "covariance": covariance.tolist(),
        "weights": _diagnostics(weight, sample.cells.n),
        "calibration": None if not calibration else {"rounds": calibration.rounds, "error": calibration.error},
    }


def load_sample(spec: Spec) -> Sample:
    """Count the data of a SPEC into cells and check the design against them."""
    cells = read_survey(spec)
    stratum, strata = cells.codes("_stratum")
    psu = None
    if spec.psu:
        psu, names = cells.codes("_stratum", "_psu")
        alone = [name for _, name in names]
        twice = next((name for name in alone if alone.count(name) > 1), None)
        if twice is not None:
            raise DesignError(
                f"PSU {twice!r} of column {spec.psu} lies in two strata; give every PSU a name of its own"
            )
    labels = [label[0] for label in strata]
    return Sample(
        cells=cells,
        weight=np.array(cells.key("_weight"), dtype=np.float64),
        stratum=stratum,
        strata=labels,
        psu=psu,
        population=_population(spec.fpc, cells, "_fpc", stratum, labels) if spec.fpc else None,
        population2=_population(spec.fpc2, cells, "_fpc2", psu, labels) if spec.fpc2 and psu is not None else None,
    )


def _population(column: str | None, cells: Cells, key: str, code: Integers, labels: list[str]) -> Floats:
    size = np.zeros(int(code.max()) + 1)
    for place, value in zip(code.tolist(), cells.key(key), strict=True):
        if size[place] not in (0.0, float(value)):
            raise DesignError(
                f"column {column} is not constant in stratum {labels[place] if place < len(labels) else place!r}"
            )
        size[place] = float(value)
    return size


def _calibration(spec: Spec, sample: Sample) -> Calibration | None:
    if spec.calibration is None:
        return None
    columns = {column for margin in spec.margins for column in margin.columns}
    values = {column: sample.cells.key(column) for column in columns}
    cells = [{column: values[column][k] for column in columns} for k in range(len(sample.cells))]
    return calibrate(cells, sample.weight * sample.cells.n, spec.margins, spec.calibration, spec.bounds)


def _targets(spec: Spec, cells: Cells) -> list[Target]:
    targets = []
    for estimand in spec.estimands:
        if not estimand.by:
            targets.append(Target(estimand, {}, np.ones(len(cells), dtype=bool)))
            continue
        code, labels = cells.codes(*estimand.by)
        for number, label in enumerate(labels):
            targets.append(Target(estimand, dict(zip(estimand.by, label, strict=True)), code == number))
    return targets


def _linearise(sample: Sample, weight: Floats, targets: list[Target]) -> tuple[Floats, Floats]:
    """Values (M,) and gradients (M, p); terms nobody answered drop out and the others share their weight."""
    place = {name: column for column, name in enumerate(sample.cells.variables)}
    values, gradients = np.zeros(len(targets)), np.zeros((len(targets), len(place)))
    for m, target in enumerate(targets):
        totals = (weight * target.member) @ sample.cells.total
        terms = [t for t in target.estimand.terms if t.denominator is None or totals[place[t.denominator]] != 0]
        if not terms:
            raise DesignError(f"{target.label}: nobody in this domain answered; leave it out or join it with another")
        share = sum(t.coefficient for t in target.estimand.terms) / sum(t.coefficient for t in terms)
        for term in terms:
            base = 1.0 if term.denominator is None else totals[place[term.denominator]]
            ratio = totals[place[term.numerator]] / base
            values[m] += share * term.coefficient * ratio
            gradients[m, place[term.numerator]] += share * term.coefficient / base
            if term.denominator is not None:
                gradients[m, place[term.denominator]] -= share * term.coefficient * ratio / base
    return values, gradients


def _covariance(
    spec: Spec, sample: Sample, calibration: Calibration | None, targets: list[Target], gradients: Floats
) -> Floats:
    cells, g = sample.cells, calibration.g if calibration else np.ones(len(sample.cells))
    member = np.array([target.member for target in targets], dtype=np.float64)
    linear = (gradients @ cells.total.T) * member
    mean = np.zeros_like(linear)
    if calibration:
        start = sample.weight
        x = calibration.x
        matrix = (x * (start * cells.n)[:, None]).T @ x
        coefficients = np.linalg.pinv(matrix, hermitian=True) @ (x * start[:, None]).T @ linear.T
        mean = (x @ coefficients).T
    scale = g * sample.weight
    sums = scale * (linear - cells.n * mean)

    def squares(k: int) -> Floats:
        """Sum of u u' over the responses of cell k."""
        jacobian = gradients * member[:, k, None]
        inner = jacobian @ unpack(cells.cross[k].astype(np.float64), len(cells.variables)) @ jacobian.T
        mixed = np.outer(linear[:, k], mean[:, k])
        whole = inner - mixed - mixed.T + cells.n[k] * np.outer(mean[:, k], mean[:, k])
        return np.asarray(scale[k] ** 2 * whole)

    return _stages(spec, sample, sums, squares)


def _stages(spec: Spec, sample: Sample, sums: Floats, squares: Callable[[int], Floats]) -> Floats:
    """Variance of the first stage, and of elements inside PSUs when their number is known."""
    size = len(sample.strata)
    if sample.psu is None:
        units = np.bincount(sample.stratum, weights=sample.cells.n, minlength=size)
        return stage_variance(spec.lonely, sums, sample.stratum, units, sample.population, sample.strata, squares)
    number = int(sample.psu.max()) + 1
    home = np.zeros(number, dtype=np.int64)
    home[sample.psu] = sample.stratum
    by_psu = np.array([np.bincount(sample.psu, weights=row, minlength=number) for row in sums])
    units = np.bincount(home, minlength=size).astype(np.float64)

    def outer(j: int) -> Floats:
        return np.outer(by_psu[:, j], by_psu[:, j])

    result = stage_variance(spec.lonely, by_psu, home, units, sample.population, sample.strata, outer)
    if sample.population2 is None or sample.population is None:
        return result
    inside = np.bincount(sample.psu, weights=sample.cells.n, minlength=number)
    names = [str(j) for j in range(number)]
    fraction = (units / sample.population)[home]
    inner = stage_variance(spec.lonely, sums, sample.psu, inside, sample.population2, names, squares, factor=fraction)
    return np.asarray(result + inner)


def _row(
    spec: Spec, sample: Sample, weight: Floats, target: Target, value: float, gradient: Floats, variance: float
) -> dict[str, Any]:
    cells, member = sample.cells, target.member
    n = int(cells.n[member].sum())
    df = _degrees(sample, member)
    srs, srs_replace = _srs(cells, weight, member, gradient)
    proportion = target.estimand.kind in ("share", "mean-of-shares")
    method = interval.METHODS[spec.interval if proportion else "t"]
    low, high = method(value, variance, n, df, spec.level)
    deff = variance / srs_replace if srs_replace > 0 else None
    return {
        "label": target.label,
        "estimand": target.estimand.name,
        "domain": dict(target.domain),
        "estimate": value,
        "se": float(np.sqrt(variance)),
        "low": float(low),
        "high": float(high),
        "df": df,
        "n": n,
        "deff": variance / srs if srs > 0 else None,
        "deff_replace": deff,
        "n_eff": n / deff if deff else None,
        "kish_deff": _diagnostics(weight[member], cells.n[member])["kish_deff"],
    }


def _degrees(sample: Sample, member: npt.NDArray[np.bool_]) -> int:
    """Units minus strata, counted where the domain has responses."""
    strata = len(np.unique(sample.stratum[member]))
    if sample.psu is None:
        return int(sample.cells.n[member].sum()) - strata
    return len(np.unique(sample.psu[member])) - strata


def _srs(cells: Cells, weight: Floats, member: npt.NDArray[np.bool_], gradient: Floats) -> tuple[float, float]:
    """Variance under simple random sampling of the same size, without and with replacement (R's two deff)."""
    n = float(cells.n[member].sum())
    if n < 2:
        return 0.0, 0.0
    mine = weight[member]
    big = float(mine @ cells.n[member])
    first = mine @ cells.total[member] / big
    second = unpack((mine @ cells.cross[member]) / big, len(cells.variables))
    spread = float(gradient @ second @ gradient - (gradient @ first) ** 2)
    replaced = big**2 * spread / (n - 1)
    return replaced * (1 - n / big), replaced


def _diagnostics(weight: Floats, n: Integers) -> dict[str, float]:
    total, squares, count = float(weight @ n), float(weight**2 @ n), float(n.sum())
    return {
        "sum": total,
        "min": float(weight.min()),
        "max": float(weight.max()),
        "sum_of_squares": squares,
        "kish_deff": count * squares / total**2,
    }
