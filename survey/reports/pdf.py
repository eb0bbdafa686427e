"""A report as PDF/UA by Typst: tagged for screen readers, with a fixed time, so the same bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import typst

from survey.access.print.sheets import FONTS

_LAYOUT: Final = Path(__file__).parent / "report.typ"
_FONTS: Final = (Path(__file__).parent / "fonts", *FONTS)
_FIXED: Final = datetime(2000, 1, 1, tzinfo=UTC)


def report_pdf(document: Mapping[str, Any]) -> bytes:
    """The PDF of a report as it is kept."""
    result: object = typst.compile(
        str(_LAYOUT),
        font_paths=[str(folder) for folder in _FONTS],
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(document, ensure_ascii=False, sort_keys=True)},
        timestamp=_FIXED,
        pdf_standards=["ua-1"],
    )
    if not isinstance(result, bytes):
        raise TypeError("typst returned more than one file for a PDF")
    return result
