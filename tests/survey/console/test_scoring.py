"""Scoring by pages: a round is opened, an agency scores itself, appraisers correct its figures."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db.models import Max
from django.urls import reverse
from django.utils import timezone

from survey.accounts.approvals import ApprovalRequest
from survey.accounts.models import Role, User
from survey.scorecards.frameworks.models import FrameworkFile
from survey.scorecards.frameworks.services import publish_framework, save_framework
from survey.scorecards.rounds.models import AgencyScoring, HandOver, ScoreEntry, ScoringRound, Stage
from tests.survey.console.builders import signed_in
from tests.survey.factories import NOW, Cast, flat
from tests.survey.scorecards.builders import FIGURES, FRAMEWORK

SCORING = reverse("console:scoring")


def days(*ahead: int) -> dict[str, str]:
    names = ("self_due", "appraisal_due", "answer_due", "second_due")
    today = timezone.localdate()
    return {
        name: (today + timedelta(days=n)).strftime("%d/%m/%Y")
        for name, n in zip(names, ahead, strict=True)
    }


@pytest.fixture
def framework(cast: Cast) -> FrameworkFile:
    row = save_framework(text=FRAMEWORK, by=cast.analyst, now=NOW)
    return publish_framework(framework=row, now=NOW)


@pytest.fixture
def scoring(cast: Cast, framework: FrameworkFile) -> AgencyScoring:
    year = str(timezone.localdate().year)
    sent = {"framework": framework.pk, "period": year, **days(5, 10, 15, 20)}
    answer = signed_in(cast.analyst).post(SCORING, sent)
    made = ScoringRound.objects.get()
    assert answer["Location"] == reverse("console:scoring-round", args=[made.pk])
    return AgencyScoring.objects.get()


def address(scoring: AgencyScoring) -> str:
    return reverse("console:scorecard", args=[scoring.pk])


def write(user: User, scoring: AgencyScoring, stage: str, **more: str) -> int:
    client = signed_in(user)
    seen = str(ScoreEntry.objects.aggregate(newest=Max("pk"))["newest"] or 0)
    sent = {"stage": stage, "seen": seen, **FIGURES, **more}
    status = int(client.post(address(scoring), sent).status_code)
    scoring.refresh_from_db()
    return status


def test_a_round_is_opened_by_a_page_with_days_in_order(
    cast: Cast, framework: FrameworkFile
) -> None:
    year = str(timezone.localdate().year)
    sent = {"framework": framework.pk, "period": year, **days(5, 4, 15, 20)}
    answer = signed_in(cast.analyst).post(SCORING, sent)
    assert answer.status_code == 422
    assert "Mỗi giai đoạn phải kết thúc sau giai đoạn trước." in flat(answer)
    assert not ScoringRound.objects.exists()
    assert signed_in(cast.head).post(SCORING, sent).status_code == 403


def test_a_head_saves_and_signs_off_and_sees_points(cast: Cast, scoring: AgencyScoring) -> None:
    assert write(cast.head, scoring, "self") == 302
    page = flat(signed_in(cast.head).get(address(scoring)))
    assert "3,60" in page
    assert "2/2" in page
    assert write(cast.head, scoring, "self", **{"hand-over": "yes"}) == 302
    assert scoring.stage == Stage.APPRAISAL
    assert HandOver.objects.get().made_by == cast.head
    assert ScoreEntry.objects.count() == 2, "handing over what was saved makes no new row"


def test_a_bad_figure_names_its_line_and_what_was_typed_stays(
    cast: Cast, scoring: AgencyScoring
) -> None:
    sent = {"stage": "self", **FIGURES, "1:part": "11"}
    answer = signed_in(cast.head).post(address(scoring), sent)
    page = flat(answer)
    assert answer.status_code == 422
    assert "Phần không thể lớn hơn tổng số." in page
    assert 'value="11"' in page
    assert "Hai văn bản" in page
    assert not ScoreEntry.objects.exists()


def test_handing_over_with_gaps_saves_the_figures_and_says_what_is_missing(
    cast: Cast, scoring: AgencyScoring
) -> None:
    sent = {"stage": "self", "1:part": "9", "1:whole": "10", "1:note": "", "2:note": ""}
    answer = signed_in(cast.head).post(address(scoring), {**sent, "hand-over": "yes"})
    assert answer.status_code == 422
    assert "Chưa có số liệu." in flat(answer)
    assert ScoreEntry.objects.count() == 1
    assert AgencyScoring.objects.get().stage == Stage.SELF


def test_whose_turn_it_is_not_may_read_and_not_write(cast: Cast, scoring: AgencyScoring) -> None:
    auditor = User.objects.create_user(username="auditor", role=Role.AUDITOR)
    neighbour = User.objects.create_user(
        username="neighbour", role=Role.AGENCY_HEAD, agency=cast.commune
    )
    assert signed_in(auditor).get(address(scoring)).status_code == 200
    for user, status in ((cast.analyst, 403), (auditor, 403), (neighbour, 404)):
        assert write(user, scoring, "self") == status, user
    write(cast.head, scoring, "self", **{"hand-over": "yes"})
    assert write(cast.head, scoring, "appraisal") == 403
    assert not ScoreEntry.objects.filter(stage="appraisal").exists()


def test_a_stale_page_saves_nothing(cast: Cast, scoring: AgencyScoring) -> None:
    write(cast.head, scoring, "self", **{"hand-over": "yes"})
    answer = signed_in(cast.analyst).post(address(scoring), {"stage": "self", **FIGURES})
    assert answer.status_code == 422
    assert "thẩm định lần một" in flat(answer)
    assert not ScoreEntry.objects.filter(made_by=cast.analyst).exists()


def test_appraisers_explain_and_close_and_two_people_publish(
    cast: Cast, scoring: AgencyScoring
) -> None:
    write(cast.head, scoring, "self", **{"hand-over": "yes"})
    lower = {"1:part": "6", "1:note": "Ba thư không có ngày hẹn", "2:note": ""}
    leaders = {"5:number": "0,5", "5:note": "Chủ tịch chấm"}
    write(cast.analyst, scoring, "appraisal", **lower, **leaders, **{"hand-over": "yes"})
    assert scoring.stage == Stage.ANSWER
    write(cast.head, scoring, "answer", **{"1:part": "6", "2:note": "", "hand-over": "yes"})
    kept = {"1:part": "6", "2:note": "", "5:number": "0,5"}
    write(cast.analyst, scoring, "second", **kept, **{"5:note": "", "hand-over": "yes"})
    assert scoring.stage == Stage.CLOSED
    made = scoring.scoring_round
    act = reverse("console:scoring-act", args=[made.pk, "publish"])
    decision = {
        "decision": "12/QĐ-UBND",
        "decided_on": "30/09/2026",
        "minutes": "Hội đồng thống nhất.",
        "reason": "Đã họp Hội đồng",
    }
    signed_in(cast.analyst).post(act, decision)
    request = ApprovalRequest.objects.get(action="publish-scores")
    decide = reverse("console:approval-decide", args=[request.pk])
    signed_in(cast.analyst).post(decide, {"decision": "approve"})
    assert ScoringRound.objects.get().published_at is None, "nobody approves their own"
    approver = User.objects.create_user(username="approver", role=Role.APPROVER)
    signed_in(approver).post(decide, {"decision": "approve"})
    made.refresh_from_db()
    assert made.published_at is not None
    assert (made.decision, made.decided_on) == ("12/QĐ-UBND", date(2026, 9, 30))
    page = flat(signed_in(cast.head).get(reverse("console:scoring-round", args=[made.pk])))
    assert "12/QĐ-UBND" in page


def test_publication_waits_for_every_agency(cast: Cast, scoring: AgencyScoring) -> None:
    act = reverse("console:scoring-act", args=[scoring.scoring_round_id, "publish"])
    decision = {"decision": "1", "decided_on": "30/09/2026", "minutes": "Biên bản", "reason": "Rồi"}
    answer = signed_in(cast.analyst).post(act, decision, follow=True)
    assert "Số cơ quan chưa xong: 1." in flat(answer)
    assert not ApprovalRequest.objects.exists()
    assert ScoringRound.objects.get().published_at is None


def test_deadlines_are_changed_and_figures_counted_again_by_buttons(
    cast: Cast, scoring: AgencyScoring
) -> None:
    client, pk = signed_in(cast.analyst), scoring.scoring_round_id
    client.post(reverse("console:scoring-act", args=[pk, "deadlines"]), days(7, 11, 16, 21))
    due = ScoringRound.objects.get().self_due
    assert due == timezone.localdate() + timedelta(days=7)
    wrong = client.post(reverse("console:scoring-act", args=[pk, "deadlines"]), days(7, 7, 8, 9))
    assert wrong.status_code == 422
    assert ScoringRound.objects.get().self_due == due
    answer = client.post(reverse("console:scoring-act", args=[pk, "count"]), follow=True)
    assert "Số liệu mới được nhập: 0." in flat(answer)


def test_an_overdue_agency_is_marked(cast: Cast, scoring: AgencyScoring) -> None:
    ScoringRound.objects.update(self_due=timezone.localdate() - timedelta(days=1))
    page = signed_in(cast.analyst).get(
        reverse("console:scoring-round", args=[scoring.scoring_round_id])
    )
    assert "<strong>trễ hạn</strong>" in flat(page)
    answer = signed_in(cast.head).post(address(scoring), {"stage": "self", **FIGURES})
    assert answer.status_code == 422
    assert "gia hạn" in flat(answer)


@pytest.mark.parametrize("value", ["1e50", "9" * 40, "NaN", "1.000.000.000", "１２", "1_000"])
def test_odd_numbers_are_refused_even_in_half_filled_lines(
    cast: Cast, scoring: AgencyScoring, value: str
) -> None:
    """A stored one would have broken the page for good."""
    sent = {"stage": "self", "1:part": value, "1:whole": "", "1:note": ""}
    answer = signed_in(cast.head).post(address(scoring), sent)
    assert answer.status_code == 422
    assert not ScoreEntry.objects.exists()
    assert signed_in(cast.head).get(address(scoring)).status_code == 200


def test_a_thousand_is_written_as_offices_write_it(cast: Cast, scoring: AgencyScoring) -> None:
    write(cast.head, scoring, "self", **{"1:part": "950", "1:whole": "1.000"})
    assert "3,80" in flat(signed_in(cast.head).get(address(scoring)))


def test_two_appraisers_do_not_undo_each_other(cast: Cast, scoring: AgencyScoring) -> None:
    write(cast.head, scoring, "self", **{"hand-over": "yes"})
    seen = str(ScoreEntry.objects.aggregate(newest=Max("pk"))["newest"])
    first = {"1:part": "2", "1:note": "Chỉ hai thư", "2:note": ""}
    write(cast.analyst, scoring, "appraisal", **first)
    older = {"stage": "appraisal", "seen": seen, **FIGURES, "2:note": "Đủ"}
    answer = signed_in(cast.analyst).post(address(scoring), older)
    page = flat(answer)
    assert answer.status_code == 422
    assert "Người khác đã lưu" in page
    assert 'value="2"' in page, "what the other one wrote stands there"
    newest = ScoreEntry.objects.filter(criterion="1").order_by("-pk")[0]
    assert (newest.declared["part"], newest.note) == ("2", "Chỉ hai thư")


def test_an_appraisal_under_way_is_not_read_by_the_agency(
    cast: Cast, scoring: AgencyScoring
) -> None:
    write(cast.head, scoring, "self", **{"hand-over": "yes"})
    write(cast.analyst, scoring, "appraisal", **{"1:part": "2", "1:note": "Nháp", "2:note": ""})
    page = flat(signed_in(cast.head).get(address(scoring)))
    assert "Nháp" not in page
    assert "3,60" in page
    assert "Nháp" in flat(signed_in(cast.analyst).get(address(scoring)))


def test_a_stage_an_agency_left_lying_is_passed_on_by_the_appraisers(
    cast: Cast, scoring: AgencyScoring
) -> None:
    write(cast.head, scoring, "self")
    sent = {"stage": "self", "lapse": "yes"}
    early = signed_in(cast.analyst).post(address(scoring), sent)
    assert early.status_code == 422
    assert "còn thời hạn đến" in flat(early)
    assert signed_in(cast.head).post(address(scoring), sent).status_code == 302
    scoring.refresh_from_db()
    assert scoring.stage == Stage.SELF, "a head passes nothing on so"
    ScoringRound.objects.update(self_due=timezone.localdate() - timedelta(days=1))
    assert "Chuyển sang giai đoạn sau" in flat(signed_in(cast.analyst).get(address(scoring)))
    signed_in(cast.analyst).post(address(scoring), sent)
    scoring.refresh_from_db()
    assert scoring.stage == Stage.APPRAISAL
    assert HandOver.objects.get().made_by == cast.analyst


def test_the_second_person_reads_decision_and_minutes(cast: Cast, scoring: AgencyScoring) -> None:
    AgencyScoring.objects.update(stage=Stage.CLOSED)
    act = reverse("console:scoring-act", args=[scoring.scoring_round_id, "publish"])
    decision = {
        "decision": "12/QĐ-UBND",
        "decided_on": "30/09/2999",
        "minutes": "Hội đồng thống nhất.",
        "reason": "Đã họp",
    }
    client = signed_in(cast.analyst)
    assert client.post(act, decision).status_code == 422
    client.post(act, decision | {"decided_on": "30/09/2026"})
    request = ApprovalRequest.objects.get()
    page = flat(client.get(reverse("console:approval", args=[request.pk])))
    for words in ("12/QĐ-UBND", "30/09/2026", "Hội đồng thống nhất."):
        assert words in page
    assert reverse("console:scoring-round", args=[scoring.scoring_round_id]) in page


def test_today_tells_whose_turn_it_is(cast: Cast, scoring: AgencyScoring) -> None:
    today = reverse("console:today")
    own = flat(signed_in(cast.head).get(today))
    assert address(scoring) in own
    assert "tự chấm đến" in own
    ScoringRound.objects.update(self_due=timezone.localdate() - timedelta(days=1))
    assert "cơ quan chậm tự chấm hoặc giải trình" in flat(signed_in(cast.analyst).get(today))
    AgencyScoring.objects.update(stage=Stage.APPRAISAL)
    assert "phiếu điểm chờ thẩm định" in flat(signed_in(cast.analyst).get(today))
    assert address(scoring) not in flat(signed_in(cast.head).get(today))
