"""Reads a CSV or XLSX file of monthly totals or dossier events into raw rows, with limits before
anything is parsed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.utils.translation import gettext as _

from survey.common.text import TextError, clean
from survey.transactions.headings import TITLES, is_heading
from survey.transactions.workbook import workbook_rows
from survey.transactions.workbook_limits import FileError, too_large

__all__ = ["COLUMNS", "MAX_FILE_BYTES", "FileError", "RawRow", "read_rows"]
MAX_FILE_BYTES: Final = 4 * 1024 * 1024
MAX_ROWS: Final = 50_000
FURTHEST: Final = 4 * MAX_ROWS
"""A sheet is read that far for what stands below the table."""
COLUMNS: Final = ("month", "agency_code", "domain_code", "channel", "completed", "on_time")


@dataclass(frozen=True)
class RawRow:
    """One row as text, with its number as the spreadsheet shows it."""

    number: int
    cells: tuple[str, ...]


def read_rows(
    content: bytes, file_name: str, columns: Sequence[str] = COLUMNS, *, optional: int = 0
) -> list[RawRow]:
    """Rows under the heading, blank rows left out; the last ``optional`` columns may lack.

    Raises
    ------
    FileError
        Too large, not CSV or XLSX, a zip bomb, wrong headings, or too many rows.
    """
    if len(content) > MAX_FILE_BYTES:
        raise FileError(
            _("The file is larger than %(size)s MB. Split it by month.")
            % {"size": MAX_FILE_BYTES // 2**20}
        )
    if not content.strip():
        raise FileError(_("The file is empty."))
    if content.startswith(b"PK\x03\x04"):
        rows = workbook_rows(content, columns, _as_text, optional)
    elif file_name.lower().endswith((".csv", ".txt")):
        rows = _csv(content)
    else:
        raise FileError(
            _("“%(name)s” is neither CSV nor XLSX. Use the template.") % {"name": file_name}
        )
    return _below_heading(rows, columns, optional)


def _csv(content: bytes) -> Iterator[tuple[int, list[str]]]:
    codec = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = content.decode(codec)
    except UnicodeDecodeError as error:
        raise FileError(
            _("The CSV file is not in UTF-8. In Excel choose “CSV UTF-8” when saving.")
        ) from error
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    skipped = 1 if text[:4].lower() == "sep=" else 0
    told = text[4:5] if skipped else ""
    text = text.partition("\n")[2] if skipped else text
    separator = (
        told if told.strip() or told == "\t" else max(";,\t", key=text.partition("\n")[0].count)
    )
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    line, width = 1 + skipped, 0
    try:
        for cells in reader:
            width = width or len(cells)
            if len(cells) > width:
                raise _beyond(line, next(filter(None, cells[width:]), cells[width - 1]))
            yield line, cells
            line = reader.line_num + 1 + skipped
    except csv.Error as error:
        raise FileError(
            _("The CSV file is damaged near row %(row)s: %(reason)s.")
            % {"row": line, "reason": error}
        ) from error


def _beyond(row: int, cell: str) -> FileError:
    return FileError(
        _(
            "Row %(row)s has more cells than there are headings: “%(cell)s” stands beyond "
            "the last one. "
            "Write numbers without thousands separators, and one value in each cell."
        )
        % {"row": row, "cell": cell[:40]}
    )


def _as_text(value: object, *, months: bool) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime) and not months:
        return value.isoformat(timespec="seconds")
    if isinstance(value, datetime | date):
        return f"{value:%Y-%m}"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _cleaned(cell: str, number: int) -> str:
    try:
        return clean(cell)
    except TextError as error:
        raise FileError(
            _("Row %(row)s holds characters that cannot be read. Type it again.") % {"row": number}
        ) from error


def _below_heading(
    rows: Iterator[tuple[int, list[str]]], columns: Sequence[str], optional: int
) -> list[RawRow]:
    _number, heading = next(rows, (1, []))
    found = [cell.strip() for cell in heading]
    while found and not found[-1]:
        found.pop()
    if not is_heading(found, columns, optional):
        raise FileError(
            _(
                "Row 1 must hold these headings in this order: %(wanted)s. Found: %(found)s. Use "
                "the template."
            )
            % {
                "wanted": ", ".join(TITLES[name] for name in columns),
                "found": ", ".join(found)[:200] or "–",
            }
        )
    width = len(found)
    result = []
    for number, cells in rows:
        if number > FURTHEST:
            raise too_large()
        values = tuple(_cleaned(cell, number) for cell in cells[:width])
        beyond = next((cell.strip() for cell in cells[width:] if cell.strip()), "")
        if beyond:
            raise _beyond(number, beyond)
        if any(values) and number > MAX_ROWS + 1:
            raise FileError(
                _(
                    "Something stands in row %(row)s; at most %(count)s rows are taken. Delete "
                    "what stands far below "
                    "the table, or split the file by month."
                )
                % {"row": number, "count": MAX_ROWS}
            )
        if any(values):
            result.append(RawRow(number, values + ("",) * (len(columns) - len(values))))
    return result
