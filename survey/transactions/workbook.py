"""Rows of an XLSX file: every limit is checked on the packed parts, before any library parses one
of them.

The sizes in a ZIP directory can lie and a small part can unpack to millions of elements, so bytes
and tags are counted while a part is unpacked, and none is kept.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, Final, NamedTuple

from django.utils.translation import gettext as _

MB: Final = 1 << 20
MAX_PARTS: Final = 200
MAX_SHEETS: Final = 60
MAX_UNPACKED: Final = 40 * MB
MAX_CELLS: Final = 1_000_000
"""Cells the rows are filled up to: a lonely cell in the last column makes its row 16,384 wide."""
FEWEST_FILLED: Final = 3
"""Cells in a row of a table; words beside a table have two."""
MOST_PEEKED: Final = 20
"""Rows looked at in a sheet that is not taken."""
LONGEST: Final = 128 * 1024
"""Bytes without a tag: a cell of Excel holds 32,767 characters."""
_DAMAGED: Final = (
    zipfile.BadZipFile,
    zlib.error,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
    ValueError,
)
"""What the archive and workbook readers raise on damaged files: zipfile says NotImplementedError of
a packing it does not know; UnicodeDecodeError is a ValueError.
"""


class FileError(ValueError):
    """The file as a whole cannot be used; the message says why and what to do."""


class _Limit(NamedTuple):
    """Bytes and tags a part may unpack to; parts that are not read have bytes only."""

    pattern: str
    size: int
    tags: int
    elements: int = 1 << 62
    """Rows and cells together."""


# Measured with openpyxl 3.1: about 300,000 cells or strings a second.
_LIMITS: Final = (
    _Limit(r"xl/worksheets/[^/]+\.xml", 30 * MB, 1_600_000, 400_000),
    _Limit(r"xl/sharedStrings\.xml", 8 * MB, 350_000),
    _Limit(r"xl/styles\.xml", 2 * MB, 25_000),
    _Limit(r"xl/workbook\.xml", MB, 5_000),
    _Limit(r"(.*/)?_rels/[^/]+\.rels", MB, 2_000),
    _Limit(r"\[Content_Types\]\.xml", MB, 2_000),
    _Limit(r"(xl/theme|docProps)/[^/]+\.xml", MB, 20_000),
)
_ELEMENT: Final = re.compile(rb"<(?:\w{1,20}:)?(?:c|row)[\s/>]")
_LONGEST_NAME: Final = 26
_FORMULA: Final = re.compile(
    rb"<(?:\w{1,20}:)?c(?P<attributes>\s[^>]*)?>\s*<(?:\w{1,20}:)?f(?:\s[^>]*)?(?:/>|>[^<]*</(?:\w{1,20}:)?f\s*>)\s*"
    rb"(?P<value><(?:\w{1,20}:)?(?:v|is)[\s/>])?"
)
"""A cell with a formula, and whether a value stands beside it; Excel's own writers may give every
name a prefix.
"""
_OTHER: Final = _Limit("", 10 * MB, 1 << 62)


def workbook_rows(
    content: bytes, columns: Sequence[str], as_text: Callable[..., str]
) -> Iterator[tuple[int, list[str]]]:
    """(number, cells) of the one visible sheet that begins with the headings ``columns``.

    Raises
    ------
    FileError
        Too large, damaged, no such sheet or several of them, or a formula that holds no value.
    """
    import openpyxl  # noqa: PLC0415  (heavy; only when a workbook comes in)
    from defusedxml.common import DefusedXmlException  # noqa: PLC0415

    uncomputed = check_parts(content)
    months = "month" in columns
    try:
        book = openpyxl.load_workbook(
            io.BytesIO(content), read_only=True, data_only=True, keep_links=False
        )
        sheet = _chosen(book, columns)
        _refuse_uncomputed(uncomputed.get(str(sheet._worksheet_path).lstrip("/"), ""))
        for number, row in enumerate(_rows(sheet), start=1):
            yield number, ["" if value is None else as_text(value, months=months) for value in row]
    except FileError:
        raise
    except (
        *_DAMAGED,
        DefusedXmlException,
        KeyError,
        IndexError,
        TypeError,
        AttributeError,
        SyntaxError,
    ) as error:
        raise FileError(
            _("The workbook is damaged or not a real XLSX file. Save it again in Excel.")
        ) from error


def _rows(sheet: Any) -> Iterator[tuple[Any, ...]]:
    """Rows up to their last cell: what the sheet says of its own size is not believed."""
    sheet.reset_dimensions()
    left = MAX_CELLS
    for row in sheet.iter_rows(values_only=True):
        left -= len(row)
        if left < 0:
            raise too_large()
        yield row


def check_parts(content: bytes) -> dict[str, str]:
    """Refuse a bomb by what its parts really unpack to; returns the first formula without a value
    of each sheet.
    """
    uncomputed, left = {}, MAX_UNPACKED
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            names = [part.filename for part in parts]
            sheets = [name for name in names if name.startswith("xl/worksheets/")]
            if len(parts) > MAX_PARTS or len(sheets) > MAX_SHEETS or len(set(names)) < len(names):
                raise too_large()
            for part in parts:
                left -= _count(archive, part, left)
            for name in sheets:
                uncomputed[name] = _uncomputed(archive.read(name))
    except FileError:
        raise
    except _DAMAGED as error:
        raise FileError(
            _("The workbook is damaged or not a real XLSX file. Save it again in Excel.")
        ) from error
    return uncomputed


def _count(archive: zipfile.ZipFile, part: zipfile.ZipInfo, left: int) -> int:
    """Bytes of a part; raises as soon as it is too much."""
    limit = next((one for one in _LIMITS if re.fullmatch(one.pattern, part.filename)), _OTHER)
    size = tags = elements = 0
    with archive.open(part) as stream:
        tail = b""
        while block := stream.read(MB):
            size, tags = size + len(block), tags + block.count(b"<")
            elements += len(_ELEMENT.findall(tail + block))
            tail = block[-_LONGEST_NAME:] if not _ELEMENT.search(block[-_LONGEST_NAME:]) else b""
            if size > min(limit.size, left) or tags > limit.tags or elements > limit.elements:
                raise too_large()
            if limit is not _OTHER and max(map(len, block.split(b"<"))) > LONGEST:
                raise too_large()
    return size


def _uncomputed(sheet: bytes) -> str:
    """Reference of the first cell with a formula nobody has computed, or empty; an empty text is a
    value, too.
    """
    for found in _FORMULA.finditer(sheet):
        if not found["value"] and b't="str"' not in found["attributes"]:
            reference = re.search(rb'\br="([A-Z]{1,3}\d{1,7})"', found["attributes"])
            return reference[1].decode() if reference else "?"
    return ""


def too_large() -> FileError:
    """The refusal of a workbook that is more than a table."""
    return FileError(
        _(
            "The workbook unpacks to more than a table of this size needs. Copy the table alone, "
            "as values, into the "
            "template."
        )
    )


def _chosen(book: Any, columns: Sequence[str]) -> Any:
    """The one visible sheet that begins with the headings; the first visible one when none does."""
    visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    fitting = [sheet for sheet in visible if _heading(sheet) == list(columns)]
    if len(fitting) > 1:
        names = ", ".join(f"“{sheet.title[:40]}”" for sheet in fitting)
        raise FileError(
            _(
                "Several sheets hold the table: %(names)s. Put all rows into one sheet, or send "
                "one file for each."
            )
            % {"names": names}
        )
    if fitting:
        _refuse_others(visible, fitting[0])
        return fitting[0]
    if any(_heading(sheet) == list(columns) for sheet in book.worksheets):
        raise FileError(
            _("The sheet with the headings is hidden. Show it, check it, and send the file again.")
        )
    if not visible:
        raise FileError(_("The workbook has no visible sheet."))
    return visible[0]


def _refuse_others(visible: Sequence[Any], chosen: Any) -> None:
    """Another sheet with rows of a table may be a second one under another heading: it is not
    passed over.
    """
    for sheet in visible:
        filled = (
            row
            for row in islice(_rows(sheet), MOST_PEEKED)
            if sum(value is not None for value in row) >= FEWEST_FILLED
        )
        if sheet is not chosen and next(filled, None) is not None:
            raise FileError(
                _(
                    "The sheet “%(name)s” is not empty, and only “%(taken)s” begins with the "
                    "headings. Put all rows "
                    "into one sheet, or hide what is not meant."
                )
                % {"name": sheet.title[:40], "taken": chosen.title[:40]}
            )


def _heading(sheet: Any) -> list[str]:
    first = next(_rows(sheet), ())
    found = [str(value or "").strip().lower() for value in first]
    while found and not found[-1]:
        found.pop()
    return found


def _refuse_uncomputed(cell: str) -> None:
    """A formula nobody has computed has no value to take: Excel stores one, libraries often
    do not.
    """
    if cell:
        raise FileError(
            _(
                "Row %(row)s, cell %(cell)s holds a formula without a value. Open the file in "
                "Excel and save it, or "
                "paste the table as values."
            )
            % {"row": cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), "cell": cell}
        )
