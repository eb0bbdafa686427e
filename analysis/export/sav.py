"""SPSS: every column with its Vietnamese label; what may not be shown is user-missing."""

from __future__ import annotations

import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, Final

from analysis.export.bundle.sav import shorten
from analysis.publication.table import (
    COUNTS,
    INDEX_COLUMNS,
    STATUS_VI,
    TEXTS,
    Table,
    TableValue,
)

NOT_SHOWN: Final = -9
"""A number that is not there: suppressed, not asked, or no place in an order."""


def write(table: Table, file: BinaryIO) -> None:
    """Write the rows; numbers that are not there are -9, user-missing, and labelled so."""
    import pandas as pd  # noqa: PLC0415  (loaded when a file for SPSS is asked for)
    import pyreadstat  # noqa: PLC0415

    numbers = [name for name in INDEX_COLUMNS if name not in TEXTS]
    columns = {
        name: pd.Series(
            [_plain(row[name], name) for row in table.rows],
            dtype="object" if name in TEXTS else "float64",
        )
        for name in INDEX_COLUMNS
    }
    labels: dict[str, Any] = {name: {NOT_SHOWN: "không công bố"} for name in numbers}
    labels["status"] = {code: shorten(vi, 120) for code, vi in STATUS_VI.items()}
    about = table.about
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index.sav"
        frame: Any = pd.DataFrame(columns)
        pyreadstat.write_sav(
            frame,
            str(path),
            file_label=shorten(f"{about.get('method', '')} {about.get('period', '')}", 64),
            column_labels=[shorten(text, 256) for text in INDEX_COLUMNS.values()],
            variable_value_labels=labels,
            missing_ranges={name: [NOT_SHOWN] for name in numbers},
            variable_measure={
                name: "nominal" if name in TEXTS else "ordinal" if name in COUNTS else "scale"
                for name in INDEX_COLUMNS
            },
        )
        file.write(path.read_bytes())


def _plain(value: TableValue, name: str) -> str | float:
    if name in TEXTS:
        return "" if value is None else str(value)
    if value is None:
        return NOT_SHOWN
    return float(value) if isinstance(value, Decimal) else float(str(value))
