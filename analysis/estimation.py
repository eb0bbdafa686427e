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
from analysis.errors import DesignError
from analysis.sample import Sample, load_sample
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


def estimate(spec: Spec) -> dict[str, Any]:
    """Run a SPEC: estimates, covariance, SE, df, design effects, intervals and diagnostics, at full precision.

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
    targets = _targets(spec, sample.cells)
    values, gradients = _linearise(spec, sample, weight, targets)
    covariance = _covariance(spec, sample, calibration, targets, gradients)
    rows = [
        _row(spec, sample, weight, target, float(values[m]), gradients[m], float(covariance[m, m]))
        for m, target in enumerate(targets)
    ]
    return {
        "estimates": rows,
        "covariance": [[None if v != v else v for v in row] for row in covariance.tolist()],
        "weights": _diagnostics(weight, sample.cells.n),
        "calibration": None if not calibration else {"rounds": calibration.rounds, "error": calibration.error},
    }


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


def _linearise(spec: Spec, sample: Sample, weight: Floats, targets: list[Target]) -> tuple[Floats, Floats]:
    """Values (M,) and gradients (M, p); terms nobody answered drop out and the others share their weight."""
    place = {name: column for column, name in enumerate(sample.cells.variables)}
    shifts = [(place[name], place[_presence(spec, name)], size) for name, size in sample.shift.items()]
    values, gradients = np.zeros(len(targets)), np.zeros((len(targets), len(place)))
    for m, target in enumerate(targets):
        totals = (weight * target.member) @ sample.cells.total
        for value, present, size in shifts:
            totals[value] += size * totals[present]
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
    for value, present, size in shifts:
        gradients[:, present] += size * gradients[:, value]
    return values, gradients


def _presence(spec: Spec, name: str) -> str:
    """The variable that says whether a counted value is there."""
    value = next(v for v in spec.variables if v.name == name)
    alike = (v for v in spec.variables if v.rule == "present" and v.column == value.column and v.needs == value.needs)
    return next(alike).name


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

    def within(k: int) -> Floats:
        """Squares of u about the mean of cell k: weight and calibration are the same for all in it."""
        jacobian = gradients * member[:, k, None]
        total = cells.total[k].astype(np.float64)
        raw, squared = unpack(cells.cross[k].astype(np.float64), len(cells.variables)), np.outer(total, total)
        about = raw - squared / cells.n[k]
        about[np.abs(about) <= 1e-14 * np.abs(raw)] = 0.0
        inner = jacobian @ about @ jacobian.T
        gross = np.abs(jacobian) @ np.abs(about) @ np.abs(jacobian).T
        return np.asarray(scale[k] ** 2 * np.where(np.abs(inner) <= 1e-13 * gross, 0.0, inner))

    result = _stages(spec, sample, sums, within, _present(sample, targets))
    # A total the calibration fixes has no variance; what is left of it is rounding.
    gross = ((scale * linear) ** 2).sum(axis=1)
    fixed = np.abs(np.diag(result)) <= 1e-24 * gross
    result[fixed] = 0.0
    result[:, fixed] = 0.0
    return result


def _present(sample: Sample, targets: list[Target]) -> npt.NDArray[np.bool_]:
    """Strata (M, H) in which each target has answers."""
    result = np.zeros((len(targets), len(sample.strata)), dtype=bool)
    for m, target in enumerate(targets):
        result[m, sample.stratum[target.member & (_answered(target, sample.cells) > 0)]] = True
    return result


def _stages(
    spec: Spec, sample: Sample, sums: Floats, within: Callable[[int], Floats], present: npt.NDArray[np.bool_]
) -> Floats:
    """Variance of the first stage, and of elements inside PSUs when their number is known."""
    size = len(sample.strata)
    if sample.psu is None:
        units = np.bincount(sample.stratum, weights=sample.cells.n, minlength=size)
        counts = sample.cells.n.astype(np.float64)
        names = [f"stratum {name}" for name in sample.strata]
        return stage_variance(
            spec.lonely, sums, counts, sample.stratum, units, sample.population, names, within, present=present
        )
    number = int(sample.psu.max()) + 1
    home = np.zeros(number, dtype=np.int64)
    home[sample.psu] = sample.stratum
    by_psu = np.array([np.bincount(sample.psu, weights=row, minlength=number) for row in sums])
    units = np.bincount(home, minlength=size).astype(np.float64)
    names = [f"stratum {name}" for name in sample.strata]
    result = stage_variance(
        spec.lonely, by_psu, np.ones(number), home, units, sample.population, names, present=present
    )
    if sample.population2 is None or sample.population is None:
        return result
    inside = np.bincount(sample.psu, weights=sample.cells.n, minlength=number)
    names = [f"PSU {name}" for name in sample.psu_names]
    fraction = (units / sample.population)[home]
    counts = sample.cells.n.astype(np.float64)
    inner = stage_variance(
        spec.lonely, sums, counts, sample.psu, inside, sample.population2, names, within, factor=fraction
    )
    return np.asarray(result + inner)


def _row(
    spec: Spec, sample: Sample, weight: Floats, target: Target, value: float, gradient: Floats, variance: float
) -> dict[str, Any]:
    cells, member = sample.cells, target.member
    n, answered = int(cells.n[member].sum()), _answered(target, cells)
    answers = round(float(answered[member].sum()))
    df = _degrees(sample, member)
    srs, srs_replace = _srs(cells, weight, member, gradient, answered)
    proportion = target.estimand.kind in ("share", "mean-of-shares")
    method = interval.METHODS[spec.interval if proportion else "t"]
    low, high = method(value, np.nan_to_num(variance), max(answers, 1), max(min(df, answers - 1), 1), spec.level)
    told = df > 0 and answers > 1 and variance == variance
    deff = variance / srs_replace if srs_replace > 0 else None
    return {
        "label": target.label,
        "estimand": target.estimand.name,
        "domain": dict(target.domain),
        "estimate": value,
        "se": float(np.sqrt(max(variance, 0.0))) if told else None,
        "low": float(low) if told else None,
        "high": float(high) if told else None,
        "df": df,
        "n": n,
        "answers": answers,
        "deff": variance / srs if srs > 0 else None,
        "deff_replace": deff,
        "n_eff": answers / deff if deff else None,
        "kish_deff": _diagnostics(weight[member], cells.n[member])["kish_deff"],
    }


def _answered(target: Target, cells: Cells) -> Floats:
    """Who answered, per cell: all of it where the parts of an estimand were answered by different people."""
    names = {term.answered for term in target.estimand.terms}
    name = names.pop() if len(names) == 1 else None
    return (cells.n if name is None else cells.column(name)).astype(np.float64)


def _degrees(sample: Sample, member: npt.NDArray[np.bool_]) -> int:
    """Units minus strata, counted where the domain has responses."""
    strata = len(np.unique(sample.stratum[member]))
    if sample.psu is None:
        return int(sample.cells.n[member].sum()) - strata
    return len(np.unique(sample.psu[member])) - strata


def _srs(
    cells: Cells, weight: Floats, member: npt.NDArray[np.bool_], gradient: Floats, answered: Floats
) -> tuple[float, float]:
    """Variance under simple random sampling of as many answers, without and with replacement (R's two deff)."""
    n = float(answered[member].sum())
    if n < 2:
        return 0.0, 0.0
    mine = weight[member]
    big = float(mine @ answered[member])
    first = mine @ cells.total[member] / big
    about = unpack((mine @ cells.cross[member]) / big, len(cells.variables)) - np.outer(first, first)
    spread = float(gradient @ about @ gradient)
    gross = float(np.abs(gradient) @ np.abs(about) @ np.abs(gradient))
    spread = spread if spread > 1e-13 * gross else 0.0
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
