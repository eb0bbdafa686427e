"""Survey files as people have them: read rightly, or refused by column, row and remedy; never a
traceback.
"""

from __future__ import annotations

import json
import random
import unicodedata
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from analysis.cli import main
from analysis.data.csv_text import _TCVN3

Row = dict[str, Any]
SHARE = 'kind = "share"\nnumerator = "{column}"\ncondition = {{ op = "{op}", value = {value} }}\n'


def share(column: str = "q", op: str = ">=", value: str = "4") -> str:
    return SHARE.format(column=column, op=op, value=value)


def ask(folder: Path, data: bytes | str | pl.DataFrame, estimand: str, top: str = "") -> list[Row]:
    """Rows of the result; none when the command refused."""
    name = "d.parquet" if isinstance(data, pl.DataFrame) else "d.csv"
    if isinstance(data, pl.DataFrame):
        data.write_parquet(folder / name)
    else:
        (folder / name).write_bytes(data.encode() if isinstance(data, str) else data)
    spec = f'data = "{name}"\n{top}\n[[estimand]]\nname = "e"\n{estimand}'
    return run(folder, spec.encode())


def run(folder: Path, spec: bytes) -> list[Row]:
    (folder / "SPEC.toml").write_bytes(spec)
    out = folder / "result.json"
    out.unlink(missing_ok=True)
    if main(["estimate", str(folder / "SPEC.toml"), "--out", str(out)]) == 0:
        rows: list[Row] = json.loads(out.read_text(encoding="utf-8"))["estimates"]
        return rows
    assert not out.exists()
    return []


def values(found: list[Row]) -> list[float | None]:
    assert found
    return [row["estimate"] for row in found]


def refused(capsys: pytest.CaptureFixture[str], found: list[Row], *words: str) -> None:
    error = capsys.readouterr().err
    assert not found
    assert error.startswith("error: ")
    for word in words:
        assert word in error


PLAIN = "t,w,q\r\nHà Nội,1.5,5\r\nHà Nội,1.5,2\r\nHuế,2,4\r\n"
LOCAL = PLAIN.replace(",", ";").replace(".", ",")
ABC = {letter: bytes([code]) for code, letter in _TCVN3.items()}


@pytest.mark.parametrize(
    "raw",
    [
        PLAIN.encode(),
        PLAIN.encode("utf-8-sig"),
        LOCAL.encode(),
        LOCAL.encode("utf-8-sig"),
        LOCAL.replace(";", "\t").encode("utf-16"),
        PLAIN.encode("utf-16-be"),
        b"\xfe\xff" + PLAIN.encode("utf-16-be"),
        PLAIN.encode("utf-16-le"),
        PLAIN.encode("utf-32"),
        ("sep=;\r\n" + LOCAL).encode("utf-8-sig"),
        PLAIN.replace("\r\n", "\r").encode(),
        PLAIN.replace("\r\n", "\n").encode(),
        ("\n\n" + PLAIN).encode(),
        unicodedata.normalize("NFD", PLAIN).encode(),
        b"".join(ABC.get(letter, letter.encode()) for letter in PLAIN),
        PLAIN.replace("Nội", "Nô\u0323i")
        .replace("Huế", "Huê\u0301")
        .replace("Hà", "Ha\u0300")
        .encode("cp1258"),
        PLAIN.replace("Hà Nội", '"Hà Nội"').replace("\r\n", ",\r\n").encode(),
    ],
)
def test_one_table_in_every_writing_gives_one_result(tmp_path: Path, raw: bytes) -> None:
    found = ask(tmp_path, raw, share() + 'by = ["t"]\n', '[design]\nweight = "w"')
    assert [(row["domain"]["t"], row["estimate"], row["n"]) for row in found] == [
        ("Huế", 1.0, 1),
        ("Hà Nội", 0.5, 2),
    ]


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_spec_may_be_saved_by_any_editor(tmp_path: Path, codec: str) -> None:
    (tmp_path / "d.csv").write_text("tuổi,q\n1,5\n", encoding="utf-8")
    name = unicodedata.normalize("NFD", "tuổi")
    spec = f'data = "d.csv"\r\n[[estimand]]\r\nname = "e"\r\nnumerator = "q"\r\nby = ["{name}"]\r\n'
    assert values(run(tmp_path, spec.encode(codec))) == [5.0]


def test_a_note_says_how_an_unusual_file_was_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ask(tmp_path, b"".join(ABC.get(letter, letter.encode()) for letter in LOCAL), share())
    assert capsys.readouterr().err == "note: read as TCVN3 with semicolons\n"


