"""The first page names what waits for each role, and nothing that waits for somebody else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from survey.accounts.approvals import request_approval
from survey.accounts.models import Role, User
from survey.agencies.improvements import Improvement
from survey.agencies.models import Counter
from survey.console.sensitive_actions import SENSITIVE_ACTIONS
from survey.imports.models import FileImport
from survey.questionnaires.queries import published_version
from survey.responses.cases import Case, open_case
from survey.responses.services import record_response
from tests.survey.accounts.builders import sign_in
from tests.survey.console.builders import release, signed_in
from tests.survey.factories import Cast, flat
from tests.survey.scorecards.builders import fill, snapshot

TODAY = reverse("console:today")


def show(user: User) -> str:
    return flat(signed_in(user).get(TODAY)).split("<main")[1]


def test_it_is_the_page_after_signing_in(cast: Cast) -> None:
    client = Client()
    sign_in(client, "head")
    assert client.get("/staff/sign-in").headers["Location"] == TODAY
    assert "Không có việc nào" in show(cast.head)


def test_a_request_waits_for_who_may_decide_and_for_nobody_else(cast: Cast) -> None:
    author = User.objects.create_user(username="author", role=Role.AUTHOR)
    approver = User.objects.create_user(username="approver", role=Role.APPROVER)
    block = published_version("service-block")
    assert block is not None
    request_approval(
        action=SENSITIVE_ACTIONS["retire-questionnaire"],
        payload={"version": block.pk},
        reason="x",
        by=author,
        now=timezone.now(),
    )
    assert "<strong>1</strong> đề nghị đang chờ" in show(approver)
    assert "đề nghị đang chờ" not in show(author)
    assert "đề nghị đang chờ" not in show(cast.head)


def test_cases_files_improvements_and_counters_wait_for_their_people(cast: Cast) -> None:
    now = timezone.now()
    row = record_response(submission=cast.submission("case", 2)).row
    open_case(row=row, now=now - timedelta(days=30))
    Case.objects.update(owner=cast.analyst)
    FileImport.objects.create(
        kind="totals", sha256="x", brought_by=cast.analyst, brought_at=now, state="ready"
    )
    Counter.objects.create(office=cast.land_counter.office, agency=cast.land, number=9)
    Improvement.objects.create(
        agency=cast.land, said="a", did="b", author=cast.head, done_on=now.date()
    )
    page = show(cast.analyst)
    assert page.index("vụ việc quá hạn") < page.index("vụ việc của tôi")
    for words in ("tệp đã kiểm tra, chưa nhập", "việc đã làm chờ phê duyệt", "quầy chưa có mã"):
        assert f"<strong>1</strong> {words}" in page, words
    own = show(cast.head)
    assert "vụ việc" not in own, "the rated agency has no case in its hands"
    assert "việc đã làm chờ" not in own, "nobody approves their own"


def test_the_report_counts_down_and_a_quarter_nobody_released_is_told(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    now = timezone.now().replace(year=2026, month=12, day=1, hour=3)
    monkeypatch.setattr(timezone, "now", lambda: now)
    page = show(cast.analyst)
    assert "<strong>19</strong> ngày nữa đến hạn báo cáo quý IV năm 2026" in page
    assert "Kết quả quý III năm 2026 chưa được công bố." in page
    assert "hạn báo cáo" not in show(cast.head)
    fill(cast, good=50, bad=10)
    release(snapshot(tmp_path))
    assert "chưa được công bố" not in show(cast.analyst)
