"""CSV as people have it: encodings, separators and line ends are recognised, or refused with what
to do.

Recognised: UTF-8 and UTF-16 with or without a byte order mark, Windows-1258 and TCVN3 (only where
the bytes leave no doubt); comma, semicolon, tab and bar as separators, a ``sep=`` line, CR, LF and
CRLF line ends, quoted line breaks.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from analysis.data.names import normal
from analysis.errors import AnalysisError, SpecError

if TYPE_CHECKING:
    import _csv

SEPARATORS: Final = ",;\t|"
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# TCVN 5712:1993 (ABC fonts), the letters only: bytes A1 to FE, "?" where the set has none.
_TCVN3_LETTERS: Final = (
    "ĂÂÊÔƠƯĐăâêôơưđ??????àảãáạ?ằẳẵắ???????ặầẩẫấậè?ẻẽéẹềểễếệìỉ???ĩíịò?ỏõóọồổỗốộờởỡớợù?ủũúụừửữứựỳỷỹýỵ"
)
_VOWELS: Final = "AEIOUYaeiouyĂÂÊÔƠƯăâêôơư"
_TCVN3: Final = {
    0xA1 + place: letter for place, letter in enumerate(_TCVN3_LETTERS) if letter != "?"
}
_TONES: Final = "\u0300\u0301\u0303\u0309\u0323"
_SAVE_AS: Final = "save it as CSV UTF-8 (in Excel: Save as, CSV UTF-8)"


@dataclass(frozen=True)
class Record:
    """One record of a file: its cells, and the line of the file it begins on (the heading is line
    1).
    """

    line: int
    cells: list[str]


@dataclass(frozen=True)
class CsvText:
    """A decoded file: its text, how it was written, the heading and whether numbers may have a
    decimal comma.
    """

    text: str
    encoding: str
    separator: str
    heading: list[str]
    first_line: int

    @property
    def decimal_comma(self) -> bool:
        """Where the comma does not separate cells it may stand inside numbers."""
        return self.separator != ","

    def records(self, name: str) -> Iterator[Record]:
        """Records below the heading, empty ones left out.

        Raises
        ------
        SpecError
            A record has more or fewer cells than the heading, or a quotation mark is never closed;
            the line is named.
        """
        reader = _reader(self.text, self.separator)
        next(reader)
        line = reader.line_num
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise SpecError(
                    "{name}, row {line}: {error}; mend the quotation marks",
                    name=name,
                    line=line + self.first_line,
                    error=error,
                ) from error
            place, line = line + self.first_line, reader.line_num
            if not any(cell.strip() and normal(cell) for cell in cells):
                continue
            while len(cells) > len(self.heading) and not cells[-1].strip():
                cells.pop()
            if len(cells) != len(self.heading):
                raise SpecError(
                    "{name}, row {place}: {count} cells, the heading has {heading}; put quotation "
                    "marks around a cell that holds the separator",
                    name=name,
                    place=place,
                    count=len(cells),
                    heading=len(self.heading),
                )
            yield Record(place, cells)


def decode_text(raw: bytes, name: str) -> tuple[str, str]:
    """The text of a file and the encoding it was found in.

    Raises
    ------
    SpecError
        The bytes are in no encoding that can be told; the message says how to save the file.

    Examples
    --------
    >>> decode_text("Hà Nội".encode("utf-16"), "d.csv")
    ('Hà Nội', 'UTF-16')
    """
    for mark, codec in _MARKS:
        if raw.startswith(mark):
            return _decoded(raw, codec, name), codec.removesuffix("-sig").upper()
    if (wide := _unmarked_utf16(raw)) is not None:
        return _decoded(raw, wide, name), "UTF-16"
    try:
        return raw.decode("utf-8"), "UTF-8"
    except UnicodeDecodeError:
        return _decode_vietnamese(raw, name)


def _decoded(raw: bytes, codec: str, name: str) -> str:
    try:
        return raw.decode(codec)
    except UnicodeDecodeError as error:
        raise SpecError(
            "{name} begins like {upper} but is not: {reason}; {remedy}",
            name=name,
            upper=codec.upper(),
            reason=error.reason,
            remedy=AnalysisError(_SAVE_AS),
        ) from error


def _unmarked_utf16(raw: bytes) -> str | None:
    """UTF-16 without a mark: every second byte of Latin text is 0."""
    head = raw[:200]
    if len(head) < 4 or len(raw) % 2:
        return None
    if head[1::2].count(0) * 2 >= len(head[1::2]) and 0 not in head[::2]:
        return "utf-16-le"
    return "utf-16-be" if head[::2].count(0) * 2 >= len(head[::2]) and 0 not in head[1::2] else None


def _decode_vietnamese(raw: bytes, name: str) -> tuple[str, str]:
    """Windows-1258 or TCVN3, where only one of the two makes sense."""
    abc = len(
        re.findall(
            rb"(?<=[A-Za-z])[\xa8-\xae\xb5-\xb9\xbb-\xbe]|[\xa8-\xae\xb5-\xb9\xbb-\xbe](?=[a-z])",
            raw,
        )
    )
    try:
        windows = raw.decode("cp1258")
    except UnicodeDecodeError:
        windows = ""
    toned = len(re.findall(f"(?<=[{_VOWELS}])[{_TONES}]", windows))
    stray = len(re.findall(f"(?<![{_VOWELS}])[{_TONES}]", windows))
    # Letters of other languages have no place in Vietnamese: VNI and Windows-1252 put them where
    # 1258 has tones.
    stray += len(re.findall("[äëïöüÿåæøñçßÄËÏÖÜÅÆØÑÇ]", windows))
    if toned and not stray and not abc:
        return unicodedata.normalize("NFC", windows), "Windows-1258"
    if abc and not toned and all(byte < 0x80 or byte in _TCVN3 for byte in raw):
        return "".join(_TCVN3.get(byte, chr(byte)) for byte in raw), "TCVN3"
    place = next(number for number, byte in enumerate(raw) if byte >= 0x80)
    row = raw[:place].count(b"\n") + 1
    raise SpecError(
        "{name}, row {row}: the file is not UTF-8 and the letters do not tell whether "
        "it is Windows-1258, TCVN3 or another encoding; {remedy}",
        name=name,
        row=row,
        remedy=AnalysisError(_SAVE_AS),
    )


def read_csv_text(raw: bytes, name: str) -> CsvText:
    r"""Decode a CSV file and find its separator.

    Raises
    ------
    SpecError
        The file is empty, holds NUL characters, or is in no encoding that can be told.

    Examples
    --------
    >>> found = read_csv_text(b"sep=;\r\nw;q\r\n1,5;5\r\n", "d.csv")
    >>> found.separator, found.heading, [record.cells for record in found.records("d.csv")]
    (';', ['w', 'q'], [['1,5', '5']])
    """
    text, encoding = decode_text(raw, name)
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        raise SpecError(
            "{name} holds NUL characters: it is no CSV file, or is damaged; {remedy}",
            name=name,
            remedy=AnalysisError(_SAVE_AS),
        )
    first_line, told = 1, None
    if match := re.match(r'"?sep=(.)"?\n', text, re.IGNORECASE):
        first_line, told, text = 2, match[1], text[match.end() :]
    while text.startswith("\n"):
        first_line, text = first_line + 1, text[1:]
    if not text.strip():
        raise SpecError("data: {name} has no rows", name=name)
    separator = told if told else _separator(text)
    try:
        heading = next(_reader(text, separator))
    except csv.Error as error:
        raise SpecError(
            "{name}, row {first_line}: {error}; mend the quotation marks of the heading",
            name=name,
            first_line=first_line,
            error=error,
        ) from error
    return CsvText(text, encoding, separator, heading, first_line)


def _reader(text: str, separator: str) -> _csv.Reader:
    csv.field_size_limit(1 << 24)
    return csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)


def _separator(text: str) -> str:
    """The candidate that cuts the heading and the first rows into most cells of equal number."""
    best, most = ",", (0, 0)
    for candidate in SEPARATORS:
        try:
            rows = [row for _, row in zip(range(20), _reader(text, candidate), strict=False) if row]
        except csv.Error:
            continue
        width = len(rows[0]) if rows else 0
        fitting = sum(len(row) == width for row in rows)
        if width > 1 and (fitting, width) > most:
            best, most = candidate, (fitting, width)
    return best
