"""A report as data: what every format draws. It is kept as JSON, so that a report made once gives
the same bytes for ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

Align = Literal["left", "right"]
COUNTRY: Final = ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc")
"""National name and motto, as every administrative document bears them."""


@dataclass(frozen=True)
class Column:
    """A column of a table: its heading, how it is aligned, and its share of the width."""

    text: str
    align: Align = "left"
    share: int = 1


def heading(text: str) -> dict[str, Any]:
    """A heading of a section."""
    return {"type": "heading", "text": text}


def paragraph(text: str) -> dict[str, Any]:
    """A paragraph."""
    return {"type": "paragraph", "text": text}


def bullets(items: Sequence[str]) -> dict[str, Any]:
    """A list."""
    return {"type": "bullets", "items": list(items)}


def picture(svg: str, told: str) -> dict[str, Any]:
    """A picture of the PDF, with what it shows in words; other formats leave it out."""
    return {"type": "picture", "svg": svg, "told": told}


def grid(caption: str, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> dict[str, Any]:
    """A table whose head stands on every page it runs over; cells are text as it is read."""
    return {
        "type": "grid",
        "caption": caption,
        "columns": [asdict(column) for column in columns],
        "rows": [list(row) for row in rows],
    }


@dataclass(frozen=True)
class Letterhead:
    """Who issues a report, in the form of Decree 30/2020/NĐ-CP."""

    above: str
    issuer: str
    code: str
    place: str
    signer: str
    receivers: tuple[str, ...]


@dataclass(frozen=True)
class ReportDocument:
    """A whole report.

    Attributes
    ----------
    subject : under the word "report": what about, for which period.
    scope : whom it is about.
    as_of : until when what it tells was known, in words.
    edition : short checksum of the figures it stands on.
    notice : printed in red, that data are made up.
    """

    title: str
    subject: str
    head: Letterhead
    blocks: list[dict[str, Any]]
    scope: str
    as_of: str
    edition: str
    notice: str = ""
    country: tuple[str, str] = field(default=COUNTRY)

    def as_data(self) -> dict[str, Any]:
        """The report for JSON."""
        return asdict(self)
