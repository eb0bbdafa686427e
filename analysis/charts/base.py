"""What all pictures share: palette, theme, number format, axes, and what a picture is."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

import altair as alt

from analysis.charts.words import WORDS

Spec = dict[str, Any]
INK, INK_SOFT, PAPER, LINE, EDGE, ACCENT = (
    "#14213D",
    "#4A5568",
    "#FFFFFF",
    "#C9D1DE",
    "#6B7789",
    "#0B57A4",
)
LEVELS: Final = ("#B35806", "#F1A340", "#D8D8DA", "#6BAED6", "#08519C")
ON_LEVELS: Final = (PAPER, INK, INK, INK, PAPER)
"""Text on each level's colour, all at least 4.5:1."""
STEPS: Final = (PAPER, "#EAF1F9", "#C6DBEF", "#6BAED6", "#08519C")
WIDTH, ROW = 720, 34
DASHED: Final[Spec] = {"color": INK, "strokeDash": [5, 3], "strokeWidth": 1.5}
DOT: Final[Spec] = {"filled": True, "size": 110, "opacity": 1}
_CONFIG: Final[Spec] = {
    "font": "Noto Sans, sans-serif",
    "background": PAPER,
    "padding": 12,
    "aria": False,
    "view": {"stroke": None},
    "title": {
        "anchor": "start",
        "frame": "bounds",
        "color": INK,
        "fontSize": 18,
        "fontWeight": "bold",
        "offset": 12,
        "lineHeight": 24,
        "subtitleColor": INK_SOFT,
        "subtitleFontSize": 14,
        "subtitleLineHeight": 20,
        "subtitlePadding": 6,
    },
    "axis": {
        "labelColor": INK,
        "labelFontSize": 14,
        "labelLimit": 0,
        "labelPadding": 8,
        "labelLineHeight": 16,
        "titleColor": INK_SOFT,
        "titleFontSize": 14,
        "titleFontWeight": "normal",
        "gridColor": LINE,
        "domainColor": EDGE,
        "ticks": False,
    },
    "legend": {
        "orient": "top",
        "title": None,
        "labelColor": INK,
        "labelFontSize": 14,
        "labelLimit": 0,
        "symbolSize": 150,
        "columnPadding": 16,
        "rowPadding": 6,
        "offset": 8,
    },
    "text": {"color": INK, "fontSize": 14, "lineHeight": 17},
}


@dataclass(frozen=True)
class Picture:
    """One picture for page, PDF and notebook.

    Attributes
    ----------
    spec : Vega-Lite specification with its data inside; shows the same everywhere.
    text : the text alternative: what a reader who does not see the picture has to know.
    """

    spec: Spec
    text: str

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Spec:
        """How a notebook shows it."""
        return {"application/vnd.vegalite.v6+json": self.spec, "text/plain": self.text}


@dataclass(frozen=True)
class Frame:
    """Language and headings of a picture; an empty title takes the standard one of its kind."""

    language: str = "vi"
    title: str = ""
    subtitle: str = ""

    @property
    def words(self) -> Mapping[str, str]:
        """Words of the language."""
        return WORDS[self.language]

    def number(self, value: float, digits: int = 1, sign: str = "") -> str:
        """A number as text, rounded half up."""
        exact = Decimal(repr(float(value))).quantize(
            Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP
        )
        exact = abs(exact) if exact == 0 else exact
        own = str.maketrans({",": self.words["thousands"], ".": self.words["decimal"]})
        return f"{exact:{sign},}".translate(own)

    def finish(self, kind: str, layers: Sequence[alt.Chart], height: int, **said: Any) -> Picture:
        """The layers with title, size and theme, and the text alternative filled in."""
        # The bundled font has no U+2212, which is d3's own minus sign.
        numbers = {
            "decimal": self.words["decimal"],
            "thousands": self.words["thousands"],
            "grouping": [3],
            "minus": "-",
        }
        text = self.words[f"{kind}_text"].format(**said)
        spec = alt.layer(*layers).to_dict() | {
            "title": {
                "text": wrap(self.title or self.words[f"{kind}_title"], 64),
                "subtitle": wrap(self.subtitle, 92) if self.subtitle else [],
            },
            "description": text,
            "width": WIDTH,
            "height": height,
            "autosize": {"type": "fit-x", "contains": "padding"},
            "config": {**_CONFIG, "locale": {"number": numbers}},
        }
        return Picture(spec, text)


def wrap(text: str, width: int = 32) -> list[str]:
    """Text in as few lines as the width allows, all about equally long."""
    lines = textwrap.wrap(text, width) or [""]
    while width > 1 and 0 < len(
        shorter := textwrap.wrap(text, width - 1, break_long_words=False)
    ) <= len(lines):
        lines, width = shorter, width - 1
    return lines


def key(name: str) -> str:
    """A name as the row axis knows it: its lines."""
    return "\n".join(wrap(name))


def chart(rows: Iterable[Spec]) -> alt.Chart:
    """A chart on rows it carries itself."""
    return alt.Chart(alt.InlineData(values=list(rows)))


def names(order: Sequence[str]) -> alt.Y:
    """The row axis in the given order; long names take more lines, centred on the row."""
    middle = alt.ExprRef("-8 * (length(split(datum.value, '\\n')) - 1)")
    axis = alt.Axis(
        labelExpr="split(datum.value, '\\n')", labelOffset=middle, domain=False, title=None
    )
    return alt.Y("name:N", scale=alt.Scale(domain=[key(name) for name in order]), axis=axis)


def ruled(title: str | None, **options: Any) -> alt.Axis:
    """A number axis: grid lines, no axis line."""
    return alt.Axis(
        title=title, **({"domain": False, "tickCount": 6, "labelFlush": False} | options)
    )


def between(low: float, high: float, step: int = 5) -> alt.Scale:
    """A scale whose ends are multiples of the step, never above 100."""
    return alt.Scale(domain=[step * (low // step), min(100, step * -(-high // step))], nice=False)


def halo(base: alt.Chart, **mark: Any) -> list[alt.Chart]:
    """Text that stays readable on lines: first its white outline, then itself."""
    outline = mark | {"stroke": PAPER, "strokeWidth": 4, "strokeJoin": "round", "color": PAPER}
    return [base.mark_text(**outline), base.mark_text(**mark)]
