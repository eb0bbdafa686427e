"""Response, mode, missing items and sensitivity, by hand."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import stats

from analysis.comparison.quality import (
    item_nonresponse,
    measure_response,
    mode_effects,
    nonresponse_variables,
    overall_figures,
    r_indicator,
    response_by_agency,
)
from analysis.comparison.rank_sensitivity import RankSensitivity, rank_sensitivity
from analysis.comparison.with_excluded import WithExcluded, figures_with_excluded
from analysis.counting.cells import count_rows, merge
from analysis.errors import AnalysisError
from analysis.index.counted import KEYS
from analysis.method import load_method
from analysis.publication.quality_report import build_quality_report, sensitivity
from tests.analysis.builders import Person, answers, count

OVERALL, SERVICE = load_method("overall"), load_method("sipas-service")
DOSSIERS = {("a", "land", "counter"): (400, 400), ("a", "land", "online"): (600, 500)}


def test_the_r_indicator_by_hand() -> None:
    n, big = np.array([80, 20]), np.array([200, 200])
    square = 0.15**2 - 0.25 * (0.4 * 0.6 + 0.1 * 0.9) / 199
    r, spread = r_indicator(n, big)
    assert spread == pytest.approx(np.sqrt(square))
    assert r == pytest.approx(1 - 2 * np.sqrt(square))


def test_equal_propensities_look_equal_in_small_samples_too() -> None:
    """Without the correction noise alone would give S = 0.09 here."""
    rng = np.random.default_rng(1)
    found = [r_indicator(rng.binomial(25, 0.3, 20), np.full(20, 25))[1] for _ in range(200)]
    assert np.mean(found) < 0.03
    with pytest.raises(AnalysisError, match="no more answers than dossiers"):
        r_indicator([5], [4])


def test_response_and_the_largest_bias() -> None:
    cells = count(answers("E2", 70, 10) + answers("E3", 60, 0, channel="online"), OVERALL)
    completed = {key: n for key, (n, _) in DOSSIERS.items()}
    found = response_by_agency(cells, completed, {"a": 90.0})["a"]
    assert found.rate == pytest.approx(14.0)
    r, spread = r_indicator([80, 60], [400, 600])
    assert (found.r_indicator, found.largest_bias) == pytest.approx((r, 100 * spread * 0.3 / 0.14))


def test_response_of_all_agencies_together_is_over_all_cells() -> None:
    cells = count(answers("E2", 70, 10) + answers("E3", 60, 0, channel="online"), OVERALL)
    completed = {key: n for key, (n, _) in DOSSIERS.items()}
    together = {**completed, ("b", "land", "counter"): 1000, ("c", "land", "counter"): 0}
    found = measure_response(cells, together)
    assert found.rate == pytest.approx(7.0), "140 of 2,000"
    assert found.r_indicator == pytest.approx(r_indicator([80, 60, 0], [400, 600, 1000])[0])


def test_the_mode_effect_comes_from_the_two_intervals() -> None:
    cells = count(answers("E2", 30, 30) + answers("E3", 60, 20, channel="online"), OVERALL)
    found = mode_effects(cells, DOSSIERS, OVERALL, ("counter", "online"))["a"]
    variance = 0.25 / 59 + 0.75 * 0.25 / 79
    assert found["difference"] == pytest.approx(25.0)
    assert found["se"] == pytest.approx(100 * np.sqrt(variance))
    # Close to the t test where both channels have spread; the one without is tried below.
    assert found["p_holm"] == pytest.approx(2 * stats.t.sf(0.25 / np.sqrt(variance), 59), rel=0.2)
    assert found["low"] < 25.0 < found["high"]
    few = count(answers("E2", 30, 30) + answers("E3", 5, 2, channel="online"), OVERALL)
    assert mode_effects(few, DOSSIERS, OVERALL, ("counter", "online")) == {}


def test_everybody_alike_in_one_channel_is_not_known_exactly() -> None:
    """30 of 30 online and 950 of 1,000 at the counter: Fisher's exact test has p = 0.39."""
    cells = count(answers("E2", 950, 50) + answers("E3", 30, 0, channel="online"), OVERALL)
    totals = {("a", "land", "counter"): (2000, 2000), ("a", "land", "online"): (60, 60)}
    found = mode_effects(cells, totals, OVERALL, ("counter", "online"))["a"]
    assert found["p_holm"] > 0.3
    assert found["low"] < 0 < found["high"]


def test_an_empty_item_is_not_the_same_as_does_not_apply() -> None:
    whole = dict.fromkeys(SERVICE.items, 4)
    people = [whole] * 6 + [whole | {"E1": 0}] * 3 + [{k: v for k, v in whole.items() if k != "A1"}]
    data = [
        dict(zip(KEYS, ("a", "d", "c", "E3", "", ""), strict=True)) | person for person in people
    ]
    frame = pl.DataFrame(
        data, schema={**dict.fromkeys(KEYS, pl.String), **dict.fromkeys(SERVICE.items, pl.Int8)}
    )
    found = item_nonresponse(count_rows(frame, KEYS, nonresponse_variables(SERVICE)), SERVICE)["a"]
    assert found["A1"] == pytest.approx((10.0, 0.0))
    assert found["E1"] == pytest.approx((0.0, 30.0))


