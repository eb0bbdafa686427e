"""Reads a CSV or XLSX file of monthly totals or dossier events into raw rows, with limits before anything is parsed."""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, Final

from django.utils.translation import gettext as _

from survey.common.text import TextError, clean

LARGEST_FILE: Final = 4 * 1024 * 1024
LARGEST_UNPACKED: Final = 40 * 1024 * 1024
MOST_ROWS: Final = 50_000
MOST_PARTS: Final = 200
COLUMNS: Final = ("month", "agency_code", "domain_code", "channel", "completed", "on_time")
WIDEST: Final = 30


_DAMAGED: Final = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError)
"""What the archive and workbook readers raise on damaged files (UnicodeDecodeError is a ValueError)."""


class FileError(ValueError):
    """The file as a whole cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class RawRow:
    """One row as text, with its number as the spreadsheet shows it."""

    number: int
    cells: tuple[str, ...]


def read_rows(content: bytes, file_name: str, columns: Sequence[str] = COLUMNS) -> list[RawRow]:
    """Rows under the heading, blank rows left out.

    Raises
    ------
    FileError
        Too large, not CSV or XLSX, a zip bomb, wrong headings, or too many rows.
    """
    if len(content) > LARGEST_FILE:
        raise FileError(_("The file is larger than %(size)s MB. Split it by month.") % {"size": LARGEST_FILE // 2**20})
    if not content.strip():
        raise FileError(_("The file is empty."))
    if content.startswith(b"PK\x03\x04"):
        rows = _xlsx(content, months="month" in columns)
    elif file_name.lower().endswith((".csv", ".txt")):
        rows = _csv(content)
    else:
        raise FileError(_("“%(name)s” is neither CSV nor XLSX. Use the template.") % {"name": file_name})
    return _below_heading(rows, columns)


def _csv(content: bytes) -> Iterator[tuple[int, list[str]]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileError(_("The CSV file is not in UTF-8. In Excel choose “CSV UTF-8” when saving.")) from error
    first = text.splitlines()[0] if text.splitlines() else ""
    separator = max(";,\t", key=first.count)
    try:
        yield from enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True), start=1)
    except csv.Error as error:
        raise FileError(_("The CSV file is damaged: %(reason)s.") % {"reason": error}) from error


def _xlsx(content: bytes, *, months: bool) -> Iterator[tuple[int, list[str]]]:
    import openpyxl  # noqa: PLC0415  (heavy; only when a workbook comes in)
    from defusedxml.common import DefusedXmlException  # noqa: PLC0415

    _check_zip(content)
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        for number, row in enumerate(sheet.iter_rows(max_col=WIDEST, values_only=True), start=1):
            yield number, [_as_text(value, months=months) for value in row]
    except FileError:
        raise
    except (*_DAMAGED, DefusedXmlException, KeyError, IndexError, TypeError, SyntaxError) as error:
        raise FileError(_("The workbook is damaged or not a real XLSX file. Save it again in Excel.")) from error


def _check_zip(content: bytes) -> None:
    """Refuse a bomb from the directory of the archive alone, then from what it really unpacks to."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > LARGEST_UNPACKED:
                raise FileError(
                    _("The workbook unpacks to more than %(size)s MB.") % {"size": LARGEST_UNPACKED // 2**20}
                )
            for part in parts:
                with archive.open(part) as stream:
                    _bounded(stream)
    except FileError:
        raise
    except _DAMAGED as error:
        raise FileError(_("The workbook is damaged or not a real XLSX file. Save it again in Excel.")) from error


def _bounded(stream: IO[bytes]) -> None:
    """The sizes in the directory can lie, so the bytes are counted."""
    read = 0
    while block := stream.read(1 << 20):
        read += len(block)
        if read > LARGEST_UNPACKED:
            raise FileError(_("The workbook unpacks to more than %(size)s MB.") % {"size": LARGEST_UNPACKED // 2**20})


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


def _below_heading(rows: Iterator[tuple[int, list[str]]], columns: Sequence[str]) -> list[RawRow]:
    _number, heading = next(rows, (1, []))
    found = [cell.strip().lower() for cell in heading]
    while found and not found[-1]:
        found.pop()
    if found != list(columns):
        raise FileError(
            _("Row 1 must hold these headings in this order: %(wanted)s. Found: %(found)s. Use the template.")
            % {"wanted": ", ".join(columns), "found": ", ".join(found)[:200] or "–"}
        )
    result = []
    for number, cells in rows:
        values = tuple(_cleaned(cell, number) for cell in cells[: len(columns)])
        if any(values):
            result.append(RawRow(number, values + ("",) * (len(columns) - len(values))))
        # By number, not by count: a workbook can claim a row far down and have millions of blank ones filled in.
        if number > MOST_ROWS + 1:
            raise FileError(_("The file has more than %(count)s rows. Split it by month.") % {"count": MOST_ROWS})
    return result
