"""Sheets as PDF by Typst, with bundled fonts only; a layout says itself when something does not fit
on its paper.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import typst
from django.conf import settings
from django.utils.translation import gettext as _

FONTS: Final = (
    Path(__file__).parent / "fonts",
    settings.BASE_DIR / "analysis" / "charts" / "fonts",
)
"""Khmer letters here; the Vietnamese and Latin ones are those of the charts."""
_LAYOUTS: Final = Path(__file__).parent
_DOES_NOT_FIT: Final = "does not fit: "


class TooLongToPrint(ValueError):
    """A name or address that does not fit even in the smallest letters anybody can read; nothing
    was printed.
    """

    def __init__(self, text: str) -> None:
        super().__init__(
            _("“%(text)s” is too long to be printed. Please give it a shorter name.")
            % {"text": text}
        )


def sheets_pdf(layout: str, data: Mapping[str, Any]) -> bytes:
    """The PDF of a layout (``poster``, ``slips``) filled with data.

    Raises
    ------
    TooLongToPrint
        Something does not fit; the text that is too long is named.
    """
    sent = {"data": json.dumps(data, ensure_ascii=False)}
    layout_path = str(_LAYOUTS / f"{layout}.typ")
    try:
        result: object = typst.compile(
            layout_path,
            font_paths=[str(folder) for folder in FONTS],
            ignore_system_fonts=True,
            sys_inputs=sent,
        )
    except typst.TypstError as error:
        _before, found, text = str(error).partition(_DOES_NOT_FIT)
        if not found:
            raise
        raise TooLongToPrint(text.rstrip('"').replace('\\"', '"')) from error
    if not isinstance(result, bytes):
        raise TypeError("typst returned more than one file for a PDF")
    return result
