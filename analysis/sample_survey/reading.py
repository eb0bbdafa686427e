"""A survey file as cells: columns read by what a SPEC uses them for, checked row by row, counted
once.

Every cell of a CSV file is text until it is known what it is for: names of groups stay text (01 is
not 1), what is counted must be numbers, texts to compare with, or Booleans. Texts are compared in
Unicode normal form C and without spaces at the ends, since "Hà Nội" can be written in two ways that
look alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import polars as pl

from analysis.arrays import Integers
from analysis.counting.cells import Cells, count_rows
from analysis.counting.variables import COMPARISONS, Variable
from analysis.data.names import normal
from analysis.errors import AnalysisError, DesignError, SpecError
from analysis.sample_survey.columns import (
    LEADING_ZERO,
    NUMBER,
    blank_missing,
    has_codes,
    parse_numbers,
    parse_truth,
    spell_code,
    truth_word,
)
from analysis.sample_survey.files import SurveyFrame, SurveyTable, read_table, table_from_frame
from analysis.sample_survey.spec import Condition, Spec

DESIGN_KEYS: Final = ("_stratum", "_psu", "_weight", "_fpc", "_fpc2")
WHERE: Final = "_where"
AMOUNT: Final = "_amount{}"


@dataclass(frozen=True)
class SurveyData:
    """What was read: cells, what values are counted about, and how the file was understood.

    ``centres`` maps a variable to the whole number its values were counted about; ``reading`` says
    encoding, separator and number of rows.
    """

    cells: Cells
    centres: dict[str, float]
    reading: dict[str, Any]


def read_survey(spec: Spec, frame: SurveyFrame | None = None) -> SurveyData:
    """Count any CSV or Parquet survey file, or a pandas frame, into cells, with the design as keys.

    Keys: ``_stratum``, ``_psu``, ``_weight``, ``_fpc``, ``_fpc2``, ``_amount0`` and so on (numbers
    weights are calibrated to the totals of), ``_where`` ("1" in, "0" left out by the filter) and
    the columns of margins and domains, as text.

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
    table = _read(spec, frame)
    columns = _key_columns(table, spec)
    variables = []
    for place, variable in enumerate(spec.variables):
        counted, series = _counted(table, variable, f"_value{place}")
        columns |= {one.name: one for one in series}
        variables.append(counted)
    rows = pl.DataFrame([series.alias(name) for name, series in columns.items()])
    cells = count_rows(rows, _key_names(spec), variables, every_row=True)
    centres = {variable.name: float(variable.centre) for variable in variables if variable.centre}
    return SurveyData(cells, centres, {**table.reading, "rows": len(rows)})


def number_rows(
    spec: Spec, cells: Cells, frame: SurveyFrame | None = None
) -> tuple[Sequence[int], Integers]:
    """Lines of the rows of a survey and the cells (N,) they were counted into."""
    table = _read(spec, frame)
    keys = _key_names(spec)
    rows = pl.DataFrame(
        [series.alias(name) for name, series in _key_columns(table, spec).items()]
    ).select(keys)
    numbered = cells.keys.select(keys).with_row_index("_cell")
    found = rows.join(numbered, on=keys, how="left", nulls_equal=True, maintain_order="left")
    return table.lines, found["_cell"].to_numpy().astype(np.int64)


def _read(spec: Spec, frame: SurveyFrame | None) -> SurveyTable:
    wanted = _wanted(spec)
    table = read_table(spec.data, wanted) if frame is None else table_from_frame(frame, wanted)
    if table.frame.is_empty():
        raise SpecError("data: {name} has no rows", name=table.name)
    return table


def _key_names(spec: Spec) -> list[str]:
    numbers = [AMOUNT.format(place) for place in range(len(spec.totals))]
    return list(dict.fromkeys([*DESIGN_KEYS, *numbers, WHERE, *spec.keys]))


def _key_columns(table: SurveyTable, spec: Spec) -> dict[str, pl.Series]:
    columns: dict[str, pl.Series] = {}
    for name, column in (("_stratum", spec.stratum), ("_psu", spec.psu)):
        columns[name] = _names(table, column, required=True) if column else _constant(table, "")
    for name, column in (("_weight", spec.weight), ("_fpc", spec.fpc), ("_fpc2", spec.fpc2)):
        columns[name] = _sizes(table, column) if column else _constant(table, 1.0)
    for place, known in enumerate(spec.totals):
        columns[AMOUNT.format(place)] = _amounts(table, known.column, spec.missing)
    columns[WHERE] = _filtered(table, spec)
    return columns | {column: _names(table, column, missing=spec.missing) for column in spec.keys}


def _wanted(spec: Spec) -> list[str]:
    columns = [c for c in (spec.weight, spec.stratum, spec.psu, spec.fpc, spec.fpc2) if c]
    columns += [known.column for known in spec.totals]
    columns += [*spec.keys, *(condition.column for condition in spec.where)]
    columns += [c for v in spec.variables for c in (v.column, *v.more, *v.needs)]
    return list(dict.fromkeys(columns))


def _constant(table: SurveyTable, value: str | float) -> pl.Series:
    return pl.repeat(value, len(table.frame), eager=True)


