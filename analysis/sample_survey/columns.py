"""Columns of a survey file: as numbers, as names without missing codes, as true and false."""

from __future__ import annotations

import re
from typing import Any, Final

import polars as pl

from analysis.data.names import normal
from analysis.errors import SpecError
from analysis.sample_survey.files import SurveyTable

NUMBER: Final = r"^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,3})?$"


_COMMA_NUMBER: Final = r"^[+-]?[0-9]*,[0-9]+$|^[+-]?[0-9]+,$"


_GROUPED: Final = r"^[+-]?[1-9][0-9]{0,2}([.][0-9]{3})+$"


LEADING_ZERO: Final = r"^0[0-9]+$"


_MAX_EXACT: Final = 1 << 61


_TRUTH: Final = {"true": True, "false": False}


def parse_numbers(table: SurveyTable, column: str, series: pl.Series) -> pl.Series:
    """A column as whole numbers where all are, else as decimals; empty cells stay missing."""
    if series.dtype == pl.Boolean and series.null_count() < len(series):
        raise SpecError(
            "{name}: column {column!r} must hold numbers; it holds true and false",
            name=table.name,
            column=column,
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
                "{name}: column {column!r}, row {row}: numbers with a decimal comma and with a "
                "point stand in one column; write all of them in one way, without thousands "
                "separators",
                name=table.name,
                column=column,
                row=table.row(mixed),
            )
        series = series.str.replace(",", ".", literal=True)
    if table.decimal_comma:
        _check_groups(
            table,
            column,
            table.frame[column] if comma.any() else series,
            "," if comma.any() else ".",
        )
    bad = ~series.str.contains(NUMBER).fill_null(value=True)
    if bad.any():
        value = series[int(bad.arg_true()[0])]
        raise SpecError(
            "{name}: column {column!r} must hold numbers; row {row} holds {value!r}: mend "
            "it, leave it empty, or name it under missing in the SPEC",
            name=table.name,
            column=column,
            row=table.row(bad),
            value=value,
        )
    whole = series.cast(pl.Int64, strict=False)
    exact = whole.null_count() == series.null_count() and not (whole.abs() > _MAX_EXACT).any()
    numbers = whole if exact else series.cast(pl.Float64)
    if numbers.dtype == pl.Float64 and numbers.is_infinite().any():
        raise SpecError(
            "{name}: column {column!r}, row {row} is too large",
            name=table.name,
            column=column,
            row=table.row(numbers.is_infinite()),
        )
    return numbers


def _check_groups(table: SurveyTable, column: str, series: pl.Series, mark: str) -> None:
    """1.000 in a file with semicolons is a thousand to one reader and one to another; so is 1,000
    with tabs.
    """
    dotted = series.str.contains(mark, literal=True).fill_null(value=False)
    grouped = series.str.contains(_GROUPED.replace("[.]", f"[{mark}]")).fill_null(value=False)
    if dotted.any() and (dotted == grouped).all():
        value = series[int(grouped.arg_true()[0])]
        raise SpecError(
            "{name}: column {column!r}, row {row}: {value!r} may be thousands or decimals; "
            "write numbers without thousands separators; decimals that are meant so need "
            "another number of digits: 1,2340",
            name=table.name,
            column=column,
            row=table.row(grouped),
            value=value,
        )


def blank_missing(table: SurveyTable, column: str, missing: tuple[float | str, ...]) -> pl.Series:
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
    return float(point) if re.match(NUMBER, point) else None


def spell_code(code: float | str) -> str:
    """A missing code as a file writes it."""
    return normal(code) if isinstance(code, str) else f"{code:.15g}"


def has_codes(series: pl.Series) -> bool:
    """Whether some texts are codes like 01, which is another code than 1."""
    return series.dtype == pl.String and bool(series.str.contains(LEADING_ZERO).any())


def parse_truth(series: pl.Series) -> pl.Series | None:
    """A column of true and false as Booleans; None when it holds anything else, or nothing."""
    if series.dtype == pl.Boolean:
        return series if series.count() else None
    if series.dtype != pl.String or not series.count():
        return None
    words = series.str.to_lowercase()
    if not words.drop_nulls().is_in(list(_TRUTH)).all():
        return None
    return words.replace_strict(_TRUTH, default=None, return_dtype=pl.Boolean)


def truth_word(bound: Any) -> bool | None:
    """What a value of a SPEC says about true and false; None when it is neither."""
    return (
        bound
        if isinstance(bound, bool)
        else _TRUTH.get(bound.strip().lower())
        if isinstance(bound, str)
        else None
    )
