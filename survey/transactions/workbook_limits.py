"""Every limit of a workbook, checked on its packed parts before any library parses one of them.

The sizes in a ZIP directory can lie and a small part can unpack to millions of elements, so bytes
and tags are counted while a part is unpacked, and none is kept.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Sequence
from typing import Final, NamedTuple

from django.utils.translation import gettext as _

MB: Final = 1 << 20


MAX_PARTS: Final = 200


MAX_SHEETS: Final = 60


MAX_UNPACKED: Final = 40 * MB


MAX_UNTAGGED_BYTES: Final = 128 * 1024
"""Bytes without a tag: a cell of Excel holds 32,767 characters."""


DAMAGE: Final = (
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


_MAX_NAME_BYTES: Final = 26


_FORMULA: Final = re.compile(
    rb"<(?:\w{1,20}:)?c(?P<attributes>\s[^>]*)?>\s*<(?:\w{1,20}:)?f(?:\s[^>]*)?(?:/>|>[^<]*</(?:\w{1,20}:)?f\s*>)\s*"
    rb"(?P<value><(?:\w{1,20}:)?(?:v|is)(?:\s[^>]*)?>(?P<text>[^<])?)?"
)
"""A cell with a formula, and whether a value stands beside it, with text in it; Excel's own writers
may give every name a prefix.
"""


_ROW: Final = re.compile(rb'<(?:\w{1,20}:)?row\s(?:[^>]*?\s)?r="(-?\d{1,10})"')


_PART_NAMES: Final = {
    b"worksheet+xml": rb"/xl/worksheets/[^/]+\.xml",
    b"sharedStrings+xml": rb"/xl/sharedStrings\.xml",
    b"styles+xml": rb"/xl/styles\.xml",
    b"sheet.main+xml": rb"/xl/workbook\.xml",
}
"""Where the parts stand that are read: the limits go by name, the library by what a part says it
is.
"""


_OVERRIDE: Final = re.compile(rb"<(?:\w{1,20}:)?(Override|Default)\s([^>]*)>")


_SHEET_TARGET: Final = re.compile(rb"(/xl/|\.?/?)?worksheets/[^/]+\.xml")


_OTHER: Final = _Limit("", 10 * MB, 1 << 62)


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
            _check_names(archive, names)
            for name in sheets:
                sheet = archive.read(name)
                _check_row_numbers(sheet)
                uncomputed[name] = _uncomputed(sheet)
    except FileError:
        raise
    except DAMAGE as error:
        raise damaged_file() from error
    return uncomputed


def _check_names(archive: zipfile.ZipFile, names: Sequence[str]) -> None:
    """Every part that will be read stands where its limits apply."""
    types = archive.read("[Content_Types].xml") if "[Content_Types].xml" in names else b""
    for kind, attributes in _OVERRIDE.findall(types):
        meant = next((name for name in _PART_NAMES if name in attributes), None)
        place = re.search(rb'PartName="([^"]*)"', attributes)
        if meant is not None and (
            kind == b"Default" or not place or not re.fullmatch(_PART_NAMES[meant], place[1])
        ):
            raise damaged_file()
    relations = "xl/_rels/workbook.xml.rels"
    for relation in re.findall(rb"<[^>]*>", archive.read(relations) if relations in names else b""):
        target = re.search(rb'Target="([^"]*)"', relation)
        if b'/worksheet"' in relation and target and not _SHEET_TARGET.fullmatch(target[1]):
            raise damaged_file()


def _check_row_numbers(sheet: bytes) -> None:
    """Rows are numbered upwards: a number that comes again would be left out without a word."""
    before = 0
    for number in map(int, _ROW.findall(sheet)):
        if number <= before:
            raise FileError(
                _(
                    "In the file row %(row)s does not follow row %(before)s: programs read such "
                    "rows differently. Open it in Excel and save it again."
                )
                % {"row": number, "before": before}
            )
        before = number


def damaged_file() -> FileError:
    return FileError(_("The workbook is damaged or not a real XLSX file. Save it again in Excel."))


def _count(archive: zipfile.ZipFile, part: zipfile.ZipInfo, left: int) -> int:
    """Bytes of a part; raises as soon as it is too much."""
    limit = next((one for one in _LIMITS if re.fullmatch(one.pattern, part.filename)), _OTHER)
    size = tags = elements = 0
    with archive.open(part) as stream:
        tail = b""
        while block := stream.read(MB):
            if not size and limit is not _OTHER and not _is_utf8(block):
                raise damaged_file()
            size, tags = size + len(block), tags + block.count(b"<")
            elements += len(_ELEMENT.findall(tail + block))
            tail = (
                block[-_MAX_NAME_BYTES:] if not _ELEMENT.search(block[-_MAX_NAME_BYTES:]) else b""
            )
            if size > min(limit.size, left) or tags > limit.tags or elements > limit.elements:
                raise too_large()
            if limit is not _OTHER and max(map(len, block.split(b"<"))) > MAX_UNTAGGED_BYTES:
                raise too_large()
    return size


def _is_utf8(start: bytes) -> bool:
    """Whether a part says nothing else: tags of other encodings would not be counted."""
    declared = re.search(rb"""encoding=["']([^"']*)""", start[:200])
    named = declared is None or declared[1].lower() in (b"utf-8", b"us-ascii")
    return named and not start.startswith((b"\xff\xfe", b"\xfe\xff", b"\x00"))


def _uncomputed(sheet: bytes) -> str:
    """Reference of the first cell with a formula nobody has computed, or empty; an empty text that
    Excel computed is a value, too.
    """
    for found in _FORMULA.finditer(sheet):
        computed_text = found["value"] and b't="str"' in (found["attributes"] or b"")
        if not found["text"] and not computed_text:
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
