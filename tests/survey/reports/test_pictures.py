"""Pictures in reports: each figure with its interval on one axis, beside the cell that says it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pypdfium2
import pytest
from django.utils.translation import override

from survey.reports.content import build_agency_report, build_province_report, find_line
from survey.reports.documents import Column, Intervals, find_axis_start, grid
from survey.reports.figures import MOST_PERIODS, tell_periods
from survey.reports.pdf import report_pdf
from survey.reports.services import SAMPLE
from survey.reports.xlsx import report_xlsx
from survey.scorecards.models import AgencyResult, Edition
from tests.survey.console.builders import AFTER, release
from tests.survey.factories import Cast
from tests.survey.scorecards.builders import fill, snapshot

pytestmark = pytest.mark.django_db


@pytest.fixture
def edition(cast: Cast, tmp_path: Path) -> Edition:
    fill(cast, good=50, bad=10)
    return release(snapshot(tmp_path))


def copy_to(edition: Edition, period: str, index: float, sha: str = "") -> Edition:
    """The same figures as of another period, with another index."""
    results = list(edition.results.all())
    made = Edition.objects.get(pk=edition.pk)
    made.pk, made.period = None, period
    made.method_sha256 = sha or made.method_sha256
    made.save()
    for result in results:
        rows = [
            {**row, "weighted_index": index} if row["level"] == "overall" else row
            for row in result.rows
        ]
        AgencyResult.objects.create(
            edition=made, agency=result.agency, name=result.name, kind=result.kind, rows=rows
        )
    return made


def charted(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [block for block in document["blocks"] if "chart" in block]


def read(text: str) -> float:
    return float(text.replace(".", "").replace(",", "."))


def test_every_point_stands_where_its_cell_says(edition: Edition) -> None:
    with override("vi"):
        blocks = charted(build_province_report(edition, AFTER).as_data())
    assert blocks
    for block in blocks:
        chart = block["chart"]
        assert len(chart["spans"]) == len(block["rows"])
        for row, span in zip(block["rows"], chart["spans"], strict=True):
            told = row[chart["column"]]
            assert (span is None) == (told == "–")
            if span:
                low, value, high = span
                assert value == pytest.approx(read(told), abs=0.006)
                assert chart["start"] <= low <= value <= high <= 100


def test_an_agency_whose_figure_is_hidden_has_no_point(cast: Cast, edition: Edition) -> None:
    own = edition.results.exclude(agency=None).get(rows__0__n=60)
    hidden = {**own.rows[0], "weighted_index": None, "ci_low": None, "ci_high": None, "n": None}
    AgencyResult.objects.create(
        edition=edition, agency=cast.commune, name="Sở Hai", kind=own.kind, rows=[hidden]
    )
    with override("vi"):
        document = build_province_report(edition, AFTER).as_data()
    rows = {
        row[1]: (row, span)
        for block in charted(document)
        if block["caption"].startswith("Chỉ số hài lòng của các đơn vị")
        for row, span in zip(block["rows"], block["chart"]["spans"], strict=True)
    }
    assert rows["Sở Hai"][1] is None
    assert rows["Sở Hai"][0][3] == "–"
    assert rows[own.name][1] is not None
    assert report_pdf(document).startswith(b"%PDF")
    columns = [Column("Tên"), Column("Chỉ số", "right")]
    nothing = grid("x", columns, [["A", "–"]], Intervals(1, [None]))
    assert "chart" not in nothing, "nothing to draw is no picture"


def test_the_legend_tells_of_a_target_only_where_one_is_drawn(edition: Edition) -> None:
    with override("vi"):
        blocks = charted(build_province_report(edition, AFTER).as_data())
    for block in blocks:
        chart = block["chart"]
        assert ("nét đứt" in chart["legend"]) is (chart["target"] is not None)
        assert chart["target"] is None or chart["start"] <= chart["target"]


def test_periods_stand_in_a_line_and_another_version_is_told(edition: Edition) -> None:
    copy_to(edition, "2026-Q2", 71.5)
    copy_to(edition, "2026-Q1", 60.25, sha="0" * 64)
    copy_to(edition, "2026-06", 10.0)
    later = copy_to(edition, "2026-Q4", 99.0)
    assert [row.period for row in find_line(edition)] == ["2026-Q1", "2026-Q2", "2026-Q3"]
    result = edition.results.exclude(agency=None).get(rows__0__n=60)
    with override("vi"):
        for document in (
            build_province_report(edition, AFTER).as_data(),
            build_agency_report(result, AFTER).as_data(),
        ):
            (line,) = [b for b in charted(document) if b["caption"] == "Chỉ số qua các kỳ"]
            assert [row[0] for row in line["rows"]] == [
                "quý I năm 2026 (*)",
                "quý II năm 2026",
                "quý III năm 2026",
            ]
            assert [row[2] for row in line["rows"]][:2] == ["60,25", "71,50"]
            assert line["chart"]["target"] == 90.0
            assert "(*) Tính theo phiên bản khác của phương pháp." in str(document)
    Edition.objects.filter(period="2026-Q2").update(withdrawn_at=AFTER)
    assert [row.period for row in find_line(later)] == ["2026-Q1", "2026-Q3", "2026-Q4"]


def test_one_period_is_no_line_and_many_are_cut(edition: Edition) -> None:
    assert tell_periods([(edition, {})]) == []
    for month in range(1, 12):
        copy_to(edition, f"2025-{month:02}", 80.0)
    last = copy_to(edition, "2025-12", 80.0)
    line = find_line(last)
    assert len(line) == MOST_PERIODS
    assert line[-1].pk == last.pk


def test_no_figure_lies_before_the_axis() -> None:
    for tenth in range(1001):
        low = tenth / 10
        start = find_axis_start([low, 99.0])
        assert 0 <= start <= min(low, 80)
        assert (100 - start) % (20 if start < 60 else 10) == 0


def test_points_of_the_pdf_lie_on_the_axis_where_they_belong() -> None:
    """Seen in the pixels: points at 10, 50 and 90, lines at multiples of 20 from 0."""
    columns = [Column("Tên"), Column("Chỉ số", "right")]
    spans = [(value - 1, value, value + 1) for value in (10.0, 50.0, 90.0)]
    block = grid("x", columns, [["A", "10"], ["B", "50"], ["C", "90"]], Intervals(1, spans))
    content = report_pdf({**SAMPLE, "blocks": [block]})
    page = np.asarray(pypdfium2.PdfDocument(content)[0].render(scale=4).to_pil().convert("RGB"))
    heights, blue = np.nonzero((page == (11, 87, 164)).all(axis=2))
    rows = np.split(blue, np.nonzero(np.diff(heights) > 4)[0] + 1)
    first, second, third = ((row.min() + row.max()) / 2 for row in rows)
    unit = (third - first) / 80
    assert second == pytest.approx((first + third) / 2, abs=1)
    lines = np.nonzero((page == (201, 209, 222)).all(axis=2))[1]
    places = {round((x - (first - 10 * unit)) / unit, 1) for x in set(lines)}
    assert places
    assert all(abs(place - 20 * round(place / 20)) < 0.6 for place in places), places


@pytest.mark.filterwarnings("ignore:.* extension is not supported")
def test_the_workbook_draws_bars_from_zero_to_a_hundred(edition: Edition) -> None:
    with override("vi"):
        document = build_province_report(edition, AFTER).as_data()
    book = openpyxl.load_workbook(io.BytesIO(report_xlsx(document)))
    bars = [
        (sheet.title, rule.dataBar)
        for sheet in book
        for rules in sheet.conditional_formatting
        for rule in rules.rules
    ]
    assert len(bars) == len(charted(document))
    for _title, bar in bars:
        assert [float(limit.val) for limit in bar.cfvo] == [0.0, 100.0]


def test_a_report_kept_before_there_were_pictures_is_drawn_as_it_was(edition: Edition) -> None:
    with override("vi"):
        document = build_province_report(edition, AFTER).as_data()
    for block in charted(document):
        del block["chart"]
    assert report_pdf(document).startswith(b"%PDF")
