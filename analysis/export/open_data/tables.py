"""The rows as CSV, with their description as CSV on the Web (W3C 2015) and as a Data Package
(v2, datapackage.org).
"""

from __future__ import annotations

import csv
import io
from typing import Any, Final

from analysis.export.open_data.dataset import (
    COLUMN_TITLES,
    COUNTS,
    NUMBERS,
    STATUS_TITLES,
    OpenDataset,
)
from analysis.publication.public_figures import PUBLIC_COLUMNS
from analysis.publication.table import safe_text

REQUIRED: Final = ("cell", "period", "agency", "agency_name", "level", "code", "status")


def write_data(dataset: OpenDataset) -> bytes:
    """``data.csv``: UTF-8 without BOM, comma, decimal point, what is not told is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(PUBLIC_COLUMNS)
    writer.writerows([_cell(row[name]) for name in PUBLIC_COLUMNS] for row in dataset.rows)
    return text.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return safe_text(value) if isinstance(value, str) else str(value)


def describe_csvw(dataset: OpenDataset) -> dict[str, Any]:
    """``data.csv-metadata.json``: Metadata Vocabulary for Tabular Data."""
    return {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "vi"}],
        "url": "data.csv",
        "dc:title": dataset.titles["vi"],
        "dc:description": dataset.descriptions["vi"],
        "dc:publisher": dataset.publisher,
        "dc:license": {"@id": dataset.licence_address},
        "dc:issued": {"@value": dataset.issued.isoformat(), "@type": "xsd:date"},
        "dialect": {"encoding": "utf-8", "delimiter": ",", "header": True},
        "tableSchema": {
            "columns": [_csvw_column(name) for name in PUBLIC_COLUMNS],
            "primaryKey": "cell",
        },
    }


def _csvw_column(name: str) -> dict[str, Any]:
    vi, en = COLUMN_TITLES[name]
    column: dict[str, Any] = {
        "name": name,
        "titles": name,
        "dc:description": [
            {"@value": vi, "@language": "vi"},
            {"@value": en, "@language": "en"},
        ],
        "datatype": _csvw_type(name),
        "required": name in REQUIRED,
    }
    return column


def _csvw_type(name: str) -> Any:
    if name in NUMBERS:
        return {"base": "decimal", "minimum": "0", "maximum": "100"}
    if name in COUNTS:
        return {"base": "nonNegativeInteger"}
    return "string"


def describe_package(dataset: OpenDataset) -> dict[str, Any]:
    """``datapackage.json``: Data Package v2 with one Table Schema."""
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": f"hai-long-{dataset.period.lower()}-{dataset.edition}",
        "id": dataset.address,
        "title": dataset.titles["vi"],
        "description": dataset.descriptions["vi"],
        "homepage": dataset.address,
        "version": f"{dataset.edition}.0.0",
        "created": f"{dataset.issued.isoformat()}T00:00:00Z",
        "keywords": list(dataset.keywords),
        "licenses": [
            {
                "name": dataset.licence,
                "title": dataset.licence_title,
                "path": dataset.licence_address,
            }
        ],
        "sources": [{"title": f"Hài Lòng {dataset.software}, {dataset.method}"}],
        "contributors": [{"title": dataset.publisher, "roles": ["publisher"]}],
        "resources": [
            {
                "$schema": "https://datapackage.org/profiles/2.0/dataresource.json",
                "name": "data",
                "type": "table",
                "path": "data.csv",
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "schema": {
                    "$schema": "https://datapackage.org/profiles/2.0/tableschema.json",
                    "fields": [_package_field(name) for name in PUBLIC_COLUMNS],
                    "primaryKey": ["cell"],
                    "missingValues": [""],
                },
            }
        ],
    }


def _package_field(name: str) -> dict[str, Any]:
    vi, en = COLUMN_TITLES[name]
    found: dict[str, Any] = {"name": name, "title": vi, "description": en, "type": "string"}
    limits: dict[str, Any] = {"required": True} if name in REQUIRED else {}
    if name in NUMBERS:
        found["type"] = "number"
        limits |= {"minimum": 0, "maximum": 100}
    if name in COUNTS:
        found["type"] = "integer"
        limits |= {"minimum": 0}
    if name == "status":
        limits["enum"] = list(STATUS_TITLES)
    return found | ({"constraints": limits} if limits else {})
