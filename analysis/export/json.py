"""JSON: the method note and the rows; decimals as numbers with their published digits."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, BinaryIO

from analysis.publication.table import Table


def write(table: Table, file: BinaryIO) -> None:
    """Write the table as one object: ``about`` and ``rows``."""
    document = {"about": table.about, "rows": table.rows}
    text = json.dumps(document, ensure_ascii=False, indent=1, default=_number)
    file.write(text.encode("utf-8") + b"\n")


def _number(value: Any) -> float:
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")
