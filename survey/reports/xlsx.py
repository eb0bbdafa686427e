"""A report as XLSX: its text on the first sheet, a sheet for each table with numbers as numbers."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import xlsxwriter

_FIXED: Final = datetime(2000, 1, 1, tzinfo=UTC)
_NUMBER: Final = re.compile(r"^[−-]?\d{1,3}(\.\d{3})*(,\d+)?$|^[−-]?\d+(,\d+)?$")
WIDTH_OF_A_SHARE: Final = 7
BAR: Final = "#6BAED6"


def report_xlsx(document: Mapping[str, Any]) -> bytes:
    """The workbook of a report as it is kept; the same report gives the same bytes."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    book.set_properties({"title": document["subject"], "created": _FIXED})
    formats = {
        "head": book.add_format({"bold": True, "text_wrap": True, "border": 1}),
        "text": book.add_format({"text_wrap": True, "valign": "top"}),
        "bold": book.add_format({"bold": True}),
        "integer": book.add_format({"num_format": "#,##0"}),
        "decimal": book.add_format({"num_format": "0.00"}),
    }
    _write_text(book.add_worksheet("Báo cáo"), document, formats)
    grids = [block for block in document["blocks"] if block["type"] == "grid"]
    for number, block in enumerate(grids, start=1):
        _write_grid(book.add_worksheet(f"Bảng {number}"), block, document, formats)
    book.close()
    return buffer.getvalue()


def _lines(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(text, format) of the first sheet."""
    found = [(document["title"], "bold"), (document["subject"], "bold")]
    if document["notice"]:
        found.append((document["notice"], "bold"))
    for block in document["blocks"]:
        if block["type"] in ("heading", "paragraph"):
            found.append((block["text"], "bold" if block["type"] == "heading" else "text"))
        elif block["type"] == "bullets":
            found += [(f"– {item}", "text") for item in block["items"]]
    return [*found, (_source(document), "text")]


def _source(document: Mapping[str, Any]) -> str:
    return " · ".join((document["scope"], document["as_of"], document["edition"]))


def _write_text(sheet: Any, document: Mapping[str, Any], formats: Mapping[str, Any]) -> None:
    sheet.set_column(0, 0, 110)
    for place, (text, name) in enumerate(_lines(document)):
        sheet.write_string(place, 0, text, formats[name])


def _write_grid(
    sheet: Any, block: Mapping[str, Any], document: Mapping[str, Any], formats: Mapping[str, Any]
) -> None:
    sheet.write_string(0, 0, block["caption"], formats["bold"])
    for column, about in enumerate(block["columns"]):
        sheet.set_column(column, column, WIDTH_OF_A_SHARE * about["share"] + 2)
        sheet.write_string(1, column, about["text"], formats["head"])
    for place, row in enumerate(block["rows"], start=2):
        for column, value in enumerate(row):
            _write_cell(sheet, place, column, value, formats)
    _draw_bars(sheet, block)
    sheet.freeze_panes(2, 0)
    sheet.repeat_rows(1)
    sheet.set_footer(f"&L{_source(document).replace('&', '&&')}&R&P/&N")


def _draw_bars(sheet: Any, block: Mapping[str, Any]) -> None:
    """Bars behind the figures the PDF draws, from 0 to 100."""
    if "chart" not in block:
        return
    column = block["chart"]["column"]
    bar = {
        "type": "data_bar",
        "data_bar_2010": True,
        "bar_solid": True,
        "bar_color": BAR,
        "min_type": "num",
        "max_type": "num",
        "min_value": 0,
        "max_value": 100,
    }
    sheet.conditional_format(2, column, len(block["rows"]) + 1, column, bar)


def _write_cell(sheet: Any, row: int, column: int, text: str, formats: Mapping[str, Any]) -> None:
    if not _NUMBER.match(text):
        sheet.write_string(row, column, text, formats["text"])
        return
    value = float(text.replace(".", "").replace(",", ".").replace("−", "-"))
    sheet.write_number(row, column, value, formats["decimal" if "," in text else "integer"])
