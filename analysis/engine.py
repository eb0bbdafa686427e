"""Spreads the kernel over the parts of a snapshot and adds the moments up."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import polars as pl

from analysis.cells import Cells, Variable, columns_read, count_part, count_rows, merge
from analysis.errors import AnalysisError, DesignError, SpecError
from analysis.spec import Spec


class Engine(Protocol):
    """The contract: parts, keys and variables in, merged cells out; the same integers from every engine."""

    def cells(self, parts: Sequence[Path], keys: Sequence[str], variables: Sequence[Variable]) -> Cells:
        """Moments of all parts."""
        ...


class LocalEngine:
    """One part after the other in this process: memory depends on the part size, not on the number of rows."""

    def cells(self, parts: Sequence[Path], keys: Sequence[str], variables: Sequence[Variable]) -> Cells:
        """Moments of all parts, read column by column."""
        columns = columns_read(keys, variables)
        return merge([count_part(part, keys, variables, columns) for part in parts])


def engine_for(name: str) -> Engine:
    """``local``, or the address of a Spark cluster: ``spark://host:7077``, ``local[2]``.

    Raises
    ------
    AnalysisError
        The name is neither.
    """
    if name == "local":
        return LocalEngine()
    if name.startswith(("spark://", "local[")):
        from analysis.spark import SparkEngine  # noqa: PLC0415  (an optional extra)

        return SparkEngine(name)
    raise AnalysisError(f"{name!r} is no engine; use local, or a Spark address like spark://host:7077")


def read_survey(spec: Spec) -> Cells:
    """Count any CSV or Parquet survey file into cells, with the design as keys.

    Keys: ``_stratum``, ``_psu``, ``_weight``, ``_fpc``, ``_fpc2`` and the columns of margins and domains, as text.

    Raises
    ------
    SpecError
        The file or a column is missing, or a column that must be numbers is not.
    DesignError
        A weight or population size is missing, 0, negative or not finite; the row is named.
    """
    frame = _read(spec)
    design = {"_weight": spec.weight, "_fpc": spec.fpc, "_fpc2": spec.fpc2}
    for column in filter(None, design.values()):
        _check_positive(frame, column)
    text = {"_stratum": spec.stratum, "_psu": spec.psu}
    frame = frame.with_columns(
        *(pl.col(c).cast(pl.String).alias(name) if c else pl.lit("").alias(name) for name, c in text.items()),
        *(pl.col(c).cast(pl.Float64).alias(name) if c else pl.lit(1.0).alias(name) for name, c in design.items()),
    ).with_columns(pl.col(name).cast(pl.String).fill_null("") for name in spec.keys)
    keys = list(dict.fromkeys(["_stratum", "_psu", "_weight", "_fpc", "_fpc2", *spec.keys]))
    return count_rows(frame, keys, spec.variables, every_row=True)


def _read(spec: Spec) -> pl.DataFrame:
    path = spec.data
    if not path.is_file():
        raise SpecError(f"data: there is no file {path}")
    if path.suffix not in (".csv", ".parquet"):
        raise SpecError(f"data: {path.name} must end in .csv or .parquet")
    try:
        frame = (
            pl.read_csv(path, null_values="", infer_schema_length=None)
            if path.suffix == ".csv"
            else pl.read_parquet(path)
        )
    except pl.exceptions.PolarsError as error:
        raise SpecError(f"data: {path.name} cannot be read: {error}") from error
    if frame.is_empty():
        raise SpecError(f"data: {path.name} has no rows")
    wanted = {c for c in (spec.weight, spec.stratum, spec.psu, spec.fpc, spec.fpc2) if c}
    wanted |= {*spec.keys, *(v.column for v in spec.variables)}
    if missing := sorted(wanted - set(frame.columns)):
        raise SpecError(f"{path.name} has no column {missing[0]!r}; it has {', '.join(frame.columns)}")
    for variable in spec.variables:
        _check_kind(frame, variable, path.name)
    return frame


def _check_kind(frame: pl.DataFrame, variable: Variable, name: str) -> None:
    numeric = frame[variable.column].dtype.is_numeric()
    text_bound = variable.rule == "compare" and isinstance(variable.bound, str)
    if variable.rule == "value" and not numeric:
        raise SpecError(f"{name}: column {variable.column!r} must hold numbers")
    if variable.rule == "compare" and numeric == text_bound:
        raise SpecError(f"{name}: column {variable.column!r} and the value it is compared with must be of one kind")


def _check_positive(frame: pl.DataFrame, column: str) -> None:
    values = frame[column]
    if not values.dtype.is_numeric():
        raise SpecError(f"column {column!r} must hold numbers")
    bad = frame.select(
        (~(pl.col(column).cast(pl.Float64).is_finite() & (pl.col(column) > 0))).fill_null(value=True).alias("bad")
    )["bad"]
    if bad.any():
        row = int(bad.arg_true()[0])
        raise DesignError(
            f"column {column}, row {row + 2}: {values[row]} is not a number above 0; mend or leave out the row"
        )
