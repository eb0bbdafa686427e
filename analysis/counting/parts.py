"""Parquet parts of a snapshot, read column by column into cells."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from analysis.counting.cells import Cells, count_rows
from analysis.counting.variables import Variable
from analysis.data.schema import ADDED_COLUMNS
from analysis.errors import AnalysisError


def columns_read(keys: Sequence[str], variables: Sequence[Variable]) -> list[str]:
    """Names of the columns a scan has to read.

    Examples
    --------
    >>> columns_read(["agency"], [Variable("good", "overall", "among", (4, 5))])
    ['agency', 'overall']
    """
    return sorted(
        {
            *keys,
            *(name for v in variables if v.rule != "one" for name in (v.column, *v.more, *v.needs)),
        }
    )


def read_part(path: Path, columns: Sequence[str]) -> pl.DataFrame:
    """Some columns of one Parquet part; those an older snapshot lacks are empty.

    Raises
    ------
    AnalysisError
        The file cannot be read as Parquet, or lacks a column.

    Examples
    --------
    >>> read_part(snapshot.parts[0], ["agency", "overall"]).columns
    ['agency', 'overall']
    """
    try:
        lacking = sorted(ADDED_COLUMNS & set(columns))
        if lacking:
            known = pl.read_parquet_schema(path)
            lacking = [name for name in lacking if name not in known]
        frame = pl.read_parquet(path, columns=[name for name in columns if name not in lacking])
        return frame.with_columns(pl.lit("").alias(name) for name in lacking)
    except pl.exceptions.PolarsError as error:
        raise AnalysisError(
            "{name} cannot be read as Parquet: {error}", name=path.name, error=error
        ) from error


def count_part(
    path: Path, keys: Sequence[str], variables: Sequence[Variable], columns: Sequence[str]
) -> Cells:
    """Moments of one Parquet part, read column by column.

    Examples
    --------
    >>> satisfied = Variable("good", "overall", "among", (4, 5))
    >>> int(count_part(snapshot.parts[0], ["agency"], [satisfied], ["agency", "overall"]).n.sum())
    628
    """
    return count_rows(read_part(path, columns), keys, variables)
