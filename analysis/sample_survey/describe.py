"""What a survey file holds, before anybody estimates from it: columns, values, and what looks
wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import polars as pl

from analysis.data.csv_text import read_csv_text
from analysis.data.names import normal
from analysis.errors import AnalysisError, SpecError, Translate
from analysis.sample_survey.columns import blank_missing, has_codes, parse_numbers, parse_truth
from analysis.sample_survey.files import SurveyTable, read_table

COMMON: Final = 5
"""Values that are told, the most frequent first."""
CODES: Final = (-99, -98, -9, -8, -7, -1, 9, 88, 97, 98, 99, 888, 997, 998, 999, 9999)
"""Numbers that questionnaires use for "does not know" and "not asked"."""
FAR: Final = 1.5
"""A code is suspected where it lies this many times the range of the others away from them."""
FEW: Final = 30
"""A column of so few different numbers is a scale, on which a code stands out."""


def describe_file(
    path: Path, missing: tuple[float | str, ...] = (), translate: Translate = str
) -> dict[str, Any]:
    r"""Rows and columns of a CSV or Parquet file; ``missing`` codes are taken for empty.

    Each column: ``kind`` (number, text, true-false, empty), ``filled`` and ``empty`` rows,
    ``different`` values, ``least`` and ``most`` of numbers, the ``common`` values with their
    counts, and ``warnings``, in English unless they are translated.

    Raises
    ------
    SpecError
        The file is not there or cannot be read, or two columns have one name.

    Examples
    --------
    >>> _ = (folder / "f.csv").write_text("g,q\na,5\na,4\nb,5\nb,4\nc,-9\n")
    >>> about = describe_file(folder / "f.csv")
    >>> about["rows"], about["columns"][1]["warnings"]
    (5, ['-9 looks like a missing code (1 rows): name it under missing'])
    """
    table = read_table(path, _headings(path))
    columns = [_describe(table, name, missing, translate) for name in table.frame.columns]
    return {
        "file": path.name,
        "rows": len(table.frame),
        **table.reading,
        "columns": columns,
    }


def _headings(path: Path) -> list[str]:
    if not path.is_file():
        raise SpecError("data: there is no file {path}", path=path)
    if path.suffix.lower() == ".csv":
        return [normal(name) for name in read_csv_text(path.read_bytes(), path.name).heading]
    try:
        return [normal(name) for name in pl.read_parquet_schema(path)]
    except (pl.exceptions.PolarsError, OSError) as error:
        raise SpecError(
            "data: {name} must be a CSV or Parquet file: {error}", name=path.name, error=error
        ) from error


def _describe(
    table: SurveyTable, name: str, missing: tuple[float | str, ...], translate: Translate
) -> dict[str, Any]:
    series = blank_missing(table, name, missing)
    values, kind, told = _read(table, name, series)
    counts = values.drop_nulls().value_counts(sort=True)
    found: dict[str, Any] = {
        "name": name,
        "kind": kind,
        "filled": len(values) - values.null_count(),
        "empty": values.null_count(),
        "different": len(counts),
        "common": [list(row) for row in counts.head(COMMON).iter_rows()],
    }
    if kind == "number":
        found |= {"least": values.min(), "most": values.max()}
    warnings = [warning.tell(translate) for warning in (*told, *_warn(values, kind))]
    return found | {"warnings": warnings}


def _read(
    table: SurveyTable, name: str, series: pl.Series
) -> tuple[pl.Series, str, list[AnalysisError]]:
    """A column as it will be read, its kind, and why it is not read as numbers where most are."""
    if not series.count():
        return series, "empty", []
    truth = parse_truth(series)
    if truth is not None:
        return truth, "true-false", []
    if has_codes(series):
        return series, "text", [AnalysisError("codes with a leading zero: read as text")]
    try:
        return parse_numbers(table, name, series), "number", []
    except SpecError as error:
        texts = series.cast(pl.String)
        numeric = int(texts.str.contains(r"^[+-]?[0-9]").sum())
        return texts, "text", [error] if 2 * numeric > texts.count() else []


def _warn(values: pl.Series, kind: str) -> Iterator[AnalysisError]:
    filled, different = values.count(), values.n_unique() - bool(values.null_count())
    if not filled:
        yield AnalysisError("no row holds anything")
        return
    if different == 1 and filled > 1:
        yield AnalysisError("the same in every row")
    if kind == "text" and different == filled > FEW:
        yield AnalysisError("another value in every row: a name or a key, no group to estimate by")
    if kind == "number":
        yield from _suspect_codes(values.drop_nulls())


def _suspect_codes(values: pl.Series) -> Iterator[AnalysisError]:
    counts = dict(values.value_counts().iter_rows())
    if len(counts) > FEW:
        return
    others = sorted(set(counts) - set(CODES)) or [0]
    least, most = others[0], others[-1]
    for code in sorted(set(counts) & set(CODES)):
        away = max(least - code, code - most)
        if away > FAR * max(most - least, 1):
            yield AnalysisError(
                "{code:g} looks like a missing code ({rows} rows): name it under missing",
                code=code,
                rows=counts[code],
            )
