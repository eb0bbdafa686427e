"""Workbooks other programs write: prefixes, empty texts of formulas, second tables; and what costs
too much.
"""

from __future__ import annotations

import io
import re
import time
import zipfile

import openpyxl
import pytest

from survey.transactions.reading import COLUMNS, FileError, read_rows

SHEET = "xl/worksheets/sheet1.xml"
ROW = ["2026-11", "28249", "land", "counter", 100, 90]


def book(*rows: list[object], second: list[list[object]] | None = None) -> bytes:
    made = openpyxl.Workbook()
    sheet = made.worksheets[0]
    sheet.append(list(COLUMNS))
    for row in rows:
        sheet.append(row)
    if second is not None:
        other = made.create_sheet("Thang 12")
        for row in second:
            other.append(row)
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


def changed(content: bytes, pattern: bytes, by: bytes) -> bytes:
    """The same workbook with its first sheet rewritten."""
    source, buffer = zipfile.ZipFile(io.BytesIO(content)), io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            data = source.read(name)
            target.writestr(
                name, re.sub(pattern, by, data, flags=re.DOTALL) if name == SHEET else data
            )
    return buffer.getvalue()


@pytest.mark.parametrize("prefix", [b"", b"x:"])
@pytest.mark.parametrize("value", [b"", b"<v>7</v>"])
def test_a_formula_without_a_value_is_told_whatever_the_prefix(prefix: bytes, value: bytes) -> None:
    cell = rb'<%(p)sc r="E3"><%(p)sf>1+6</%(p)sf>%(v)s</%(p)sc>' % {
        b"p": prefix,
        b"v": value.replace(b"<v>", b"<" + prefix + b"v>").replace(b"</v>", b"</" + prefix + b"v>"),
    }
    content = changed(book(ROW, ROW), rb'<c r="E3"[^>]*>.*?</c>', cell)
    if prefix:
        content = changed(content, rb"<(/?)(?!x:|\?)(?=[a-z])", rb"<\1x:")
        content = changed(content, rb"xmlns=", b"xmlns:x=")
    if value:
        assert len(read_rows(content, "a.xlsx")) == 2
    else:
        with pytest.raises(FileError, match="E3"):
            read_rows(content, "a.xlsx")


def test_an_empty_text_is_a_value_of_a_formula() -> None:
    content = changed(
        book(ROW, ['=IF(1,"","")'] * 6),
        rb'<c r="([A-F]3)"[^>]*>.*?</c>',
        rb'<c r="\1" t="str"><f>IF(1,"","")</f><v></v></c>',
    )
    assert len(read_rows(content, "a.xlsx")) == 1


@pytest.mark.parametrize("heading", [["Số liệu tháng 12"], ["agency_code", "month"], None])
def test_a_second_table_is_not_passed_over_in_silence(heading: list[object] | None) -> None:
    second = [*([heading] if heading else []), ["2026-10", *ROW[1:]]]
    with pytest.raises(FileError, match="Thang 12"):
        read_rows(book(ROW, second=second), "a.xlsx")
    assert len(read_rows(book(ROW, second=[["Ghi chú", "số liệu do phòng A gửi"]]), "a.xlsx")) == 1


@pytest.mark.parametrize(
    "rows",
    [
        b"".join(b'<row r="%d">%s</row>' % (i, b"<c/>" * 6000) for i in range(3, 160)),
        b"".join(b'<row r="%d"/>' % i for i in range(3, 900_000)),
        b"".join(b'<row r="%d"><c r="XFD%d"><v>1</v></c></row>' % (i, i) for i in range(3, 245)),
    ],
    ids=["wide", "rows", "far"],
)
def test_small_files_that_cost_much_are_refused_at_once(rows: bytes) -> None:
    formula = b'<row r="2"><c r="A2"><f>1</f><v>1</v></c></row>'
    content = changed(book(), rb"</sheetData>", formula + rows + b"</sheetData>")
    begun = time.process_time()
    with pytest.raises(FileError):
        read_rows(content, "a.xlsx")
    assert time.process_time() - begun < 2
