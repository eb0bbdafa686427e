"""Where a province counts open answers, every file says so."""

from __future__ import annotations

import io
from pathlib import Path

import openpyxl
import pytest

from analysis import load_method
from analysis.counting.engine import LocalEngine
from analysis.export import FORMATS
from analysis.index.counted import KEYS
from analysis.index.indices import compute_indices
from analysis.publication.table import Table, build_table
from tests.analysis.samples import write_province


def table_under(folder: Path, *classes: str) -> Table:
    snapshot, method = write_province(folder), load_method("overall").counting(*classes)
    cells = LocalEngine().cells(snapshot.parts, KEYS, method.variables())
    return build_table(
        compute_indices(cells, snapshot.totals(), method, {}), snapshot.agencies(), {}, "Tỉnh Mẫu"
    )


@pytest.mark.long
@pytest.mark.parametrize(
    ("classes", "told"), [(("E0", "E1", "E2", "E3"), True), (("E1", "E2", "E3"), False)]
)
def test_every_file_says_whether_open_answers_count(
    tmp_path: Path, classes: tuple[str, ...], told: bool
) -> None:
    table = table_under(tmp_path / "s", *classes)
    assert {row["counted_classes"] for row in table.rows} == {" ".join(classes)}
    assert ("tính cả phiếu mở" in str(table.about["method_title"])) is told
    files = {}
    for kind, write in FORMATS.items():
        write(table, buffer := io.BytesIO())
        files[kind] = buffer.getvalue()
    assert " ".join(classes) in files["csv"].decode("utf-8-sig")
    assert ("tính cả phiếu mở" in files["json"].decode()) is told
    book = openpyxl.load_workbook(io.BytesIO(files["xlsx"]))
    words = " ".join(str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row)
    assert ("tính cả phiếu mở" in words) is told