@pytest.mark.parametrize(
    "word",
    [b"caf\xe9", b"Ninh B\xecnh", b"Th\xf2 x\xe3", b"H\xe0 N\xf6\xe4i", b"Luned\xec", b"Sch\xf6n"],
    ids=["cp1252", "VNI after a consonant", "VNI", "VNI two letters", "Italian", "German"],
)
def test_letters_of_no_certain_encoding_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], word: bytes
) -> None:
    refused(
        capsys,
        ask(tmp_path, b"t,q\n" + word + b",5\n", share()),
        "row 2",
        "UTF-8",
        "Windows-1258",
        "save it",
    )


@pytest.mark.parametrize(
    ("column", "value", "op", "wanted"),
    [
        ("True\nTrue\nFalse", '"True"', "==", 2 / 3),
        ("True\nTrue\nFalse", "true", "==", 2 / 3),
        ("TRUE\nTRUE\nFALSE", '"true"', "==", 2 / 3),
        ("true\nfalse\ntrue", "false", "!=", 2 / 3),
        ("5\n4 \n2", "4", ">=", 2 / 3),
        ("A\nA\u00a0\nB", '"A"', "==", 2 / 3),
        ("Hà\nHa\u0300\nHu", '"Hà"', "==", 2 / 3),
        ("01\n1\nA", '"01"', "==", 1 / 3),
    ],
)
def test_what_is_compared_is_of_one_kind(
    tmp_path: Path, column: str, value: str, op: str, wanted: float
) -> None:
    assert values(ask(tmp_path, f"q\n{column}\n", share(op=op, value=value))) == [
        pytest.approx(wanted)
    ]


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("True\nFalse\nTrue", '"yes"', ("'q'", "true and false")),
        ("True\nFalse\nTrue", "1", ("'q'", "true and false")),
        ("5\n4\n2", "true", ("'q'", "does not hold true and false")),
        ("5\n4\n2", '"4"', ("'q'", "'4'", "write a number")),
        ("5\nNA\n2", "4", ("'q'", "row 3", "'NA'", "missing")),
        ("5\nNaN\n2", "4", ("'q'", "row 3", "'NaN'", "missing")),
        ("5\n.\n2", "4", ("'q'", "row 3", "missing")),
        ("5\n５\n2", "4", ("'q'", "row 3")),
        ("5\n1e999\n2", "4", ("'q'", "row 3")),
        ("5\n2", "nan", ("value of a condition",)),
        ("5\n2", "2024-02-01", ("value of a condition",)),
        ("5\n2", "[4, 5]", ("value of a condition",)),
    ],
)
def test_what_cannot_be_compared_is_refused_by_column_row_and_remedy(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    column: str,
    value: str,
    words: tuple[str, ...],
) -> None:
    refused(capsys, ask(tmp_path, f"q\n{column}\n", share(value=value)), *words)


@pytest.mark.parametrize(
    "column",
    [
        [datetime(2024, 2, 1), datetime(2024, 2, 2)],  # noqa: DTZ001  (as files hold them)
        [time(8, 0), time(9, 0)],
        [timedelta(days=1), timedelta(days=2)],
        [[1], [2]],
        [{"a": 1}, {"a": 2}],
        [b"a", b"b"],
    ],
)
def test_columns_that_are_no_answers_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], column: list[Any]
) -> None:
    for estimand in (share(value='"2024-02-01"'), 'numerator = "w"\nby = ["q"]\n'):
        refused(capsys, ask(tmp_path, pl.DataFrame({"q": column, "w": [1, 2]}), estimand), "'q'")


