"""After a restore: no figures leave before two people have accepted what was restored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client, TestCase
from django.utils import timezone

from survey.accounts.approvals import ApprovalRequest, RequestState
from survey.accounts.models import AuditEvent, Role
from survey.operations.readiness import RESTORED, WARN, run_checks
from survey.operations.restored import ACCEPTED, mark_restored
from survey.scorecards.models import Edition
from survey.scorecards.services import make_edition
from tests.survey.accounts.builders import account
from tests.survey.console.builders import signed_in
from tests.survey.factories import Cast
from tests.survey.scorecards.builders import fill, snapshot

MADE = datetime(2026, 11, 27, 1, 10, tzinfo=UTC)


def mark_files(backup: str = "20261127T011000Z") -> Path:
    files = Path(settings.VAR_DIR)
    mark_restored(files, {"at": MADE.isoformat()}, backup, timezone.now())
    return files / RESTORED


@pytest.fixture(autouse=True)
def no_mark_stays() -> Iterator[None]:
    yield
    for name in (RESTORED, ACCEPTED):
        (Path(settings.VAR_DIR) / name).unlink(missing_ok=True)


def admin(name: str = "admin") -> Client:
    return signed_in(account(name, role=Role.PROVINCE_ADMIN))


def approve(client: Client, row: ApprovalRequest) -> str:
    """What the page says then; what follows a commit is done."""
    with TestCase.captureOnCommitCallbacks(execute=True):
        path = f"/staff/approvals/{row.pk}/decide"
        return client.post(path, {"decision": "approve"}, follow=True).content.decode()


def test_figures_wait_until_two_people_have_accepted(cast: Cast, tmp_path: Path) -> None:
    fill(cast, good=30, bad=9)
    edition = make_edition(folder=snapshot(tmp_path), method="overall", now=timezone.now())
    first, second = admin(), admin("second")
    first.post(f"/staff/editions/{edition.pk}/ask/release", {"reason": "quý"})
    release = ApprovalRequest.objects.get()
    mark = mark_files()
    assert {one.state for one in run_checks(timezone.now()) if one.name == "restore"} == {WARN}
    assert "Cần hai người chấp nhận" in approve(second, release)
    assert Edition.objects.get().released_at is None
    shown = first.get("/staff/status").content.decode()
    assert "được khôi phục lúc" in shown
    assert "từ bản sao lưu lúc 08:10 27/11/2026. Phiếu, quyết định, việc" in shown
    assert first.post("/staff/status/accept-restore", {"reason": ""}).status_code == 302
    assert not ApprovalRequest.objects.filter(action="accept-restore").exists(), "with a reason"
    first.post("/staff/status/accept-restore", {"reason": "Đã đối chiếu sổ tiếp nhận"})
    assert mark.exists(), "to ask is not to do it"
    asked = ApprovalRequest.objects.get(action="accept-restore")
    assert f"/staff/approvals/{asked.pk}" in first.get("/staff/status").content.decode()
    approve(first, asked)
    assert mark.exists(), "not by who asked"
    approve(second, asked)
    assert not mark.exists()
    assert json.loads(mark.with_name(ACCEPTED).read_text())["backup"] == "20261127T011000Z"
    assert AuditEvent.objects.filter(action="accept-restore").exists()
    assert "chấp nhận dùng tiếp" not in first.get("/staff/status").content.decode()
    release.refresh_from_db()
    assert release.state == RequestState.WAITING, "it may be decided now"
    approve(second, release)
    assert Edition.objects.get().released_at is not None


def test_nobody_asks_for_a_release_meanwhile(cast: Cast, tmp_path: Path) -> None:
    fill(cast, good=30, bad=9)
    edition = make_edition(folder=snapshot(tmp_path), method="overall", now=timezone.now())
    mark_files()
    path = f"/staff/editions/{edition.pk}/ask/release"
    page = admin().post(path, {"reason": "quý"}, follow=True)
    assert "Cần hai người chấp nhận" in page.content.decode()
    assert not ApprovalRequest.objects.exists()


def test_a_second_restore_is_another_thing(cast: Cast) -> None:
    mark = mark_files()
    first, second = admin(), admin("second")
    first.post("/staff/status/accept-restore", {"reason": "x"})
    asked = ApprovalRequest.objects.get()
    mark_files("20261128T011000Z")
    approve(second, asked)
    assert mark.exists()


def test_where_nothing_was_restored_there_is_nothing_to_accept(cast: Cast) -> None:
    page = admin().post("/staff/status/accept-restore", {"reason": "x"}, follow=True)
    assert "Không có bản khôi phục nào" in page.content.decode()
    assert not ApprovalRequest.objects.exists()
