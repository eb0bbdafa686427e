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


@pytest.mark.parametrize("number", [b"3", b"2", b"0", b"-3"])
def test_rows_that_do_not_follow_each_other_are_refused(number: bytes) -> None:
    """The later of two rows with one number was dropped without a word."""
    content = changed(book(ROW, ROW, ROW), rb'<row r="4"', b'<row r="' + number + b'"')
    with pytest.raises(FileError, match=number.decode()):
        read_rows(content, "totals.xlsx")


@pytest.mark.parametrize("value", [b"", b"<v/>", b"<v></v>", b"<v />"])
def test_a_row_of_formulas_nobody_computed_is_no_blank_row(value: bytes) -> None:
    """openpyxl writes formulas without values: a row of them was skipped."""
    content = changed(
        book(ROW, ROW),
        rb'<c r="([A-F])3"[^>]*>.*?</c>',
        rb'<c r="\g<1>3"><f>\g<1>2</f>' + value + b"</c>",
    )
    with pytest.raises(FileError, match="A3"):
        read_rows(content, "totals.xlsx")


def moved(content: bytes, old: str, new: str) -> bytes:
    """A workbook with a part at another place, and everything that names it changed along."""
    source, target = zipfile.ZipFile(io.BytesIO(content)), io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in source.namelist():
            body = source.read(name).replace(old.encode(), new.encode())
            short = old.removeprefix("xl/").encode(), new.removeprefix("xl/").encode()
            body = body.replace(b'"%b"' % short[0], b'"%b"' % short[1])
            archive.writestr(new if name == old else name, body)
    return target.getvalue()


def test_a_part_that_is_read_stands_where_its_limits_apply() -> None:
    """2,000,000 strings elsewhere cost 15 seconds: limits went by name, openpyxl by kind."""
    with pytest.raises(FileError):
        read_rows(moved(book(ROW), SHEET, "xl/ws/sheet1.xml"), "totals.xlsx")


def test_a_part_in_another_encoding_is_refused() -> None:
    """Its tags would not be counted."""
    source, target = zipfile.ZipFile(io.BytesIO(book(ROW))), io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in source.namelist():
            body = source.read(name)
            archive.writestr(name, body.decode().encode("utf-16") if name == SHEET else body)
    with pytest.raises(FileError):
        read_rows(target.getvalue(), "totals.xlsx")


def test_a_second_sheet_that_begins_further_down_is_not_passed_over() -> None:
    workbook = openpyxl.load_workbook(io.BytesIO(book(ROW)))
    other = workbook.create_sheet("x")
    for column, value in enumerate(ROW, start=1):
        other.cell(row=30, column=column, value=value)
    target = io.BytesIO()
    workbook.save(target)
    with pytest.raises(FileError, match="“x”"):
        read_rows(target.getvalue(), "totals.xlsx")


def test_a_thousand_with_a_comma_is_told_though_the_cell_beyond_is_empty() -> None:
    content = ",".join(COLUMNS) + "\n2026-07,H20.01,land,counter,1,000,\n"
    with pytest.raises(FileError):
        read_rows(content.encode(), "totals.csv")
