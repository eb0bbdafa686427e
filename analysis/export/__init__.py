"""Export formats: equals behind one contract, ``write(table, file, **options)``."""

from __future__ import annotations

from typing import Final

from analysis.export import csv, json, parquet, sav, xlsx
from analysis.publication.table import Writer

FORMATS: Final[dict[str, Writer]] = {
    "csv": csv.write,
    "xlsx": xlsx.write,
    "json": json.write,
    "parquet": parquet.write,
    "sav": sav.write,
}