def _names(
    table: SurveyTable,
    column: str,
    *,
    required: bool = False,
    missing: tuple[float | str, ...] = (),
) -> pl.Series:
    """A column as names of groups; a missing one is the empty name unless it is required."""
    series = table.frame[column]
    if series.dtype == pl.String:
        # Only the very spelling: a group 099 is not the code 99.
        series = series.set(series.is_in([spell_code(code) for code in missing]), None)
    else:
        series = blank_missing(table, column, missing)
    truth = parse_truth(series)
    series = (series if truth is None else truth).cast(pl.String)
    if required and series.is_null().any():
        raise DesignError(
            "column {column}, row {row} is empty; every row needs a value, or leave the row out",
            column=column,
            row=table.row(series.is_null()),
        )
    return series.fill_null("")


def _sizes(table: SurveyTable, column: str) -> pl.Series:
    values = parse_numbers(table, column, table.frame[column]).cast(pl.Float64)
    bad = ~(values.is_finite() & (values > 0)).fill_null(value=False)
    if bad.any():
        found = values[int(bad.arg_true()[0])]
        place = {"column": column, "row": table.row(bad)}
        if found is None:
            raise DesignError(
                "column {column}, row {row} is empty; every row needs a number above 0, or leave "
                "the row out",
                **place,
            )
        raise DesignError(
            "column {column}, row {row}: {found} is not a number above 0; mend or leave out the "
            "row",
            **place,
            found=found,
        )
    return values


def _amounts(table: SurveyTable, column: str, missing: tuple[float | str, ...]) -> pl.Series:
    """Numbers weights are calibrated to the total of: every row needs one."""
    series = blank_missing(table, column, missing)
    values = parse_numbers(table, column, series).cast(pl.Float64)
    bad = ~values.is_finite().fill_null(value=False)
    if bad.any():
        raise DesignError(
            "column {column}, row {row}: weights are calibrated to its total, so every row "
            "needs a number; mend or leave out the row",
            column=column,
            row=table.row(bad),
        )
    return values


def _filtered(table: SurveyTable, spec: Spec) -> pl.Series:
    """One where all conditions of the SPEC's filter hold, else zero, as text; a missing value meets
    none.
    """
    inside = pl.Series([True] * len(table.frame))
    for condition in spec.where:
        values, bound = _comparable(table, condition, spec.missing)
        inside &= COMPARISONS[condition.operator](values, bound).fill_null(value=False)
    return inside.cast(pl.Int8).cast(pl.String)


def _counted(table: SurveyTable, variable: Variable, name: str) -> tuple[Variable, list[pl.Series]]:
    """A variable over columns of its own, and these columns."""
    needs = [
        blank_missing(table, c, variable.missing).alias(f"{name}n{k}")
        for k, c in enumerate(variable.needs)
    ]
    more = [
        blank_missing(table, c, variable.missing).alias(f"{name}m{k}")
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
    values = blank_missing(table, variable.column, variable.missing)
    if variable.rule == "value":
        values = parse_numbers(table, variable.column, values)
        mean = values.cast(pl.Float64).mean()
        own = replace(own, centre=round(mean) if isinstance(mean, float) else 0)
    return own, [values.alias(name), *needs, *more]


def _comparable(
    table: SurveyTable, condition: Condition, missing: tuple[float | str, ...]
) -> tuple[pl.Series, Any]:
    """A column and what it is compared with, both of one kind."""
    column, bound = condition.column, condition.bound
    series = blank_missing(table, column, missing)
    truth = parse_truth(series)
    if truth is not None and (word := truth_word(bound)) is not None:
        if condition.operator not in ("==", "!="):
            raise _refusal(table, condition, "holds true and false; compare it with == or !=")
        return truth, word
    if truth is not None:
        raise _refusal(
            table, condition, "holds true and false, the value it is compared with is {bound!r}"
        )
    if isinstance(bound, bool):
        raise _refusal(
            table,
            condition,
            "does not hold true and false, the value it is compared with is {bound!r}",
        )
    if isinstance(bound, str):
        return _comparable_text(table, condition, series), normal(bound)
    if condition.operator in ("==", "!=") and has_codes(series):
        code = series.filter(series.str.contains(LEADING_ZERO).fill_null(value=False))[0]
        raise SpecError(
            "{name}: column {column!r} holds codes with zeros in front ({code}); write the "
            'value as they are written: "{code}"',
            name=table.name,
            column=column,
            code=code,
        )
    return parse_numbers(table, column, series), bound


def _comparable_text(table: SurveyTable, condition: Condition, series: pl.Series) -> pl.Series:
    """A column that is compared with a text, which has to hold texts."""
    if condition.operator not in ("==", "!="):
        raise _refusal(
            table,
            condition,
            "is compared by {operator} with the text {bound!r}; texts can be compared with == or "
            "!= only: write a number",
        )
    has_numbers = series.dtype != pl.String or (
        series.drop_nulls().str.contains(NUMBER).all() and series.count() and not has_codes(series)
    )
    if has_numbers:
        raise _refusal(
            table,
            condition,
            "holds numbers and is compared with the text {bound!r}; write a number",
        )
    return series


def _refusal(table: SurveyTable, condition: Condition, reason: str) -> SpecError:
    return SpecError(
        "{name}: column {column!r} {reason}",
        name=table.name,
        column=condition.column,
        reason=AnalysisError(reason, operator=condition.operator, bound=condition.bound),
    )
