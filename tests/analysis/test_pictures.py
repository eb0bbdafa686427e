"""Pictures: right numbers in the specification, a text alternative, real drawings with the bundled
font.
"""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis import Snapshot, draw_charts, load_method, open_run
from analysis.charts import (
    CoverageCell,
    FactorScore,
    Frame,
    Picture,
    RankSet,
    Score,
    Shares,
    Trend,
    coverage_picture,
    funnel_picture,
    index_picture,
    likert_picture,
    profile_picture,
    ranks_picture,
    render,
    trend_picture,
    weights_picture,
)
from analysis.charts.index_charts import comparison_pictures, factor_profile, index_trend
from analysis.charts.words import EN, VI
from analysis.cli import main
from analysis.errors import AnalysisError
from analysis.publication.table import Table
from analysis.publication.targets import SATISFACTION_TARGET, Target
from tests.analysis.samples import write_province

SCORES = [
    Score(f"Sở {k}", 70.0 + 2 * k, 68.0 + 2 * k, 71.5 + 2 * k, 50 + 40 * k) for k in range(12)
]


def everything(frame: Frame) -> dict[str, Picture]:
    rng = np.random.default_rng(1)
    return {
        "index": index_picture(SCORES, SATISFACTION_TARGET, frame),
        "ranks": ranks_picture(
            [RankSet("A", 1, 1, 2), RankSet("B", 2, 1, 3), RankSet("C", 3, 3, 3)], frame
        ),
        "funnel": funnel_picture(SCORES, 81.0, lambda n: 40 / n**0.5, frame),
        "profile": profile_picture(
            [FactorScore("Thủ tục", 81.25, 78, 84, 80.0), FactorScore("Kết quả", 70, 66, 74, 75.5)],
            "A",
            frame,
        ),
        "likert": likert_picture(
            [Shares("A", (1, 4, 10, 45, 40)), Shares("B", (5, 10, 15, 40, 30))], frame
        ),
        "trend": trend_picture(
            [Trend("Q1", 0, 80, 78, 82, 79), Trend("Q2", 1, 84, 82, 86, 80)], "A", frame
        ),
        "weights": weights_picture(
            rng.uniform(1, 9, 50), rng.uniform(1, 5, 50), np.full(50, 10), frame
        ),
        "coverage": coverage_picture(
            [CoverageCell("A", "2026-07", 42.0), CoverageCell("A", "2026-08", None)], frame
        ),
    }


@pytest.mark.long
@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_kind_of_picture_is_drawn_with_its_words(language: str) -> None:
    for name, picture in everything(Frame(language, subtitle="2026-Q3")).items():
        svg = render(picture, "svg").decode("utf-8")
        assert svg.startswith("<svg"), name
        assert len(re.findall(r"<text[^>]*>[^<]+</text>", svg)) >= 5, name
        assert "Noto Sans" in svg, name
        assert "{" not in picture.text, name
        assert len(picture.text) >= 20, name
        assert picture.spec["description"] == picture.text


def test_both_languages_have_the_same_words() -> None:
    assert VI.keys() == EN.keys()
    for name, text in VI.items():
        assert set(re.findall(r"{\w+}", text)) == set(re.findall(r"{\w+}", EN[name])), name
        assert text.count("|") == EN[name].count("|"), name


@pytest.mark.long
def test_the_same_picture_is_the_same_bytes_and_the_font_is_the_bundled_one() -> None:
    picture = index_picture(SCORES, SATISFACTION_TARGET, Frame())
    assert render(picture, "svg") == render(
        index_picture(SCORES, SATISFACTION_TARGET, Frame()), "svg"
    )
    assert render(picture, "png")[:8] == b"\x89PNG\r\n\x1a\n"
    pdf = render(picture, "pdf")
    assert pdf.startswith(b"%PDF")
    assert b"NotoSans" in pdf
    with pytest.raises(AnalysisError, match="svg, png, pdf"):
        render(picture, "bmp")


def test_a_picture_shows_what_its_text_says() -> None:
    picture = index_picture(SCORES, SATISFACTION_TARGET, Frame())
    assert picture.text == (
        "Chỉ số của 12 đơn vị. Cao nhất: Sở 11 92,0. Thấp nhất: Sở 0 70,0. Có 1 đơn vị chắc chắn "
        "trên mục tiêu 90."
    ).replace("Có 1", f"Có {sum(score.low > 90 for score in SCORES)}")
    svg = render(picture, "svg").decode("utf-8")
    assert "92,0 (90,0–93,5)" in svg
    funnel = everything(Frame())["funnel"]
    assert "Sở 11" in funnel.text.split("Thấp hơn")[0]
    assert "Sở 1" in funnel.text.split("Thấp hơn")[1]


