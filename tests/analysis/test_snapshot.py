"""Reading and writing snapshots, and the command that computes them."""

from __future__ import annotations

import io
import json
from decimal import Decimal
from pathlib import Path

import openpyxl
import pandas as pd
import polars as pl
import pytest

from analysis import FORMATS, SnapshotWriter, Table, open_snapshot
from analysis.cli import main
from analysis.data.schema import ITEMS
from analysis.errors import SnapshotError
from analysis.publication.table import INDEX_COLUMNS, safe_text


def write_snapshot(folder: Path, *, rows: int = 40, part: int = 7) -> Path:
    writer = SnapshotWriter(folder, rows_per_part=part)
    for number in range(rows):
        level = 5 if number % 4 else 2
        writer.add(("a1", "land", "counter", "E2", "", "vi", "2026-07", "", *[level] * len(ITEMS)))
    about = {"period": "2026-Q3", "province": "Tỉnh"}
    writer.close(
        totals=[("a1", "land", "counter", "2026-07", 100, 90)],
        agencies=[("a1", "Sở A", "department", "H1")],
        about=about,
    )
    return folder


def test_parts_are_added_up(tmp_path: Path) -> None:
    snapshot = open_snapshot(write_snapshot(tmp_path / "s"))
    assert len(snapshot.parts) == 6
    assert snapshot.manifest["responses"] == 40
    whole = open_snapshot(write_snapshot(tmp_path / "t", part=1000))
    from analysis import open_run

    assert open_run(snapshot).result.figures == open_run(whole).result.figures
    assert snapshot.checksum != whole.checksum


def test_an_unfinished_snapshot_is_no_snapshot(tmp_path: Path) -> None:
    writer = SnapshotWriter(tmp_path / "s")
    writer.add(("a1", "land", "counter", "E2", "", "vi", "2026-07", "", *[5] * len(ITEMS)))
    assert not (tmp_path / "s").exists()


@pytest.mark.parametrize("fault", ["missing", "changed", "manifest", "schema", "nothing"])
def test_a_damaged_snapshot_is_refused_and_the_file_named(tmp_path: Path, fault: str) -> None:
    folder = write_snapshot(tmp_path / "s")
    part, manifest = folder / "responses" / "part-0001.parquet", folder / "manifest.json"
    if fault == "missing":
        part.unlink()
    elif fault == "changed":
        part.write_bytes(part.read_bytes() + b"x")
    elif fault == "manifest":
        manifest.write_text("{", encoding="utf-8")
    elif fault == "schema":
        manifest.write_text(json.dumps({"schema_version": 99}), encoding="utf-8")
    else:
        folder = tmp_path / "none"
    with pytest.raises(SnapshotError) as error:
        open_snapshot(folder)
    expected = {"missing": "part-0001", "changed": "part-0001", "nothing": "none"}.get(
        fault, "manifest.json"
    )
    assert expected in str(error.value)


def test_the_command_writes_every_format(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_snapshot(tmp_path / "s")
    targets = [str(tmp_path / f"index.{kind}") for kind in FORMATS]
    arguments = ["index", str(folder), "--method", "sipas-service"]
    assert main([*arguments, *(part for target in targets for part in ("--out", target))]) == 0
    rows = json.loads((tmp_path / "index.json").read_text(encoding="utf-8"))["rows"]
    book = openpyxl.load_workbook(tmp_path / "index.xlsx")
    table = list(book["data"].iter_rows(values_only=True))
    assert list(table[0]) == list(INDEX_COLUMNS)
    assert len(table) == len(rows) + 1 == 2 * (22 + 1) + 1
    lines = (tmp_path / "index.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines[0].split(",") == list(INDEX_COLUMNS)
    assert rows[0]["weighted_index"] == table[1][13] == 75.0
    assert ",75.00," in lines[1]
    assert pl.read_parquet(tmp_path / "index.parquet").rows(named=True) == rows


def test_the_command_explains_what_is_wrong_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_snapshot(tmp_path / "s")
    for arguments, word in (
        (["index", str(tmp_path), "--out", str(tmp_path / "a.csv")], "manifest.json"),
        (["index", str(folder), "--out", str(tmp_path / "a.docx")], "a.docx"),
        (["index", str(folder), "--out", str(tmp_path / "no" / "a.csv")], "folder"),
        (["index", str(folder), "--method", "magic", "--out", str(tmp_path / "a.csv")], "magic"),
    ):
        assert main(arguments) == 2
        assert word in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s"]


PAYLOADS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    " =1",
    '=HYPERLINK("http://x")',
    "＝1",
    "\x00=1",
]


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_text_becomes_a_formula(kind: str, payload: str) -> None:
    row = dict.fromkeys(INDEX_COLUMNS) | {
        "agency_name": payload,
        "level": "overall",
        "status": "published",
        "weighted_index": Decimal("-1.50"),
    }
    buffer = io.BytesIO()
    FORMATS[kind](Table([row], {"notice": payload}), buffer)
    if kind == "xlsx":
        book = openpyxl.load_workbook(io.BytesIO(buffer.getvalue()))
        values = [cell for sheet in book for line in sheet.iter_rows() for cell in line]
        assert all(cell.data_type != "f" for cell in values)
        assert any(cell.value == -1.5 for cell in values)
    elif kind == "parquet":
        frame = pd.read_parquet(io.BytesIO(buffer.getvalue()))
        assert frame["agency_name"].tolist() == [payload], "true text: Parquet knows no formulas"
        assert frame["weighted_index"].tolist() == [-1.5]
        assert str(frame["n"].dtype) != "object", "of a column without values too"
    elif kind == "csv":
        assert safe_text(payload).startswith("'")
        assert "-1.50" in buffer.getvalue().decode("utf-8-sig")


def test_decimal_comma_and_semicolon_for_vietnamese_excel() -> None:
    row = dict.fromkeys(INDEX_COLUMNS) | {"agency_name": "Sở A", "weighted_index": Decimal("83.54")}
    buffer = io.BytesIO()
    FORMATS["csv"](Table([row], {}), buffer, bom=True, decimal=",", separator=";")
    assert buffer.getvalue().startswith(b"\xef\xbb\xbf")
    assert ";83,54;" in buffer.getvalue().decode()


@pytest.mark.parametrize("kind", FORMATS)
def test_a_table_without_rows_is_a_file_without_rows(kind: str) -> None:
    FORMATS[kind](Table([], {}), buffer := io.BytesIO())
    assert buffer.getvalue()
