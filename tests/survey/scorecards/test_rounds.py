"""Two rounds of scoring: self, appraisal, answer, second appraisal, the council's decision."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from survey.common.periods import parse_period
from survey.scorecards.frameworks.models import FrameworkFile
from survey.scorecards.frameworks.services import (
    publish_framework,
    retire_framework,
    save_framework,
)
from survey.scorecards.freezing import cut_off
from survey.scorecards.rounds.declaring import Line, hand_over, save_lines
from survey.scorecards.rounds.models import AgencyScoring, HandOver, ScoreEntry, ScoringRound, Stage
from survey.scorecards.rounds.queries import framework_scored_by, scorecard_at
from survey.scorecards.rounds.services import (
    Deadlines,
    change_deadlines,
    enter_counted,
    open_round,
    publish_round,
)
from survey.scorecards.rounds.states import read_steps
from survey.transactions.services import import_totals
from tests.survey.console.builders import release
from tests.survey.factories import NOW, Cast
from tests.survey.scorecards.builders import FRAMEWORK, fill, snapshot
from tests.survey.transactions.builders import csv_file

PERIOD = parse_period("2026-Q3")
DEADLINES = Deadlines(date(2026, 9, 1), date(2026, 9, 10), date(2026, 9, 15), date(2026, 9, 20))
LATER = NOW + timedelta(days=1)
OWN = {"1": Line({"part": "9", "whole": "10"}), "2": Line({"number": "2"}, "Hai văn bản")}


@pytest.fixture
def framework(cast: Cast) -> FrameworkFile:
    row = save_framework(text=FRAMEWORK, by=cast.analyst, now=NOW)
    return publish_framework(framework=row, now=NOW)


@pytest.fixture
def scoring(cast: Cast, framework: FrameworkFile) -> AgencyScoring:
    open_round(framework=framework, period=PERIOD, deadlines=DEADLINES, by=cast.analyst, now=NOW)
    return AgencyScoring.objects.get()


def points(scoring: AgencyScoring, stage: str) -> dict[str, str]:
    scoring.refresh_from_db()
    entries = list(scoring.entries.all())
    card = scorecard_at(framework_scored_by(scoring.scoring_round), scoring, entries, stage)
    return {line.criterion.code: str(line.points) for line in card.lines}


def save(scoring: AgencyScoring, stage: str, lines: dict[str, Line], cast: Cast) -> int:
    return save_lines(scoring=scoring, stage=stage, lines=lines, by=cast.head, now=LATER)


def pass_on(scoring: AgencyScoring, stage: str, cast: Cast) -> AgencyScoring:
    return hand_over(scoring=scoring, stage=stage, by=cast.head, now=LATER)


def faults(error: ValidationError) -> dict[str, list[str]]:
    return error.message_dict


def test_a_round_enters_every_agency_the_framework_is_for(
    cast: Cast, scoring: AgencyScoring
) -> None:
    assert (scoring.agency, scoring.kind, scoring.stage) == (cast.land, "department", Stage.SELF)
    assert scoring.name == "Sở Nông nghiệp và Môi trường"


def test_what_the_system_counts_is_entered_from_released_figures_and_totals(
    cast: Cast, framework: FrameworkFile, tmp_path: Path
) -> None:
    fill(cast, good=50, bad=10)
    totals = csv_file("2026-07,H20.01,land,counter,600,500", "2026-07,H20.01,land,online,200,140")
    import_totals(content=totals, file_name="t.csv", by=None, now=NOW)
    edition = release(snapshot(tmp_path))
    made = open_round(
        framework=framework, period=PERIOD, deadlines=DEADLINES, by=cast.analyst, now=NOW
    )
    rows = {row.criterion: row for row in ScoreEntry.objects.all()}
    shown = edition.results.get(agency=cast.land).rows[0]
    assert rows["3"].declared == {"number": str(shown["weighted_index"]).replace(".", ",")}
    assert rows["4"].declared == {"number": "80"}
    assert points(made.scorings.get(), "self")["4"] == "1.00", "640 of 800 is exactly 80 %"
    assert enter_counted(scoring_round=made, period=PERIOD, now=LATER) == 0
    edition.withdrawn_at = LATER
    edition.save()
    assert enter_counted(scoring_round=made, period=PERIOD, now=LATER) == 0
    assert rows["3"].made_by is None


def test_dossiers_of_a_period_that_was_cut_off_are_those_frozen_with_it(
    cast: Cast, framework: FrameworkFile, tmp_path: Path
) -> None:
    def bring(on_time: int) -> None:
        totals = csv_file(f"2026-07,H20.01,land,counter,600,{on_time}")
        import_totals(content=totals, file_name="t.csv", by=None, now=NOW)

    bring(300)
    cut_off(period=PERIOD, folder=snapshot(tmp_path), by=None, now=NOW + timedelta(days=60))
    bring(600)
    open_round(framework=framework, period=PERIOD, deadlines=DEADLINES, by=cast.analyst, now=LATER)
    assert ScoreEntry.objects.get(criterion="4").declared == {"number": "50"}


def test_a_period_is_scored_appraised_locked_and_published(
    cast: Cast, scoring: AgencyScoring
) -> None:
    def present() -> list[str]:
        return [step.state.value for step in read_steps(PERIOD, None) if step.present]

    told = []
    for stage in (Stage.SELF, Stage.APPRAISAL, Stage.ANSWER, Stage.SECOND, Stage.CLOSED):
        AgencyScoring.objects.update(stage=stage)
        told += present()
    assert told == ["scoring", "scoring", "appraised", "appraised", "locked"]
    ScoringRound.objects.update(published_at=LATER)
    assert present() == ["published"]
    steps = {step.state.value: step for step in read_steps(PERIOD, None)}
    assert not steps["cut-off"].reached, "nobody froze anything"
    assert steps["published"].at == LATER
    assert [step.state.value for step in read_steps(parse_period("2025-Q1"), None) if step.present]


def test_too_few_answers_are_no_figure_and_no_zero(scoring: AgencyScoring) -> None:
    assert points(scoring, "self") == dict.fromkeys("12345", "None")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"appraisal_due": DEADLINES.self_due}, "Mỗi giai đoạn"),
        ({"second_due": date(2026, 1, 1)}, "Mỗi giai đoạn"),
    ],
)
def test_stages_end_one_after_the_other(
    cast: Cast, framework: FrameworkFile, change: dict[str, date], words: str
) -> None:
    with pytest.raises(ValidationError, match=words):
        open_round(
            framework=framework,
            period=PERIOD,
            deadlines=replace(DEADLINES, **change),
            by=cast.analyst,
            now=NOW,
        )
    assert not ScoringRound.objects.exists()


def test_a_round_is_opened_once_and_by_a_framework_in_force(
    cast: Cast, scoring: AgencyScoring, framework: FrameworkFile
) -> None:
    def again(period: str) -> ScoringRound:
        return open_round(
            framework=framework,
            period=parse_period(period),
            deadlines=DEADLINES,
            by=cast.analyst,
            now=NOW,
        )

    with pytest.raises(ValidationError, match="đã được mở"):
        again("2026-Q3")
    with pytest.raises(ValidationError, match="31/12/2025"):
        again("2025")
    retire_framework(framework=framework, now=NOW)
    with pytest.raises(ValidationError, match="đã công bố"):
        again("2026")
    assert ScoringRound.objects.count() == 1


def test_figures_become_points_and_saving_the_same_again_makes_no_row(
    cast: Cast, scoring: AgencyScoring
) -> None:
    assert save(scoring, "self", OWN, cast) == 2
    assert save(scoring, "self", OWN, cast) == 0
    assert points(scoring, "self")["1"] == "3.60"
    assert save(scoring, "self", {"1": Line({"part": "10", "whole": "10"})}, cast) == 1
    assert points(scoring, "self")["1"] == "4.00"
    assert ScoreEntry.objects.filter(criterion="1").count() == 2, "every figure is kept"


@pytest.mark.parametrize(
    ("code", "line", "words"),
    [
        ("1", Line({"part": "11", "whole": "10"}), "Phần không thể lớn hơn tổng số"),
        ("1", Line({"part": "x", "whole": "10"}), "không phải là số"),
        ("1", Line({"part": "-1", "whole": "10"}), "nhỏ hơn 0"),
        ("1", Line({"not_applicable": "yes"}), "áp dụng cho mọi cơ quan"),
        ("2", Line({"option": "1"}), "không thuộc tiêu chí"),
        ("2", Line({"number": "1"}, "a\x00b"), ""),
        ("3", Line({"number": "99"}), "không sửa được lúc này"),
        ("5", Line({"number": "1"}), "không sửa được lúc này"),
        ("9", Line({"number": "1"}), "không sửa được lúc này"),
    ],
)
def test_one_bad_line_keeps_all_from_being_saved(
    cast: Cast, scoring: AgencyScoring, code: str, line: Line, words: str
) -> None:
    """An agency writes what it scores itself: never satisfaction, never what leaders give."""
    with pytest.raises(ValidationError) as caught:
        save(scoring, "self", {"2": Line({"number": "1"}), code: line}, cast)
    assert words in faults(caught.value)[code][0]
    assert not ScoreEntry.objects.exists()


def test_a_stage_is_not_signed_off_with_gaps(cast: Cast, scoring: AgencyScoring) -> None:
    save(scoring, "self", {"1": OWN["1"]}, cast)
    with pytest.raises(ValidationError) as caught:
        pass_on(scoring, "self", cast)
    assert faults(caught.value) == {"2": ["Chưa có số liệu."]}
    save(scoring, "self", {"2": Line({"not_applicable": "yes"})}, cast)
    assert pass_on(scoring, "self", cast).stage == Stage.APPRAISAL
    signed = HandOver.objects.get()
    assert (signed.stage, signed.points, signed.made_by) == ("self", Decimal("3.6"), cast.head)


def test_the_whole_way_with_an_appeal(cast: Cast, scoring: AgencyScoring) -> None:
    """9 of 10 declared, 6 appraised, the answer shows 8, which the second appraisal takes."""
    save(scoring, "self", OWN, cast)
    pass_on(scoring, "self", cast)
    with pytest.raises(ValidationError) as caught:
        pass_on(scoring, "appraisal", cast)
    assert sorted(faults(caught.value)) == ["1", "5"], "below the maximum, and no figure yet"
    lower = Line({"part": "6", "whole": "10"}, "Ba thư không có ngày hẹn")
    leaders = Line({"number": "0,75"}, "Chủ tịch chấm")
    save(scoring, "appraisal", {"1": lower, "5": leaders}, cast)
    assert points(scoring, "appraisal")["1"] == "2.40"
    pass_on(scoring, "appraisal", cast)
    answer = Line({"part": "8", "whole": "10"}, "Hai thư có ngày hẹn ở trang 2")
    save(scoring, "answer", {"1": answer}, cast)
    pass_on(scoring, "answer", cast)
    with pytest.raises(ValidationError) as caught:
        pass_on(scoring, "second", cast)
    assert sorted(faults(caught.value)) == ["1"], "what the agency changed is appraised again"
    save(scoring, "second", {"1": Line({"part": "8", "whole": "10"}, "Đồng ý")}, cast)
    assert pass_on(scoring, "second", cast).stage == Stage.CLOSED
    told = {
        stage: points(scoring, stage)["1"] for stage in ("self", "appraisal", "answer", "second")
    }
    assert told == {"self": "3.60", "appraisal": "2.40", "answer": "3.20", "second": "3.20"}
    assert [str(row.points.normalize()) for row in HandOver.objects.all()] == [
        "5.6",
        "5.15",
        "5.95",
        "5.95",
    ]


def test_a_figure_an_appraiser_raises_is_explained_too(cast: Cast, scoring: AgencyScoring) -> None:
    save(scoring, "self", OWN, cast)
    pass_on(scoring, "self", cast)
    full = {"1": Line({"part": "10", "whole": "10"}), "5": Line({"number": "1"})}
    save(scoring, "appraisal", full, cast)
    with pytest.raises(ValidationError) as caught:
        pass_on(scoring, "appraisal", cast)
    assert sorted(faults(caught.value)) == ["1"]


def test_who_comes_late_or_twice_is_told_and_nothing_is_lost(
    cast: Cast, scoring: AgencyScoring
) -> None:
    late = NOW + timedelta(days=30)
    with pytest.raises(ValidationError, match="01/09/2026"):
        save_lines(scoring=scoring, stage="self", lines=OWN, by=cast.head, now=late)
    longer = Deadlines(*(date(2026, 12, day) for day in (1, 2, 3, 4)))
    change_deadlines(scoring_round=scoring.scoring_round, deadlines=longer)
    save_lines(scoring=scoring, stage="self", lines=OWN, by=cast.head, now=late)
    pass_on(scoring, "self", cast)
    with pytest.raises(ValidationError, match="thẩm định lần một"):
        pass_on(scoring, "self", cast)
    with pytest.raises(ValidationError, match="thẩm định lần một"):
        save(scoring, "self", {"2": Line({"number": "1"})}, cast)
    assert HandOver.objects.count() == 1


def test_the_database_signs_a_stage_off_once(cast: Cast, scoring: AgencyScoring) -> None:
    row = HandOver(scoring=scoring, stage="self", points=1, made_by=cast.head, made_at=NOW)
    row.save()
    row.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_a_round_is_published_when_all_is_closed_and_stays(
    cast: Cast, scoring: AgencyScoring
) -> None:
    def publish() -> ScoringRound:
        return publish_round(
            scoring_round=scoring.scoring_round,
            decision="12/QĐ-UBND",
            decided_on=date(2026, 9, 30),
            minutes="Hội đồng thống nhất.",
            now=LATER,
        )

    with pytest.raises(ValidationError, match="chưa xong: 1"):
        publish()
    AgencyScoring.objects.update(stage=Stage.CLOSED)
    made = publish()
    assert (made.decision, made.decided_on) == ("12/QĐ-UBND", date(2026, 9, 30))
    with pytest.raises(ValidationError, match="đã được công bố"):
        publish()
    with pytest.raises(ValidationError, match="đã được công bố"):
        change_deadlines(scoring_round=made, deadlines=DEADLINES)
    with pytest.raises(ValidationError):
        save(scoring, "closed", {"1": OWN["1"]}, cast)
    assert enter_counted(scoring_round=made, period=PERIOD, now=LATER) == 0


def test_a_new_version_of_the_framework_changes_no_round(
    cast: Cast, scoring: AgencyScoring
) -> None:
    save(scoring, "self", OWN, cast)
    text = FRAMEWORK.replace('kind = "per_unit", each = 1', 'kind = "per_unit", each = 2')
    publish_framework(framework=save_framework(text=text, by=cast.analyst, now=NOW), now=NOW)
    assert points(scoring, "self")["2"] == "2.00"
    assert framework_scored_by(scoring.scoring_round).text == FRAMEWORK


def test_counting_again_moves_nothing_that_was_signed(cast: Cast, scoring: AgencyScoring) -> None:
    """Totals that come after a stage was signed off count from the next stage on."""
    save(scoring, "self", OWN, cast)
    pass_on(scoring, "self", cast)
    totals = csv_file("2026-07,H20.01,land,counter,600,600")
    import_totals(content=totals, file_name="t.csv", by=None, now=NOW)
    later = LATER + timedelta(hours=1)
    assert enter_counted(scoring_round=scoring.scoring_round, period=PERIOD, now=later) == 1
    assert points(scoring, "self")["4"] == "None"
    assert points(scoring, "appraisal")["4"] == "1.00"
    AgencyScoring.objects.update(stage=Stage.CLOSED)
    assert enter_counted(scoring_round=scoring.scoring_round, period=PERIOD, now=later) == 0


@pytest.mark.parametrize(
    "line",
    [
        Line({"part": "0", "whole": "0"}),
        Line({"not_applicable": "yes"}),
        Line({"number": "1"}),
    ],
    ids=["nothing to count", "does not apply", "below the maximum"],
)
def test_what_gains_or_loses_without_a_full_figure_is_explained_by_the_appraiser(
    cast: Cast, scoring: AgencyScoring, line: Line
) -> None:
    code = "1" if "part" in line.declared else "2"
    full = {"1": Line({"part": "9", "whole": "9"}), "2": Line({"number": "2"})}
    save(scoring, "self", full | {code: line}, cast)
    pass_on(scoring, "self", cast)
    save(scoring, "appraisal", {"5": Line({"number": "1"})}, cast)
    with pytest.raises(ValidationError) as caught:
        pass_on(scoring, "appraisal", cast)
    assert sorted(faults(caught.value)) == [code]


@pytest.mark.parametrize("note", ["", "\u3164", "\u200b \u2060"])
def test_an_answer_is_explained_and_what_becomes_of_it_too(
    cast: Cast, scoring: AgencyScoring, note: str
) -> None:
    """An answer back to full points is not taken by saying nothing, nor by saying it invisibly."""
    full = {"1": Line({"part": "9", "whole": "9"}), "2": Line({"number": "2"})}
    save(scoring, "self", full, cast)
    pass_on(scoring, "self", cast)
    appraised = {
        "1": Line({"part": "2", "whole": "9"}, "Không có minh chứng"),
        "5": Line({"number": "1"}),
    }
    save(scoring, "appraisal", appraised, cast)
    pass_on(scoring, "appraisal", cast)
    save(scoring, "answer", {"1": Line({"part": "9", "whole": "9"}, note)}, cast)
    with pytest.raises(ValidationError) as caught:
        pass_on(scoring, "answer", cast)
    assert sorted(faults(caught.value)) == ["1"]
    save(scoring, "answer", {"1": Line({"part": "9", "whole": "9"}, "Minh chứng trang 3")}, cast)
    pass_on(scoring, "answer", cast)
    with pytest.raises(ValidationError) as caught:
        pass_on(scoring, "second", cast)
    assert sorted(faults(caught.value)) == ["1"]


def test_of_two_versions_the_one_in_force_scores(cast: Cast, framework: FrameworkFile) -> None:
    text = FRAMEWORK.replace("2026-01-01", "2026-08-01")
    newer = save_framework(text=text, by=cast.analyst, now=NOW)
    publish_framework(framework=newer, now=NOW)
    with pytest.raises(ValidationError, match="phiên bản 2"):
        open_round(
            framework=framework, period=PERIOD, deadlines=DEADLINES, by=cast.analyst, now=NOW
        )
    open_round(framework=newer, period=PERIOD, deadlines=DEADLINES, by=cast.analyst, now=NOW)
