"""Edges of designs, and intervals against exact ones."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from analysis.counting.cells import Cells, count_rows, merge
from analysis.counting.variables import Variable
from analysis.errors import AnalysisError, DesignError
from analysis.estimation import intervals
from analysis.estimation.totals import Design, covariance_of_totals


def sample(strata: list[str], values: list[int]) -> Cells:
    data = pl.DataFrame({"h": strata, "y": values}, schema={"h": pl.String, "y": pl.Int64})
    return count_rows(data, ["h"], [Variable("one", "y", "one"), Variable("y", "y", "value")])


def variance(cells: Cells) -> float:
    code, _ = cells.codes("h")
    design = Design(stratum=code, weight=np.ones(len(cells)))
    domain = np.zeros(len(cells), dtype=np.int64)
    return float(covariance_of_totals(cells, design, domain, 1)[0, 1, 1])


def test_the_textbook_variance_of_a_total() -> None:
    values = [3, 5, 7, 9]
    assert variance(sample(["h"] * 4, values)) == pytest.approx(4 * np.var(values, ddof=1))


def test_a_lonely_stratum_has_no_variance() -> None:
    assert variance(sample(["g", "h", "h"], [5, 1, 3])) == pytest.approx(4)


def test_impossible_designs_are_named() -> None:
    cells = sample(["g", "h", "h"], [5, 1, 3])
    code, _ = cells.codes("h")
    for weight in ([1.0, 0.0], [np.nan, 1.0], [-1.0, 1.0], [np.inf, 1.0]):
        with pytest.raises(DesignError, match="weight"):
            Design(stratum=code, weight=np.array(weight))
    with pytest.raises(AnalysisError, match="no cells"):
        merge([])
    with pytest.raises(AnalysisError, match="different variables"):
        merge(
            [
                cells,
                count_rows(
                    pl.DataFrame({"h": ["a"], "y": [1]}), ["h"], [Variable("y", "y", "value")]
                ),
            ]
        )
    with pytest.raises(AnalysisError, match="more responses"):
        _ = sample(["h"], [1]) - sample(["h", "h"], [1, 2])


def test_clopper_pearson_is_the_case_without_a_design() -> None:
    from scipy.stats import beta

    for x, n in ((1, 10), (5, 50), (49, 50), (30, 30), (0, 12)):
        p = x / n
        low, high = intervals.korn_graubard(p, p * (1 - p) / n, n, n - 1)
        exact = (
            beta.ppf(0.025, x, n - x + 1) if x else 0.0,
            beta.ppf(0.975, x + 1, n - x) if x < n else 1.0,
        )
        assert (float(low), float(high)) == pytest.approx(exact, abs=1e-12)


def test_wilson_by_the_textbook() -> None:
    low, high = intervals.wilson(0.2, 0.2 * 0.8 / 50, 50, 49)
    assert (round(float(low), 4), round(float(high), 4)) == (0.1124, 0.3304)


@pytest.mark.parametrize("name", intervals.INTERVALS)
def test_intervals_hold_their_estimate_and_grow_with_the_variance(name: str) -> None:
    p = np.linspace(0.02, 0.98, 25)
    narrow = intervals.INTERVALS[name](p, p * (1 - p) / 400, 400, 399)
    wide = intervals.INTERVALS[name](p, p * (1 - p) / 40, 40, 39)
    assert ((narrow[0] < p) & (p < narrow[1])).all()
    assert ((wide[1] - wide[0]) > (narrow[1] - narrow[0])).all()


@pytest.mark.parametrize("name", ["korn-graubard", "wilson", "logit", "asin"])
def test_intervals_of_shares_stay_within_0_and_1(name: str) -> None:
    p = np.array([0.0, 0.001, 0.5, 0.999, 1.0])
    low, high = intervals.INTERVALS[name](p, p * (1 - p) / 20, 20, 19)
    assert (low >= -1e-12).all()
    assert (high <= 1 + 1e-12).all()
