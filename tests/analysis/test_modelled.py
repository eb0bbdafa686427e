"""Areas with few answers by a model: nearer to the truth than what was measured, and honest."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.comparison.small_area import fay_herriot, model_shares
from analysis.errors import AnalysisError
from analysis.estimation.intervals import korn_graubard

SEEDS = 40


@pytest.mark.parametrize("areas", [10, 30, 100])
@pytest.mark.parametrize(("middle", "spread"), [(1.9, 0.45), (2.6, 0.45), (1.4, 0.8), (1.9, 0.15)])
def test_the_model_comes_nearer_to_the_truth_than_the_measurement(
    areas: int, middle: float, spread: float
) -> None:
    """Each area has 12 to 30 answers and a truth of its own; answers are published rounded to 5."""
    inside: list[bool] = []
    wrong, measured = 0.0, 0.0
    for seed in range(SEEDS):
        draw = np.random.default_rng(seed)
        truth = 100 / (1 + np.exp(-draw.normal(middle, spread, areas)))
        n = draw.integers(12, 31, areas)
        share = draw.binomial(n, truth / 100) / n
        low, high = korn_graubard(share, share * (1 - share) / n, n, n - 1)
        told = np.maximum(10, 5 * np.round(n / 5))
        rows = zip(100 * share, 100 * low, 100 * high, told, strict=True)
        found = model_shares(list(rows))
        inside += [one.low <= p <= one.high for one, p in zip(found, truth, strict=True)]
        wrong += float(np.mean((np.array([one.value for one in found]) - truth) ** 2))
        measured += float(np.mean((100 * share - truth) ** 2))
    assert np.mean(inside) > 0.88
    assert np.sqrt(wrong / measured) < 0.9


def test_where_everybody_is_satisfied_nothing_breaks() -> None:
    found = model_shares([(100.0, 80.0, 100.0, 15.0)] * 5)
    assert all(0 <= one.low <= one.value <= one.high <= 100 for one in found)


@pytest.mark.parametrize(
    "rows", [[(80.0, 70.0, 90.0, 30.0)] * 2, [(float("nan"), 1.0, 2.0, 3.0)] * 4]
)
def test_what_cannot_be_modelled_is_said(rows: list[tuple[float, float, float, float]]) -> None:
    with pytest.raises(AnalysisError, match="small areas"):
        model_shares(rows)


def test_a_whole_country_is_modelled_in_a_moment() -> None:
    """The score of REML needs no table of areas by areas."""
    draw = np.random.default_rng(1)
    direct, variance = draw.normal(85, 5, 20_000), draw.uniform(1, 50, 20_000)
    fit = fay_herriot(direct, variance, np.ones((20_000, 1)))
    assert 0 <= fit.model_variance < 100
    assert len(fit.eblup) == 20_000
