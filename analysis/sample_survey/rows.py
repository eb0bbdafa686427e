"""Estimates as rows of a result: values, limits and what has to be said beside them."""

from __future__ import annotations

from typing import Any

import numpy as np

from analysis.arrays import Floats, Integers
from analysis.estimation import intervals
from analysis.sample_survey.accompaniment import Accompaniment
from analysis.sample_survey.linearisation import Linearised, Targets
from analysis.sample_survey.spec import Spec


def without_nan(matrix: Floats) -> list[list[float | None]]:
    """A matrix for JSON: None where there is no number."""
    return [[None if v != v else v for v in row] for row in matrix.tolist()]


def result_rows(
    spec: Spec, tables: Accompaniment, targets: Targets, found: Linearised
) -> list[dict[str, Any]]:
    """One row per estimate, in the order of the targets."""
    low, high = _limits(spec, tables, targets, found.value)
    return [
        _row(targets, found, tables, m, (float(low[m]), float(high[m])))
        for m in range(len(targets))
    ]


def _limits(
    spec: Spec, tables: Accompaniment, targets: Targets, value: Floats
) -> tuple[Floats, Floats]:
    """Limits (M,): shares by the SPEC's method, means, totals and ratios by t.

    Where all answers are alike a share has its exact limits, and nothing is known about the limits
    of another estimate: NaN. A census leaves nothing open.
    """
    proportion = np.array([e.kind in ("share", "mean-of-shares") for e in targets.estimands])
    df = np.maximum(np.minimum(tables.df, tables.answers - 1), 1)
    arguments = (
        np.nan_to_num(value),
        np.nan_to_num(tables.variance),
        np.maximum(tables.size, 1.0),
        df,
        spec.level,
    )
    name = spec.interval or intervals.DEFAULT
    alike = tables.variance <= 0
    exact = intervals.limits(name, *arguments)
    asked = intervals.INTERVALS[name](*arguments)
    by_t = intervals.student(*arguments)

    def choose(side: int) -> Floats:
        share = np.where(alike, exact[side], asked[side])
        other = np.where(alike, np.nan, by_t[side])
        return np.where(tables.census, value, np.where(proportion, share, other))

    return choose(0), choose(1)


def _row(
    targets: Targets, found: Linearised, tables: Accompaniment, m: int, limits: tuple[float, float]
) -> dict[str, Any]:
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
        "low": limits[0] if inside and limits[0] == limits[0] else None,
        "high": limits[1] if inside and limits[1] == limits[1] else None,
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


def weight_diagnostics(weight: Floats, n: Integers) -> dict[str, float]:
    """Sum, smallest and largest weight, and Kish's design effect of their spread."""
    total, squares, count = float(weight @ n), float(weight**2 @ n), float(n.sum())
    return {
        "sum": total,
        "min": float(weight.min()),
        "max": float(weight.max()),
        "sum_of_squares": squares,
        "kish_deff": count * squares / total**2,
    }