def test_the_index_again_under_other_policies() -> None:
    people = answers("E2", 30, 30) + answers("E0", 40, 0) + answers("E3", 60, 20, channel="online")
    found = sensitivity(count(people, OVERALL), DOSSIERS, OVERALL)["a"]
    assert found["index"] == pytest.approx(0.4 * 50 + 0.6 * 75)
    assert found["with_open_posters"] == pytest.approx(0.4 * 70 + 0.6 * 75)
    assert found["transaction_bound_only"] == found["index"]
    assert found["equal_channels"] == pytest.approx((50 + 75) / 2)
    assert found["without_flagged"] == found["index"]


def test_a_difference_of_a_few_people_is_not_told() -> None:
    people: list[Person] = answers("E2", 30, 30) + answers("E0", 4, 0)
    found = sensitivity(count(people, OVERALL), DOSSIERS, OVERALL)["a"]
    assert found["with_open_posters"] is None


def test_everything_together_leaves_hidden_agencies_out() -> None:
    cells = count(answers("E2", 30, 30) + answers("E3", 60, 20, channel="online"), OVERALL)
    found = build_quality_report(
        cells, cells.restrict(np.zeros(len(cells), bool)), DOSSIERS, OVERALL
    )
    assert set(found["a"]) == {
        "channels",
        "response",
        "sensitivity",
        "mode_effect",
        "item_nonresponse",
    }
    assert set(found["a"]["channels"]) == {"counter", "online"}
    assert "a" not in build_quality_report(cells, cells, DOSSIERS, OVERALL, hidden=["a"])


def test_the_command_writes_what_may_be_shown(tmp_path: Path) -> None:
    import json

    from analysis import SnapshotWriter
    from analysis.cli import main
    from analysis.data.schema import ITEMS

    writer = SnapshotWriter(tmp_path / "snap")
    for agency, n in (("a", 60), ("b", 40), ("c", 3)):
        for k in range(n):
            levels = [5 if k % 3 else 2] + [None] * (len(ITEMS) - 1)
            writer.add((agency, "land", "counter", "E2", "", "vi", "2026-07", "", *levels))
    names = [(agency, agency.upper(), "department", agency) for agency in "abc"]
    writer.close(
        totals=[(a, "land", "counter", "2026-07", 100, 90) for a in "abc"],
        agencies=names,
        about={"period": "2026-Q3"},
    )
    out = tmp_path / "quality.json"
    assert main(["quality", str(tmp_path / "snap"), "--method", "overall", "--out", str(out)]) == 0
    found = json.loads(out.read_text(encoding="utf-8"))
    assert set(found["agencies"]) == {"*", "a"}
    assert found["agencies"]["a"]["response"]["rate"] == pytest.approx(60.0)


def test_places_that_hang_on_the_mix_of_channels_are_counted() -> None:
    """a: 40 % at the counter with nine tenths of the dossiers, 95 % online; b: 60 % everywhere."""
    people: list[Person] = []
    for agency, channel, good in (
        ("a", "counter", 40),
        ("a", "online", 95),
        ("b", "counter", 60),
        ("b", "online", 60),
    ):
        levels = [5] * good + [1] * (100 - good)
        people += [(agency, "land", channel, "E3", {"overall": level}) for level in levels * 4]
    totals = {
        (agency, "land", channel): (size, size)
        for agency in "ab"
        for channel, size in (("counter", 9000), ("online", 1000))
    }
    kinds = dict.fromkeys("ab", "ward")
    assert rank_sensitivity(count(people, OVERALL), totals, OVERALL, kinds) == [
        RankSensitivity("without_flagged", 2, 0),
        RankSensitivity("equal_channels", 2, 2),
    ]


def test_an_agency_is_compared_with_its_kind_only() -> None:
    people = [("a", "l", "counter", "E2", {"overall": 5 if k % 2 else 1}) for k in range(60)]
    people += [("b", "l", "counter", "E2", {"overall": 5}) for _ in range(60)]
    totals = {(agency, "l", "counter"): (100, 100) for agency in "ab"}
    kinds = {"a": "ward", "b": "department"}
    (line,) = rank_sensitivity(count(people, OVERALL), totals, OVERALL, kinds)
    assert (line.compared, line.changed) == (0, 0)


def _excluded(agency: str, good: int, bad: int) -> list[Person]:
    return [(agency, "l", "counter", "E2", {"overall": 5})] * good + [
        (agency, "l", "counter", "E2", {"overall": 1})
    ] * bad


def test_figures_with_excluded_answers_stand_beside_those_without() -> None:
    """a: 60 of 80 without, 60 of 100 with its 20 low ones; b excluded too few to be told, and so
    the province, whose difference would tell them, says nothing either.
    """
    kept = count(_excluded("a", 60, 20) + _excluded("b", 50, 50), OVERALL)
    out = count(_excluded("a", 0, 20) + _excluded("b", 0, 4), OVERALL)
    out = out.with_key("flag", ["excluded"] * len(out))
    cells = merge([kept, out])
    totals = {(agency, "l", "counter"): (1000, 1000) for agency in "ab"}
    assert overall_figures(cells, totals, OVERALL)["a"].weighted == pytest.approx(75)
    told = figures_with_excluded(cells, totals, OVERALL, {"a", "b", "*"})
    assert [(one.agency, one.excluded, str(one.index)) for one in told] == [("a", 20, "60.00")]
    assert figures_with_excluded(cells, totals, OVERALL, {"b", "*"}) == [
        WithExcluded("*", 24, Decimal("54.04"))
    ], "24 answers of the province, of which no agency's are told"
    assert figures_with_excluded(kept, totals, OVERALL, {"a", "*"}) == []
