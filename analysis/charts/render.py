"""Pictures as SVG, PNG or PDF without a browser, with the fonts that come with the package."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from analysis.charts.base import Picture
from analysis.errors import AnalysisError

FONTS: Final = Path(__file__).parent / "fonts"
FORMATS: Final = ("svg", "png", "pdf")


@cache
def _register() -> None:
    import vl_convert  # noqa: PLC0415  (84 MB, loaded when a picture is drawn)

    # The converter draws no text at all, and says nothing, when it finds no font.
    if not (FONTS / "NotoSans-Regular.ttf").is_file():
        raise AnalysisError("the fonts of the pictures are missing: {FONTS}", FONTS=FONTS)
    vl_convert.register_font_directory(str(FONTS))


def render(picture: Picture, kind: str) -> bytes:
    """A picture in one of ``FORMATS``. SVG and PNG are the same bytes for the same picture.

    Must not be called before a process forks: the converter's threads do not survive it.

    Examples
    --------
    >>> from analysis.charts.base import Frame
    >>> from analysis.charts.comparison import RankSet, ranks_picture
    >>> picture = ranks_picture([RankSet("Sở A", 1, 1, 1)], Frame())
    >>> render(picture, "svg")[:4]
    b'<svg'
    """
    import vl_convert  # noqa: PLC0415

    if kind not in FORMATS:
        raise AnalysisError(
            "a picture cannot be written as {kind!r}; use one of {FORMATS}",
            kind=kind,
            FORMATS=", ".join(FORMATS),
        )
    _register()
    svg = vl_convert.vegalite_to_svg(picture.spec, vl_version="6.4", allowed_base_urls=[])
    if kind == "svg":
        return str(svg).encode("utf-8")
    return bytes(
        vl_convert.svg_to_png(svg, scale=2) if kind == "png" else vl_convert.svg_to_pdf(svg)
    )
