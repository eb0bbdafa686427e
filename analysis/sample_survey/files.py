"""The wanted columns of a survey file, CSV or Parquet, as texts, numbers and Booleans."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import polars as pl

from analysis.data.csv_text import read_csv_text
from analysis.data.names import normal
from analysis.errors import AnalysisError, SpecError

if TYPE_CHECKING:
    import pandas as pd

SurveyFrame: TypeAlias = "pd.DataFrame | pl.DataFrame"
"""A survey in memory, of either library."""
OWN_COLUMNS: Final = (
    "_stratum",
    "_psu",
    "_weight",
    "_fpc",
    "_fpc2",
    "_where",
    "_row",
    "_code",
    "_ones",
)
OWN_PREFIXES: Final = ("_value", "_amount")
"""Names the program gives to columns of its own."""


@dataclass(frozen=True)
class SurveyTable:
    """The wanted columns of a file and, per row, the line of the file it stands on (records for
    Parquet).
    """

    name: str
    frame: pl.DataFrame
    lines: Sequence[int]
    decimal_comma: bool
    reading: dict[str, str]

    def row(self, mask: pl.Series) -> int:
        """Line of the first row where ``mask`` holds."""
        return self.lines[int(mask.arg_true()[0])]


def read_table(path: Path, wanted: Sequence[str]) -> SurveyTable:
    """The wanted columns of a CSV or Parquet file, under their names in normal form C.

    Raises
    ------
    SpecError
        No such file, another kind of file, unreadable, or a wanted column is missing, stands twice
        or has a name that cannot be used.
    """
    if not path.is_file():
        raise SpecError("data: there is no file {path}", path=path)
    if path.suffix.lower() == ".parquet":
        return _parquet(path, wanted)
    if path.suffix.lower() == ".csv":
        return _csv(path, wanted)
    raise SpecError("data: {name} must end in .csv or .parquet", name=path.name)


def table_from_frame(frame: SurveyFrame, wanted: Sequence[str]) -> SurveyTable:
    """The wanted columns of a pandas or Polars frame; NaN, None and NA are missing values."""
    names = [normal(str(name)) for name in frame.columns]
    columns = [
        _plain(_column(frame, place, name), "the frame")
        for name, place in zip(wanted, _places(names, wanted, "the frame"), strict=True)
    ]
    lines = range(1, len(frame) + 1)
    made_by = "Polars" if isinstance(frame, pl.DataFrame) else "pandas"
    return SurveyTable("the frame", pl.DataFrame(columns), lines, False, {"encoding": made_by})


def _column(frame: SurveyFrame, place: int, name: str) -> pl.Series:
    if isinstance(frame, pl.DataFrame):
        return frame.to_series(place).alias(name)
    return _series(frame.iloc[:, place], name)


def _series(column: pd.Series[Any], name: str) -> pl.Series:
    values = [
        None if missing else value for value, missing in zip(column, column.isna(), strict=True)
    ]
    try:
        return pl.Series(name, values, strict=False)
    except (TypeError, pl.exceptions.PolarsError) as error:
        raise SpecError(
            "the frame: column {name!r} holds values of several kinds", name=name
        ) from error


def _csv(path: Path, wanted: Sequence[str]) -> SurveyTable:
    text = read_csv_text(path.read_bytes(), path.name)
    places = _places([normal(name) for name in text.heading], wanted, path.name)
    lines: list[int] = []
    columns: list[list[str]] = [[] for _ in places]
    for record in text.records(path.name):
        lines.append(record.line)
        for column, place in zip(columns, places, strict=True):
            column.append(record.cells[place])
    series = [
        _trimmed(pl.Series(name, column, dtype=pl.String))
        for name, column in zip(wanted, columns, strict=True)
    ]
    reading = {"encoding": text.encoding, "separator": text.separator}
    return SurveyTable(path.name, pl.DataFrame(series), lines, text.decimal_comma, reading)


def _parquet(path: Path, wanted: Sequence[str]) -> SurveyTable:
    try:
        schema = pl.read_parquet_schema(path)
        found = list(schema)
        places = _places([normal(name) for name in found], wanted, path.name)
        wanted_ones = [found[place] for place in places]
        there = (
            pl.scan_parquet(path)
            .select(pl.any_horizontal(_holds_something(name, schema[name]) for name in found))
            .collect()
            .to_series()
        )
        lines = (there.arg_true() + 1).to_list()
        frame = pl.read_parquet(path, columns=wanted_ones).filter(there)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise SpecError(
            "data: {name} cannot be read as Parquet: {error}", name=path.name, error=error
        ) from error
    series = [
        _plain(frame[found[place]].alias(name), path.name)
        for name, place in zip(wanted, places, strict=True)
    ]
    return SurveyTable(path.name, pl.DataFrame(series), lines, False, {"encoding": "Parquet"})


def _holds_something(name: str, dtype: pl.DataType) -> pl.Expr:
    """Whether a cell is not empty; a row of NaN or of empty texts is as empty as in a CSV file."""
    column = pl.col(f"^{re.escape(name)}$") if name in ("*", "") else pl.col([name])
    if dtype.is_float():
        return column.is_not_null() & column.is_not_nan()
    if dtype == pl.String:
        return column.str.strip_chars().str.len_chars().fill_null(0) > 0
    return column.is_not_null()


def _places(heading: Sequence[str], wanted: Sequence[str], name: str) -> list[int]:
    result = []
    for column in wanted:
        if column == "*" or (column.startswith("^") and column.endswith("$")):
            raise SpecError(
                "{name}: the column name {column!r} reads like a pattern; rename the column",
                name=name,
                column=column,
            )
        if column in OWN_COLUMNS or column.startswith(OWN_PREFIXES):
            raise SpecError(
                "{name}: the column name {column!r} is used by the program; rename the column",
                name=name,
                column=column,
            )
        found = [place for place, other in enumerate(heading) if other == column]
        if len(found) > 1:
            raise SpecError(
                "{name}: column {column!r} stands twice, as column {first} and {second}; "
                "rename one",
                name=name,
                column=column,
                first=found[0] + 1,
                second=found[1] + 1,
            )
        if not found:
            raise SpecError(
                "{name} has no column {column!r}; it has {heading}",
                name=name,
                column=column,
                heading=", ".join(heading[:40]),
            )
        result.append(found[0])
    return result


def _trimmed(series: pl.Series) -> pl.Series:
    """Texts in normal form, empty ones as missing; each distinct text is looked at once."""
    distinct = series.unique().drop_nulls()
    changed = [normal(value) for value in distinct.to_list()]
    cleaned = series.replace_strict(distinct, pl.Series(changed, dtype=pl.String), default=None)
    return cleaned.set(cleaned == "", None)


def _plain(series: pl.Series, name: str) -> pl.Series:
    """A Parquet column as text, number or Boolean; NaN, which pandas writes for missing, as
    missing.
    """
    dtype = series.dtype
    if dtype in (pl.Categorical, pl.Enum, pl.String):
        return _trimmed(series.cast(pl.String))
    if dtype == pl.Date:
        return series.dt.to_string("%Y-%m-%d")
    if dtype.is_decimal():
        return series
    if dtype.is_float():
        # By its digits: 0.1 in 32 bits is meant to be 0.1, not 0.10000000149.
        series = series.cast(pl.String).cast(pl.Float64) if dtype == pl.Float32 else series
        series = series.fill_nan(None)
        if series.is_infinite().any():
            row = int(series.is_infinite().arg_true()[0]) + 1
            raise SpecError(
                "{name}: column {column!r}, row {row} is infinite; correct it or leave it empty",
                name=name,
                column=series.name,
                row=row,
            )
        return series
    if dtype.is_integer():
        # What 64 bits cannot hold stays as it is: names of groups must not run into each other.
        narrow = series.cast(pl.Int64, strict=False)
        return narrow if narrow.null_count() == series.null_count() else series
    if dtype in (pl.Boolean, pl.Null):
        return series.cast(pl.Boolean)
    kind = (
        AnalysisError("times")
        if dtype.is_temporal()
        else AnalysisError("values of kind {kind}", kind=dtype.base_type())
    )
    raise SpecError(
        "{name}: column {column!r} holds {kind}; store it as numbers, texts or true and false",
        name=name,
        column=series.name,
        kind=kind,
    )
