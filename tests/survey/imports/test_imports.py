"""Files: looked through first, taken whole or not at all, undone while nothing stands on them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, TestCase
from django.urls import reverse
from django.utils import timezone

from survey.accounts.models import AuditEvent, Role, StaffInvitation, User
from survey.agencies.models import Agency, AgencyVersion, Counter, Hosting, Office
from survey.agencies.services import Attributes, change_agency
from survey.imports import services
from survey.imports.kinds import KINDS
from survey.imports.kinds.base import Checked
from survey.imports.models import FileImport, ImportState
from survey.imports.services import KEPT_DAYS, forget_files, receive_file, store_file
from survey.messaging.outbox.models import OutboxMessage
from survey.questionnaires.models import Assignment, Questionnaire
from survey.transactions.headings import TITLES
from survey.transactions.models import (
    DossierEvent,
    EventsImport,
    MonthlyTotal,
    SourceSystem,
    TotalsImport,
)
from tests.survey.console.builders import release, signed_in
from tests.survey.factories import NOW, Cast, flat
from tests.survey.messaging.builders import raw
from tests.survey.messaging.messages import sender
from tests.survey.scorecards.builders import fill, snapshot
from tests.survey.transactions.builders import csv_file

JULY = "2026-07,H20.01,land,counter,600,500"


@pytest.fixture
def source(cast: Cast) -> SourceSystem:
    return SourceSystem.objects.create(
        key_id="portal", name="Cổng dịch vụ công", secret_sealed=b"", province="H20"
    )


@pytest.fixture
def admin(cast: Cast) -> User:
    return User.objects.create_user(username="admin", role=Role.PROVINCE_ADMIN)


def rows(kind: str, *lines: str) -> bytes:
    head = ",".join(TITLES[name] for name in KINDS[kind].columns)
    return "\r\n".join([head, *lines, ""]).encode()


def bring(
    client: Client, kind: str, content: bytes, name: str = "tệp.csv", **more: Any
) -> FileImport:
    """The file after the worker has looked through it."""
    file = SimpleUploadedFile(name, content)
    address = reverse("console:import-kind", args=[kind])
    with TestCase.captureOnCommitCallbacks(execute=True):
        answer = client.post(address, {"file": file, **more})
    assert answer.status_code == 302, answer.content.decode()
    return FileImport.objects.order_by("-pk")[0]


def decide(client: Client, row: FileImport, action: str = "take") -> str:
    address = reverse("console:import-decide", args=[row.pk, action])
    with TestCase.captureOnCommitCallbacks(execute=True):
        answer = client.post(address, follow=True)
    row.refresh_from_db()
    return flat(answer)


def show(client: Client, row: FileImport) -> str:
    return flat(client.get(reverse("console:import", args=[row.pk])))


def test_nothing_is_stored_before_somebody_has_looked_and_said_yes(cast: Cast) -> None:
    client = signed_in(cast.analyst)
    row = bring(client, "totals", csv_file(JULY))
    assert (row.state, row.found["new"], row.found["changed"]) == ("ready", 1, 0)
    assert not MonthlyTotal.objects.exists()
    decide(client, row)
    assert (row.state, row.content_sealed) == (ImportState.DONE, None)
    assert MonthlyTotal.objects.get().source.imported_by == cast.analyst
    assert {"import-file", "import-take"} <= set(
        AuditEvent.objects.values_list("action", flat=True)
    )
    assert "decided about" not in decide(client, row), "in the user's language"
    assert TotalsImport.objects.count() == 1, "a second yes imports nothing again"


def test_every_fault_is_named_by_row_and_column_and_can_be_taken_along(cast: Cast) -> None:
    client = signed_in(cast.analyst)
    bad = csv_file(JULY, "2026-13,H99,land,=fax,1,2")
    row = bring(client, "totals", bad)
    assert (row.state, row.content_sealed) == (ImportState.FAULTY, None)
    page = show(client, row)
    assert "Mã cơ quan" in page or "Tháng" in page
    assert "Nhập và thay thế" not in page
    answer = client.get(reverse("console:import-faults", args=[row.pk]))
    text = answer.content.decode("utf-8-sig")
    assert text.startswith("Dòng,Cột,Lỗi\r\n3,Tháng,")
    assert "\r\n3,Hình thức," in text
    told = decide(client, row)
    assert "không còn chờ quyết định" in told
    assert not MonthlyTotal.objects.exists()


def test_what_would_go_is_named_and_is_put_back_by_undoing(cast: Cast) -> None:
    client = signed_in(cast.analyst)
    decide(client, bring(client, "totals", csv_file(JULY)))
    row = bring(client, "totals", csv_file("2026-07,H20.01,land,online,40,40"))
    assert row.found["changed"] == 1
    page = show(client, row)
    assert "Sở Nông nghiệp và Môi trường, 07/2026: bỏ 1 dòng" in page
    decide(client, row)
    assert [total.completed for total in MonthlyTotal.objects.all()] == [40]
    decide(client, row, "undo")
    assert row.state == ImportState.UNDONE
    assert [total.completed for total in MonthlyTotal.objects.all()] == [600]
    assert TotalsImport.objects.count() == 1
    decide(client, row, "undo")
    assert MonthlyTotal.objects.count() == 1


def test_totals_of_a_computed_period_cannot_be_undone(cast: Cast, tmp_path: Any) -> None:
    client = signed_in(cast.analyst)
    row = bring(client, "totals", csv_file(JULY))
    decide(client, row)
    TotalsImport.objects.update(imported_at=NOW)
    fill(cast, good=50, bad=10)
    release(snapshot(tmp_path))
    assert "đã được tính với số hồ sơ này" in decide(client, row, "undo")
    assert row.state == ImportState.DONE


def test_what_changed_since_it_was_looked_at_has_to_be_looked_at_again(cast: Cast) -> None:
    client = signed_in(cast.analyst)
    first = bring(client, "totals", csv_file(JULY))
    decide(client, bring(client, "totals", csv_file("2026-07,H20.01,land,online,40,40")))
    decide(client, first)
    assert first.state == ImportState.READY
    assert "đã có thay đổi" in show(client, first)
    assert [total.completed for total in MonthlyTotal.objects.all()] == [40]
    decide(client, first)
    assert [total.completed for total in MonthlyTotal.objects.all()] == [600]


def test_events_are_taken_once_and_their_numbers_are_in_no_preview(source: Any, cast: Cast) -> None:
    sender()
    client = signed_in(cast.operator)
    now = timezone.now().isoformat(timespec="seconds")
    day = timezone.localdate().strftime("%y%m%d")
    good = raw(time=now, dossier_code=f"H20.01.05-{day}-0001")
    head = ",".join(good)
    content = "\r\n".join([head, ",".join(good.values()), ""]).encode()
    row = bring(client, "events", content, source=source.pk)
    assert row.state == ImportState.READY, row.found
    assert not DossierEvent.objects.exists()
    page = show(client, row)
    assert "1 tin nhắn" in page
    assert good["phone"][-7:] not in page
    assert good["phone"].encode() not in bytes(row.content_sealed or b"")
    decide(client, row)
    assert (DossierEvent.objects.count(), OutboxMessage.objects.count()) == (1, 1)
    assert row.stored["outcomes"]
    FileImport.objects.filter(pk=row.pk).update(state=ImportState.STORING)
    assert EventsImport.objects.count() == 1
    faulty = bring(client, "events", content.replace(b"online", b"fax"), source=source.pk)
    assert faulty.state == ImportState.FAULTY
    assert client.post(reverse("console:import-kind", args=["events"])).status_code == 422
    wrong = {"source": "x", "file": SimpleUploadedFile("e.csv", content)}
    address = reverse("console:import-kind", args=["events"])
    assert client.post(address, wrong).status_code == 422


def test_a_worker_killed_at_events_does_the_rest_the_second_time(source: Any, cast: Cast) -> None:
    sender()
    client = signed_in(cast.operator)
    now, day = timezone.now().isoformat(timespec="seconds"), timezone.localdate().strftime("%y%m%d")
    events = [raw(time=now, dossier_code=f"H20.01.05-{day}-000{n}") for n in range(3)]
    lines = [",".join(event.values()) for event in events]
    row = bring(client, "events", rows("events", *lines), source=source.pk)
    FileImport.objects.filter(pk=row.pk).update(state=ImportState.STORING)
    row.refresh_from_db()
    KINDS["events"].store(_first_of(row, lines[0]), None)
    assert DossierEvent.objects.count() == 1
    store_file.call(row.pk)
    row.refresh_from_db()
    assert (row.state, DossierEvent.objects.count()) == (ImportState.DONE, 3)
    store_file.call(row.pk)
    assert DossierEvent.objects.count() == 3


def _first_of(row: FileImport, line: str) -> Any:
    return replace(services._upload(row), content=rows("events", line))


def test_agencies_come_with_those_above_them_and_go_while_nothing_stands_on_them(
    cast: Cast, admin: User
) -> None:
    client = signed_in(admin)
    content = rows(
        "agencies",
        "Sở Y tế,Sở ban ngành,H20.50,,82,01/07/2025",
        "Bệnh viện Đa khoa,public-service-unit,H20.50.01,,H20.50,",
    )
    row = bring(client, "agencies", content)
    assert row.state == ImportState.FAULTY, "the kind in the file is no kind"
    row = bring(client, "agencies", content.replace("Sở ban ngành".encode(), b"department"))
    assert row.state == ImportState.READY, row.found
    decide(client, row)
    hospital = AgencyVersion.objects.get(agency_code="H20.50.01")
    assert hospital.parent == AgencyVersion.objects.get(agency_code="H20.50").agency
    again = bring(client, "agencies", content.replace("Sở ban ngành".encode(), b"department"))
    assert again.state == ImportState.FAULTY, "the codes are taken"
    before = Agency.objects.count()
    decide(client, row, "undo")
    assert Agency.objects.count() == before - 2


def test_offices_get_their_counters_and_used_ones_stay(cast: Cast, admin: User) -> None:
    client = signed_in(admin)
    content = rows(
        "offices",
        "Trung tâm phường 9,Số 1 Lê Lợi,1022,1,,28261,land",
        "Trung tâm phường 9,,,2,Quầy hộ tịch,28261,",
    )
    row = bring(client, "offices", content)
    decide(client, row)
    office = Office.objects.get(name="Trung tâm phường 9")
    assert office.counters.count() == 2
    twice = bring(client, "offices", content)
    assert {fault["column"] for fault in twice.found["faults"]} == {"counter_number"}
    counter = office.counters.get(number=1)
    client.post(reverse("console:code-issue", args=[counter.pk]))
    assert "đang được dùng" in decide(client, row, "undo")
    assert Counter.objects.filter(office=office).count() == 2
    counter.codes.all().delete()
    decide(client, row, "undo")
    assert not Office.objects.filter(pk=office.pk).exists()


def test_colleagues_get_a_link_each_shown_once_to_who_invited_them(cast: Cast, admin: User) -> None:
    client = signed_in(admin)
    content = rows(
        "staff",
        "Nguyễn Văn A,Kiểm tra viên,,a@example.vn,31/12/2027",
        "Trần Thị B,agency-head,28261,,",
    )
    row = bring(client, "staff", content)
    assert row.state == ImportState.READY, row.found
    decide(client, row)
    assert StaffInvitation.objects.count() == 2
    other = User.objects.create_user(username="admin2", role=Role.PROVINCE_ADMIN)
    decide(signed_in(other), row, "links")
    assert FileImport.objects.get().told_sealed, "only who brought the file sees the links"
    page = decide(client, row, "links")
    assert page.count("/staff/invitation/") == 2
    assert not FileImport.objects.get().told_sealed
    assert "/staff/invitation/" not in decide(client, row, "links")
    decide(client, row, "undo")
    assert not StaffInvitation.objects.filter(withdrawn_at=None).exists()


def test_links_go_by_mail_where_there_is_a_server(
    cast: Cast, admin: User, settings: Any, mailoutbox: list[Any]
) -> None:
    settings.EMAIL_HOST = "mail.example.vn"
    client = signed_in(admin)
    row = bring(client, "staff", rows("staff", "A,auditor,,a@example.vn,", "B,auditor,,,"))
    decide(client, row)
    page = decide(client, row, "links")
    assert page.count("/staff/invitation/") == 1
    assert [mail.to for mail in mailoutbox] == [["a@example.vn"]]
    row = bring(client, "staff", rows("staff", "C,auditor,,c@example.vn,"))
    decide(client, row)
    assert "Mọi lời mời đã được gửi" in decide(client, row, "links")


def test_a_discarded_file_is_gone_and_imports_nothing(cast: Cast) -> None:
    client = signed_in(cast.analyst)
    row = bring(client, "totals", csv_file(JULY))
    decide(client, row, "discard")
    assert (row.state, row.content_sealed) == (ImportState.CANCELLED, None)
    decide(client, row)
    assert not MonthlyTotal.objects.exists()


def test_who_has_a_branch_invites_into_it_only_and_sees_own_files_only(
    cast: Cast, admin: User
) -> None:
    local = User.objects.create_user(username="local", role=Role.PROVINCE_ADMIN, agency=cast.land)
    client = signed_in(local)
    lines = ("A,auditor,28261,,", "B,auditor,,,", "C,auditor,H20.01,admin@example.vn,")
    admin.email = "admin@example.vn"
    admin.save()
    row = bring(client, "staff", rows("staff", *lines))
    assert {(fault["row"], fault["column"]) for fault in row.found["faults"]} == {
        (2, "agency_code"),
        (3, "agency_code"),
    }, "an account elsewhere is nobody's business"
    theirs = bring(signed_in(admin), "staff", rows("staff", "D,auditor,,,"))
    assert client.get(reverse("console:import", args=[theirs.pk])).status_code == 404
    assert client.get(reverse("console:import-kind", args=["totals"])).status_code == 403


def test_a_role_lost_before_the_worker_comes_imports_nothing(cast: Cast) -> None:
    client = signed_in(cast.analyst)
    row = bring(client, "totals", csv_file(JULY))
    client.post(reverse("console:import-decide", args=[row.pk, "take"]))
    User.objects.filter(pk=cast.analyst.pk).update(is_active=False)
    store_file.call(row.pk)
    row.refresh_from_db()
    assert row.state == ImportState.FAILED
    assert not MonthlyTotal.objects.exists()


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_has_a_template_it_reads_and_explains_every_column(
    cast: Cast, source: Any, kind: str
) -> None:
    client = signed_in(cast.operator)
    for form in ("xlsx", "csv"):
        answer = client.get(reverse("console:import-template", args=[kind, form]))
        row = bring(client, kind, answer.content, f"a.{form}", source=source.pk)
        assert row.state == ImportState.FAULTY
        assert [fault["row"] for fault in row.found["faults"]] == [2], row.found
    assert len(KINDS[kind].explain()) == len(KINDS[kind].columns)


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize(
    "content", [b"\x89PNG\r\n", b"PK\x03\x04broken", b"a,b\r\n1,2\r\n", "Tháng\x00".encode()]
)
def test_what_is_no_table_is_told_and_breaks_nothing(
    cast: Cast, source: Any, kind: str, content: bytes
) -> None:
    client = signed_in(cast.operator)
    row = bring(client, kind, content, source=source.pk)
    assert row.state == ImportState.FAULTY
    assert row.problem
    assert show(client, row)


def test_a_number_in_a_wrong_place_is_kept_nowhere(source: Any, cast: Cast) -> None:
    client = signed_in(cast.operator)
    line = ",".join(raw().values())
    for content in (f"{line}\r\n{line}".encode(), rows("events", f"{line},0912 345 678")):
        row = bring(client, "events", content, source=source.pk)
        assert row.state == ImportState.FAULTY
        kept = f"{row.problem} {row.found} {show(client, row)}"
        assert "345 678" not in kept
        assert "0912" not in kept


def test_other_figures_of_the_same_cells_have_to_be_looked_at_too(cast: Cast) -> None:
    client = signed_in(cast.analyst)
    decide(client, bring(client, "totals", csv_file(JULY)))
    first = bring(client, "totals", csv_file("2026-07,H20.01,land,counter,700,600"))
    decide(client, bring(client, "totals", csv_file("2026-07,H20.01,land,counter,999,900")))
    decide(client, first)
    assert (first.state, MonthlyTotal.objects.get().completed) == (ImportState.READY, 999)


def test_a_file_is_taken_once_however_many_workers_come(cast: Cast) -> None:
    client = signed_in(cast.analyst)
    row = bring(client, "totals", csv_file(JULY))
    FileImport.objects.update(brought_at=timezone.now() - timedelta(hours=5))
    client.post(reverse("console:import-decide", args=[row.pk, "take"]))
    assert "không còn chờ quyết định" in decide(client, row), "it was asked for just now"
    store_file.call(row.pk)
    services._look_again(row, Checked(rows=9))
    row.refresh_from_db()
    assert (row.state, TotalsImport.objects.count()) == (ImportState.DONE, 1)


def test_what_a_killed_worker_left_can_be_decided_about_and_is_forgotten(cast: Cast) -> None:
    client = signed_in(cast.analyst)
    now = timezone.now()
    row = bring(client, "totals", csv_file(JULY))
    long_ago = now - timedelta(hours=2)
    FileImport.objects.update(state=ImportState.STORING, taken_at=long_ago)
    assert "Bỏ tệp này" in show(client, row)
    decide(client, row)
    assert row.state == ImportState.DONE
    FileImport.objects.update(
        state=ImportState.CHECKING, taken_at=None, brought_at=now - timedelta(days=9)
    )
    assert forget_files(now) == 1


def test_a_fault_nobody_thought_of_ends_a_file_and_tells_nothing(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = signed_in(cast.analyst)
    row = bring(client, "totals", csv_file(JULY))

    def break_down(*_args: Any) -> None:
        raise KeyError("0912 345 678")

    monkeypatch.setattr(KINDS["totals"], "store", break_down)
    decide(client, row)
    assert row.state == ImportState.FAILED
    assert "0912" not in row.problem
    monkeypatch.setattr(KINDS["totals"], "check", break_down)
    again = bring(client, "totals", csv_file(JULY))
    assert again.state == ImportState.FAULTY
    assert "0912" not in again.problem


def test_invitations_live_from_the_day_they_were_made(cast: Cast, admin: User) -> None:
    client = signed_in(admin)
    row = bring(client, "staff", rows("staff", "A,auditor,,,"))
    FileImport.objects.update(brought_at=timezone.now() - timedelta(days=6))
    decide(client, row)
    left = StaffInvitation.objects.get().expires_at - timezone.now()
    assert left > timedelta(days=6, hours=23)


def test_undoing_takes_nothing_along_that_was_made_later(cast: Cast, admin: User) -> None:
    client = signed_in(admin)
    offices = bring(client, "offices", rows("offices", "Nơi mới,,,1,,28261,"))
    decide(client, offices)
    office = Office.objects.get(name="Nơi mới")
    assignment = Assignment.objects.create(
        questionnaire=Questionnaire.objects.get(code="counter-short"),
        office=office,
        valid_from=timezone.localdate(),
        made_by=admin,
    )
    assert "áp dụng phiếu hỏi" in decide(client, offices, "undo")
    assignment.delete()
    decide(client, offices, "undo")
    assert not Hosting.objects.filter(office__name="Nơi mới").exists()
    agencies = bring(client, "agencies", rows("agencies", "Sở Y tế,department,H20.50,,82,"))
    decide(client, agencies)
    agency = AgencyVersion.objects.get(agency_code="H20.50").agency
    change_agency(
        agency=agency,
        on=timezone.localdate() + timedelta(days=1),
        attributes=Attributes(name="Sở Sức khỏe", kind="department", parent=cast.province),
    )
    assert "đổi tên" in decide(client, agencies, "undo")
    assert agency.versions.count() == 2


@pytest.mark.parametrize(
    ("kind", "lines", "column"),
    [
        ("offices", ("Nơi mới,,,0000011999999,,28261,",), "counter_number"),
        ("offices", ("Nơi mới,,,²,,28261,",), "counter_number"),
        (
            "agencies",
            ("Sở A,department,H1,,82,01/01/2027", "Phòng B,department,H1.1,,H1,01/12/2026"),
            "valid_from",
        ),
    ],
)
def test_what_storing_would_refuse_is_told_before(
    cast: Cast, admin: User, kind: str, lines: tuple[str, ...], column: str
) -> None:
    row = bring(signed_in(admin), kind, rows(kind, *lines))
    assert [fault["column"] for fault in row.found["faults"]] == [column]


def test_what_was_taken_meanwhile_stops_the_whole_file(cast: Cast, admin: User) -> None:
    client = signed_in(admin)
    lines = ("Sở A,department,H20.60,,82,", "Sở B,department,H20.61,,82,")
    row = bring(client, "agencies", rows("agencies", *lines))
    upload = services._upload(row)
    decide(client, bring(client, "agencies", rows("agencies", "Sở C,department,H20.61,,82,")))
    with pytest.raises(ValidationError):
        KINDS["agencies"].store(upload, None)
    decide(client, row)
    assert row.state == ImportState.FAULTY
    assert not AgencyVersion.objects.filter(agency_code="H20.60").exists()


def test_an_empty_file_or_none_is_refused_on_the_page(cast: Cast) -> None:
    client = signed_in(cast.analyst)
    address = reverse("console:import-kind", args=["totals"])
    empty = SimpleUploadedFile("a.csv", b" \n")
    for data in ({}, {"file": empty}):
        answer = client.post(address, data)
        assert answer.status_code == 422
        assert "error-text" in answer.content.decode()
    assert not FileImport.objects.exists()


def test_files_nobody_decided_about_are_thrown_away(cast: Cast) -> None:
    now = timezone.now()
    old = now - timedelta(days=KEPT_DAYS + 1)
    kind = KINDS["totals"]
    receive_file(
        kind=kind, content=csv_file(JULY), file_name="a.csv", options={}, by=cast.analyst, now=old
    )
    assert forget_files(now) == 1
    row = FileImport.objects.get()
    assert (row.state, row.content_sealed) == (ImportState.CANCELLED, None)
