"""Spreads the kernel over the parts of a snapshot and adds the moments up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, Protocol

import polars as pl

from analysis.cells import Cells, Variable, count_rows, merge
from analysis.errors import AnalysisError, DesignError, SpecError
from analysis.parts import columns_read, count_part
from analysis.spec import Spec

_MOST_UNMERGED = 50_000


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
        kept: list[Cells] = []
        merged = 0
        for part in parts:
            kept.append(count_part(part, keys, variables, columns))
            # Added up as they come, so that memory depends on the number of cells, not of parts.
            if sum(len(cells) for cells in kept) > 3 * max(merged, _MOST_UNMERGED):
                kept = [merge(kept)]
                merged = len(kept[0])
        return merge(kept)


def engine_for(name: str) -> Engine:
    """``local``, or the address of a Spark cluster: ``spark://host:7077``, ``local[2]``.

    Raises
    ------
    AnalysisError
        The name is neither.

    Examples
    --------
    >>> satisfied = Variable("good", "overall", "among", (4, 5))
    >>> int(engine_for("local").cells(snapshot.parts, ["agency"], [satisfied]).n.sum())
    2044
    """
    if name == "local":
        return LocalEngine()
    if name.startswith(("spark://", "local[")):
        from analysis.spark import SparkEngine  # noqa: PLC0415  (an optional extra)

        return SparkEngine(name)
    raise AnalysisError(f"{name!r} is no engine; use local, or a Spark address like spark://host:7077")


_OWN: Final = ("_stratum", "_psu", "_weight", "_fpc", "_fpc2", "_row", "_code", "_ones")


def read_survey(spec: Spec) -> tuple[Cells, dict[str, float]]:
    """Count any CSV or Parquet survey file into cells, with the design as keys; and what values are counted about.

    Keys: ``_stratum``, ``_psu``, ``_weight``, ``_fpc``, ``_fpc2`` and the columns of margins and domains, as text.

    Raises
    ------
    SpecError
        The file or a column is missing, or a column that must be numbers is not.
    DesignError
        A weight or population size is missing, 0, negative or not finite; the row is named.

    Examples
    --------
    >>> from analysis.spec import load_spec
    >>> cells, population = read_survey(load_spec(folder / "SPEC.toml"))
    >>> int(cells.n.sum())
    6
    """
    frame = _read(spec)
    design = {"_weight": spec.weight, "_fpc": spec.fpc, "_fpc2": spec.fpc2}
    for column in filter(None, design.values()):
        _check_positive(frame, column)
    text = {"_stratum": spec.stratum, "_psu": spec.psu}
    for column in filter(None, text.values()):
        _check_present(frame, column)
    frame, variables = _apart(frame, spec)
    variables = [_centred(frame, variable) for variable in variables]
    frame = frame.with_columns(
        *(pl.col(c).cast(pl.String).alias(name) if c else pl.lit("").alias(name) for name, c in text.items()),
        *(pl.col(c).cast(pl.Float64).alias(name) if c else pl.lit(1.0).alias(name) for name, c in design.items()),
    ).with_columns(pl.col(name).cast(pl.String).fill_null("") for name in spec.keys)
    keys = list(dict.fromkeys(["_stratum", "_psu", "_weight", "_fpc", "_fpc2", *spec.keys]))
    centres = {variable.name: variable.centre for variable in variables if variable.centre}
    return count_rows(frame, keys, variables, every_row=True), centres


def _apart(frame: pl.DataFrame, spec: Spec) -> tuple[pl.DataFrame, list[Variable]]:
    """Columns that are both counted and grouped by are doubled: as a key they become text."""
    both = sorted(set(spec.keys) & {c for v in spec.variables for c in (v.column, *v.needs)})
    names = {column: f"_value_{column}" for column in both}
    frame = frame.with_columns(pl.col(column).alias(name) for column, name in names.items())
    variables = [
        replace(v, column=names.get(v.column, v.column), needs=tuple(names.get(c, c) for c in v.needs))
        for v in spec.variables
    ]
    return frame, variables


def _centred(frame: pl.DataFrame, variable: Variable) -> Variable:
    """A value counted about the whole number next to its mean."""
    if variable.rule != "value":
        return variable
    mean = frame[variable.column].cast(pl.Float64).mean()
    return replace(variable, centre=float(round(mean)) if isinstance(mean, float) else 0.0)


def _check_present(frame: pl.DataFrame, column: str) -> None:
    empty = frame[column].is_null()
    if empty.any():
        row = int(empty.arg_true()[0])
        raise DesignError(f"column {column}, row {row + 2} is empty; every row needs a value, or leave the row out")


def _read(spec: Spec) -> pl.DataFrame:
    frame = _loaded(spec)
    path = spec.data
    if frame.is_empty():
        raise SpecError(f"data: {path.name} has no rows")
    frame = _finite(frame, path.name)
    wanted = {c for c in (spec.weight, spec.stratum, spec.psu, spec.fpc, spec.fpc2) if c}
    wanted |= {*spec.keys, *(v.column for v in spec.variables)}
    if missing := sorted(wanted - set(frame.columns)):
        hint = "; save it with commas as UTF-8" if len(frame.columns) == 1 else ""
        raise SpecError(f"{path.name} has no column {missing[0]!r}; it has {', '.join(frame.columns)}{hint}")
    if own := sorted(set(_OWN) & wanted):
        raise SpecError(f"{path.name}: the column name {own[0]!r} is used by the program; rename the column")
    for variable in spec.variables:
        _check_kind(frame, variable, path.name)
    return frame


def _loaded(spec: Spec) -> pl.DataFrame:
    path = spec.data
    if not path.is_file():
        raise SpecError(f"data: there is no file {path}")
    if path.suffix.lower() not in (".csv", ".parquet"):
        raise SpecError(f"data: {path.name} must end in .csv or .parquet")
    # Codes of strata and categories stay as they are written: 01 is not 1.
    counted = {c for v in spec.variables for c in (v.column, *v.needs)}
    coded = {c for c in (spec.stratum, spec.psu, *spec.keys) if c} - counted
    try:
        if path.suffix.lower() == ".parquet":
            return pl.read_parquet(path)
        as_text = dict.fromkeys(coded & set(pl.read_csv(path, n_rows=0).columns), pl.String)
        return pl.read_csv(path, null_values="", infer_schema_length=None, schema_overrides=as_text)
    except pl.exceptions.PolarsError as error:
        raise SpecError(f"data: {path.name} cannot be read: {error}") from error


def _finite(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """The frame with NaN as missing: pandas writes it so, and to Polars it is a number above all others."""
    frame = frame.with_columns(pl.col(pl.Float32, pl.Float64).fill_nan(None))
    for column, dtype in frame.schema.items():
        if dtype.is_float() and (endless := frame[column].is_infinite()).any():
            row = int(endless.arg_true()[0])
            raise SpecError(f"{name}: column {column!r}, row {row + 2} is infinite; correct it or leave it empty")
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
