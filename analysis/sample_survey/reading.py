"""A survey file as cells: columns read by what a SPEC uses them for, checked row by row, counted
once.

Every cell of a CSV file is text until it is known what it is for: names of groups stay text (01 is
not 1), what is counted must be numbers, texts to compare with, or Booleans. Texts are compared in
Unicode normal form C and without spaces at the ends, since "Hà Nội" can be written in two ways that
look alike.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any, Final

import polars as pl

from analysis.counting.cells import Cells, count_rows
from analysis.counting.variables import COMPARISONS, Variable
from analysis.data.names import normal
from analysis.errors import DesignError, SpecError
from analysis.sample_survey.files import Table, read_table
from analysis.sample_survey.spec import Condition, Spec

DESIGN_KEYS: Final = ("_stratum", "_psu", "_weight", "_fpc", "_fpc2")
WHERE: Final = "_where"
_NUMBER: Final = r"^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,3})?$"
_COMMA_NUMBER: Final = r"^[+-]?[0-9]*,[0-9]+$|^[+-]?[0-9]+,$"
_GROUPED: Final = r"^[+-]?[1-9][0-9]{0,2}([.][0-9]{3})+$"
_LEADING_ZERO: Final = r"^0[0-9]+$"
_MAX_EXACT: Final = 1 << 61
_TRUTH: Final = {"true": True, "false": False}


@dataclass(frozen=True)
class SurveyData:
    """What was read: cells, what values are counted about, and how the file was understood.

    ``centres`` maps a variable to the whole number its values were counted about; ``reading`` says
    encoding, separator and number of rows.
    """

    cells: Cells
    centres: dict[str, float]
    reading: dict[str, Any]


def read_survey(spec: Spec) -> SurveyData:
    """Count any CSV or Parquet survey file into cells, with the design as keys.

    Keys: ``_stratum``, ``_psu``, ``_weight``, ``_fpc``, ``_fpc2``, ``_where`` ("1" in, "0" left out
    by the filter) and the columns of margins and domains, as text.

    Raises
    ------
    SpecError
        The file or a column is missing, unreadable, or holds what it cannot be used for; column,
        row and remedy are named.
    DesignError
        A weight or population size is missing, 0, negative or not finite, a stratum or PSU is
        empty; the row is named.

    Examples
    --------
    >>> from analysis.sample_survey.spec import load_spec
    >>> data = read_survey(load_spec(folder / "SPEC.toml"))
    >>> int(data.cells.n.sum()), data.reading["encoding"]
    (6, 'UTF-8')
    """
    table = read_table(spec.data, _wanted(spec))
    if table.frame.is_empty():
        raise SpecError(f"data: {table.name} has no rows")
    columns: dict[str, pl.Series] = {}
    for name, column in (("_stratum", spec.stratum), ("_psu", spec.psu)):
        columns[name] = _names(table, column, required=True) if column else _constant(table, "")
    for name, column in (("_weight", spec.weight), ("_fpc", spec.fpc), ("_fpc2", spec.fpc2)):
        columns[name] = _sizes(table, column) if column else _constant(table, 1.0)
    columns[WHERE] = _filtered(table, spec)
    columns |= {column: _names(table, column, missing=spec.missing) for column in spec.keys}
    variables = []
    for place, variable in enumerate(spec.variables):
        counted, series = _counted(table, variable, f"_value{place}")
        columns |= {one.name: one for one in series}
        variables.append(counted)
    frame = pl.DataFrame([series.alias(name) for name, series in columns.items()])
    keys = list(dict.fromkeys([*DESIGN_KEYS, WHERE, *spec.keys]))
    cells = count_rows(frame, keys, variables, every_row=True)
    centres = {variable.name: float(variable.centre) for variable in variables if variable.centre}
    return SurveyData(cells, centres, {**table.reading, "rows": len(frame)})


def _wanted(spec: Spec) -> list[str]:
    columns = [c for c in (spec.weight, spec.stratum, spec.psu, spec.fpc, spec.fpc2) if c]
    columns += [*spec.keys, *(condition.column for condition in spec.where)]
    columns += [c for v in spec.variables for c in (v.column, *v.more, *v.needs)]
    return list(dict.fromkeys(columns))


def _constant(table: Table, value: str | float) -> pl.Series:
    return pl.repeat(value, len(table.frame), eager=True)


def _names(
    table: Table, column: str, *, required: bool = False, missing: tuple[float | str, ...] = ()
) -> pl.Series:
    """A column as names of groups; a missing one is the empty name unless it is required."""
    series = table.frame[column]
    if series.dtype == pl.String:
        # Only the very spelling: a group 099 is not the code 99.
        series = series.set(series.is_in([_spelling(code) for code in missing]), None)
    else:
        series = _present_only(table, column, missing)
    truth = _truth(series)
    series = (series if truth is None else truth).cast(pl.String)
    if required and series.is_null().any():
        raise DesignError(
            f"column {column}, row {table.row(series.is_null())} is empty; every row needs a "
            f"value, or leave the row "
            "out"
        )
    return series.fill_null("")


def _sizes(table: Table, column: str) -> pl.Series:
    values = _numbers(table, column, table.frame[column]).cast(pl.Float64)
    bad = ~(values.is_finite() & (values > 0)).fill_null(value=False)
    if bad.any():
        found = values[int(bad.arg_true()[0])]
        raise DesignError(
            f"column {column}, row {table.row(bad)}: {'nothing' if found is None else found} is "
            f"not a number above 0; "
            "mend or leave out the row"
        )
    return values


def _numbers(table: Table, column: str, series: pl.Series) -> pl.Series:
    """A column as whole numbers where all are, else as decimals; empty cells stay missing."""
    if series.dtype == pl.Boolean and series.null_count() < len(series):
        raise SpecError(
            f"{table.name}: column {column!r} must hold numbers; it holds true and false"
        )
    if series.dtype != pl.String:
        wide = series.dtype in (pl.Boolean, pl.UInt64, pl.Int128) or series.dtype.is_decimal()
        wide = wide or (series.dtype.is_integer() and bool((series.abs() > _MAX_EXACT).any()))
        return series.cast(pl.Float64) if wide else series
    comma = series.str.contains(_COMMA_NUMBER) if table.decimal_comma else pl.Series([False])
    if comma.any():
        if (
            mixed := (series.str.contains(".", literal=True) & ~comma).fill_null(value=False)
        ).any():
            raise SpecError(
                f"{table.name}: column {column!r}, row {table.row(mixed)}: numbers with a decimal "
                f"comma and with a "
                "point stand in one column; write all of them in one way, without thousands "
                "separators"
            )
        series = series.str.replace(",", ".", literal=True)
    if table.decimal_comma:
        _check_groups(
            table,
            column,
            table.frame[column] if comma.any() else series,
            "," if comma.any() else ".",
        )
    bad = ~series.str.contains(_NUMBER).fill_null(value=True)
    if bad.any():
        value = series[int(bad.arg_true()[0])]
        raise SpecError(
            f"{table.name}: column {column!r} must hold numbers; row {table.row(bad)} holds "
            f"{value!r}: mend it, leave "
            "it empty, or name it under missing in the SPEC"
        )
    whole = series.cast(pl.Int64, strict=False)
    exact = whole.null_count() == series.null_count() and not (whole.abs() > _MAX_EXACT).any()
    numbers = whole if exact else series.cast(pl.Float64)
    if numbers.dtype == pl.Float64 and numbers.is_infinite().any():
        raise SpecError(
            f"{table.name}: column {column!r}, row {table.row(numbers.is_infinite())} is too large"
        )
    return numbers


def _check_groups(table: Table, column: str, series: pl.Series, mark: str) -> None:
    """1.000 in a file with semicolons is a thousand to one reader and one to another; so is 1,000
    with tabs.
    """
    dotted = series.str.contains(mark, literal=True).fill_null(value=False)
    grouped = series.str.contains(_GROUPED.replace("[.]", f"[{mark}]")).fill_null(value=False)
    if dotted.any() and (dotted == grouped).all():
        value = series[int(grouped.arg_true()[0])]
        raise SpecError(
            f"{table.name}: column {column!r}, row {table.row(grouped)}: {value!r} may be "
            f"thousands or "
            f"decimals; write "
            "numbers without thousands separators; decimals that are meant so need another number "
            "of digits: 1,2340"
        )


def _filtered(table: Table, spec: Spec) -> pl.Series:
    """One where all conditions of the SPEC's filter hold, else zero, as text; a missing value meets
    none.
    """
    inside = pl.Series([True] * len(table.frame))
    for condition in spec.where:
        values, bound = _comparable(table, condition, spec.missing)
        inside &= COMPARISONS[condition.operator](values, bound).fill_null(value=False)
    return inside.cast(pl.Int8).cast(pl.String)


def _counted(table: Table, variable: Variable, name: str) -> tuple[Variable, list[pl.Series]]:
    """A variable over columns of its own, and these columns."""
    needs = [
        _present_only(table, c, variable.missing).alias(f"{name}n{k}")
        for k, c in enumerate(variable.needs)
    ]
    more = [
        _present_only(table, c, variable.missing).alias(f"{name}m{k}")
        for k, c in enumerate(variable.more)
    ]
    own = replace(
        variable,
        column=name,
        needs=tuple(s.name for s in needs),
        more=tuple(s.name for s in more),
        missing=(),
    )
    if variable.rule == "compare":
        condition = Condition(variable.column, variable.operator, variable.bound)
        values, bound = _comparable(table, condition, variable.missing)
        return replace(own, bound=bound), [values.alias(name), *needs, *more]
    values = _present_only(table, variable.column, variable.missing)
    if variable.rule == "value":
        values = _numbers(table, variable.column, values)
        mean = values.cast(pl.Float64).mean()
        own = replace(own, centre=round(mean) if isinstance(mean, float) else 0)
    return own, [values.alias(name), *needs, *more]


def _present_only(table: Table, column: str, missing: tuple[float | str, ...]) -> pl.Series:
    """A column without its missing codes, written as numbers or as texts."""
    series = table.frame[column]
    if not missing or series.dtype == pl.Boolean:
        return series
    if series.dtype == pl.String:
        texts = {normal(str(code)) for code in missing}
        numbers = {float(code) for code in missing if not isinstance(code, str)}
        written = [
            value
            for value in series.unique().drop_nulls().to_list()
            if _as_number(value) in numbers
        ]
        return series.set(series.is_in([*texts, *written]), None)
    codes = [number for code in missing if (number := _as_number(str(code))) is not None]
    return series.set(series.cast(pl.Float64).is_in(codes).fill_null(value=False), None)


def _as_number(value: str) -> float | None:
    point = value.replace(",", ".")
    return float(point) if re.match(_NUMBER, point) else None


def _spelling(code: float | str) -> str:
    """A missing code as a file writes it."""
    return normal(code) if isinstance(code, str) else f"{code:.15g}"


def _comparable(
    table: Table, condition: Condition, missing: tuple[float | str, ...]
) -> tuple[pl.Series, Any]:
    """A column and what it is compared with, both of one kind."""
    column, bound = condition.column, condition.bound
    series = _present_only(table, column, missing)
    truth = _truth(series)
    if truth is not None and (word := _truth_word(bound)) is not None:
        if condition.operator not in ("==", "!="):
            raise SpecError(
                f"{table.name}: column {column!r} holds true and false; compare it with == or !="
            )
        return truth, word
    if truth is not None or isinstance(bound, bool):
        there = "holds true and false" if truth is not None else "does not hold true and false"
        raise SpecError(
            f"{table.name}: column {column!r} {there}, the value it is compared with is {bound!r}"
        )
    if isinstance(bound, str):
        if condition.operator not in ("==", "!="):
            raise SpecError(
                f"{table.name}: column {column!r} is compared by {condition.operator} with the "
                f"text {bound!r}; texts "
                "can be compared with == or != only: write a number"
            )
        if series.dtype != pl.String or (
            series.drop_nulls().str.contains(_NUMBER).all()
            and series.count()
            and not _has_codes(series)
        ):
            raise SpecError(
                f"{table.name}: column {column!r} holds numbers and is compared with the text "
                f"{bound!r}; write a number"
            )
        return series, normal(bound)
    if condition.operator in ("==", "!=") and _has_codes(series):
        code = series.filter(series.str.contains(_LEADING_ZERO).fill_null(value=False))[0]
        raise SpecError(
            f"{table.name}: column {column!r} holds codes with zeros in front ({code}); write the "
            f'value as they are written: "{code}"'
        )
    return _numbers(table, column, series), bound


def _has_codes(series: pl.Series) -> bool:
    """Whether some texts are codes like 01, which is another code than 1."""
    return series.dtype == pl.String and bool(series.str.contains(_LEADING_ZERO).any())


def _truth(series: pl.Series) -> pl.Series | None:
    """A column of true and false as Booleans; None when it holds anything else, or nothing."""
    if series.dtype == pl.Boolean:
        return series if series.count() else None
    if series.dtype != pl.String or not series.count():
        return None
    words = series.str.to_lowercase()
    if not words.drop_nulls().is_in(list(_TRUTH)).all():
        return None
    return words.replace_strict(_TRUTH, default=None, return_dtype=pl.Boolean)


def _truth_word(bound: Any) -> bool | None:
    return (
        bound
        if isinstance(bound, bool)
        else _TRUTH.get(bound.strip().lower())
        if isinstance(bound, str)
        else None
    )
