"""Files of what an edition stores, or of a snapshot."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import analysis
from survey.responses.models import Evidence

PUBLIC_ABOUT: Final = frozenset(
    {
        "period",
        "province",
        "notice",
        "responses",
        "snapshot",
        "min_n",
        "counted_classes",
        "counts_open",
        "factors",
        "target",
        "method",
        "method_version",
        "method_sha256",
        "method_title",
        "method_title_en",
    }
)


BY_AGENCY: Final = ("coverage", "levels")
"""What stands beside an edition's rows: of everything, and lists by agency. Anything else stays in
the house.
"""


DECIMALS: Final = (
    "response_rate",
    "unweighted_index",
    "weighted_index",
    "se",
    "ci_low",
    "ci_high",
    "deff",
    "n_eff",
    *(f"share_{evidence}" for evidence in Evidence.values),
    "index_with_open",
    "margin_loss",
)


def export_rows(*, rows: Iterable[dict[str, Any]], about: dict[str, Any], kind: str) -> bytes:
    """Stored rows as a file: ``xlsx``, ``json``, or ``csv`` with BOM, semicolon and decimal comma.

    Of what is stored beside the rows only the agencies among them leave.
    """
    chosen = list(rows)
    options = {"csv": {"bom": True, "decimal": ",", "separator": ";"}}.get(kind, {})
    buffer = io.BytesIO()
    about = _public_about({row["agency"] for row in chosen}, about)
    analysis.FORMATS[kind](
        analysis.Table([with_decimals(row) for row in chosen], about), buffer, **options
    )
    return buffer.getvalue()


def _public_about(agencies: Collection[str], about: Mapping[str, Any]) -> dict[str, Any]:
    """What stands beside the rows of some agencies: lists by agency hold these only."""
    lists = {
        key: [line for line in about[key] if line[0] in agencies]
        for key in BY_AGENCY
        if key in about
    }
    return {key: value for key, value in about.items() if key in PUBLIC_ABOUT} | lists


def write_exports(*, folder: Path, method: str, targets: Iterable[Path]) -> analysis.Table:
    """Compute a snapshot and write the table to files, as ``python -m analysis index`` does."""
    table = analysis.open_run(folder, method).table
    for target in targets:
        analysis.write_table(table, target)
    return table


def with_decimals(row: dict[str, Any]) -> dict[str, Any]:
    """A stored row with its numbers as numbers."""
    return {
        name: Decimal(value) if name in DECIMALS and value is not None else value
        for name, value in row.items()
    }
