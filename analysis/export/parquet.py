"""Parquet: every column with its kind, whatever the rows hold; decimals as numbers, as in JSON."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, BinaryIO, Final

from analysis.publication.table import INDEX_COLUMNS, Table, TableValue

TEXTS: Final = frozenset(
    [
        "period",
        "agency",
        "agency_code",
        "agency_name",
        "agency_kind",
        "level",
        "code",
        "label",
        "status",
        "band",
        "counted_classes",
    ]
)
COUNTS: Final = frozenset(
    [
        "n",
        "transactions",
        "items_missing",
        "cells_joined",
        "without_totals",
        "overfull",
        "received",
        "n_with_open",
        "rank_best",
        "rank_worst",
        "ranked",
    ]
)


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
