"""Snapshots and editions made up for the tests of this room."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from analysis import SnapshotWriter
from analysis.data.schema import RESPONSE_COLUMNS
from survey.agencies.models import Agency, AgencyKind, ProcedureDomain
from survey.agencies.services import Attributes, found_agency
from survey.common.periods import parse_period
from survey.questionnaires.queries import load_form, published_extension
from survey.responses.services import Further, record_batch
from survey.scorecards.bridge.snapshots import take_snapshot
from survey.scorecards.frameworks.services import publish_framework, save_framework
from survey.scorecards.models import Edition
from survey.scorecards.rounds.models import AgencyScoring, ScoringRound
from survey.scorecards.rounds.services import Deadlines, open_round
from tests.survey.factories import NOW, START, Cast

ANSWERS = len(RESPONSE_COLUMNS) - 8
PERIOD = "2025-Q3"
Levels = list[int]


def found_agencies(province: Agency, *keys: str) -> list[str]:
    for key in keys:
        attributes = Attributes(name=key.upper(), kind=AgencyKind.DEPARTMENT, parent=province)
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
                row = (agency, "land", "counter", "E2", "", "vi", month, "", *([level] * ANSWERS))
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


def fill(cast: Cast, *, good: int, bad: int, channel: str = "counter", now: datetime = NOW) -> None:
    """Full answers about the land department: all items satisfied, or none."""
    version = published_extension("counter-short")
    assert version is not None
    form = load_form(version.pk)
    land = ProcedureDomain.objects.get(code="land")
    place = cast.submission("x").place
    submissions = []
    for number in range(good + bad):
        level = 5 if number < good else 2
        submissions.append(
            cast.submission(
                f"{channel}{number}",
                level,
                channel=channel,
                now=now,
                place=type(place)(agency_id=cast.land.pk, domain_id=land.pk),
                further=Further(form, dict.fromkeys(form.questions, level)),
            )
        )
    record_batch(submissions=submissions)


def snapshot(tmp_path: Path, name: str = "snap") -> Path:
    take_snapshot(period=Q3, folder=tmp_path / name, now=NOW, province="Tỉnh Đồng Tháp")
    return tmp_path / name


Q3 = parse_period("2026-Q3")


FRAMEWORK = """
id = "so-nganh"
version = 1
source = "1/QĐ-UBND"
applies_to = ["department"]
valid_from = 2026-01-01
total = 10

[title]
vi = "Bộ tiêu chí thử"

[[criterion]]
code = "1"
title = "Hồ sơ có thư xin lỗi"
maximum = 4
input = "ratio"
zero = "full"
rule = { kind = "proportional" }

[[criterion]]
code = "2"
title = "Văn bản"
maximum = 2
input = "number"
not_applicable = true
rule = { kind = "per_unit", each = 1 }

[[criterion]]
code = "3"
title = "Hài lòng"
maximum = 2
input = "satisfaction_index"
rule = { kind = "proportional" }

[[criterion]]
code = "4"
title = "Đúng hạn"
maximum = 1
input = "on_time_rate"
rule = { kind = "bands", bands = [[">=", 80, 1]] }

[[criterion]]
code = "5"
title = "Lãnh đạo chấm"
maximum = 1
input = "leader_rating"
rule = { kind = "points" }
"""

FIGURES = {
    "1:part": "9",
    "1:whole": "10",
    "1:note": "",
    "2:number": "2",
    "2:note": "Hai văn bản",
}
"""What a head writes on the page of a scorecard under ``FRAMEWORK``."""


def opened_scoring(cast: Cast, now: datetime, text: str = FRAMEWORK) -> AgencyScoring:
    """The land department in self-scoring, for this year."""
    row = save_framework(text=text, by=cast.analyst, now=now)
    days = (now.date() + timedelta(days=ahead) for ahead in (5, 10, 15, 20))
    made = open_round(
        framework=publish_framework(framework=row, now=now),
        period=parse_period(str(now.year)),
        deadlines=Deadlines(*days),
        by=cast.analyst,
        now=now,
    )
    return made.scorings.get(agency=cast.land)


SURVEYED = """
id = "dieu-tra"
version = 1
source = "1/QĐ-UBND"
applies_to = ["department"]
valid_from = 2026-01-01
total = 10

[title]
vi = "Bộ tiêu chí có điều tra xã hội học"

[[criterion]]
code = "V.1"
title = "Chất lượng tham mưu"
maximum = 10
input = "survey_group"
rule = { kind = "proportional" }
options = [{ code = "good", title = "Tốt", share = 1 },
  { code = "fair", title = "Khá", share = 0.6 }, { code = "poor", title = "Yếu", share = 0 }]
groups = [{ code = "deputies", title = "Đại biểu HĐND", weight = 0.6 },
  { code = "heads", title = "Lãnh đạo xã", weight = 0.4 }]
"""


def surveyed_round(cast: Cast, now: datetime = NOW) -> ScoringRound:
    """A round of the land department whose one line groups are asked about."""
    row = save_framework(text=SURVEYED, by=cast.analyst, now=now)
    day = now.date()
    return open_round(
        framework=publish_framework(framework=row, now=now),
        period=parse_period(f"{day.year}"),
        deadlines=Deadlines(*(day + timedelta(days=days) for days in (5, 10, 15, 20))),
        by=cast.analyst,
        now=now,
    )