def test_a_target_is_said_with_its_comparison_and_its_decimals() -> None:
    target = Target(">=", Decimal("92.5"))
    assert "đạt mục tiêu từ 92,5." in index_picture(SCORES, target, Frame()).text
    english = index_picture(SCORES, target, Frame("en")).text
    assert "at or above the target of 92.5 beyond doubt" in english


def test_numbers_are_rounded_half_up_and_have_no_negative_zero() -> None:
    assert Frame().number(2.25) == "2,3"
    assert Frame().number(-0.04, sign="+") == "+0,0"
    assert Frame("en").number(1234.5) == "1,234.5"


def test_a_series_break_is_not_joined() -> None:
    spec = everything(Frame())["trend"].spec
    assert VI["break"] in str(spec)
    joined = trend_picture(
        [Trend("Q1", 0, 80, 78, 82, 79), Trend("Q2", 0, 84, 82, 86, 80)], "A", Frame()
    )
    assert VI["break"] not in str(joined.spec)
    assert VI["reworded"] not in str(joined.spec)


def test_a_period_with_new_words_is_marked_and_still_joined() -> None:
    before = Trend("Q1", 0, 80, 78, 82, 79)
    marked = trend_picture([before, Trend("Q2", 0, 84, 82, 86, 80, reworded=True)], "A", Frame())
    assert VI["reworded"] in str(marked.spec)
    assert VI["break"] not in str(marked.spec)
    assert marked.text.endswith(f"Q2 84,0 ({VI['reworded']}).")


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    return write_province(tmp_path_factory.mktemp("province") / "snapshot")


@pytest.fixture(scope="module")
def table(snapshot: Snapshot) -> Table:
    return open_run(snapshot, "sipas-service").table


@pytest.mark.long
def test_only_what_may_be_shown_is_drawn(snapshot: Snapshot, table: Table) -> None:
    hidden = {
        str(row["agency_name"])
        for row in table.rows
        if row["level"] == "overall" and row["status"] == "suppressed"
    }
    assert "UBND xã Mẫu x99" in hidden
    found = draw_charts(open_run(snapshot, "sipas-service", purpose="charts"))
    assert {
        "index-commune",
        "ranks-commune",
        "funnel-commune",
        "coverage",
        "levels",
        "weights",
    } <= set(found)
    assert "funnel-department" not in found
    for picture in found.values():
        assert not any(name in str(picture.spec) + picture.text for name in hidden)


def test_the_picture_has_the_table_s_numbers(table: Table) -> None:
    found = comparison_pictures(table.rows, "department", Frame())
    rows = [
        row
        for row in table.rows
        if row["agency_kind"] == "department" and row["level"] == "overall"
    ]
    svg = render(found["index"], "svg").decode("utf-8")
    for row in rows:
        if row["status"] == "published":
            value = f"{float(str(row['weighted_index'])):.1f}".replace(".", ",")
            assert f"{value} (" in svg
            span = {row["rank_best"], row["rank_worst"]}
            assert "–".join(map(str, sorted(span))) in found["ranks"].text  # type: ignore[type-var]


def test_one_agency_and_its_history(table: Table) -> None:
    profile = factor_profile(table.rows, "s05", Frame())
    assert profile is not None
    assert profile.text.startswith("Sở Mẫu s05: Nơi tiếp nhận")
    assert factor_profile(table.rows, "x99", Frame()) is None
    mine: dict[str, Any] = next(
        r for r in table.rows if r["agency"] == "s05" and r["level"] == "overall"
    )
    whole: dict[str, Any] = table.rows[0]
    assert index_trend([("2026-Q2", "a", mine, whole)], Frame()) is None
    hidden = {**mine, "status": "suppressed"}
    quarters = [("2026-Q1", "a", mine, whole), ("2026-Q2", "a", hidden, whole)]
    after = index_trend([*quarters, ("2026-Q3", "a", mine, whole)], Frame(), {"2026-Q2"})
    assert after is not None
    assert VI["reworded"] in str(after.spec), "a mark in a period without a figure is not lost"
    trend = index_trend([("2026-Q2", "a", mine, whole), ("2026-Q3", "b", mine, whole)], Frame())
    assert trend is not None
    assert VI["break"] in str(trend.spec)


@pytest.mark.long
def test_the_command_draws_into_a_folder(snapshot: Snapshot, tmp_path: Path) -> None:
    out = tmp_path / "pictures"
    assert main(["charts", str(snapshot.folder), "--method", "overall", "--out", str(out)]) == 0
    assert (out / "coverage.svg").read_bytes().startswith(b"<svg")
    assert (out / "coverage.txt").read_text(encoding="utf-8").startswith("Tỷ lệ trả lời của")
    assert load_method("overall").id == "overall"
