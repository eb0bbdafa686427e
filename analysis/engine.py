"""Spreads the kernel over the parts of a snapshot and adds the moments up."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import polars as pl

from analysis.cells import Cells, Variable, count_rows, merge


class Engine(Protocol):
    """The contract: parts, keys and variables in, merged cells out; the same integers from every engine."""

    def cells(self, parts: Sequence[Path], keys: Sequence[str], variables: Sequence[Variable]) -> Cells:
        """Moments of all parts."""
        ...


class LocalEngine:
    """One part after the other in this process: memory depends on the part size, not on the number of rows."""

    def cells(self, parts: Sequence[Path], keys: Sequence[str], variables: Sequence[Variable]) -> Cells:
        """Moments of all parts, read column by column."""
        columns = sorted({*keys, *(v.column for v in variables if v.rule != "one")})
        return merge([count_rows(pl.read_parquet(part, columns=columns), keys, variables) for part in parts])
