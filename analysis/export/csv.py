"""CSV: UTF-8, with BOM when it is for Excel; decimal sign and separator chosen together."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import BinaryIO

from analysis.publication.table import INDEX_COLUMNS, Table, TableValue, safe_text


def write(
    table: Table, file: BinaryIO, *, bom: bool = True, decimal: str = ".", separator: str = ","
) -> None:
    """Write the table; with ``decimal=","`` use ``separator=";"`` as Vietnamese Excel expects."""
    text = io.TextIOWrapper(
        file, encoding="utf-8-sig" if bom else "utf-8", newline="", write_through=True
    )
    writer = csv.writer(text, delimiter=separator, lineterminator="\r\n")
    writer.writerow(INDEX_COLUMNS)
    writer.writerows([_text(row[name], decimal) for name in INDEX_COLUMNS] for row in table.rows)
    text.detach()


def _text(value: TableValue, decimal: str) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return str(value).replace(".", decimal)
    return safe_text(value) if isinstance(value, str) else str(value)
