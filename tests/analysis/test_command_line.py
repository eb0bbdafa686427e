"""Commands that open a part of the library: points, small areas, kept cells."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from analysis import AnalysisError, load_cells, read_rates, small_area_estimates
from analysis.cli import main
from analysis.data.snapshot import Snapshot
from tests.analysis.builders import GOLD
from tests.analysis.samples import write_province

FRAMEWORK = """
[[criterion]]
code = "1"
title = "Đúng hạn"
maximum = 2
rule = { kind = "steps", steps = [[95, 1], [90, 0.5]] }
target = { operator = ">=", value = 95 }
"""


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    status = main([str(argument) for argument in arguments])
    return status, capsys.readouterr().err


def test_points_of_a_scorecard(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    framework, rates, out = (tmp_path / name for name in ("f.toml", "rates.json", "points.json"))
    framework.write_text(FRAMEWORK, encoding="utf-8")
    rates.write_text('{"1": 94.999}', encoding="utf-8")
    assert run(capsys, "score", framework, rates, "--out", out) == (0, "")
    [row] = json.loads(out.read_text(encoding="utf-8"))["criteria"]
    assert (row["title"], row["rate"], row["achieved"], row["met"]) == (
        "Đúng hạn",
        "94.999",
        "1.00",
        False,
    )


@pytest.mark.parametrize(
    ("rates", "word"),
    [
        ('{"2": 90}', "no criterion has the code 2"),
        ('{"1": "NaN"}', "the rate of 1"),
        ('{"1": "many"}', "no rates by code"),
        ("[90]", "no rates by code"),
    ],
)
def test_rates_that_cannot_be_scored_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], rates: str, word: str
) -> None:
    (tmp_path / "f.toml").write_text(FRAMEWORK, encoding="utf-8")
    (tmp_path / "rates.json").write_text(rates, encoding="utf-8")
    out = tmp_path / "points.json"
    status, told = run(capsys, "score", tmp_path / "f.toml", tmp_path / "rates.json", "--out", out)
    assert status == 2
    assert word in told
    assert not out.exists()


def test_rates_keep_their_digits(tmp_path: Path) -> None:
    path = tmp_path / "rates.json"
    path.write_text('{"1": 89.99999999999999999999}', encoding="utf-8")
    assert str(read_rates(path)["1"]) == "89.99999999999999999999"


def milk_as_estimates() -> tuple[dict[str, Any], str]:
    """The published example of Fay and Herriot's model, as a result of ``estimate`` and a CSV."""
    milk = pl.read_csv(GOLD / "milk.csv")
    rows = [
        {
            "label": f"milk: {area}",
            "estimand": "milk",
            "domain": {"area": str(area)},
            "estimate": direct,
            "se": error,
        }
        for area, direct, error in milk["small_area", "direct_est", "std_error"].rows()
    ]
    lines = [
        f"{area},{','.join(str(int(major == k)) for k in (2, 3, 4))}"
        for area, major in milk["small_area", "major_area"].rows()
    ]
    return {"estimates": rows}, "area,second,third,fourth\n" + "\n".join(lines) + "\n"


def test_small_areas_are_those_of_r(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gold = json.loads((GOLD / "gold_fay_herriot.json").read_text(encoding="utf-8"))
    result, covariates = milk_as_estimates()
    (tmp_path / "result.json").write_text(json.dumps(result), encoding="utf-8")
    (tmp_path / "x.csv").write_text(covariates, encoding="utf-8")
    arguments = ("--covariates", tmp_path / "x.csv", "--out", tmp_path / "areas.json")
    assert run(capsys, "small-area", tmp_path / "result.json", *arguments) == (0, "")
    areas = json.loads((tmp_path / "areas.json").read_text(encoding="utf-8"))
    assert areas["model_variance"] == pytest.approx(gold["refvar"], rel=1e-9)
    np.testing.assert_allclose([a["estimate"] for a in areas["areas"]], gold["eblup"], rtol=1e-8)
    rmse = np.sqrt(gold["mse_prasad_rao_reml"])
    np.testing.assert_allclose([a["rmse"] for a in areas["areas"]], rmse, rtol=1e-8)
    assert areas["left_out"] == []


def test_areas_without_figure_are_left_out_and_said() -> None:
    result, _ = milk_as_estimates()
    result["estimates"][4]["se"] = None
    areas = small_area_estimates(result)
    assert areas["left_out"] == [result["estimates"][4]["label"]]
    assert len(areas["areas"]) == len(result["estimates"]) - 1


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"estimand": "cheese"}, "no estimand 'cheese'"),
        ({"covariates": {"1": [1.0]}}, "no covariates of '2'"),
    ],
)
def test_small_areas_name_what_is_missing(more: dict[str, Any], word: str) -> None:
    with pytest.raises(AnalysisError, match=word):
        small_area_estimates(milk_as_estimates()[0], **more)
    with pytest.raises(AnalysisError, match="no estimand"):
        small_area_estimates({})


def test_covariates_that_are_no_numbers_are_named_by_row(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result, covariates = milk_as_estimates()
    (tmp_path / "result.json").write_text(json.dumps(result), encoding="utf-8")
    (tmp_path / "x.csv").write_text(covariates.replace("\n3,0", "\n3,many"), encoding="utf-8")
    arguments = ("--covariates", tmp_path / "x.csv", "--out", tmp_path / "areas.json")
    status, told = run(capsys, "small-area", tmp_path / "result.json", *arguments)
    assert status == 2
    assert "row 4" in told


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return write_province(tmp_path_factory.mktemp("province") / "snapshot")


def test_cells_are_kept_and_added(
    snapshot: Snapshot, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    once, twice = tmp_path / "once.parquet", tmp_path / "twice.parquet"
    assert run(capsys, "cells", snapshot.folder, "--out", once) == (0, "")
    assert run(capsys, "cells", snapshot.folder, "--add", once, "--out", twice) == (0, "")
    assert load_cells(once).n.sum() > 0
    assert load_cells(twice).n.sum() == 2 * load_cells(once).n.sum()
