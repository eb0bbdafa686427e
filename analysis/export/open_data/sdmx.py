"""The rows as SDMX-CSV 1.0 and 2.0: one series for each agency, level and content.

Both are written because many systems do not read 2.0 yet. The structure is in ``sdmx_structure``.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from analysis.errors import AnalysisError
from analysis.export.open_data.dataset import OpenDataset
from analysis.publication.public_figures import PublicRow

MAINTAINER: Final = "HAILONG"
FLOW: Final = "DF_SATISFACTION"
VERSION: Final = "1.0.0"
DIMENSIONS: Final = ("FREQ", "AGENCY", "LEVEL", "INDICATOR", "TIME_PERIOD")
MEASURE: Final = "OBS_VALUE"
ATTRIBUTES: Final = ("OBS_STATUS", "CONF_STATUS", "UNIT_MEASURE", "CI_LOW", "CI_HIGH", "N")
COLUMNS: Final = (*DIMENSIONS, MEASURE, *ATTRIBUTES)
OBS_STATUS: Final = {
    "published": "A",
    "few": "U",
    "unverified": "U",
    "suppressed": "Q",
    "imprecise": "Q",
    "none": "M",
}
"""Codes of the cross-domain code list CL_OBS_STATUS: normal, low reliability, suppressed, missing.
"""
_PARTS: Final = {"Q": "Q", "H": "S"}


def code_id(key: str) -> str:
    """A key as an SDMX identifier; the whole province is ``_T`` (total).

    Examples
    --------
    >>> code_id("h20.01"), code_id("*")
    ('h20_01', '_T')
    """
    return "_T" if key == "*" else re.sub(r"[^A-Za-z0-9@$-]", "_", key)


def code_ids(keys: Iterable[str]) -> dict[str, str]:
    """Identifier of every key.

    Raises
    ------
    AnalysisError
        Two keys would bear the same one.
    """
    found = {key: code_id(key) for key in keys}
    if len(set(found.values())) < len(found):
        raise AnalysisError("two keys of agencies or contents differ in punctuation only")
    return found


def frequency(period: str) -> tuple[str, str]:
    """(code of CL_FREQ, time period of SDMX) of a reporting period.

    Examples
    --------
    >>> [frequency(p) for p in ("2026", "2026-H1", "2026-Q3", "2026-07", "2026-9M")]
    ... # doctest: +NORMALIZE_WHITESPACE
    [('A', '2026'), ('S', '2026-S1'), ('Q', '2026-Q3'), ('M', '2026-07'),
     ('_O', '2026-01-01/P9M')]
    """
    year, _dash, part = period.partition("-")
    if part == "9M":
        return "_O", f"{year}-01-01/P9M"
    if part[:1] in _PARTS:
        code = _PARTS[part[0]]
        return code, f"{year}-{code}{part[1]}"
    return ("M", period) if part else ("A", period)


def write_sdmx_csv_1(dataset: OpenDataset) -> bytes:
    """``sdmx-csv-1.csv``: SDMX-CSV 1.0."""
    flow = f"{MAINTAINER}:{FLOW}({VERSION})"
    return _write(("DATAFLOW", *COLUMNS), ([flow, *line] for line in _lines(dataset)))


def write_sdmx_csv_2(dataset: OpenDataset) -> bytes:
    """``sdmx-csv-2.csv``: SDMX-CSV 2.0; every line is information (I)."""
    head = ("STRUCTURE", "STRUCTURE_ID", "ACTION", *COLUMNS)
    start = ["dataflow", f"{MAINTAINER}:{FLOW}({VERSION})", "I"]
    return _write(head, ([*start, *line] for line in _lines(dataset)))


def _write(head: tuple[str, ...], lines: Iterable[list[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(lines)
    return text.getvalue().encode()


def _lines(dataset: OpenDataset) -> Iterator[list[str]]:
    agencies = code_ids({row["agency"] for row in dataset.rows})
    codes = code_ids({row["code"] for row in dataset.rows})
    time = frequency(dataset.period)
    for row in dataset.rows:
        yield [
            time[0],
            agencies[row["agency"]],
            row["level"].upper(),
            codes[row["code"]],
            time[1],
            _text(row["index"]),
            *_attributes(row),
        ]


def _attributes(row: PublicRow) -> list[str]:
    return [
        OBS_STATUS[row["status"]],
        "C" if row["status"] == "suppressed" else "F",
        "PT",
        _text(row["ci_low"]),
        _text(row["ci_high"]),
        _text(row["n"]),
    ]


def _text(value: Any) -> str:
    return "" if value is None else str(value)
