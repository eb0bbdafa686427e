"""Nothing anybody types becomes a formula when LibreOffice opens what we export."""

from __future__ import annotations

import csv
import io
import os
import re
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest

from analysis import FORMATS, INDEX_COLUMNS, Table
from survey.common.text import plain_cell
from survey.reports.xlsx import report_xlsx

STARTS: Final = (
    *("=", "+", "-", "@", "\t=", "\r=", "\n=", " =", "  +"),
    *("＝", "＋", "－", "＠", "\x00=", '"=', "'="),
)
BODIES: Final = ("1+1", 'HYPERLINK("http://x.example";"y")', "SUM(A1:A9)|x!A0", "cmd|' /C calc'!A0")
PAYLOADS: Final = tuple(f"{start}{body}" for start in STARTS for body in BODIES)
FORMULA: Final = re.compile(r"table:formula=")


def opened(path: Path, folder: Path, separator: str = ",") -> str:
    """What LibreOffice makes of a file, as flat XML."""
    command = ["soffice", "--headless", f"-env:UserInstallation=file://{folder}/profile"]
    command += ["--convert-to", "fods", "--outdir", str(folder)]
    if path.suffix == ".csv":
        # Separator, quotes, UTF-8, first line, and formulas taken as they are found.
        command += [f"--infilter=CSV:{ord(separator)},34,76,1,,0,false,true,false,false,false,-1"]
    subprocess.run([*command, str(path)], check=True, capture_output=True, timeout=180)
    (made,) = folder.glob(f"{path.stem}*.fods")
    return made.read_text(encoding="utf-8")


@pytest.fixture(scope="module", autouse=True)
def _libreoffice() -> None:
    if shutil.which("soffice") is None:
        message = "there is no LibreOffice: run `make test-slow`"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)


def table() -> Table:
    rows = [
        dict.fromkeys(INDEX_COLUMNS)
        | {"agency_name": text, "label": text, "band": text, "weighted_index": Decimal("-1.50")}
        for text in PAYLOADS
    ]
    return Table(
        rows, {"notice": PAYLOADS[0], "province": PAYLOADS[4], "method_title": PAYLOADS[8]}
    )


@pytest.mark.slow
def test_the_way_to_look_finds_a_formula(tmp_path: Path) -> None:
    path = tmp_path / "raw.csv"
    path.write_text("a,b\n=1+1,-2\n", encoding="utf-8")
    assert len(FORMULA.findall(opened(path, tmp_path))) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "separator", "options"),
    [
        ("index.csv", ",", {"bom": False}),
        ("excel.csv", ";", {"bom": True, "decimal": ",", "separator": ";"}),
        ("index.xlsx", "", {}),
    ],
)
def test_no_text_of_a_table_becomes_a_formula(
    tmp_path: Path, name: str, separator: str, options: dict[str, object]
) -> None:
    buffer = io.BytesIO()
    FORMATS[name.rpartition(".")[2]](table(), buffer, **options)
    path = tmp_path / name
    path.write_bytes(buffer.getvalue())
    shown = opened(path, tmp_path, separator or ",")
    assert FORMULA.findall(shown) == []
    if name == "index.xlsx":
        assert 'office:value="-1.5"' in shown, "a negative number is a number"


@pytest.mark.slow
def test_no_cell_of_a_list_becomes_a_formula(tmp_path: Path) -> None:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerows([plain_cell(text), "x"] for text in PAYLOADS)
    path = tmp_path / "list.csv"
    path.write_text(buffer.getvalue(), encoding="utf-8", newline="")
    assert FORMULA.findall(opened(path, tmp_path)) == []


@pytest.mark.slow
def test_no_line_of_a_report_becomes_a_formula(tmp_path: Path) -> None:
    columns = [{"text": text, "align": "left", "share": 1} for text in PAYLOADS[:4]]
    grid = {
        "type": "grid",
        "caption": PAYLOADS[0],
        "columns": columns,
        "rows": [list(PAYLOADS[k : k + 4]) for k in range(0, len(PAYLOADS), 4)],
    }
    blocks = [*({"type": "paragraph", "text": text} for text in PAYLOADS), grid]
    document = dict.fromkeys(
        ("title", "subject", "notice", "scope", "as_of", "edition"), PAYLOADS[0]
    )
    path = tmp_path / "report.xlsx"
    path.write_bytes(report_xlsx({**document, "blocks": blocks}))
    assert FORMULA.findall(opened(path, tmp_path)) == []