def test_parquet_kinds_are_read_as_they_are(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "b": [True, False, None],
            "d": [date(2024, 2, 1), date(2024, 2, 2), date(2024, 2, 1)],
            "c": pl.Series(["x", "y", "x"], dtype=pl.Categorical),
            "e": pl.Series(["x", "y", "x"], dtype=pl.Enum(["x", "y"])),
        }
    )
    assert values(ask(tmp_path, frame, share("b", "==", "true"))) == [0.5]
    assert values(ask(tmp_path, frame, share("d", "==", '"2024-02-01"'))) == [pytest.approx(2 / 3)]
    assert values(ask(tmp_path, frame, share("c", "==", '"x"') + 'by = ["d"]\n')) == [1.0, 0.0]
    assert values(ask(tmp_path, frame, share("e", "==", '"z"'))) == [0.0]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("q,w,q\n5,1,1\n5,1,2\n", ("'q'", "twice", "1 and 3")),
        ("q,w,q\u00a0\n5,1,1\n", ("'q'", "twice")),
        ("w\n5\n", ("no column 'q'",)),
        ("q,w\n5,1,9\n", ("row 2", "3 cells", "2")),
        ("q,w\n5,1\n4\n", ("row 3", "1 cells")),
        ('q,w\n5,"1\n', ("row 2", "quotation")),
        ("", ("no rows",)),
        ("q\n", ("no rows",)),
        ("q;w\n1.000;1\n2.000;1\n", ("'q'", "row 2", "thousands")),
        ("q;w\n1.000,5;1\n2;1\n", ("'q'", "row 2")),
        ("q;w\n1,5;1\n2.5;1\n", ("'q'", "row 3", "point")),
        ('q,w\n"1,000",1\n', ("'q'", "row 2")),
        (b"q\x00,w\n5,1\n", ("NUL",)),
    ],
)
def test_a_table_that_cannot_be_meant_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], data: str | bytes, words: tuple[str, ...]
) -> None:
    refused(capsys, ask(tmp_path, data, 'numerator = "q"\n'), *words)


@pytest.mark.parametrize("name", ["^q.$", "*", "^.*$", "_psu", "_value0", "_where"])
def test_names_the_program_reads_otherwise_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    refused(capsys, ask(tmp_path, f"{name},q1\n5,1\n4,2\n", share(name)), name, "rename")


def test_rows_are_named_by_their_line_in_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = 'q,t\n5,"two\nlines"\n\n4,x\nNA,y\n'
    refused(capsys, ask(tmp_path, data, share()), "row 6")


def test_empty_rows_are_no_sampled_units(tmp_path: Path) -> None:
    for blank in ("\n\n", ",\n,\n", " ,\u00a0\n" * 1000):
        (row,) = ask(tmp_path, "w,q\n1,5\n2,1\n" + blank, 'numerator = "q"\n')
        assert (row["n"], row["df"], row["se"]) == (2, 1, pytest.approx(2.0))


def test_missing_codes_are_no_answers(tmp_path: Path) -> None:
    data = "q\n5\n4\n-9\n99\n2\n"
    assert values(ask(tmp_path, data, share(), "missing = [-9, 99]")) == [pytest.approx(2 / 3)]
    assert values(ask(tmp_path, data, 'numerator = "q"\nmissing = [-9, 99]\n')) == [
        pytest.approx(11 / 3)
    ]
    words = (
        data.replace("-9", "NA").replace("99", "99,0").replace("q\n", "q;w\n").replace("\n", ";1\n")
    )
    words = words.replace("q;w;1\n", "q;w\n")
    assert values(ask(tmp_path, words, share(), 'missing = ["NA", 99]')) == [pytest.approx(2 / 3)]
    frame = pl.DataFrame({"q": [5, 4, -9, 99, 2]})
    assert values(ask(tmp_path, frame, share(), "missing = [-9, 99]")) == [pytest.approx(2 / 3)]


def test_a_filter_takes_a_domain_of_the_sample_and_not_a_smaller_sample(tmp_path: Path) -> None:
    """As R's svymean(subset(design, g == "a")): the other rows stay sampled units, so df and SE
    know of them.
    """
    data = "g,q\n" + "a,5\na,2\na,4\nb,1\nb,5\nb,5\n"
    where = '[[where]]\ncolumn = "g"\nop = "=="\nvalue = "a"'
    (row,) = ask(tmp_path, data, 'numerator = "q"\n', where)
    (same, _) = ask(tmp_path, data, 'numerator = "q"\nby = ["g"]\n')
    assert (row["estimate"], row["se"], row["n"]) == (same["estimate"], same["se"], 3)
    rows = ask(tmp_path, data + "c,\n", 'numerator = "q"\nby = ["g"]\n', where)
    assert values(rows) == [pytest.approx(11 / 3), None, None]


def test_large_whole_numbers_lose_no_digits(tmp_path: Path) -> None:
    data = "q\n9007199254740993\n9007199254740995\n9007199254740997\n"
    (row,) = ask(tmp_path, data, 'numerator = "q"\n')
    assert row["se"] == pytest.approx((4 / 3) ** 0.5, rel=1e-12)


def test_codes_stay_codes_where_they_are_counted_too(tmp_path: Path) -> None:
    found = ask(tmp_path, "t\n01\n1\n2\n", 'numerator = "t"\nby = ["t"]\n')
    assert [row["domain"]["t"] for row in found] == ["01", "1", "2"]


