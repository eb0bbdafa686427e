"""A report as data: what every format draws. It is kept as JSON, so that a report made once gives
the same bytes for ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

from django.utils.translation import gettext as _

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


Span = tuple[float, float, float]
"""Lower limit, figure, upper limit, in per cent."""


@dataclass(frozen=True)
class Intervals:
    """What the PDF draws at the end of each row of a table: a point with its interval, all on one
    axis. The numbers stand in the cells.

    Attributes
    ----------
    column : where the figure stands; the workbook draws its bars there.
    spans : of each row, None where nothing is shown.
    target : a line across all rows.
    """

    column: int
    spans: Sequence[Span | None]
    target: float | None = None


def grid(
    caption: str,
    columns: Sequence[Column],
    rows: Sequence[Sequence[str]],
    intervals: Intervals | None = None,
) -> dict[str, Any]:
    """A table whose head stands on every page it runs over; cells are text as it is read."""
    block: dict[str, Any] = {
        "type": "grid",
        "caption": caption,
        "columns": [asdict(column) for column in columns],
        "rows": [list(row) for row in rows],
    }
    if intervals and any(intervals.spans):
        block["chart"] = _chart(intervals)
    return block


def _chart(intervals: Intervals) -> dict[str, Any]:
    legend = _("Point: index; line: interval; dashed: target.")
    target = intervals.target
    lows = [span[0] for span in intervals.spans if span]
    return {
        "start": find_axis_start(lows if target is None else [*lows, target]),
        "column": intervals.column,
        "target": target,
        "spans": [list(span) if span else None for span in intervals.spans],
        "legend": _("Point: index; line: interval.") if target is None else legend,
    }


def find_axis_start(lows: Sequence[float]) -> int:
    """Where an axis that ends at 100 begins: a tenth no figure lies below, at most 80; far from 100
    a fifth, for so the ticks lie.

    >>> [find_axis_start([low]) for low in (87.3, 63.0, 59.0, 0.0)]
    [80, 60, 40, 0]
    """
    lowest = min(lows)
    step = 10 if lowest >= 60 else 20
    return min(80, int(lowest // step) * step)


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
