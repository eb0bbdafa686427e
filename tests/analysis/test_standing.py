"""Verdicts and expected ranks: by hand, where nothing can be said, on provinces with a truth."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis.cli import main
from analysis.comparison.standing import (
    answers_to_next,
    expected_ranks,
    list_reliability,
    standing_by_kind,
    verdicts,
)
from analysis.errors import AnalysisError


def test_without_a_spread_of_their_own_all_share_the_middle() -> None:
    found = expected_ranks([80.0, 80.5, 81.0], [3.0, 3.0, 3.0])
    assert (found.between, found.expected.tolist()) == (0.0, [2.0, 2.0, 2.0])
    assert (found.low.tolist(), found.high.tolist()) == ([1, 1, 1], [3, 3, 3])


def test_reliability_is_the_share_that_is_no_noise() -> None:
    """var = 100, mean SE^2 = 4: tau^2 = 96, reliability 96 / 100."""
    found = expected_ranks([70.0, 80.0, 90.0], [2.0, 2.0, 2.0])
    assert found.between == pytest.approx(96**0.5)
    assert found.reliability.tolist() == pytest.approx([0.96] * 3)


def test_ranks_add_up_and_are_the_same_on_every_run() -> None:
    rng = np.random.default_rng(1)
    y, se = rng.normal(80, 6, 40), np.full(40, 2.0)
    first, second = expected_ranks(y, se), expected_ranks(y, se)
    assert first.expected.sum() == pytest.approx(40 * 41 / 2)
    assert first.expected.tolist() == second.expected.tolist()
    assert (first.low <= first.expected).all()
    assert (first.expected <= first.high).all()


def test_the_answers_two_neighbours_need_tell_them_apart() -> None:
    """With as many answers as are asked for, four of five repetitions find the difference."""
    (needed, _last, _lowest) = answers_to_next([86.0, 84.0, 60.0], [3.0, 3.0, 3.0], [150] * 3)
    assert needed is not None
    se = 3.0 * (150 / needed) ** 0.5
    rng = np.random.default_rng(3)
    difference = 2.0 + rng.normal(0, se * 2**0.5, 20_000)
    assert (difference / (se * 2**0.5) > 1.959964).mean() == pytest.approx(0.80, abs=0.01)


def test_who_is_level_is_never_told_apart_and_the_last_has_nobody_below() -> None:
    assert answers_to_next([80.0, 80.0, 90.0], [1.0] * 3, [100] * 3) == [None, None, 16]


def test_level_pairs_count_as_never_told_apart() -> None:
    def middle(*values: float) -> Any:
        rows = [{**row(f"a{k}", value), "n": 400} for k, value in enumerate(values)]
        return standing_by_kind({"rows": rows}, 90.0)[0]["answers_apart"]

    assert middle(95.0, 95.0, 95.0, 60.0) is None, "two of three pairs are level"
    assert middle(95.0, 85.0, 85.0, 75.0) == middle(95.0, 85.0, 75.0)


def test_a_distance_too_small_to_matter_is_none() -> None:
    assert answers_to_next([80.0, 80.0 - 1e-200, 70.0], [1.0] * 3, [9] * 3)[0] is None


def test_a_list_of_equals_has_no_reliability() -> None:
    assert list_reliability([80.0, 80.0, 80.0], [1.0] * 3) == 0.0
    assert list_reliability([80.0, 80.2, 80.1], [3.0] * 3) == 0.0


def test_a_verdict_is_given_where_it_is_sure_and_not_else() -> None:
    assert verdicts([95, 89.0, 70], [1, 1, 1], target=90).tolist() == [1, 0, -1]
    assert verdicts([90, 90, 90], [1, 1, 1], target=90).tolist() == [0, 0, 0]
    # An agency with nearly all dossiers is nearly the mean itself.
    assert verdicts([95, 80, 80], [1, 1, 1], weights=[1e9, 1, 1]).tolist() == [0, -1, -1]


def test_few_verdicts_are_wrong_and_intervals_hold_true_ranks() -> None:
    rng = np.random.default_rng(2026)
    wrong = told = 0
    held, wide = [], []
    for _province in range(40):
        truth = rng.normal(80, 6, 90)
        se = rng.uniform(1, 4, 90)
        y = truth + rng.normal(0, se)
        sure = verdicts(y, se)
        told += int((sure != 0).sum())
        wrong += int(((sure != 0) & (sure != np.sign(truth - truth.mean()))).sum())
        rank = 1 + np.argsort(np.argsort(-truth))
        found = expected_ranks(y, se)
        held.append(((found.low <= rank) & (rank <= found.high)).mean())
        wide.append((found.high - found.low + 1).mean() / 90)
    assert wrong / told <= 0.05
    assert 0.87 <= np.mean(held) <= 0.93
    assert np.mean(wide) <= 0.40


@pytest.mark.parametrize(
    ("y", "se"), [([1, 2], [1, 1]), ([1, 2, np.nan], [1, 1, 1]), ([1, 2, 3], [1, 1, 0])]
)
def test_what_cannot_be_compared_is_refused(y: list[float], se: list[float]) -> None:
    with pytest.raises(AnalysisError, match="standing"):
        expected_ranks(y, se)


def row(
    agency: str, index: float, status: str = "published", kind: str = "commune"
) -> dict[str, object]:
    return {
        "agency": agency,
        "agency_name": agency,
        "agency_kind": kind,
        "level": "overall",
        "status": status,
        "weighted_index": index,
        "se": 1.0,
        "ci_low": index - 2,
        "ci_high": min(index + 2, 100.0),
        "transactions": 100,
    }


def test_a_figure_everybody_agrees_on_is_as_sure_as_its_interval() -> None:
    """Its standard error is 0, and nobody knows it exactly."""
    rows = [row("a", 100.0), row("b", 83.0), row("c", 70.0)]
    rows[0] |= {"se": 0.0, "ci_low": 60.0}
    lines = {one["agency"]: one for one in standing_by_kind({"rows": rows}, 90.0)}
    assert lines["a"]["verdict_target"] == 0
    assert lines["b"]["verdict_target"] == -1


def test_only_published_agencies_of_a_kind_are_compared(tmp_path: Path) -> None:
    rows = [row("*", 85.0), row("a", 95.0), row("b", 83.0), row("c", 70.0)]
    rows += [row("d", 99.0, "few"), row("e", 88.0, kind="department")]
    source, out = tmp_path / "index.json", tmp_path / "standing.json"
    source.write_text(json.dumps({"about": {}, "rows": rows}), encoding="utf-8")
    assert main(["standing", str(source), "--target", "90", "--out", str(out)]) == 0
    lines = json.loads(out.read_text(encoding="utf-8"))["standing"]
    assert [(one["agency"], one["verdict_mean"], one["verdict_target"]) for one in lines] == [
        ("a", 1, 1),
        ("b", 0, -1),
        ("c", -1, -1),
    ]
    assert {one["compared"] for one in lines} == {3}
    assert all(one["model_based"] for one in lines)


def test_another_file_is_refused_with_a_sentence() -> None:
    tables: list[dict[str, object]] = [{}, {"rows": 5}, {"rows": [5]}, {"rows": [{}]}]
    for table in tables:
        with pytest.raises(AnalysisError, match="no table of an index"):
            standing_by_kind(table, 90.0)
