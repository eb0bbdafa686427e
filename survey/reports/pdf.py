"""A report as PDF/UA by Typst: tagged for screen readers, with a fixed time, so the same bytes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import typst

from survey.access.print.sheets import FONTS

_LAYOUT: Final = Path(__file__).parent / "report.typ"
_FONTS: Final = (Path(__file__).parent / "fonts", *FONTS)
_FIXED: Final = datetime(2000, 1, 1, tzinfo=UTC)


_DRAWN: Final = re.compile(
    "[^\n\u0020-\u007e\u00a0-\u01b0\u0300-\u0303\u0309\u0323\u1ea0-\u1ef9\u2010-\u2026\u2030"
    "\u2032\u2033\u2039\u203a\u20ab\u2190-\u2193\u2212\u2260\u2264\u2265\u1780-\u17f9\u200b-\u200d]"
)
"""What no bundled font has: a picture in a title would keep the whole report from being drawn."""


def report_pdf(document: Mapping[str, Any]) -> bytes:
    """The PDF of a report as it is kept."""
    text = json.dumps(document, ensure_ascii=False, sort_keys=True)
    result: object = typst.compile(
        str(_LAYOUT),
        font_paths=[str(folder) for folder in _FONTS],
        ignore_system_fonts=True,
        sys_inputs={"data": _DRAWN.sub("?", text)},
        timestamp=_FIXED,
        pdf_standards=["ua-1"],
    )
    if not isinstance(result, bytes):
        raise TypeError("typst returned more than one file for a PDF")
    return result
