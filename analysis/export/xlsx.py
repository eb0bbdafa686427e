"""XLSX for Excel: a summary sheet to read, a tidy data sheet to work with, and the method note."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, BinaryIO, Final

from analysis.publication.table import INDEX_COLUMNS, STATUS_VI, Table, TableValue, plain_text

SUMMARY: Final = (
    "agency_code",
    "agency_name",
    "status",
    "n",
    "transactions",
    "response_rate",
    "unweighted_index",
    "weighted_index",
    "ci_low",
    "ci_high",
    "rank_best",
    "rank_worst",
    "ranked",
    "se",
    "deff",
    "n_eff",
)
_NOTE: Final = {
    "period": "Kỳ số liệu",
    "method_title": "Phương pháp",
    "method": "Mã phương pháp",
    "method_version": "Phiên bản phương pháp",
    "method_sha256": "Mã băm phương pháp (SHA-256)",
    "snapshot": "Mã băm bản chốt số liệu (SHA-256)",
    "responses": "Số phiếu trong bản chốt số liệu",
    "notice": "Lưu ý",
}


def write(table: Table, file: BinaryIO) -> None:
    """Write the workbook; numbers are numbers, text is never a formula, equal tables give equal
    bytes.
    """
    import xlsxwriter  # noqa: PLC0415  (loaded when a workbook is asked for)

    book = xlsxwriter.Workbook(
        file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    _fix_dates(book)
    formats = _formats(book)
    overall = [row for row in table.rows if row["level"] == "overall"]
    _sheet(
        book.add_worksheet("Chỉ số"),
        [dict(row, status=STATUS_VI[str(row["status"])]) for row in overall],
        SUMMARY,
        formats,
        vietnamese=True,
    )
    _sheet(book.add_worksheet("data"), table.rows, tuple(INDEX_COLUMNS), formats, vietnamese=False)
    _note(book.add_worksheet("Phương pháp"), table, formats)
    book.close()


def _fix_dates(book: Any) -> None:
    from datetime import UTC, datetime  # noqa: PLC0415

    # Equal tables must give equal bytes: the workbook's own creation time would differ.
    book.set_properties({"title": "Chỉ số hài lòng", "created": datetime(2000, 1, 1, tzinfo=UTC)})


def _formats(book: Any) -> dict[str, Any]:
    font = {"font_name": "Arial", "font_size": 11}
    return {
        "head": book.add_format(
            {
                **font,
                "bold": True,
                "text_wrap": True,
                "valign": "top",
                "bottom": 1,
                "bg_color": "#F4F6FA",
            }
        ),
        "text": book.add_format({**font, "num_format": "@"}),
        "integer": book.add_format({**font, "num_format": "#,##0"}),
        "decimal": book.add_format({**font, "num_format": "0.00"}),
    }


def _sheet(
    sheet: Any,
    rows: list[dict[str, TableValue]],
    columns: tuple[str, ...],
    formats: dict[str, Any],
    *,
    vietnamese: bool,
) -> None:
    for x, name in enumerate(columns):
        sheet.write_string(0, x, INDEX_COLUMNS[name] if vietnamese else name, formats["head"])
        sheet.set_column(x, x, 44 if name == "agency_name" else 14)
    for y, row in enumerate(rows, start=1):
        for x, name in enumerate(columns):
            _cell(sheet, y, x, row[name], formats)
    _page(sheet, heading_rows=True)
    sheet.freeze_panes(1, 2)
    sheet.autofilter(0, 0, max(len(rows), 1), len(columns) - 1)


def _cell(sheet: Any, y: int, x: int, value: TableValue, formats: dict[str, Any]) -> None:
    if value is None:
        sheet.write_blank(y, x, None, formats["text"])
    elif isinstance(value, Decimal):
        sheet.write_number(y, x, float(value), formats["decimal"])
    elif isinstance(value, int):
        sheet.write_number(y, x, value, formats["integer"])
    else:
        sheet.write_string(y, x, plain_text(value), formats["text"])


def _page(sheet: Any, *, heading_rows: bool) -> None:
    """Whoever prints a sheet gets A4 across, one page wide, the heading on each page, and where it
    comes from.
    """
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.set_footer("&L&F, &A&R&P/&N")
    if heading_rows:
        sheet.repeat_rows(0)


def _note(sheet: Any, table: Table, formats: dict[str, Any]) -> None:
    _page(sheet, heading_rows=False)
    sheet.set_column(0, 0, 36)
    sheet.set_column(1, 1, 90)
    shown = [(label, table.about[key]) for key, label in _NOTE.items() if key in table.about]
    for y, (label, value) in enumerate(shown):
        sheet.write_string(y, 0, label, formats["head"])
        sheet.write_string(y, 1, plain_text(str(value)), formats["text"])
