"""Faults a second round of attacks found: each by its smallest input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from analysis.cli import main
from analysis.comparison.ranks import rank_estimates
from analysis.data.names import normal

SHARE = (
    '[[estimand]]\nname = "e"\nkind = "share"\nnumerator = "q"\ncondition = {op = ">=", value '
    "= 4}\n"
)
MEAN = '[[estimand]]\nname = "e"\nkind = "mean"\nnumerator = "q"\n'


def ask(folder: Path, data: str, spec: str, head: str = "") -> dict[str, Any]:
    (folder / "d.csv").write_text(data, encoding="utf-8")
    (folder / "SPEC.toml").write_text(f'data = "d.csv"\n{head}\n{spec}', encoding="utf-8")
    out = folder / "result.json"
    out.unlink(missing_ok=True)
    status = main(["estimate", str(folder / "SPEC.toml"), "--out", str(out)])
    return json.loads(out.read_text(encoding="utf-8")) if status == 0 else {}


def one(folder: Path, data: str, spec: str, head: str = "") -> dict[str, Any]:
    rows: list[dict[str, Any]] = ask(folder, data, spec, head)["estimates"]
    return rows[0]


def test_a_mean_of_shares_is_no_better_known_than_the_share_of_two_answers(tmp_path: Path) -> None:
    spec = SHARE.replace('"share"', '"mean-of-shares"').replace(
        'numerator = "q"', 'items = ["q", "r"]'
    )
    row = one(tmp_path, "q,r\n" + "5,\n" * 1000 + "5,5\n" * 2, spec)
    assert row["estimate"] == 1.0
    assert row["low"] < 0.7, "1 / (0.25 / 1002 + 0.25 / 2) is eight answers"


def test_clusters_that_say_the_same_count_as_clusters(tmp_path: Path) -> None:
    data = "p,q\n" + "a,5\n" * 500 + "b,5\n" * 500
    assert one(tmp_path, data, SHARE, '[design]\npsu = "p"')["low"] < 0.3


@pytest.mark.parametrize(
    ("data", "places"),
    [
        ("a,5\n" * 5 + "b,5\n" * 950 + "b,1\n" * 50, {"a": (1, 2), "b": (1, 2)}),
        ("a,5\n" * 2 + "b,1\n" * 2, {"a": (1, 2), "b": (1, 2)}),
        ("a,5\n" * 200 + "b,5\n" * 100 + "b,1\n" * 100, {"a": (1, 1), "b": (2, 2)}),
    ],
)
def test_a_share_without_spread_is_not_known_exactly(
    tmp_path: Path, data: str, places: dict[str, tuple[int, int]]
) -> None:
    result = ask(tmp_path, "g,q\n" + data, SHARE + 'by = ["g"]\n')
    found = {row["label"][-2]: (row["best"], row["worst"]) for row in rank_estimates(result)}
    assert found == places


def test_missing_codes_hold_in_the_filter_and_in_domains(tmp_path: Path) -> None:
    data, head = "age,q\n20,5\n25,1\n-9,5\n99,5\n50,1\n", "missing = [-9, 99]\n"
    where = '[[where]]\ncolumn = "age"\nop = "<"\nvalue = 30\n'
    row = one(tmp_path, data, where + SHARE, head)
    assert (row["estimate"], row["n"]) == (0.5, 2)
    labels = [r["label"] for r in ask(tmp_path, data, SHARE + 'by = ["age"]\n', head)["estimates"]]
    assert not any("99" in label or "-9" in label for label in labels)


@pytest.mark.parametrize("numbers", ["1,234\n2,500\n12,000", "1,234\n950"])
def test_thousands_commas_are_refused_where_the_comma_may_be_decimal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], numbers: str
) -> None:
    rows = "\n".join(f"{number}\tx" for number in numbers.splitlines())
    assert ask(tmp_path, f"q\tz\n{rows}\n", MEAN) == {}
    assert "thousands" in capsys.readouterr().err
    plain = one(tmp_path, "q\tz\n1,5\tx\n2,25\tx\n", MEAN)
    assert plain["estimate"] == 1.875


@pytest.mark.parametrize("value", ['"4"', '"2024-02-01"'])
def test_texts_have_no_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], value: str
) -> None:
    assert ask(tmp_path, "q\n10\n5\n2\nNA\n", SHARE.replace("value = 4", f"value = {value}")) == {}
    assert "write a number" in capsys.readouterr().err


def test_whole_numbers_beyond_64_bits_are_not_lost(tmp_path: Path) -> None:
    path = tmp_path / "SPEC.toml"
    for values, dtype in (
        ([5, 1, 2**70], pl.Int128),
        ([-(2**63 - 1), 2**63 - 1, 2**63 - 2], pl.Int64),
    ):
        pl.DataFrame({"q": pl.Series(values, dtype=dtype)}).write_parquet(tmp_path / "d.parquet")
        path.write_text(f'data = "d.parquet"\n{MEAN}', encoding="utf-8")
        out = tmp_path / "result.json"
        assert main(["estimate", str(path), "--out", str(out)]) == 0
        row = json.loads(out.read_text(encoding="utf-8"))["estimates"][0]
        assert row["answers"] == 3
        assert row["estimate"] == pytest.approx(sum(values) / 3)


def test_rows_without_any_value_are_no_rows(tmp_path: Path) -> None:
    pl.DataFrame({"w": [1.0, 2.0, None, None], "q": [5, 1, None, None]}).write_parquet(
        tmp_path / "d.parquet"
    )
    (tmp_path / "SPEC.toml").write_text(f'data = "d.parquet"\n{SHARE}', encoding="utf-8")
    out = tmp_path / "result.json"
    assert main(["estimate", str(tmp_path / "SPEC.toml"), "--out", str(out)]) == 0
    assert json.loads(out.read_text(encoding="utf-8"))["estimates"][0]["n"] == 2
    assert one(tmp_path, "q\n5\n1\n\u200b\n\ufeff\n", SHARE)["n"] == 2


def test_names_that_look_alike_are_one_name(tmp_path: Path) -> None:
    names = [
        "Hà Nội",
        "Hà\u00a0Nội",
        "Hà  Nội",
        " Hà Nội\u3000",
        "Hà Nội\u200d",
        "H\u00ada\u0300 Nội",
    ]
    assert {normal(name) for name in names} == {"Hà Nội"}
    rows = ask(tmp_path, "g,q\nTrue,5\ntrue,1\nTRUE,5\nfalse,4\n", SHARE + 'by = ["g"]\n')[
        "estimates"
    ]
    assert [row["label"] for row in rows] == ["e[g=false]", "e[g=true]"]


@pytest.mark.parametrize("rule", ["remove", "average", "adjust"])
def test_one_spec_has_one_standard_error(tmp_path: Path, rule: str) -> None:
    data = "p,q,g,f,f2\na,5,x,10,9\na,1,x,10,9\nb,5,x,10,9\nb,4,y,10,9\nc,1,y,10,9\n"
    design = f'[design]\npsu = "p"\nfpc = "f"\nfpc2 = "f2"\nlonely = "{rule}"\n'
    found = [
        [
            row["se"]
            for row in ask(
                tmp_path, data, SHARE + 'by = ["g"]\n', f"covariance = {full}\n{design}"
            )["estimates"]
        ]
        for full in ("true", "false")
    ]
    assert found[0] == pytest.approx(found[1])


@pytest.mark.parametrize("text", ["1" + "0" * 400, "1e200\n-1e200"])
def test_numbers_nobody_can_compute_with_are_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    assert ask(tmp_path, f"q\n{text}\n5\n", MEAN) == {}
    assert capsys.readouterr().err.startswith("error: ")


def test_weights_below_nothing_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = "s,t,q\nf,a,5\nf,a,5\nf,b,1\nm,b,5\nm,b,5\n"
    margins = '[calibration]\nmethod = "linear"\n'
    for column, totals in (("s", {"f": 3, "m": 7}), ("t", {"a": 6, "b": 4})):
        told = ", ".join(
            f'{{{column} = "{name}", total = {total}}}' for name, total in totals.items()
        )
        margins += f'[[calibration.margin]]\ncolumns = ["{column}"]\ntargets = [{told}]\n'
    ask(tmp_path, data, margins + SHARE)
    assert "below 0" in capsys.readouterr().err
