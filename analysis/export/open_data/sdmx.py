"""The rows as SDMX-CSV 1.0 and 2.0: one series for each agency, level and content.

Both are written because many systems do not read 2.0 yet. The structure is in ``sdmx_structure``.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any, Final

from analysis.export.open_data.dataset import OpenDataset
from analysis.publication.public_figures import PublicRow

MAINTAINER: Final = "HAILONG"
FLOW: Final = "DF_SATISFACTION"
DIMENSIONS: Final = ("FREQ", "AGENCY", "LEVEL", "INDICATOR", "TIME_PERIOD")
MEASURE: Final = "OBS_VALUE"
ATTRIBUTES: Final = ("OBS_STATUS", "CONF_STATUS", "UNIT_MEASURE", "CI_LOW", "CI_HIGH", "N")
COLUMNS: Final = (*DIMENSIONS, MEASURE, *ATTRIBUTES)
OBS_STATUS: Final = {
    "published": "A",
    "few": "U",
    "unverified": "V",
    "suppressed": "Q",
    "imprecise": "Q",
    "none": "O",
}
"""Codes of the cross-domain code list CL_OBS_STATUS: normal, low reliability, unvalidated,
suppressed, missing.
"""
_PARTS: Final = {"Q": "Q", "H": "S"}


def code_id(key: str) -> str:
    """A key as an SDMX identifier, without accents; the whole province is ``_T`` (total).

    Examples
    --------
    >>> code_id("h20.01"), code_id("*"), code_id("đất đai")
    ('h20_01', '_T', 'dat_dai')
    """
    bare = unicodedata.normalize("NFD", key.replace("đ", "d").replace("Đ", "D"))
    plain = "".join(c for c in bare if not unicodedata.combining(c))
    return "_T" if key == "*" else re.sub(r"[^A-Za-z0-9@$-]", "_", plain)


def code_ids(keys: Iterable[str]) -> dict[str, str]:
    """Identifier of every key; those that would bear the same one are numbered in their order.

    Examples
    --------
    >>> code_ids(["h20.01", "h20_01"])
    {'h20.01': 'h20_01', 'h20_01': 'h20_01_2'}
    """
    found: dict[str, str] = {}
    for key in sorted(keys):
        plain, number = code_id(key), 1
        wanted = plain
        while wanted in found.values():
            number += 1
            wanted = f"{plain}_{number}"
        found[key] = wanted
    return found


def artefact_version(period: str, edition: int) -> str:
    """Version of the structures of one edition: its agencies and contents are its own.

    Examples
    --------
    >>> [artefact_version(p, 1) for p in ("2026", "2026-Q3", "2026-H1", "2026-9M", "2026-07")]
    ['2026.0.1', '2026.3.1', '2026.21.1', '2026.30.1', '2026.107.1']
    """
    year, _dash, part = period.partition("-")
    number = {"": 0, "9M": 30}.get(part)
    if number is None:
        number = {"Q": 0, "H": 20}.get(part[0], 100) + int(part.lstrip("QH"))
    return f"{year}.{number}.{edition}"


def indicator_key(row: PublicRow) -> str:
    """What a row is about: codes of levels may be the same, as of a domain and an applicant."""
    return f"{row['level']}/{row['code']}"


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


def name_flow(dataset: OpenDataset) -> str:
    """The dataflow of an edition."""
    return f"{MAINTAINER}:{FLOW}({artefact_version(dataset.period, dataset.edition)})"


def write_sdmx_csv_1(dataset: OpenDataset) -> bytes:
    """``sdmx-csv-1.csv``: SDMX-CSV 1.0."""
    flow = name_flow(dataset)
    return _write(("DATAFLOW", *COLUMNS), ([flow, *line] for line in _lines(dataset)))


def write_sdmx_csv_2(dataset: OpenDataset) -> bytes:
    """``sdmx-csv-2.csv``: SDMX-CSV 2.0; every line is information (I)."""
    head = ("STRUCTURE", "STRUCTURE_ID", "ACTION", *COLUMNS)
    start = ["dataflow", name_flow(dataset), "I"]
    return _write(head, ([*start, *line] for line in _lines(dataset)))


def _write(head: tuple[str, ...], lines: Iterable[list[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(lines)
    return text.getvalue().encode()


def _lines(dataset: OpenDataset) -> Iterator[list[str]]:
    agencies = code_ids({row["agency"] for row in dataset.rows})
    codes = code_ids({indicator_key(row) for row in dataset.rows})
    time = frequency(dataset.period)
    for row in dataset.rows:
        yield [
            time[0],
            agencies[row["agency"]],
            row["level"].upper(),
            codes[indicator_key(row)],
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
