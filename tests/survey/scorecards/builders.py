"""Snapshots and editions made up for the tests of this room."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from analysis import SnapshotWriter
from analysis.data.schema import RESPONSE_COLUMNS
from survey.agencies.models import Agency, Kind
from survey.agencies.services import Attributes, found_agency
from survey.scorecards.models import Edition
from tests.survey.factories import START

ANSWERS = len(RESPONSE_COLUMNS) - 7
PERIOD = "2025-Q3"
Levels = list[int]


def found_agencies(province: Agency, *keys: str) -> list[str]:
    for key in keys:
        attributes = Attributes(name=key.upper(), kind=Kind.DEPARTMENT, parent=province)
        found_agency(key=key, on=START, attributes=attributes)
    return list(keys)


def people(answers: int, good: int) -> Levels:
    return [5] * good + [1] * (answers - good)


def write_months(
    folder: Path, period: str, data: Mapping[str, Mapping[str, Levels]], dossiers: int = 400
) -> Path:
    """A snapshot of agency -> month -> levels of its answers."""
    writer = SnapshotWriter(folder)
    for agency, months in data.items():
        for month, levels in months.items():
            for level in levels:
                row = (agency, "land", "counter", "E2", "", "vi", month, *([level] * ANSWERS))
                writer.add(row)
    totals = [
        (agency, "land", "counter", month, dossiers, dossiers)
        for agency, months in data.items()
        for month in months
    ]
    agencies = [(agency, agency.upper(), "department", "") for agency in data]
    about = {"period": period, "province": "x", "notice": ""}
    writer.close(totals=totals, agencies=agencies, about=about)
    return folder


def write_snapshot(folder: Path, sizes: Mapping[str, tuple[int, int]], dossiers: int = 400) -> Path:
    """A snapshot of one month: agency -> (answers, of these satisfied)."""
    data = {agency: {"2025-07": people(*size)} for agency, size in sizes.items()}
    return write_months(folder, PERIOD, data, dossiers)


def shown(edition: Edition) -> dict[str, tuple[int | None, str | None]]:
    """Agency -> (answers, index) of the overall figures of an edition."""
    return {
        row["agency"]: (row["n"], row["weighted_index"])
        for result in edition.results.all()
        for row in result.rows
        if row["level"] == "overall"
    }
