"""Ranks, changes and small areas: hand-checked cases, published figures, and coverage by simulation."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

from analysis.change import benjamini_hochberg, change, holm
from analysis.errors import AnalysisError
from analysis.ranks import joint_quantile, rank_sets
from analysis.smallarea import fay_herriot
from tests.analysis.test_gold import GOLD


def test_quantiles_as_published_for_51_states() -> None:
    """Klein, Wright & Wieczorek (2020): 3.081 independent and 3.096 Bonferroni at 90 %."""
    assert round(joint_quantile(51, 0.90, "independent"), 3) == 3.081
    assert round(joint_quantile(51, 0.90, "bonferroni"), 3) == 3.096


def test_rank_sets_by_hand() -> None:
    best, worst = rank_sets([90, 80, 79, 50], [1, 1, 1, 1])
    assert best.tolist() == [1, 2, 2, 4]
    assert worst.tolist() == [1, 3, 3, 4]
    best, worst = rank_sets([90, 80, 79, 50], [1, 1, 1, 1], highest_first=False)
    assert best.tolist() == [4, 2, 2, 1]


def test_exact_values_and_ties() -> None:
    best, worst = rank_sets([3, 2, 1], [0, 0, 0])
    assert best.tolist() == worst.tolist() == [1, 2, 3]
    best, worst = rank_sets([2, 2, 1], [0, 0, 0])
    assert (best.tolist(), worst.tolist()) == ([1, 1, 3], [2, 2, 3])
    assert rank_sets([], [])[0].tolist() == []


def test_suppressed_agencies_cannot_be_ranked() -> None:
    with pytest.raises(AnalysisError, match="suppressed"):
        rank_sets([90, np.nan], [1, 1])


def test_joint_rank_sets_cover_at_least_as_often_as_they_say() -> None:
    rng = np.random.default_rng(4)
    truth = rng.normal(80, 5, 30)
    se = rng.uniform(0.5, 4, 30)
    true_rank = (-truth).argsort().argsort() + 1
    hits = 0
    for _ in range(400):
        best, worst = rank_sets(truth + se * rng.standard_normal(30), se, level=0.90)
        hits += bool(((best <= true_rank) & (true_rank <= worst)).all())
    assert hits / 400 >= 0.90


def test_changes_and_their_covariance() -> None:
    found = change([80.0, 70.0], [85.0, 70.0], [4.0, 1.0], [5.0, 1.0], 60)
    assert found.se.tolist() == pytest.approx([3.0, np.sqrt(2)])
    assert found.p[1] == 1.0
    panel = change(80.0, 85.0, 4.0, 5.0, 60, covariance=4.0)
    assert float(panel.se) == 1.0
    assert float(panel.p) < float(found.p[0])
    with pytest.raises(AnalysisError, match="covariance"):
        change(1.0, 2.0, 1.0, 1.0, 10, covariance=2.0)


def test_adjusted_p_values_agree_with_an_independent_program() -> None:
    from scipy.stats import false_discovery_control

    p = np.random.default_rng(3).uniform(0, 0.2, 40)
    np.testing.assert_allclose(benjamini_hochberg(p), false_discovery_control(p), rtol=1e-12)
    ordered = np.sort(p)
    by_definition = np.minimum(1, [max((40 - j) * ordered[j] for j in range(i + 1)) for i in range(40)])
    np.testing.assert_allclose(np.sort(holm(p)), by_definition, rtol=1e-12)
    assert (holm(p) >= benjamini_hochberg(p) - 1e-15).all()


def test_fay_herriot_on_milk() -> None:
    gold = json.loads((GOLD / "gold_fay_herriot.json").read_text(encoding="utf-8"))
    milk = pl.read_csv(GOLD / "milk.csv")
    area = milk["major_area"].to_numpy()
    x = np.column_stack([np.ones(len(area)), *((area == k).astype(float) for k in (2, 3, 4))])
    fit = fay_herriot(milk["direct_est"].to_numpy(), milk["std_error"].to_numpy() ** 2, x)
    assert fit.model_variance == pytest.approx(gold["refvar"], rel=1e-9)
    for found, wanted in (
        (fit.beta, "beta"),
        (fit.eblup, "eblup"),
        (fit.gamma, "gamma"),
        (fit.mse, "mse_prasad_rao_reml"),
    ):
        np.testing.assert_allclose(found, gold[wanted], rtol=1e-8)


def test_small_areas_refuse_what_cannot_be_fitted() -> None:
    with pytest.raises(AnalysisError, match="variance"):
        fay_herriot([1, 2, 3], [1, 0, 1], np.ones((3, 1)))
    with pytest.raises(AnalysisError, match="collinear"):
        fay_herriot([1, 2, 3, 4], [1, 1, 1, 1], np.ones((4, 2)))
