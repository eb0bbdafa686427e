"""Parquet: every column with its kind, whatever the rows hold; decimals as numbers, as in JSON."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, BinaryIO

from analysis.publication.table import COUNTS, INDEX_COLUMNS, TEXTS, Table, TableValue


def write(table: Table, file: BinaryIO) -> None:
    """Write the rows; the method note is a file of its own in other formats."""
    import polars as pl  # noqa: PLC0415  (loaded when a Parquet file is asked for)

    kinds: dict[str, Any] = {
        name: pl.String if name in TEXTS else pl.Int64 if name in COUNTS else pl.Float64
        for name in INDEX_COLUMNS
    }
    columns = {name: [_plain(row[name]) for row in table.rows] for name in INDEX_COLUMNS}
    pl.DataFrame(columns, schema=kinds).write_parquet(file)


def _plain(value: TableValue) -> str | int | float | None:
    return float(value) if isinstance(value, Decimal) else value
