"""The rows of a snapshot with the weight each of them has, written part by part or all at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import polars as pl

from analysis.data.schema import ADDED_COLUMNS, ITEMS, KEY_COLUMNS, RESPONSE_COLUMNS
from analysis.data.snapshot import Snapshot

WEIGHTED_BY: Final = ("agency", "domain", "channel", "evidence", "flag", "applicant")
TEXT_COLUMNS: Final = tuple(column.name for column in KEY_COLUMNS)
ROW_COLUMNS: Final = ("row", *(c.name for c in RESPONSE_COLUMNS), "counted", "weight")
"""Columns of the rows: their number from 1, the snapshot's own, the share of the answer that counts
(below 1 only where there are more answers than dossiers), and dossiers the answer stands for.
"""
LONG_COLUMNS: Final = ("row", "item", "level")
CellWeights = Mapping[tuple[str, ...], tuple[float, float]]
"""(share that counts, weight) by ``WEIGHTED_BY``; a cell that is not there does not count."""


@dataclass(frozen=True)
class WeightedRows:
    """Rows of a snapshot under a method's weights.

    Attributes
    ----------
    weights : of the cells that count.
    counts : condition on a row of such a cell; the others say nothing about the method's items.

    Examples
    --------
    >>> rows = WeightedRows(snapshot, {})
    >>> next(rows.frames()).columns[:3], rows.count
    (['row', 'agency', 'domain'], 2378)
    """

    snapshot: Snapshot
    weights: CellWeights
    counts: pl.Expr | None = None

    @property
    def count(self) -> int:
        """How many rows there are."""
        return int(self.snapshot.manifest["responses"])

    def frames(self) -> Iterator[pl.DataFrame]:
        """A frame for each part of the snapshot, columns ``ROW_COLUMNS``."""
        weights, first = self._weight_frame(), 1
        for path in self.snapshot.parts:
            part = pl.read_parquet(path)
            lacking = [name for name in sorted(ADDED_COLUMNS) if name not in part.columns]
            part = part.with_columns(pl.lit("").alias(name) for name in lacking)
            part = part.with_row_index("row", offset=first)
            first += len(part)
            joined = part.join(weights, on=WEIGHTED_BY, how="left", maintain_order="left")
            there = pl.lit(True) if self.counts is None else self.counts
            given = pl.when(there).then(pl.col("counted", "weight")).otherwise(0.0)
            yield joined.with_columns(given.fill_null(0.0)).select(
                pl.col("row").cast(pl.Int64), *ROW_COLUMNS[1:]
            )

    def _weight_frame(self) -> pl.DataFrame:
        lines = [(*key, *value) for key, value in self.weights.items()]
        schema = dict.fromkeys(WEIGHTED_BY, pl.String) | dict.fromkeys(
            ("counted", "weight"), pl.Float64
        )
        return pl.DataFrame(lines, schema=schema, orient="row")

    def write_csv(self, file: IO[bytes], *, decimal: str = ".", separator: str = ",") -> None:
        """Every row as CSV, with a heading; text no spreadsheet takes for a formula."""
        for number, frame in enumerate(self.frames()):
            _write(
                frame.with_columns(_safe(name) for name in TEXT_COLUMNS),
                file,
                number == 0,
                decimal,
                separator,
            )

    def write_long_csv(self, file: IO[bytes], *, decimal: str = ".", separator: str = ",") -> None:
        """One line an answered item: ``LONG_COLUMNS``."""
        for number, frame in enumerate(self.frames()):
            long = frame.unpivot(ITEMS, index="row", variable_name="item", value_name="level")
            long = long.drop_nulls("level").sort("row", maintain_order=True)
            _write(long.select(LONG_COLUMNS), file, number == 0, decimal, separator)

    def write_parquet(self, path: Path) -> None:
        """Every row as one Parquet file, written part by part."""
        lazy = pl.concat([frame.lazy() for frame in self.frames()])
        lazy.sink_parquet(path, compression="zstd")

    def to_pandas(self) -> Any:
        """All rows as a pandas frame; what was not answered is missing."""
        import pandas as pd  # noqa: PLC0415  (loaded when a frame is asked for)

        parts = [pd.DataFrame(frame.to_dict(as_series=False)) for frame in self.frames()]
        return pd.concat(parts, ignore_index=True)


def _safe(name: str) -> pl.Expr:
    column = pl.col(name)
    risky = column.str.contains(r"^ *[=+\-@\t\r\n＝＋－＠]")
    return pl.when(risky).then("'" + column).otherwise(column).alias(name)


def _write(
    frame: pl.DataFrame, file: IO[bytes], heading: bool, decimal: str, separator: str
) -> None:
    frame.write_csv(
        file,
        include_header=heading,
        separator=separator,
        decimal_comma=decimal == ",",
    )
