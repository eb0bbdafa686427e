"""Single answers go to one analyst, for one purpose, when two people agree; and not for long."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyreadstat
import pytest
from django.urls import reverse
from django.utils import timezone

from survey.accounts.approvals import ApprovalRequest
from survey.accounts.models import AuditEvent, Role, User
from survey.reports.bundles import build_bundle, bundle_path, forget_bundles, is_here
from survey.reports.models import AnalystBundle
from survey.scorecards.archive import find_snapshot
from survey.scorecards.models import ComputationState, Edition
from survey.transactions.services import import_totals
from tests.survey.console.builders import release, signed_in
from tests.survey.factories import NOW, Cast, flat
from tests.survey.scorecards.builders import fill, snapshot
from tests.survey.transactions.builders import csv_file

EXPORTS = reverse("console:exports")
PURPOSE = "Kiểm tra lại trọng số theo lĩnh vực"


@pytest.fixture(name="on_commit")
def run_on_commit(django_capture_on_commit_callbacks: Any) -> Any:
    """What waits for the transaction is done at its end."""
    return django_capture_on_commit_callbacks


@pytest.fixture
def edition(cast: Cast, tmp_path: Path, settings: Any) -> Edition:
    settings.VAR_DIR = tmp_path / "var"
    fill(cast, good=50, bad=10)
    totals = csv_file("2026-07,H20.01,land,counter,600,500")
    import_totals(content=totals, file_name="t.csv", by=None, now=NOW)
    return release(snapshot(tmp_path))


def ask(user: User, edition: Edition, **more: str) -> Any:
    sent = {"edition": str(edition.pk), "purpose": PURPOSE, "reason": "Theo kế hoạch", **more}
    return signed_in(user).post(EXPORTS, sent)


def approved(cast: Cast, edition: Edition, on_commit: Any) -> AnalystBundle:
    assert ask(cast.analyst, edition).status_code == 302
    request = ApprovalRequest.objects.get()
    approver = User.objects.create_user(username="approver", password=None, role=Role.APPROVER)
    address = reverse("console:approval-decide", args=[request.pk])
    with on_commit(execute=True):
        signed_in(approver).post(address, {"decision": "approve", "comment": "Đồng ý"})
    return AnalystBundle.objects.get()


def test_two_people_decide_and_the_index_is_found_again(
    cast: Cast, edition: Edition, tmp_path: Path, on_commit: Any
) -> None:
    row = approved(cast, edition, on_commit)
    build_bundle.func(row.pk)
    row.refresh_from_db()
    assert (row.state, row.problem) == (ComputationState.DONE, "")
    answer = signed_in(cast.analyst).get(reverse("console:bundle-file", args=[row.pk]))
    content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(tmp_path / "out")
        readme = archive.read("README.txt").decode()
        assert PURPOSE in readme
        assert "analyst" in readme
        rows = archive.read("rows.csv").decode()
    assert "Chờ lâu" not in rows
    script = str(tmp_path / "out" / "reproduce.py")
    done = subprocess.run([sys.executable, "-I", script], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"1 agencies")
    row.refresh_from_db()
    assert row.fetched_at is not None
    assert AuditEvent.objects.filter(action="bundle-file").exists()


def test_nobody_decides_alone_and_nothing_is_made_before(cast: Cast, edition: Edition) -> None:
    ask(cast.analyst, edition)
    request = ApprovalRequest.objects.get()
    address = reverse("console:approval-decide", args=[request.pk])
    signed_in(cast.analyst).post(address, {"decision": "approve", "comment": "x"})
    assert not AnalystBundle.objects.exists()


def test_a_bundle_is_its_receivers_alone(cast: Cast, edition: Edition, on_commit: Any) -> None:
    row = approved(cast, edition, on_commit)
    build_bundle.func(row.pk)
    address = reverse("console:bundle-file", args=[row.pk])
    admin = User.objects.create_user(username="adm", password=None, role=Role.PROVINCE_ADMIN)
    assert signed_in(admin).get(address).status_code == 404
    assert signed_in(cast.head).get(address).status_code == 403
    assert str(row.pk) + ".zip" not in flat(signed_in(admin).get(EXPORTS))


def test_rated_agencies_are_told_why_not(cast: Cast, edition: Edition) -> None:
    page = flat(signed_in(cast.head).get(EXPORTS))
    assert "Cơ quan được đánh giá không được cấp" in page
    assert ask(cast.head, edition).status_code == 403
    plain = signed_in(cast.head).get(reverse("console:download", args=["plain"]))
    assert plain.content.startswith(b"period,agency,")
    assert b"28261" not in plain.content
    parquet = signed_in(cast.head).get(reverse("console:download", args=["parquet"]))
    frame = pd.read_parquet(io.BytesIO(parquet.content))
    assert set(frame["agency"]) == {"*", "h20.01"}
    assert frame["weighted_index"].tolist() == pytest.approx(
        pd.read_csv(io.BytesIO(plain.content))["weighted_index"].tolist(), nan_ok=True
    )


def test_the_table_for_spss_has_labels_and_user_missing(
    cast: Cast, edition: Edition, tmp_path: Path
) -> None:
    content = signed_in(cast.head).get(reverse("console:download", args=["sav"])).content
    path = tmp_path / "index.sav"
    path.write_bytes(content)
    frame, about = pyreadstat.read_sav(path)
    raw, missing = pyreadstat.read_sav(path, user_missing=True)
    plain = signed_in(cast.head).get(reverse("console:download", args=["plain"])).content
    there = pd.read_csv(io.BytesIO(plain))
    assert frame["weighted_index"].tolist() == pytest.approx(
        there["weighted_index"].tolist(), nan_ok=True
    )
    assert set(raw["weighted_index"]) - {-9.0} == set(there["weighted_index"].dropna())
    assert about.column_names_to_labels["weighted_index"] == "Chỉ số hài lòng (%)"
    assert missing.missing_ranges["weighted_index"] == [{"lo": -9.0, "hi": -9.0}]
    labels: dict[str, Any] = about.variable_value_labels
    assert "suppressed" in labels["status"]


@pytest.mark.parametrize(
    "purpose",
    [
        "",
        "ngắn",
        "   ",
        "a \u200b\u200b\u200b\u200b\u200b\u200b\u200b\u200b b",
        "xem lại số\x00liệu",
    ],
)
def test_a_purpose_is_told(cast: Cast, edition: Edition, purpose: str) -> None:
    assert ask(cast.analyst, edition, purpose=purpose).status_code == 422
    assert not ApprovalRequest.objects.exists()


def test_who_may_no_longer_have_them_gets_nothing(
    cast: Cast, edition: Edition, on_commit: Any
) -> None:
    ask(cast.analyst, edition)
    User.objects.filter(pk=cast.analyst.pk).update(role=Role.HOTLINE)
    approver = User.objects.create_user(username="approver", password=None, role=Role.APPROVER)
    address = reverse("console:approval-decide", args=[ApprovalRequest.objects.get().pk])
    with on_commit(execute=True):
        signed_in(approver).post(address, {"decision": "approve", "comment": "Đồng ý"})
    assert not AnalystBundle.objects.exists()


def test_answers_that_are_not_kept_are_named(cast: Cast, edition: Edition) -> None:
    place = find_snapshot(edition.snapshot_sha256)
    assert place is not None
    (place / "manifest.json").unlink()
    ask(cast.analyst, edition)
    assert not ApprovalRequest.objects.exists()
    row = AnalystBundle.objects.create(
        edition=edition, purpose=PURPOSE, asked_by=cast.analyst, asked_at=timezone.now()
    )
    build_bundle.func(row.pk)
    row.refresh_from_db()
    assert row.state == ComputationState.FAILED
    assert "không còn lưu" in row.problem


def test_files_go_after_a_week_and_the_record_stays(
    cast: Cast, edition: Edition, on_commit: Any
) -> None:
    row = approved(cast, edition, on_commit)
    build_bundle.func(row.pk)
    assert forget_bundles(timezone.now() + timedelta(days=6)) == 0
    assert forget_bundles(timezone.now() + timedelta(days=8)) == 1
    assert not bundle_path(row).exists()
    assert AnalystBundle.objects.count() == 1
    address = reverse("console:bundle-file", args=[row.pk])
    assert signed_in(cast.analyst).get(address).status_code == 404
    page = flat(signed_in(cast.analyst).get(EXPORTS))
    assert address not in page
    assert "không còn tải về được" in page


def test_what_a_killed_process_left_goes_too(cast: Cast, edition: Edition, on_commit: Any) -> None:
    row = approved(cast, edition, on_commit)
    build_bundle.func(row.pk)
    left = bundle_path(row).parent / "tmp_left"
    left.mkdir()
    (left / "rows.csv").write_text("x")
    assert forget_bundles(timezone.now()) == 0, "somebody may be at work in it"
    assert forget_bundles(timezone.now() + timedelta(days=2)) == 1
    assert not left.exists()
    assert bundle_path(row).exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda row: Edition.objects.update(withdrawn_at=timezone.now()),
        lambda row: User.objects.filter(pk=row.asked_by_id).update(role=Role.HOTLINE),
        lambda row: User.objects.filter(pk=row.asked_by_id).update(
            ends_on=timezone.localdate() - timedelta(days=1)
        ),
        lambda row: AnalystBundle.objects.update(asked_at=row.asked_at - timedelta(days=8)),
    ],
    ids=["withdrawn", "other role", "ended", "late"],
)
def test_what_changed_since_the_approval_counts(
    cast: Cast, edition: Edition, on_commit: Any, change: Any
) -> None:
    """In the worker and at the download."""
    row = approved(cast, edition, on_commit)
    build_bundle.func(row.pk)
    change(row)
    row.refresh_from_db()
    assert not is_here(AnalystBundle.objects.get(), timezone.now())
    address = reverse("console:bundle-file", args=[row.pk])
    assert signed_in(cast.analyst).get(address).status_code in (302, 403, 404)
    AnalystBundle.objects.update(state=ComputationState.WAITING, sha256="")
    build_bundle.func(row.pk)
    row.refresh_from_db()
    assert row.state == ComputationState.FAILED
    assert row.problem


def test_a_purpose_is_one_line_and_whole_for_who_decides(
    cast: Cast, edition: Edition, on_commit: Any
) -> None:
    long = "Đối chiếu trọng số " * 40 + "và điều cuối cùng"
    ask(cast.analyst, edition, purpose=long.replace(" và", "\r\nvà"))
    request = ApprovalRequest.objects.get()
    assert request.payload["purpose"] == long
    approver = User.objects.create_user(username="approver", password=None, role=Role.APPROVER)
    page = signed_in(approver).get(reverse("console:approval", args=[request.pk]))
    assert "và điều cuối cùng" in flat(page)


def test_asking_makes_nothing_ready(cast: Cast, edition: Edition, on_commit: Any) -> None:
    """It is tried and taken back, with what was to follow."""
    with on_commit() as callbacks:
        ask(cast.analyst, edition)
    assert callbacks == []
    assert not AnalystBundle.objects.exists()