def test_true_in_a_margin_is_the_word_of_the_file(tmp_path: Path) -> None:
    margin = (
        '[calibration]\nmethod = "poststratify"\n[[calibration.margin]]\ncolumns = ["t"]\n'
        "targets = [{ t = true, total = 30 }, { t = false, total = 10 }]"
    )
    assert values(ask(tmp_path, "t,q\ntrue,5\nfalse,1\ntrue,3\n", 'numerator = "q"\n', margin)) == [
        3.25
    ]


def test_parts_that_hang_together_by_rare_cells_are_raked(tmp_path: Path) -> None:
    data = "s,t,q\n" + "f,a,5\n" * 20 + "m,b,2\n" * 20 + "f,b,1\n"
    margins = (
        '[calibration]\nmethod = "rake"\n[[calibration.margin]]\ncolumns = ["s"]\n'
        'targets = [{ s = "f", total = 300 }, { s = "m", total = 200 '
        '}]\n[[calibration.margin]]\ncolumns = ["t"]\n'
        'targets = [{ t = "a", total = 299 }, { t = "b", total = 201 }]'
    )
    assert values(ask(tmp_path, data, 'numerator = "q"\n', margins)) == [
        pytest.approx((299 * 5 + 200 * 2 + 1) / 500)
    ]


def test_margins_no_weights_reach_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = "s,t,q\n" + "f,a,5\n" * 20 + "m,b,2\n" * 20
    margins = (
        '[calibration]\nmethod = "rake"\n[[calibration.margin]]\ncolumns = ["s"]\n'
        'targets = [{ s = "f", total = 300 }, { s = "m", total = 200 '
        '}]\n[[calibration.margin]]\ncolumns = ["t"]\n'
        'targets = [{ t = "a", total = 299 }, { t = "b", total = 201 }]'
    )
    refused(capsys, ask(tmp_path, data, 'numerator = "q"\n', margins), "raking does not settle")


@pytest.mark.parametrize(
    ("estimand", "words"),
    [
        ('numerator = "q"\nby = "agency"\n', ("by must be a list", '["agency"]')),
        ('numerator = "q"\nby = ["q", "q"]\n', ("by", "'q' twice")),
        (
            'kind = "mean-of-shares"\nitems = "q1"\ncondition = { op = ">=", value = 4 }\n',
            ("items must be a list",),
        ),
        ('numerator = ["q"]\n', ("numerator must be given as text",)),
        ('numerator = "q"\nmissing = 9\n', ("missing must be a list",)),
    ],
)
def test_a_spec_of_wrong_kinds_names_the_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], estimand: str, words: tuple[str, ...]
) -> None:
    refused(capsys, ask(tmp_path, "q,agency\n5,a\n", estimand), *words)


def test_an_item_nobody_was_asked_is_told(tmp_path: Path) -> None:
    shares = (
        'kind = "mean-of-shares"\nitems = ["q", "r"]\ncondition = { op = ">=", value = 4 '
        '}\nby = ["g"]\n'
    )
    found = ask(tmp_path, "g,q,r\na,5,1\na,4,5\nb,5,\nb,1,\n", shares)
    assert [(row["estimate"], row["items_missing"]) for row in found] == [(0.75, 0), (0.5, 1)]


def test_rows_nobody_answered_give_no_certainty(tmp_path: Path) -> None:
    shares = 'kind = "mean-of-shares"\nitems = ["q", "r"]\ncondition = { op = ">=", value = 4 }\n'
    rows = (
        "id,q,r\n"
        + "".join(f"{k},5,5\n" for k in range(20))
        + "".join(f"{k},,\n" for k in range(980))
    )
    (row,) = ask(tmp_path, rows, shares)
    assert row["answers"] == 20
    assert row["low"] == pytest.approx(0.8316, abs=5e-5)


def test_without_spread_the_weights_are_not_forgotten(tmp_path: Path) -> None:
    data = "w,q\n" + "1000,5\n" * 2 + "1,5\n" * 38
    spec = '[design]\nweight = "w"\n[interval]\nmethod = "korn-graubard"'
    (row,) = ask(tmp_path, data, share(), spec)
    kish = 40 * (2 * 1000**2 + 38) / 2038**2
    assert row["low"] == pytest.approx(0.025 ** (kish / 40), rel=1e-9)


