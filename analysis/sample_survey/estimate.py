"""Estimates with their uncertainty from any survey file: rows -> cells -> calibration -> linearised
variance.

For estimand m in domain D with terms ``c_j T_num / T_den`` of weighted totals T, the linearised
value of response i is

    u_i = g_k w_k ( 1[i in D] J_m z_i - x_k' B_m ),   B_m = (sum w n x x')^- sum w x (J_m Z)'
    (starting weights)

and ``V = sum_h (1 - f_h) n_h/(n_h - 1) [ sum u u' - S_h S_h'/n_h ]`` over elements or, with PSUs,
over their sums; a second stage of elements inside PSUs adds ``f_h`` times its own V (Särndal,
Swensson & Wretman 1992; Deville & Särndal 1992).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from analysis.sample_survey.accompaniment import Accompaniment
from analysis.sample_survey.linearisation import build_targets, linearise
from analysis.sample_survey.rows import result_rows, weight_diagnostics, without_nan
from analysis.sample_survey.sample import Sample, load_sample
from analysis.sample_survey.spec import Spec
from analysis.sample_survey.variance import estimate_variances
from analysis.weighting.calibrate import Amounts, Calibration, calibrate

if TYPE_CHECKING:
    from analysis.sample_survey.files import SurveyFrame

MAX_WITH_COVARIANCE: Final = 100
"""Estimates up to which the full matrix is given without asking: its cost grows with their square.
"""


def estimate(spec: Spec, frame: SurveyFrame | None = None) -> dict[str, Any]:
    """Run a SPEC: estimates, SE, df, design effects, intervals and diagnostics, at full precision.

    ``frame`` (pandas or Polars) holds the survey instead of the file the SPEC names. The full
    covariance matrix is there when the SPEC asks for it, and for up to ``MAX_WITH_COVARIANCE``
    estimates; else None. A domain nobody answered in is a row without a figure.

    Raises
    ------
    SpecError, DesignError
        Naming the column, row, stratum, PSU or margin at fault and the remedy.

    Examples
    --------
    >>> from analysis.sample_survey.spec import load_spec
    >>> result = estimate(load_spec(folder / "SPEC.toml"))
    >>> [(row["label"], round(row["estimate"], 4), row["n"]) for row in result["estimates"]]
    [('satisfied', 0.6667, 6)]
    >>> import pandas as pd
    >>> survey = pd.read_csv(folder / "survey.csv")
    >>> estimate(load_spec(folder / "SPEC.toml"), survey)["estimates"] == result["estimates"]
    True
    """
    sample = load_sample(spec, frame)
    calibration = calibrate_sample(spec, sample)
    weight = sample.weight * calibration.g if calibration else sample.weight
    targets = build_targets(spec, sample)
    found = linearise(spec, sample, weight, targets)
    full = spec.covariance if spec.covariance is not None else len(targets) <= MAX_WITH_COVARIANCE
    several = full and (len(targets) > 1 or spec.covariance is True)
    variance, covariance = estimate_variances(
        spec, sample, calibration, targets, found.gradient, full=several
    )
    if full and covariance is None:
        covariance = variance[:, None]
    tables = Accompaniment.of(spec, sample, weight, targets, found, variance)
    return {
        "estimates": result_rows(spec, tables, targets, found),
        "covariance": None if covariance is None else without_nan(covariance),
        "weights": weight_diagnostics(weight, sample.cells.n),
        "calibration": None
        if not calibration
        else {"rounds": calibration.rounds, "error": calibration.error},
        "design": {
            "strata": len(sample.strata),
            "lonely": sample.lonely,
            "lonely_rule": spec.lonely,
        },
        "data": dict(sample.reading),
    }


def calibrate_sample(spec: Spec, sample: Sample) -> Calibration | None:
    """Factors (K,) of the cells that bring them to a SPEC's margins; None where it has none."""
    if spec.calibration is None:
        return None
    columns = {column for margin in spec.margins for column in margin.columns}
    values = {column: sample.cells.key(column) for column in columns}
    cells = [{column: values[column][k] for column in columns} for k in range(len(sample.cells))]
    totals = np.array([known.total for known in spec.totals])
    amounts = Amounts(sample.amounts, totals, tuple(known.column for known in spec.totals))
    start = sample.weight * sample.cells.n
    return calibrate(cells, start, spec.margins, spec.calibration, spec.bounds, amounts)
