"""Ranks, changes and small areas: hand-checked cases, published figures, and coverage by
simulation.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from analysis.comparison.change import benjamini_hochberg, change, holm
from analysis.comparison.ranks import (
    joint_quantile,
    rank_sets,
    rank_sets_from_limits,
    rank_sets_max_t,
)
from analysis.comparison.small_area import fay_herriot
from analysis.errors import AnalysisError
from tests.analysis.builders import GOLD


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


def test_all_differences_give_shorter_sets_than_intervals() -> None:
    rng = np.random.default_rng(5)
    value, se = rng.normal(80, 6, 40), rng.uniform(0.5, 3, 40)
    plain, one, stepped = (
        rank_sets(value, se),
        rank_sets_max_t(value, np.diag(se**2), step_down=False),
        rank_sets_max_t(value, np.diag(se**2)),
    )
    lengths = [int((worst - best).sum()) for best, worst in (plain, one, stepped)]
    assert lengths[0] > lengths[1] >= lengths[2]
    rank = (-value).argsort().argsort() + 1
    for best, worst in (one, stepped):
        assert ((best <= rank) & (rank <= worst)).all()
    up = rank_sets_max_t(value, np.diag(se**2), highest_first=False)
    assert up[0].tolist() == (41 - stepped[1]).tolist()


def test_the_covariance_between_agencies_counts() -> None:
    """Two figures that move together are told apart where independent ones are not."""
    together = np.array([[1.0, 0.95], [0.95, 1.0]])
    assert rank_sets_max_t([80.0, 81.5], np.eye(2))[0].tolist() == [1, 1]
    assert rank_sets_max_t([80.0, 81.5], together)[0].tolist() == [2, 1]


def test_sets_of_some_countries_of_pisa_2018() -> None:
    """Mathematics, mean and SE as published (OECD 2019, PISA 2018 Results I): Japan to Canada, and
    the last three.
    """
    # Chile and Mexico differ by 8.6 points with an SE of 3.5: among ten countries that may be
    # chance.
    score = [526.97, 525.93, 523.41, 519.23, 515.65, 515.31, 512.02, 417.41, 408.80, 390.93]
    se = [2.47, 3.12, 1.74, 2.63, 2.60, 2.91, 2.36, 2.42, 2.49, 2.99]
    best, worst = rank_sets_max_t(score, np.diag(np.square(se)))
    assert (best[0], worst[0]) == (1, 5)
    assert (best[6], worst[6]) == (4, 7)
    assert best[7:].tolist() == [8, 8, 10]
    assert worst[7:].tolist() == [9, 9, 10]


def test_max_t_sets_cover_at_least_as_often_as_they_say() -> None:
    rng = np.random.default_rng(6)
    truth, se = np.linspace(70, 90, 8), np.full(8, 2.0)
    covariance = np.diag(se**2) * 0.7 + 1.2
    root = np.linalg.cholesky(covariance)
    hits = 0
    for run in range(300):
        best, worst = rank_sets_max_t(
            truth + root @ rng.standard_normal(8), covariance, draws=1500, seed=run, level=0.9
        )
        hits += bool(((best <= 8 - np.arange(8)) & (8 - np.arange(8) <= worst)).all())
    assert hits / 300 >= 0.90


def test_too_many_or_unknown_agencies_are_not_compared() -> None:
    with pytest.raises(AnalysisError, match="at most 200"):
        rank_sets_max_t(np.zeros(201), np.eye(201))
    with pytest.raises(AnalysisError, match="suppressed"):
        rank_sets_max_t([1.0, np.nan], np.eye(2))
    with pytest.raises(AnalysisError, match="negative variance"):
        rank_sets_max_t([1.0, 2.0], np.array([[1.0, 3.0], [3.0, 1.0]]))
    assert rank_sets_max_t([1.0], np.eye(1))[0].tolist() == [1]


def test_changes_and_their_covariance() -> None:
    found = change([80.0, 70.0], [85.0, 70.0], [4.0, 1.0], [5.0, 1.0], 60)
    assert found.se.tolist() == pytest.approx([3.0, np.sqrt(2)])
    assert found.p[1] == 1.0
    panel = change(80.0, 85.0, 4.0, 5.0, 60, covariance=4.0)
    assert float(panel.se) == 1.0
    assert float(panel.p) < float(found.p[0])
    with pytest.raises(AnalysisError, match="covariance"):
        change(1.0, 2.0, 1.0, 1.0, 10, covariance=2.0)


@pytest.mark.long
def test_two_snapshots_are_compared_by_the_command(tmp_path: Path) -> None:
    from analysis.cli import main
    from tests.analysis.samples import SIZES, write_province

    months = (("2026-07", "2026-08"), ("2026-10", "2026-11"))
    folders = [
        write_province(tmp_path / m[0], seed=k, months=m).folder
        for k, m in enumerate(months, start=1)
    ]
    out = tmp_path / "change.json"
    assert main(["change", *map(str, folders), "--method", "overall", "--out", str(out)]) == 0
    found = json.loads(out.read_text(encoding="utf-8"))["agencies"]
    assert "x99" not in found
    assert len(found) > len(SIZES) / 2
    for row in found.values():
        assert row["difference"] == pytest.approx(row["after"] - row["before"], abs=0.011)
        assert row["low"] <= row["difference"] <= row["high"]
        assert row["to_look_at"] or not row["changed"]


def test_different_methods_are_not_subtracted() -> None:
    from analysis.comparison.change import index_changes
    from analysis.index.results import IndexResult
    from analysis.method import load_method

    one, two = (IndexResult((), load_method(name), {}) for name in ("overall", "nps"))
    with pytest.raises(AnalysisError, match="not the same method"):
        index_changes(one, two, [])
    assert index_changes(one, one, ["a"]) == {}


def test_adjusted_p_values_agree_with_an_independent_program() -> None:
    from scipy.stats import false_discovery_control

    p = np.random.default_rng(3).uniform(0, 0.2, 40)
    np.testing.assert_allclose(benjamini_hochberg(p), false_discovery_control(p), rtol=1e-12)
    ordered = np.sort(p)
    by_definition = np.minimum(
        1, [max((40 - j) * ordered[j] for j in range(i + 1)) for i in range(40)]
    )
    np.testing.assert_allclose(np.sort(holm(p)), by_definition, rtol=1e-12)
    assert (holm(p) >= benjamini_hochberg(p) - 1e-15).all()


@pytest.mark.long
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_fay_herriot_settles_on_every_set_and_does_not_depend_on_the_unit(scale: float) -> None:
    """Fisher scoring alone circles in some of these, and its old tolerance depended on the unit."""
    for seed in range(100):
        rng = np.random.default_rng(seed)
        areas = int(rng.integers(5, 60))
        psi = rng.uniform(0.01, 1, areas) ** rng.integers(1, 5)
        x = np.column_stack([np.ones(areas), rng.normal(size=areas)])
        y = x @ rng.normal(size=2) + rng.normal(size=areas) * np.sqrt(
            rng.choice([0, 0.01, 1]) * psi.mean() + psi
        )
        fit, scaled = fay_herriot(y, psi, x), fay_herriot(y * scale, psi * scale**2, x)
        assert scaled.model_variance == pytest.approx(
            fit.model_variance * scale**2, rel=1e-7, abs=1e-12 * scale**2
        )
        assert scaled.eblup == pytest.approx(fit.eblup * scale, rel=1e-7)


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


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (([1, 2, np.nan, 4], [1, 1, 1, 1], np.ones((4, 1))), "area 3"),
        (([1, 2, 3, 4], [1, 1, 1, 1], [[1], [1], [np.nan], [1]]), "area 3"),
        (([1, 2, 3], [1, 1, 1, 1], np.ones((4, 1))), "fit together"),
        (([1, 2, 3, 4], [1, 1, 1, 1], np.ones(4)), "fit together"),
    ],
)
def test_small_areas_name_the_area_that_is_no_number(arguments: Any, word: str) -> None:
    with pytest.raises(AnalysisError, match=word):
        fay_herriot(*arguments)


def test_ranks_need_arrays_of_one_length() -> None:
    with pytest.raises(AnalysisError, match="as many SEs"):
        rank_sets([1, 2], [1])
    with pytest.raises(AnalysisError, match="as many upper"):
        rank_sets_from_limits([1, 2], [3])


def write_share(folder: Path, month: str, answers: list[int]) -> Path:
    from analysis import SnapshotWriter
    from analysis.data.schema import ITEMS

    writer = SnapshotWriter(folder)
    for level in answers:
        writer.add(
            ("a", "land", "counter", "E2", "", "vi", month, "", level, *[None] * (len(ITEMS) - 1))
        )
    totals = [("a", "land", "counter", month, 5000, 5000)]
    return writer.close(
        totals=totals, agencies=[("a", "A", "department", "A")], about={"period": month}
    ).folder


@pytest.mark.parametrize(
    ("before", "after", "fisher"),
    [
        ([5] * 30, [5] * 950 + [1] * 50, 0.39),
        ([5] * 950 + [1] * 50, [5] * 30, 0.39),
        ([5] * 40, [5] * 40, 1.0),
        ([1] * 40, [1] * 40, 1.0),
        ([5] * 40, [1] * 40, 1e-22),
    ],
)
def test_everybody_alike_in_one_period_is_not_known_exactly(
    tmp_path: Path, before: list[int], after: list[int], fisher: float
) -> None:
    """p beside Fisher's exact test (R fisher.test); the interval always has a width."""
    from analysis import compare_periods, open_run
    from analysis.data.snapshot import open_snapshot

    first, second = (
        open_snapshot(write_share(tmp_path / m, m, a))
        for m, a in (("2026-05", before), ("2026-08", after))
    )
    runs = open_run(first, "overall"), open_run(second, "overall")
    found = compare_periods(*runs)["agencies"]["a"]
    assert found["low"] < found["difference"] < found["high"] or abs(found["difference"]) == 100
    assert found["high"] - found["low"] > 1
    assert found["changed"] is (fisher < 0.05)
    if fisher > 0.05:
        assert found["p_holm"] == pytest.approx(
            min(2 * fisher, 1), abs=0.1
        )  # Holm over agency and province
        assert found["low"] <= 0 <= found["high"]