def test_a_share_has_limits_between_0_and_1_unless_asked_otherwise(tmp_path: Path) -> None:
    (row,) = ask(tmp_path, "q\n" + "5\n" * 29 + "1\n", share())
    assert row["high"] <= 1
    (row,) = ask(tmp_path, "q\n" + "5\n" * 29 + "1\n", share(), '[interval]\nmethod = "t"')
    assert row["high"] == pytest.approx(1.035, abs=5e-4)


def test_a_stratum_with_one_unit_is_refused_or_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = "h,q\na,1\na,2\nb,5\n"
    refused(
        capsys,
        ask(tmp_path, data, 'numerator = "q"\n', '[design]\nstratum = "h"'),
        "stratum b",
        "lonely",
    )


def test_an_se_needs_no_degrees_of_freedom(tmp_path: Path) -> None:
    data = "h,g,q\n" + "".join(
        f"{h},{'x' if k == 0 else 'y'},{k + h % 3}\n" for h in range(10) for k in range(5)
    )
    found = ask(tmp_path, data, 'numerator = "q"\nby = ["g"]\n', '[design]\nstratum = "h"')
    row = found[0]
    assert (row["df"], row["low"]) == (0, None)
    assert row["se"] > 0


WORDS = (
    "data missing where covariance design calibration estimand interval name kind numerator "
    "denominator condition by "
    "items weights op value column columns targets total method bounds margin level weight stratum "
    "psu fpc lonely"
)
KEYS = WORDS.split()
ATOMS = (
    '"q"',
    '"w"',
    '"g"',
    '""',
    "1",
    "-1",
    "0",
    "1.5",
    "nan",
    "inf",
    "true",
    "[]",
    "{}",
    '["q"]',
    "[1, 2]",
    '"d.csv"',
    '"share"',
    '"mean"',
    '"ratio"',
    '"total"',
    '"mean-of-shares"',
    '"rake"',
    '">="',
    "2024-02-01",
    '{ op = ">=", value = 4 }',
    '[{ g = "a", total = 5 }, { g = "b", total = 5 }]',
    '"t"',
    '"^q$"',
    "[[1]]",
    "9223372036854775807",
    "1e308",
)


def random_spec(rng: random.Random) -> str:
    def entries(count: int) -> str:
        keys = rng.sample(KEYS, count)
        return "".join(f"{key} = {rng.choice(ATOMS)}\n" for key in keys)

    good = [
        'data = "d.csv"\n',
        '[[estimand]]\nname = "e"\n' + rng.choice(('numerator = "q"\n', share(), "")),
    ]
    tables = [
        "[design]\n",
        "[calibration]\n",
        "[[calibration.margin]]\n",
        "[interval]\n",
        "[[estimand]]\n",
        "[[where]]\n",
    ]
    body = [table + entries(rng.randint(0, 4)) for table in rng.sample(tables, rng.randint(0, 3))]
    top = entries(rng.randint(0, 1)) if rng.random() < 0.3 else ""
    return (
        top
        + (good[0] if rng.random() < 0.95 else "")
        + good[1]
        + entries(rng.randint(0, 2))
        + "".join(body)
    )


@pytest.mark.long
def test_no_spec_makes_a_traceback(tmp_path: Path) -> None:
    rng = random.Random(11)
    (tmp_path / "d.csv").write_text("q,w,g\n5,1,a\n4,2,a\n1,1,b\n,3,b\n2,1,b\n", encoding="utf-8")
    outcomes = {bool(run(tmp_path, random_spec(rng).encode())) for _ in range(600)}
    assert outcomes == {True, False}


@pytest.mark.long
def test_no_data_make_a_traceback(tmp_path: Path) -> None:
    rng = random.Random(12)
    cells = [
        "5",
        "4",
        "",
        "NA",
        "1,5",
        "1.5",
        "-",
        "a",
        "é",
        "\x00",
        '"',
        ";",
        "\n",
        "1e400",
        "true",
        "\u200b",
        "９",
    ]
    spec = '[design]\nweight = "w"\nstratum = "g"\nlonely = "adjust"'
    for _ in range(300):
        rows = [
            [rng.choice(cells) if rng.random() < 0.15 else rng.choice("12345") for _ in "qwg"]
            for _ in range(6)
        ]
        raw = ("q,w,g\n" + "\n".join(",".join(row) for row in rows)).encode(
            rng.choice(("utf-8", "utf-16"))
        )
        if rng.random() < 0.3:
            raw = raw[: rng.randrange(len(raw))]
        if rng.random() < 0.2:
            place = rng.randrange(max(len(raw), 1))
            raw = raw[:place] + rng.randbytes(3) + raw[place:]
        ask(tmp_path, raw, share() + 'by = ["g"]\n', spec)
