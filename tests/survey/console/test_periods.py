"""A quarter by buttons: check, compute, look, and release by a second person."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks

from survey.accounts.approvals import ApprovalRequest
from survey.accounts.models import AuditEvent, Role, User
from survey.common.periods import parse_period
from survey.console.periods import periods_on_offer
from survey.responses.cut_offs import CutOff, CutOffPlan, plan_cut_off
from survey.scorecards.archive import find_snapshot
from survey.scorecards.computing import (
    STUCK_AFTER,
    compute_period,
    cut_off_planned,
    request_computation,
)
from survey.scorecards.models import Computation, Edition, EditionState
from survey.transactions.services import import_totals
from tests.survey.console.builders import release, signed_in
from tests.survey.factories import NOW, Cast, flat
from tests.survey.scorecards.builders import fill, snapshot
from tests.survey.transactions.builders import csv_file

PERIODS = reverse("console:periods")
COMPUTE = reverse("console:period-compute")
PLAN = reverse("console:period-plan")
QUARTER = "2026-Q3"


@pytest.fixture
def approver(cast: Cast) -> User:
    return User.objects.create_user(username="approver", role=Role.APPROVER)


@pytest.fixture
def filled(cast: Cast) -> Cast:
    """Sixty answers about the land department, and its dossiers of two of three months."""
    fill(cast, good=50, bad=10)
    content = csv_file("2026-07,H20.01,land,counter,600,500", "2026-08,H20.01,land,counter,60,50")
    import_totals(content=content, file_name="so-ho-so.csv", by=cast.analyst, now=NOW)
    return cast


def compute(cast: Cast, capture: DjangoCaptureOnCommitCallbacks, period: str = QUARTER) -> Any:
    with capture(execute=True):
        return signed_in(cast.analyst).post(COMPUTE, {"period": period}, follow=True)


def test_the_page_names_what_is_missing_before_anything_is_computed(filled: Cast) -> None:
    page = flat(signed_in(filled.analyst).get(PERIODS, {"period": QUARTER}))
    assert "so-ho-so.csv" in page
    assert "UBND phường Mỹ Tho" in page, "an agency with a counter and no totals is named"
    assert "Chưa có kết quả nào được tính cho kỳ này." in page


def test_agencies_that_were_rated_without_dossiers_are_named(cast: Cast) -> None:
    fill(cast, good=50, bad=10)
    page = flat(signed_in(cast.analyst).get(PERIODS, {"period": QUARTER}))
    assert "1 cơ quan được đánh giá nhưng chưa có số hồ sơ" in page


def test_the_worker_freezes_and_computes_and_the_heads_see_nothing_yet(
    filled: Cast, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    compute(filled, django_capture_on_commit_callbacks)
    runs = list(Computation.objects.order_by("pk"))
    assert [(run.method, run.state, run.problem) for run in runs] == [
        ("sipas-service", "done", ""),
        ("overall", "done", ""),
    ]
    edition = runs[0].edition
    assert edition is not None
    assert edition.state == EditionState.COMPUTED
    assert edition.responses == 60
    assert edition.about["response"] == {"rate": "9.1", "r": "1.00", "dossiers": 660}
    page = flat(signed_in(filled.analyst).get(reverse("console:edition", args=[edition.pk])))
    assert "Chờ công bố" in page
    head = signed_in(filled.head)
    assert "Chưa có số liệu" in flat(head.get("/staff/"))
    assert head.get("/staff/", {"edition": edition.pk}).status_code == 404
    assert head.get(reverse("console:edition", args=[edition.pk])).status_code == 403


def test_a_second_person_releases_and_the_heads_see_it(
    filled: Cast, approver: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    compute(filled, django_capture_on_commit_callbacks)
    edition = Edition.objects.get(method="sipas-service")
    ask = reverse("console:edition-ask", args=[edition.pk, "release"])
    signed_in(filled.analyst).post(ask, {"reason": "Đã kiểm tra"})
    request = ApprovalRequest.objects.get()
    decide = reverse("console:approval-decide", args=[request.pk])
    signed_in(filled.analyst).post(decide, {"decision": "approve"})
    assert Edition.objects.get(pk=edition.pk).released_at is None, "nobody releases their own"
    signed_in(approver).post(decide, {"decision": "approve"})
    edition.refresh_from_db()
    assert edition.is_released
    assert "83,3" in flat(signed_in(filled.head).get("/staff/"))
    assert {"compute-figures", "release-edition", "approval-decide"} <= set(
        AuditEvent.objects.values_list("action", flat=True)
    )


def test_withdrawn_figures_leave_the_pages_of_the_heads_and_stay_in_the_archive(
    filled: Cast, approver: User, tmp_path: Any
) -> None:
    edition = release(snapshot(tmp_path))
    ask = reverse("console:edition-ask", args=[edition.pk, "withdraw"])
    signed_in(filled.analyst).post(ask, {"reason": "Sai số hồ sơ"})
    decide = reverse("console:approval-decide", args=[ApprovalRequest.objects.get().pk])
    signed_in(approver).post(decide, {"decision": "approve"})
    edition.refresh_from_db()
    assert edition.state == EditionState.WITHDRAWN
    assert signed_in(filled.head).get("/staff/", {"edition": edition.pk}).status_code == 404
    assert "Đã thu hồi" in flat(
        signed_in(filled.analyst).get(reverse("console:edition", args=[edition.pk]))
    )


def test_figures_of_a_running_period_are_never_released(
    cast: Cast, approver: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    now = timezone.now()
    fill(cast, good=50, bad=10, now=now)
    period = periods_on_offer(timezone.localdate())[0].name
    compute(cast, django_capture_on_commit_callbacks, period)
    edition = Edition.objects.get(method="overall")
    assert edition.state == EditionState.PREVIEW
    page = signed_in(cast.analyst).get(reverse("console:edition", args=[edition.pk]))
    assert "Đề nghị công bố" not in page.content.decode()
    ask = reverse("console:edition-ask", args=[edition.pk, "release"])
    told = flat(signed_in(cast.analyst).post(ask, {"reason": "x"}, follow=True))
    assert "Chỉ công bố được kết quả của kỳ đã kết thúc" in told
    assert not ApprovalRequest.objects.exists()


def test_a_period_is_computed_once_at_a_time(filled: Cast) -> None:
    now = timezone.now()
    request_computation(period=QUARTER, by=filled.analyst, now=now)
    client = signed_in(filled.analyst)
    told = flat(client.post(COMPUTE, {"period": QUARTER}, follow=True))
    assert "Kỳ này đang được tính" in told
    assert Computation.objects.count() == 2
    Computation.objects.update(asked_at=now - STUCK_AFTER - timedelta(minutes=1))
    client.post(COMPUTE, {"period": QUARTER})
    assert Computation.objects.count() == 4, "a worker that was killed blocks nobody for ever"


@pytest.mark.parametrize("period", ["", "2026-Q5", "quý 3", "2027-Q1", "2026-Q3\x00", "9" * 4000])
def test_a_period_that_is_none_is_refused_with_a_sentence(cast: Cast, period: str) -> None:
    client = signed_in(cast.analyst)
    answer = client.post(COMPUTE, {"period": period}, follow=True)
    assert answer.status_code == 200
    assert 'class="error"' in answer.content.decode()
    assert not Computation.objects.exists()


def test_what_was_done_is_not_done_again(
    filled: Cast, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    compute(filled, django_capture_on_commit_callbacks)
    compute_period.call(list(Computation.objects.values_list("pk", flat=True)), "vi")
    assert Edition.objects.count() == 2


def test_a_fault_is_told_on_the_page_and_blocks_nothing(
    filled: Cast,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    def full(**_more: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("survey.scorecards.freezing.take_snapshot", full)
    compute(filled, django_capture_on_commit_callbacks)
    page = flat(signed_in(filled.analyst).get(PERIODS, {"period": QUARTER}))
    assert "No space left on device" in page
    assert {run.state for run in Computation.objects.all()} == {"failed"}


def further_totals() -> None:
    content = csv_file("2026-07,H20.01,land,counter,6000,5000")
    import_totals(content=content, file_name="muon.csv", by=None, now=NOW)


def test_what_came_after_the_cut_off_changes_nothing_until_it_is_cut_off_anew(
    filled: Cast, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    capture = django_capture_on_commit_callbacks
    compute(filled, capture)
    fill(filled, good=0, bad=40, channel="online")
    further_totals()
    assert "Chốt số liệu lần 1" in compute(filled, capture).content.decode()
    assert Edition.objects.count() == 2, "the same answers and totals give the same figures"
    client = signed_in(filled.analyst)
    with capture(execute=True):
        told = client.post(COMPUTE, {"period": QUARTER, "anew": "1", "reason": " "}, follow=True)
    assert "Xin nêu lý do chốt lại kỳ." in flat(told)
    assert CutOff.objects.count() == 1
    with capture(execute=True):
        client.post(COMPUTE, {"period": QUARTER, "anew": "1", "reason": "Số hồ sơ đến muộn"})
    newest = CutOff.objects.order_by("-number")[0]
    assert (newest.number, newest.reason) == (2, "Số hồ sơ đến muộn")
    assert newest.made_by == filled.analyst
    edition = Edition.objects.filter(method="sipas-service").order_by("-pk")[0]
    assert edition.responses == 100
    page = flat(client.get(reverse("console:edition", args=[edition.pk])))
    assert "2, " in page.split("Lần chốt")[1]
    assert "Số hồ sơ đến muộn" in page


def test_frozen_answers_that_are_gone_are_told(
    filled: Cast, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    compute(filled, django_capture_on_commit_callbacks)
    kept = find_snapshot(CutOff.objects.get().snapshot_sha256)
    assert kept is not None
    shutil.rmtree(kept)
    compute(filled, django_capture_on_commit_callbacks)
    page = flat(signed_in(filled.analyst).get(PERIODS, {"period": QUARTER}))
    assert "không còn trên máy chủ này" in page


def test_a_planned_cut_off_is_done_in_its_night(
    filled: Cast, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    client, day = signed_in(filled.analyst), timezone.localdate() + timedelta(days=3)
    sent = {"period": QUARTER, "day": f"{day:%d/%m/%Y}"}
    refused = client.post(PLAN, {**sent, "day": "31/02/2026"})
    assert refused.status_code == 422
    page = flat(client.post(PLAN, sent, follow=True))
    assert f"trong đêm trước ngày {day:%d/%m/%Y}" in page
    with django_capture_on_commit_callbacks(execute=True):
        assert cut_off_planned(timezone.now() + timedelta(days=2)) == 0
        assert cut_off_planned(timezone.now() + timedelta(days=3)) == 1
    assert CutOff.objects.get().made_by == filled.analyst
    assert Edition.objects.count() == 2
    assert not CutOffPlan.objects.exists()


def test_a_plan_can_be_dropped_and_one_that_comes_too_late_is_told(
    filled: Cast, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    client, day = signed_in(filled.analyst), timezone.localdate() + timedelta(days=3)
    sent = {"period": QUARTER, "day": f"{day:%d/%m/%Y}"}
    assert client.post(PLAN, {"day": sent["day"]}).status_code == 404, "no period, no plan"
    client.post(PLAN, sent)
    assert "Đã bỏ ngày chốt" in flat(
        client.post(PLAN, {"period": QUARTER, "cancel": "1"}, follow=True)
    )
    assert not CutOffPlan.objects.exists()
    compute(filled, django_capture_on_commit_callbacks)
    late = client.post(PLAN, sent)
    assert late.status_code == 422
    assert "Kỳ này đã được chốt" in flat(late)


def test_a_planned_cut_off_that_was_not_made_is_late_on_the_first_page(
    filled: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = timezone.localdate()
    for period in ("2026-Q2", QUARTER):
        plan_cut_off(
            period=parse_period(period),
            day=today + timedelta(days=1),
            by=filled.analyst,
            today=today,
        )

    def fail(*, period: str, **more: Any) -> list[Computation]:
        if period == "2026-Q2":
            raise RuntimeError
        return request_computation(period=period, **more)

    monkeypatch.setattr("survey.scorecards.computing.request_computation", fail)
    assert cut_off_planned(timezone.now() + timedelta(days=1)) == 1, "the other is begun"
    CutOffPlan.objects.update(day=today - timedelta(days=1))
    Computation.objects.update(state="failed")
    page = flat(signed_in(filled.analyst).get(reverse("console:today")))
    assert "Số liệu quý II năm 2026 chưa được chốt như đã đặt" in page
    assert "Tính số liệu quý III năm 2026 không thành công" in page or "chưa được chốt" in page
    User.objects.filter(pk=filled.analyst.pk).update(is_active=False)
    assert cut_off_planned(timezone.now() + timedelta(days=1)) == 0


def test_a_task_taken_up_again_cuts_nothing_off_twice(
    filled: Cast, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    compute(filled, django_capture_on_commit_callbacks)
    client = signed_in(filled.analyst)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(COMPUTE, {"period": QUARTER, "anew": "1", "reason": "Muộn"})
    rows = list(Computation.objects.filter(anew="Muộn").order_by("pk"))
    Computation.objects.filter(pk=rows[1].pk).update(state="computing")
    fill(filled, good=0, bad=40, channel="online")
    compute_period.call([row.pk for row in rows], "vi")
    assert list(CutOff.objects.order_by("number").values_list("number", flat=True)) == [1, 2]
    assert {row.cut_off_id for row in Computation.objects.filter(anew="Muộn")} == {
        CutOff.objects.get(number=2).pk
    }


def test_provisional_figures_asked_for_in_the_last_night_cut_nothing_off(filled: Cast) -> None:
    rows = request_computation(period=QUARTER, by=filled.analyst, now=timezone.now())
    Computation.objects.update(asked_at=datetime(2026, 9, 30, 16, 59, tzinfo=UTC))
    compute_period.call([row.pk for row in rows], "vi")
    assert not CutOff.objects.exists()
    assert "Kỳ đã kết thúc trong khi chờ" in Computation.objects.first().problem  # type: ignore[union-attr]


def test_what_was_brought_after_the_cut_off_is_named_in_the_check(
    filled: Cast, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    def page() -> str:
        return flat(signed_in(filled.analyst).get(PERIODS, {"period": QUARTER}))

    compute(filled, django_capture_on_commit_callbacks)
    assert "đến sau khi chốt. Chốt lại" not in page()
    content = csv_file("2026-07,H20.01,land,counter,6000,5000")
    import_totals(content=content, file_name="muon.csv", by=None, now=timezone.now())
    assert "đến sau khi chốt. Chốt lại" in page()


def test_an_edition_names_the_cut_off_it_was_computed_from(
    filled: Cast, approver: User, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    compute(filled, django_capture_on_commit_callbacks)
    released = Edition.objects.get(method="sipas-service")
    Edition.objects.filter(pk=released.pk).update(released_at=timezone.now(), public_number=1)
    fill(filled, good=1, bad=0, channel="online")
    with django_capture_on_commit_callbacks(execute=True):
        signed_in(filled.analyst).post(
            COMPUTE, {"period": QUARTER, "anew": "1", "reason": "Một phiếu"}
        )
    page = flat(signed_in(filled.analyst).get(reverse("console:edition", args=[released.pk])))
    assert "Một phiếu" not in page


def test_the_page_says_how_far_the_period_has_come(
    filled: Cast, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    def present() -> str:
        page = flat(signed_in(filled.analyst).get(PERIODS, {"period": QUARTER}))
        return page.split('aria-current="step"')[1].split("<strong>")[1].split("<")[0]

    assert present() == "Mở"
    compute(filled, django_capture_on_commit_callbacks)
    assert present() == "Chốt số liệu"


def test_the_page_of_totals_tells_what_is_there_and_who_brought_it(filled: Cast) -> None:
    page = flat(signed_in(filled.analyst).get(reverse("console:totals")))
    assert "so-ho-so.csv" in page
    assert "08/2026" in page


def test_periods_on_offer_are_those_that_end_with_their_quarters() -> None:
    day = datetime(2026, 11, 26, tzinfo=UTC).date()
    names = [period.name for period in periods_on_offer(day)]
    assert names[:6] == ["2026-H2", "2026", "2026-Q4", "2026-9M", "2026-Q3", "2026-H1"]