def test_periods_that_share_months_are_not_compared(tmp_path: Path) -> None:
    from analysis import compare_periods, open_run
    from analysis.data.snapshot import open_snapshot

    one, two = (
        open_snapshot(write_share(tmp_path / name, "2026-05", [5, 1] * 30)) for name in "ab"
    )
    for other in (one, two):
        with pytest.raises(AnalysisError, match="2026-05"):
            compare_periods(open_run(one, "overall"), open_run(other, "overall"))


def test_the_command_ranks_the_domains_of_a_result(tmp_path: Path) -> None:
    from analysis.cli import main

    rows = [
        f"{g},{5 if k % 10 < good else 1}"
        for g, good in (("a", 9), ("b", 5), ("c", 5))
        for k in range(100)
    ]
    (tmp_path / "d.csv").write_text("g,q\n" + "\n".join(rows), encoding="utf-8")
    spec = 'data = "d.csv"\n[[estimand]]\nname = "e"\nnumerator = "q"\nby = ["g"]\n'
    (tmp_path / "s.toml").write_text(spec, encoding="utf-8")
    result, out = str(tmp_path / "r.json"), tmp_path / "ranks.json"
    assert main(["estimate", str(tmp_path / "s.toml"), "--out", result]) == 0
    for more, wanted in (
        ([], [(1, 1), (2, 3), (2, 3)]),
        (["--lowest-first"], [(3, 3), (1, 2), (1, 2)]),
    ):
        assert main(["ranks", result, *more, "--out", str(out)]) == 0
        found = json.loads(out.read_text(encoding="utf-8"))["ranks"]
        assert [(row["best"], row["worst"]) for row in found] == wanted
    assert main(["ranks", result, "--estimand", "x", "--out", str(out)]) == 2
    assert main(["ranks", str(tmp_path / "d.csv"), "--out", str(out)]) == 2


def test_negative_dossiers_are_refused(tmp_path: Path) -> None:
    from analysis import SnapshotWriter
    from analysis.errors import SnapshotError

    for n, on_time in ((-5, 0), (5, 6)):
        snapshot = SnapshotWriter(tmp_path / "s").close(
            totals=[("a", "land", "counter", "2026-07", n, on_time)],
            agencies=[],
            about={"period": "2026-Q3"},
        )
        with pytest.raises(SnapshotError, match="'land'"):
            snapshot.totals()
