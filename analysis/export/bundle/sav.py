"""The rows for SPSS: labels of columns and codes, user-missing codes, UTF-8."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from analysis.data.schema import ITEMS
from analysis.data.weighted_rows import ROW_COLUMNS, WeightedRows
from analysis.export.bundle.codebook import NOT_ANSWERED, Variable

LABEL_BYTES: Final = 256
"""SPSS takes no longer label of a column."""
VALUE_BYTES: Final = 120


def write_sav(rows: WeightedRows, columns: list[Variable], path: Path, label: str) -> None:
    """Write ``path``; what was not answered is -9, user-missing like 0 (không áp dụng)."""
    import pyreadstat  # noqa: PLC0415  (loaded when a file for SPSS is asked for)

    frame: Any = rows.to_pandas()
    items = list(ITEMS)
    frame[items] = frame[items].astype("float64").fillna(NOT_ANSWERED).astype("int32")
    pyreadstat.write_sav(
        frame[list(ROW_COLUMNS)],
        str(path),
        file_label=shorten(label, 64),
        column_labels=[shorten(column.vi, LABEL_BYTES) for column in columns],
        variable_value_labels={
            column.name: {
                code: shorten(vi, VALUE_BYTES) for code, (vi, _en) in column.codes.items()
            }
            for column in columns
            if column.codes
        },
        missing_ranges={column.name: list(column.missing) for column in columns if column.missing},
        variable_measure={
            column.name: "ordinal" if column.kind == "level" else "nominal"
            for column in columns
            if column.kind != "number"
        },
    )


def shorten(text: str, size: int) -> str:
    """A text of at most so many bytes, no letter cut in two.

    Examples
    --------
    >>> shorten("Đông", 3), shorten("Đông", 4)
    ('Đ', 'Đô')
    """
    return text.encode()[:size].decode(errors="ignore")
