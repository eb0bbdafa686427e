"""The analyst's bundle of a kept snapshot."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import analysis
from survey.scorecards.bridge.exports import with_decimals

BundleText = analysis.BundleText
INDEX_COLUMNS: Final[Mapping[str, str]] = analysis.INDEX_COLUMNS
"""Column of the index table -> its Vietnamese heading."""


def write_plain_index(rows: Iterable[Mapping[str, Any]], about: Mapping[str, Any]) -> bytes:
    """Stored rows as CSV for programs: UTF-8 without BOM, comma, decimal point."""
    file = io.BytesIO()
    table = analysis.Table([with_decimals(dict(row)) for row in rows], about)
    analysis.FORMATS["csv"](table, file, bom=False)
    return file.getvalue()


def write_bundle(
    *,
    folder: Path,
    method: str,
    about: analysis.BundleText,
    target: Path,
    progress: Callable[[str], object] | None = None,
) -> str:
    """Write the bundle of the snapshot in ``folder``; its checksum."""
    rows = analysis.open_run(folder, method).weighted_rows
    return analysis.write_bundle(rows, about, target, progress)
