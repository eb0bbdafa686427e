"""Numbers that break naive programs: large ones, constant ones, missing ones, and columns used
twice.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from analysis.errors import DesignError, SpecError
from analysis.sample_survey.estimate import estimate
from analysis.sample_survey.spec import load_spec


def run(
    folder: Path, data: pl.DataFrame | str, spec: str, *, parquet: bool = False
) -> list[dict[str, Any]]:
    name = "d.parquet" if parquet else "d.csv"
    if isinstance(data, str):
        (folder / name).write_text(data, encoding="utf-8")
    elif parquet:
        data.write_parquet(folder / name)
    else:
        data.write_csv(folder / name)
    (folder / "s.toml").write_text(f'data = "{name}"\n{spec}', encoding="utf-8")
    rows: list[dict[str, Any]] = estimate(load_spec(folder / "s.toml"))["estimates"]
    return rows


MEAN = '[[estimand]]\nname = "y"\nnumerator = "y"\n'
TOTAL = MEAN + 'kind = "total"\n'
SHARE = MEAN + 'kind = "share"\ncondition = { op = ">=", value = 4 }\n'


@pytest.mark.parametrize("offset", [0, 1e5, 1e8, 1_700_000_000, 5e9, 1e12])
def test_a_large_offset_does_not_touch_the_standard_error(tmp_path: Path, offset: float) -> None:
    rng = np.random.default_rng(1)
    y = rng.integers(0, 9, 60).astype(float)
    plain, moved = (
        run(tmp_path, pl.DataFrame({"y": values}), MEAN)[0] for values in (y, y + offset)
    )
    assert moved["se"] == pytest.approx(plain["se"], rel=1e-12)
    assert moved["estimate"] == pytest.approx(plain["estimate"] + offset, rel=1e-15)
    assert plain["se"] == pytest.approx(y.std(ddof=1) / np.sqrt(60), rel=1e-12)


def test_a_total_of_large_numbers_has_its_variance(tmp_path: Path) -> None:
    (row,) = run(tmp_path, "y\n10000001\n10000002\n10000004\n10000009\n", TOTAL)
    assert row["se"] == pytest.approx(4 * np.std([1, 2, 4, 9], ddof=1) / 2, rel=1e-12)


def test_squares_beyond_64_bits_do_not_turn_over(tmp_path: Path) -> None:
    y = np.random.default_rng(2).uniform(0.5e9, 5e9, 200).round()
    (row,) = run(tmp_path, pl.DataFrame({"y": y.astype(np.int64)}), MEAN)
    assert row["se"] == pytest.approx(y.std(ddof=1) / np.sqrt(200), rel=1e-12)


@pytest.mark.parametrize("value", [0.1, 0.3, 1e-9, 7.7, 1e9 + 0.1])
def test_equal_answers_have_no_variance(tmp_path: Path, value: float) -> None:
    (row,) = run(tmp_path, pl.DataFrame({"y": [value] * 3}), MEAN)
    assert (row["se"], row["deff"]) == (0.0, None)


def test_a_constant_ratio_has_no_variance(tmp_path: Path) -> None:
    (row,) = run(
        tmp_path, "y,x\n0.7,1\n1.4,2\n2.1,3\n", MEAN + 'kind = "ratio"\ndenominator = "x"\n'
    )
    assert row["se"] == pytest.approx(0.0, abs=1e-15)


def test_nan_is_missing_and_not_above_four(tmp_path: Path) -> None:
    data = pl.DataFrame({"y": [1.0, float("nan"), 4.0, 2.0]})
    assert run(tmp_path, data, SHARE, parquet=True)[0]["estimate"] == pytest.approx(1 / 3)
    assert run(tmp_path, data, MEAN, parquet=True)[0]["estimate"] == pytest.approx(7 / 3)
    with pytest.raises(SpecError, match="column 'y', row 2 is infinite"):
        run(tmp_path, pl.DataFrame({"y": [1.0, float("inf")]}), MEAN, parquet=True)


def test_missing_answers_are_no_part_of_the_sample_size(tmp_path: Path) -> None:
    """R survey 4.1-1, svymean(na.rm=TRUE, deff=TRUE) and deff="replace"."""
    (row,) = run(
        tmp_path, "y,w\n5,1\n4,2\n1,3\n2,1\n3,2\n,5\n,1\n1,2\n", '[design]\nweight = "w"\n' + MEAN
    )
    assert (row["n"], row["answers"]) == (8, 6)
    assert row["deff"] == pytest.approx(2.2095, abs=5e-5)
    assert row["deff_replace"] == pytest.approx(1.0043, abs=5e-5)


def test_one_answer_tells_no_spread(tmp_path: Path) -> None:
    (row,) = run(tmp_path, "y\n5\n" + "\n" * 3, MEAN)
    assert (row["estimate"], row["se"], row["low"], row["high"]) == (5.0, None, None, None)


def test_a_column_may_be_grouped_by_and_counted(tmp_path: Path) -> None:
    spec = (
        '[[estimand]]\nname = "a"\nnumerator = "q"\nkind = "share"\ncondition = { op = "==", '
        'value = "yes" }\n'
    )
    rows = run(tmp_path, "q,y\nyes,1\nno,2\n,3\n,4\n", spec + MEAN + 'by = ["q"]\n')
    assert rows[0]["estimate"] == 0.5
    rows = run(tmp_path, "y\n1\n2\n5\n4\n", SHARE + 'by = ["y"]\n')
    assert [row["estimate"] for row in rows] == [0.0, 0.0, 1.0, 1.0]


def test_codes_stay_as_they_are_written(tmp_path: Path) -> None:
    rows = run(tmp_path, "g,y\n01,1\n1,3\n001,5\n01,2\n", MEAN + 'by = ["g"]\n')
    assert {row["domain"]["g"]: row["estimate"] for row in rows} == {
        "001": 5.0,
        "01": 1.5,
        "1": 3.0,
    }


@pytest.mark.parametrize(
    ("data", "spec", "word"),
    [
        ("y,g\n1,a\n2,\n", '[design]\nstratum = "g"\n' + MEAN, "column g, row 3 is empty"),
        ("y,g\n1,a\n2,\n", '[design]\npsu = "g"\n' + MEAN, "column g, row 3 is empty"),
        ("_psu,y\n1,2\n2,3\n", MEAN + 'by = ["_psu"]\n', "_psu"),
        ("y\n1\n2\n", MEAN + 'condition = { op = ">=", value = 4 }\n', "kind = 'share'"),
        ("y,f\n1,9\n2,9\n", '[design]\nfpc2 = "f"\n' + MEAN, "fpc2 needs"),
        (
            "y,h\n1,a\n2,b\n",
            '[design]\nstratum = "h"\nlonely = "average"\n' + MEAN,
            "nothing to average",
        ),
        ("y,h\n1,a\n2,a\n3,b\n", '[design]\nstratum = ["h"]\n' + MEAN, "design.stratum"),
        ("y\n1\n2\n", MEAN + "by = 5\n", "by must be a list"),
        ("y\n1\n2\n", '[interval]\nmethod = ["t"]\n' + MEAN, "interval.method"),
    ],
)
def test_what_cannot_be_meant_is_a_sentence(
    tmp_path: Path, data: str, spec: str, word: str
) -> None:
    with pytest.raises((SpecError, DesignError), match=word):
        run(tmp_path, data, spec)


def test_margins_a_linear_calibration_cannot_reach_are_refused(tmp_path: Path) -> None:
    spec = (
        '[calibration]\nmethod = "linear"\n'
        '[[calibration.margin]]\ncolumns = ["h"]\ntargets = [{ h = "a", total = 30 }, { h = "b", '
        "total = 70 }]\n"
        '[[calibration.margin]]\ncolumns = ["s"]\ntargets = [{ s = "m", total = 40 }, { s = "f", '
        "total = 60 }]\n"
    )
    with pytest.raises(DesignError, match="contradict"):
        run(tmp_path, "y,h,s\n1,a,m\n2,a,m\n3,b,f\n4,b,f\n", spec + MEAN)
