"""Two editions of one period give nothing away together: a figure that hardly moved stays as it
was, or hidden.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from analysis import SnapshotWriter
from analysis.data.schema import RESPONSE_COLUMNS
from survey.agencies.models import Kind
from survey.agencies.services import Attributes, found_agency
from survey.common.periods import parse_period
from survey.scorecards.models import Edition
from survey.scorecards.services import make_edition
from tests.survey.factories import START, Cast

pytestmark = pytest.mark.django_db
ANSWERS = len(RESPONSE_COLUMNS) - 7
PERIOD = "2025-Q3"


def snapshot(folder: Path, sizes: dict[str, tuple[int, int]]) -> Path:
    """Agency -> (answers, of these satisfied)."""
    writer = SnapshotWriter(folder)
    for agency, (answers, good) in sizes.items():
        for k in range(answers):
            row = (
                agency,
                "land",
                "counter",
                "E2",
                "",
                "vi",
                "2025-07",
                *([5 if k < good else 1] * ANSWERS),
            )
            writer.add(row)
    totals = [(agency, "land", "counter", "2025-07", 400, 400) for agency in sizes]
    agencies = [(agency, agency.upper(), "department", "") for agency in sizes]
    writer.close(
        totals=totals, agencies=agencies, about={"period": PERIOD, "province": "x", "notice": ""}
    )
    return folder


def shown(edition: Edition) -> dict[str, tuple[int | None, str | None]]:
    return {
        row["agency"]: (row["n"], row["weighted_index"])
        for result in edition.results.all()
        for row in result.rows
        if row["level"] == "overall"
    }


@pytest.fixture
def four(cast: Cast) -> list[str]:
    keys = ["qa", "qb", "qc", "qd"]
    for key in keys:
        attributes = Attributes(name=key.upper(), kind=Kind.DEPARTMENT, parent=cast.province)
        found_agency(key=key, on=START, attributes=attributes)
    return keys


def test_one_more_answer_brings_no_hidden_figure_to_light(four: list[str], tmp_path: Path) -> None:
    """A 40, B 12 and C 4: one more answer at A showed B, and with the edition before C was 4
    people, 1 satisfied.
    """
    now = timezone.now()
    assert timezone.localdate(now) > parse_period(PERIOD).last
    sizes = {"qa": (40, 30), "qb": (12, 6), "qc": (4, 1), "qd": (60, 40)}
    first = shown(make_edition(folder=snapshot(tmp_path / "1", sizes), method="overall", now=now))
    for minute, (place, more) in enumerate(
        (("qa", (41, 31)), ("qd", (61, 41)), ("qb", (13, 7)), ("qa", (46, 36)))
    ):
        folder = snapshot(tmp_path / f"{place}{minute}", {**sizes, place: more})
        later = shown(
            make_edition(folder=folder, method="overall", now=now + timedelta(minutes=1 + minute))
        )
        assert later == first, place
    folder = snapshot(tmp_path / "ten", {**sizes, "qa": (50, 40)})
    made = make_edition(folder=folder, method="overall", now=now + timedelta(minutes=9))
    assert shown(made)["qa"][0] == 50, "small steps add up"


def test_one_changed_answer_is_not_seen(four: list[str], tmp_path: Path) -> None:
    now = timezone.now()
    sizes = {"qa": (40, 30), "qb": (42, 20), "qd": (60, 40)}
    first = shown(make_edition(folder=snapshot(tmp_path / "1", sizes), method="overall", now=now))
    folder = snapshot(tmp_path / "2", {**sizes, "qa": (40, 29)})
    assert (
        shown(make_edition(folder=folder, method="overall", now=now + timedelta(minutes=1)))
        == first
    )
