"""Files as other programs write them: codes with zeros in front, wide integers, empty rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from analysis.cli import main

SHARE = (
    '[[estimand]]\nname = "e"\nkind = "share"\nnumerator = "q"\n'
    'condition = {{ op = "{op}", value = {value} }}\n'
)
MEAN = '[[estimand]]\nname = "e"\nkind = "{kind}"\nnumerator = "q"\n'
BY = 'by = ["g"]\n'
CODES = "g,q\n01,5\n1,1\n01,5\n1,1\n01,4\n"


def share(op: str = ">=", value: str = "4") -> str:
    return SHARE.format(op=op, value=value)


def estimate(folder: Path, data: str | pl.DataFrame, spec: str) -> list[dict[str, Any]]:
    name = "d.csv" if isinstance(data, str) else "d.parquet"
    if isinstance(data, str):
        (folder / name).write_text(data, encoding="utf-8")
    else:
        data.write_parquet(folder / name)
    (folder / "SPEC.toml").write_text(f'data = "{name}"\n{spec}', encoding="utf-8")
    assert main(["estimate", str(folder / "SPEC.toml"), "--out", str(folder / "r.json")]) == 0
    rows: list[dict[str, Any]] = json.loads((folder / "r.json").read_text())["estimates"]
    return rows


def test_a_filter_tells_01_from_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = '[[where]]\ncolumn = "g"\nop = "=="\nvalue = {}\n'
    (row,) = estimate(tmp_path, CODES, where.format('"01"') + share())
    assert (row["answers"], row["estimate"]) == (3, 1.0)
    (tmp_path / "SPEC.toml").write_text('data = "d.csv"\n' + where.format("1") + share())
    assert main(["estimate", str(tmp_path / "SPEC.toml"), "--out", str(tmp_path / "x.json")]) == 2
    assert 'write the value as they are written: "01"' in capsys.readouterr().err


def test_a_missing_code_takes_no_other_group_along(tmp_path: Path) -> None:
    data = "g,q\n099,5\n099,1\n99,5\n9.9e1,3\n9_9,2\n"
    rows = estimate(tmp_path, data, "missing = [99]\n" + share() + BY)
    assert [row["domain"]["g"] for row in rows] == ["", "099", "9.9e1", "9_9"]


def test_wide_integers_and_decimals_are_names_to_the_last_digit(tmp_path: Path) -> None:
    big = 2**60
    units = pl.Series([big + 1, big + 2, big + 3, big + 4] * 2, dtype=pl.UInt64)
    frame = pl.DataFrame({"p": units, "q": [5, 1, 5, 5, 4, 1, 5, 2]})
    (row,) = estimate(tmp_path, frame, '[design]\npsu = "p"\n' + share())
    assert (row["df"], round(row["se"], 4)) == (3, 0.2394)
    groups = pl.Series(["9007199254740993", "9007199254740992"] * 2).cast(pl.Decimal(20, 0))
    rows = estimate(tmp_path, pl.DataFrame({"g": groups, "q": [5, 1, 5, 2]}), share() + BY)
    assert [row["estimate"] for row in rows] == [0.0, 1.0]


def test_a_missing_code_written_as_text_holds_for_numbers_too(tmp_path: Path) -> None:
    frame = pl.DataFrame({"q": [5, 4, -9, 1]})
    (row,) = estimate(tmp_path, frame, 'missing = ["-9"]\n' + share())
    assert (row["answers"], round(row["estimate"], 3)) == (3, 0.667)


def test_a_short_decimal_is_the_number_people_see(tmp_path: Path) -> None:
    frame = pl.DataFrame({"q": pl.Series([0.1, 0.1, 0.2], dtype=pl.Float32)})
    (row,) = estimate(tmp_path, frame, share("==", "0.1"))
    assert round(row["estimate"], 3) == 0.667


@pytest.mark.parametrize(
    "frame",
    [
        pl.DataFrame({"q": [1.0, 2.0] + [float("nan")] * 4}),
        pl.DataFrame({"h": ["a", "b"] + [""] * 4, "q": ["1", "2"] + [" "] * 4}),
    ],
    ids=["nan", "text"],
)
def test_empty_rows_are_no_answers_in_parquet_either(tmp_path: Path, frame: pl.DataFrame) -> None:
    (row,) = estimate(tmp_path, frame, MEAN.format(kind="mean"))
    assert (row["n"], row["df"], row["se"]) == (2, 1, 0.5)


@pytest.mark.parametrize("kind", ["mean", "total"])
def test_answers_without_any_spread_have_no_limits(tmp_path: Path, kind: str) -> None:
    (row,) = estimate(tmp_path, "q\n5\n5\n5\n", MEAN.format(kind=kind))
    assert (row["se"], row["low"], row["high"]) == (0.0, None, None)


def test_a_census_leaves_nothing_open(tmp_path: Path) -> None:
    data, design = "f,q\n4,5\n4,1\n4,5\n4,5\n", '[design]\nfpc = "f"\n'
    (row,) = estimate(tmp_path, data, design + share())
    assert (row["low"], row["high"]) == (0.75, 0.75)
    (row,) = estimate(tmp_path, data, design + MEAN.format(kind="mean"))
    assert (row["low"], row["high"]) == (4.0, 4.0)


def test_a_mean_without_spread_may_take_every_place(tmp_path: Path) -> None:
    """Two fives of one group do not make the 400 answers of another first among one."""
    data = "g,q\n" + "a,5\n" * 2 + "".join(f"b,{5 if k % 50 else 4}\n" for k in range(400))
    spec = "covariance = true\n" + MEAN.format(kind="mean") + BY
    estimate(tmp_path, data + "c,4\n" * 2, spec)
    out = tmp_path / "ranks.json"
    assert main(["ranks", str(tmp_path / "r.json"), "--out", str(out)]) == 0
    places = {r["label"]: (r["best"], r["worst"]) for r in json.loads(out.read_text())["ranks"]}
    assert places == {"e[g=a]": (1, 3), "e[g=b]": (1, 3), "e[g=c]": (1, 3)}


def test_nesting_without_end_is_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "deep.json").write_text("[" * 100_000)
    assert main(["ranks", str(tmp_path / "deep.json"), "--out", str(tmp_path / "x.json")]) == 2
    assert capsys.readouterr().err.startswith("error: ")
