"""What a survey file holds is told before anybody estimates from it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest

from analysis import describe_file, estimate, load_spec
from analysis.arrays import Floats
from analysis.cli import main
from analysis.comparison.change import ADJUSTMENTS
from tests.analysis.samples import write_province

LEVELS = [5, 4, 5, 3, 99, 5, 4, "", 99, 2] * 4
LINES = [
    f"{'ab'[k % 2]};{level};{1 + k // 10},{k % 10};{k:03d};{'true' if k % 3 else 'false'};;x"
    for k, level in enumerate(LEVELS)
]
PEOPLE = "\n".join(["Xã;q;w;code;ok;empty;same", *LINES, ""])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "phiếu.csv"
    path.write_bytes(("\ufeff" + PEOPLE).encode())
    return path


def test_columns_values_and_what_looks_wrong(file: Path) -> None:
    about = describe_file(file)
    assert (about["rows"], about["separator"], about["encoding"]) == (40, ";", "UTF-8")
    found = {column["name"]: column for column in about["columns"]}
    assert [column["kind"] for column in about["columns"]] == [
        "text",
        "number",
        "number",
        "text",
        "true-false",
        "empty",
        "text",
    ]
    assert (found["q"]["filled"], found["q"]["empty"], found["q"]["different"]) == (36, 4, 5)
    assert found["q"]["common"][0] == [5, 12]
    assert found["q"]["warnings"] == [
        "99 looks like a missing code (8 rows): name it under missing"
    ]
    assert (found["w"]["least"], found["w"]["most"]) == (1.0, 4.9)
    assert found["code"]["warnings"][0] == "codes with a leading zero: read as text"
    assert found["empty"]["warnings"] == ["no row holds anything"]
    assert found["same"]["warnings"] == ["the same in every row"]


def test_a_missing_code_that_is_named_is_empty(file: Path) -> None:
    column = describe_file(file, ("99",))["columns"][1]
    assert (column["filled"], column["most"], column["warnings"]) == (28, 5, [])


def test_a_scale_of_ten_with_nine_or_minus_one_is_left_alone(tmp_path: Path) -> None:
    for values in ([*range(1, 11)], [-1, 0, 1], [5, 6, 7, 8, 9]):
        path = tmp_path / "q.csv"
        path.write_text("q\n" + "\n".join(map(str, values * 3)) + "\n")
        assert describe_file(path)["columns"][0]["warnings"] == []


def test_numbers_among_texts_are_told_by_row(tmp_path: Path) -> None:
    path = tmp_path / "q.csv"
    path.write_text("q\n4\n5\n4 điểm\n3\n")
    (column,) = describe_file(path)["columns"]
    assert column["kind"] == "text"
    assert "row 4 holds '4 điểm'" in column["warnings"][0]


def test_the_command_prints_or_writes(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["describe", str(file)]) == 0
    told = capsys.readouterr().out
    assert "phiếu.csv: 40 rows, UTF-8" in told
    assert "q: number, 2 to 99; 36 filled, 5 different: 5 (12)" in told
    assert "  ! 99 looks like a missing code" in told
    out = tmp_path / "columns.json"
    assert main(["describe", str(file), "--missing", "99", "--out", str(out)]) == 0
    assert json.loads(out.read_text())["columns"][1]["most"] == 5
    frame = tmp_path / "d.parquet"
    pl.DataFrame({"q": [1, 2, None], "g": ["a", "b", "b"]}).write_parquet(frame)
    assert [c["kind"] for c in describe_file(frame)["columns"]] == ["number", "text"]
    for wrong in (tmp_path / "no.csv", tmp_path, tmp_path / "x.txt"):
        assert main(["describe", str(wrong)]) == 2


def test_frames_of_both_libraries_give_what_the_file_gives(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("g,q,w\na,5,1.5\na,2,2\nb,4,1\nb,,3\nb,5,1\n")
    (tmp_path / "SPEC.toml").write_text(
        'data = "d.csv"\n[design]\nweight = "w"\n[[estimand]]\nname = "q"\nkind = "mean"\n'
        'numerator = "q"\nby = ["g"]\n'
    )
    spec = load_spec(tmp_path / "SPEC.toml")
    wanted = estimate(spec)["estimates"]
    assert estimate(spec, pd.read_csv(tmp_path / "d.csv"))["estimates"] == wanted
    assert estimate(spec, pl.read_csv(tmp_path / "d.csv"))["estimates"] == wanted


def test_p_values_made_stricter_are_those_of_the_definition() -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        p = np.round(rng.uniform(0, 0.2, 9), 3)
        for name, wanted in (
            ("bonferroni", p * 9),
            ("holm", _step_down(p)),
            ("hochberg", _step_up(p)),
        ):
            assert ADJUSTMENTS[name](p) == pytest.approx(np.minimum(wanted, 1))
    assert ADJUSTMENTS["none"]([0.2]).tolist() == [0.2]


def _step_down(p: Floats) -> Floats:
    order = sorted(range(len(p)), key=lambda k: p[k])
    return np.array(
        [
            max((len(p) - rank) * p[k] for rank, k in enumerate(order) if rank <= order.index(j))
            for j in range(len(p))
        ]
    )


def _step_up(p: Floats) -> Floats:
    order = sorted(range(len(p)), key=lambda k: p[k])
    return np.array(
        [
            min((len(p) - rank) * p[k] for rank, k in enumerate(order) if rank >= order.index(j))
            for j in range(len(p))
        ]
    )


def test_the_command_of_changes_takes_another_adjustment(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = write_province(tmp_path / "a").folder
    later = write_province(tmp_path / "b", seed=2, months=("2026-10", "2026-11")).folder
    out = tmp_path / "change.json"
    arguments = ["change", str(first), str(later), "--method", "overall", "--out", str(out)]
    assert main([*arguments, "--adjust", "bonferroni"]) == 0
    strict = json.loads(out.read_text())
    assert strict["about"]["adjust"] == "bonferroni"
    assert main([*arguments, "--adjust", "none"]) == 0
    plain = json.loads(out.read_text())["agencies"]
    assert all(row["p_bonferroni"] >= plain[a]["p_none"] for a, row in strict["agencies"].items())
    with pytest.raises(SystemExit):
        main([*arguments, "--adjust", "fisher"])
