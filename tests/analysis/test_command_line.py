"""Commands that open a part of the library: points, small areas, kept cells."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import analysis
from analysis import AnalysisError, load_cells, small_area_estimates
from analysis.cli import main
from analysis.data.snapshot import Snapshot
from tests.analysis.builders import GOLD
from tests.analysis.samples import write_province


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    status = main([str(argument) for argument in arguments])
    return status, capsys.readouterr().err


def test_points_of_a_scorecard(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figures, out = tmp_path / "figures.json", tmp_path / "points.json"
    figures.write_text('{"1": {"part": 899, "whole": 1000}, "2": null}', encoding="utf-8")
    assert run(capsys, "score", "766-2022", figures, "--out", out) == (0, "")
    card = json.loads(out.read_text(encoding="utf-8"))
    assert (card["total"], card["missing"], card["percent"]) == ("5.99", ["2", "3"], None)
    assert card["lines"][0]["points"] == "5.99"


@pytest.mark.parametrize(
    ("figures", "word"),
    [
        ('{"9": 90}', "no line that is scored has the code 9"),
        ('{"1": {"part": "NaN", "whole": 1}}', "criterion 1, part: is no number"),
        ('{"1": {"part": 2, "whole": 1}}', "more than the whole"),
        ('{"1": {"part": [2], "whole": 1}}', "no figures by code"),
        ("[90]", "no figures by code"),
    ],
)
def test_figures_that_cannot_be_scored_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], figures: str, word: str
) -> None:
    path, out = tmp_path / "figures.json", tmp_path / "points.json"
    path.write_text(figures, encoding="utf-8")
    status, told = run(capsys, "score", "766-2022", path, "--out", out)
    assert status == 2
    assert word in told
    assert not out.exists()


def test_a_signed_total_that_is_not_the_sum_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Report 3617/BC-SXD of 2021: the lines add up to 83.0, the total says 83.05."""
    path = tmp_path / "scores.json"
    points = dict(zip("1234567", (11, 10.5, 13, 10, 14.5, 9.5, 14.5), strict=True))
    path.write_text(json.dumps({"points": points, "total": "83,05"}), encoding="utf-8")
    status, told = run(capsys, "check-scores", "ha-tinh-so-2021", path)
    assert status == 2
    assert "the total says 83,05, the lines add up to something else: 83" in told
    path.write_text(json.dumps({"points": points, "total": "83,0"}), encoding="utf-8")
    assert run(capsys, "check-scores", "ha-tinh-so-2021", path) == (0, "")


def test_a_framework_of_ones_own_is_read_from_its_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    framework, figures, out = (tmp_path / name for name in ("f.toml", "figures.json", "p.json"))
    text = analysis.read_framework_text("766-2022")
    framework.write_text(text.replace("maximum = 6", "maximum = 5", 1), encoding="utf-8")
    figures.write_text("{}", encoding="utf-8")
    status, told = run(capsys, "score", framework, figures, "--out", out)
    assert (status, "add up to 17" in told) == (2, True)
    framework.write_text(text, encoding="utf-8")
    assert run(capsys, "score", framework, figures, "--out", out) == (0, "")


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
    assert run(capsys, "cells", "keep", snapshot.folder, "--out", once) == (0, "")
    assert run(capsys, "cells", "keep", snapshot.folder, "--add", once, "--out", twice) == (0, "")
    assert load_cells(once).n.sum() > 0
    assert load_cells(twice).n.sum() == 2 * load_cells(once).n.sum()
