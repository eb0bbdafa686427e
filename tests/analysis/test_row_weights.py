"""The weight of every row of a file: with it any program finds the estimates again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest

import analysis
from analysis.cli import main
from analysis.sample_survey.spec import build_spec

SPEC: dict[str, Any] = {
    "data": "answers.csv",
    "missing": [9],
    "design": {"weight": "w", "stratum": "agency"},
    "where": [{"column": "day", "op": ">=", "value": 2}],
    "calibration": {
        "method": "rake",
        "margin": [
            {"columns": ["sex"], "targets": [{"sex": "f", "total": 60}, {"sex": "m", "total": 40}]},
            {
                "columns": ["age"],
                "targets": [{"age": "young", "total": 30}, {"age": "old", "total": 70}],
            },
        ],
    },
    "estimand": [
        {
            "name": "satisfied",
            "kind": "share",
            "numerator": "q1",
            "condition": {"op": ">=", "value": 4},
        }
    ],
}
ROWS = """agency,w,day,sex,age,q1
a,1.5,1,f,young,5
a,1.5,2,m,old,3
b,2,2,f,old,4

b,2,3,m,young,2
b,2,3,f,old,9
a,1.5,3,m,old,4
"""
LINES = [2, 3, 4, 6, 7, 8]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "answers.csv").write_text(ROWS, encoding="utf-8")
    return tmp_path


def weighted_share(rows: pl.DataFrame, answers: pd.DataFrame) -> float:
    frame = rows.to_pandas().assign(q1=answers["q1"].to_numpy())
    kept = frame[frame["inside"] & (frame["q1"] != 9)]
    return float((kept["weight"] * (kept["q1"] >= 4)).sum() / kept["weight"].sum())


def test_every_row_of_the_file_has_its_weight(folder: Path) -> None:
    spec = build_spec(SPEC, folder)
    rows = analysis.weigh_rows(spec)
    assert rows["row"].to_list() == LINES, "the empty line is none"
    assert rows["start"].to_list() == [1.5, 1.5, 2.0, 2.0, 2.0, 1.5]
    assert rows["inside"].to_list() == [False, True, True, True, True, True]
    assert (rows["weight"] - rows["start"] * rows["factor"]).abs().max() == 0
    answers = pd.read_csv(folder / "answers.csv")
    by_sex = rows.to_pandas().groupby(answers["sex"].to_numpy())["weight"].sum()
    assert by_sex.to_dict() == pytest.approx({"f": 60, "m": 40})
    [row] = analysis.estimate(spec)["estimates"]
    assert weighted_share(rows, answers) == pytest.approx(row["estimate"], abs=1e-12)


def test_a_frame_gives_what_its_file_gives(folder: Path) -> None:
    spec, frame = build_spec(SPEC, folder), pd.read_csv(folder / "answers.csv")
    for given in (frame, pl.from_pandas(frame)):
        rows = analysis.weigh_rows(spec, given)
        assert rows["row"].to_list() == [1, 2, 3, 4, 5, 6]
        assert rows.drop("row").equals(analysis.weigh_rows(spec).drop("row"))


def test_without_calibration_the_factor_is_one(folder: Path) -> None:
    plain = {name: part for name, part in SPEC.items() if name != "calibration"}
    rows = analysis.weigh_rows(build_spec(plain, folder))
    assert set(rows["factor"]) == {1.0}


def test_the_command_writes_them_beside_the_estimates(folder: Path) -> None:
    (folder / "spec.toml").write_text(
        'data = "answers.csv"\n[design]\nweight = "w"\n'
        '[[estimand]]\nname = "score"\nnumerator = "q1"\n',
        encoding="utf-8",
    )
    out, weights = folder / "result.json", folder / "weights.csv"
    command = ["estimate", str(folder / "spec.toml"), "--out", str(out), "--weights", str(weights)]
    assert main(command) == 0
    found = pl.read_csv(weights)
    assert found.columns == ["row", "start", "factor", "weight", "inside"]
    assert found["weight"].sum() == pytest.approx(analysis.read_json(out)["weights"]["sum"])
