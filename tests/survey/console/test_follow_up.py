"""What is followed up, by pages: opened, worked on, checked, and what others see of it."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from survey.accounts.models import Role, User
from survey.agencies.models import AgencyKind
from survey.agencies.services import Attributes, found_agency
from survey.followup.kinds import KINDS
from survey.followup.models import Addressee, FollowUp, FollowUpFile, Reading
from survey.followup.queries import events_behind
from survey.followup.states import State
from tests.survey.console.builders import release, signed_in
from tests.survey.factories import Cast, flat
from tests.survey.followup.builders import DETAILS, opened, released
from tests.survey.scorecards.builders import fill, snapshot

LIST = reverse("console:follow-up")
LONG = "31/12/2030"


def new(kind: str) -> str:
    return reverse("console:follow-up-new", args=[kind])


def item(row: FollowUp) -> str:
    return reverse("console:follow-up-item", args=[row.pk])


def step(row: FollowUp) -> str:
    return reverse("console:follow-up-step", args=[row.pk])


def sent(kind: str, **more: object) -> dict[str, object]:
    days = {"held_on", "issued_on", "started_on", "awarded_on", "begins_on"}
    details = {
        f"d-{name}": "/".join(reversed(str(value).split("-"))) if name in days else value
        for name, value in DETAILS[kind].items()
    }
    file = {"file": SimpleUploadedFile("a.pdf", b"%PDF-1.7 x")} if KINDS[kind].has_file else {}
    return {"title": f"Việc {kind}", "due_on": LONG, **details, **file, **more}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_entered_by_its_form_and_read_again(cast: Cast, kind: str) -> None:
    client = signed_in(cast.analyst)
    assert client.get(new(kind)).status_code == 200
    answer = client.post(new(kind), sent(kind, agency=cast.land.pk))
    row = FollowUp.objects.get()
    assert answer["Location"] == item(row)
    page = flat(client.get(item(row)))
    for name, value in DETAILS[kind].items():
        kept = row.details[name]
        assert kept == value or [line["text"] for line in kept] == [
            line for line in value.split("\n") if line
        ]
    assert f"Việc {kind}" in page
    assert f"Việc {kind}" in flat(client.get(f"{LIST}?view=all&kind={kind}&q=viec"))


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_form_names_its_fields_and_keeps_nothing(cast: Cast, kind: str) -> None:
    answer = signed_in(cast.analyst).post(new(kind), {})
    assert answer.status_code == 422
    assert "id_title_error" in flat(answer)
    assert not FollowUp.objects.exists()


def test_one_for_every_agency_of_a_kind(cast: Cast) -> None:
    signed_in(cast.analyst).post(new("task"), sent("task", agency="all-department"))
    # One department: no need for one above it.
    assert FollowUp.objects.get().agency == cast.land


def test_a_head_enters_for_the_own_agency_only(cast: Cast) -> None:
    client = signed_in(cast.head)
    answer = client.post(new("task"), sent("task", agency=cast.commune.pk))
    assert answer.status_code == 302
    assert FollowUp.objects.get().agency == cast.land
    own = {"task", "initiative", "dialogue"}
    for kind in set(KINDS) - own:
        assert client.get(new(kind)).status_code == 403
        assert client.post(new(kind), sent(kind)).status_code == 403
    assert "d-others" not in flat(client.get(new("initiative")))
    assert client.get(new("nonsense")).status_code == 404


def test_a_finding_is_worked_on_by_pages(cast: Cast) -> None:
    released("2026-Q2", {cast.land: (80, 77, 83)})
    row = opened(cast, "finding")
    later = released("2027-Q1", {cast.land: (81, 78, 84)})
    head, analyst = signed_in(cast.head), signed_in(cast.analyst)
    file = SimpleUploadedFile("bien-ban.exe", b"%PDF-1.7 x")  # named as a program
    told = {"move": "report", "text": "Đã niêm yết", "file": file}
    assert head.post(step(row), told).status_code == 302
    assert analyst.post(step(row), {"move": "accept"}).status_code == 302
    page = flat(analyst.get(item(row)))
    assert f'<option value="{later.pk}"' in page
    refused = analyst.post(step(row), {"move": "recheck", "text": "x", "verdict": "999"})
    assert refused.status_code == 422
    chosen = {"move": "recheck", "text": "Phúc tra", "verdict": str(later.pk)}
    assert analyst.post(step(row), chosen).status_code == 302
    row.refresh_from_db()
    assert row.state == State.CLOSED
    assert "không thấy khác biệt" in flat(head.get(item(row)))
    kept = FollowUpFile.objects.get()
    saved = head.get(reverse("console:follow-up-file", args=[kept.pk]))
    assert b"".join(saved.streaming_content) == b"%PDF-1.7 x"  # type: ignore[attr-defined]
    assert saved["Content-Disposition"] == 'attachment; filename="bien-ban.exe.pdf"'


def test_what_was_typed_stays_when_a_step_is_refused(cast: Cast) -> None:
    row = opened(cast, "task")
    bad = SimpleUploadedFile("a.exe", b"MZ")
    told = {"move": "report", "text": "Đã làm xong việc này", "file": bad}
    answer = signed_in(cast.head).post(step(row), told)
    assert answer.status_code == 422
    assert "Đã làm xong việc này" in flat(answer)
    assert "PDF, JPG, PNG, DOCX" in flat(answer)


def test_lines_are_answered_on_the_page(cast: Cast) -> None:
    row = opened(cast, "self-check")
    client = signed_in(cast.head)
    assert "Có thư xin lỗi khi trễ hẹn?" in flat(client.get(item(row)))
    told = {"move": "report", "text": "Đã tự kiểm tra", "answer-0": "yes", "answer-1": "no"}
    assert client.post(step(row), {**told, "answer-1": "maybe"}).status_code == 422
    assert client.post(step(row), told).status_code == 302
    row.refresh_from_db()
    assert [line["answer"] for line in row.details["lines"]] == ["yes", "no"]


def test_a_document_is_confirmed_by_a_button(cast: Cast) -> None:
    signed_in(cast.analyst).post(new("document"), sent("document", agency=cast.land.pk))
    row = FollowUp.objects.get()
    assert Addressee.objects.get().agency == cast.land
    client = signed_in(cast.head)
    assert 'value="read"' in flat(client.get(item(row)))
    client.post(step(row), {"move": "read"})
    assert Reading.objects.get().reader == cast.head
    assert 'value="read"' not in flat(client.get(item(row)))


def test_other_agencies_see_nothing_and_do_nothing(cast: Cast) -> None:
    row = opened(cast, "finding", parent=opened(cast, "inspection"))
    stranger = User.objects.create_user(
        username="head-2", role=Role.AGENCY_HEAD, agency=cast.commune
    )
    client = signed_in(stranger)
    assert "Việc finding" not in flat(client.get(f"{LIST}?view=all"))
    assert client.get(item(row)).status_code == 404
    assert client.post(step(row), {"move": "note", "text": "x"}).status_code == 404
    assert client.get(f"{new('task')}?parent={row.pk}").status_code == 404
    manager = User.objects.create_user(username="m", role=Role.OFFICE_MANAGER, agency=cast.land)
    client = signed_in(manager)
    assert client.get(item(row)).status_code == 200
    assert client.post(step(row), {"move": "note", "text": "x"}).status_code == 403


def test_owner_and_deadline_by_the_page(cast: Cast) -> None:
    row, client = opened(cast, "task"), signed_in(cast.analyst)
    told = {"move": "assign", "owner": cast.head.pk, "due_on": LONG}
    assert client.post(step(row), told).status_code == 302
    row.refresh_from_db()
    assert (row.owner, row.due_on and row.due_on.year) == (cast.head, 2030)
    for wrong in ({"due_on": "hôm qua"}, {"due_on": "01/01/2020"}, {"owner": "999"}):
        assert client.post(step(row), {**told, **wrong}).status_code == 422
    assert "Việc task" in flat(signed_in(cast.head).get(f"{LIST}?view=mine"))


def test_the_inspection_page_leads_to_a_plan(cast: Cast) -> None:
    client = signed_in(cast.analyst)
    page = flat(client.get(reverse("console:inspections")))
    assert "0%" in page
    assert f"{new('inspection')}?agency={cast.land.pk}" in page
    assert "0 %" not in page
    begun = flat(client.get(f"{new('inspection')}?agency={cast.land.pk}"))
    assert f'<option value="{cast.land.pk}" selected>' in begun


def test_what_a_pilot_is_held_against_is_told_to_the_province_alone(cast: Cast) -> None:
    """With one other agency the difference would tell the agency that one's figures."""
    released("2026-Q2", {cast.land: (80, 79, 81), cast.commune: (80, 79, 81)})
    released("2026-Q4", {cast.land: (90, 89, 91), cast.commune: (85, 84, 86)})
    row = opened(cast, "initiative")
    FollowUp.objects.update(details=row.details | {"others": [cast.commune.pk]})
    page, own = (flat(signed_in(user).get(item(row))) for user in (cast.analyst, cast.head))
    assert "+5,00" in page
    assert "Mỹ Tho" in page
    assert "cải thiện nhiều hơn" in own
    assert "+5,00" not in own


@pytest.mark.parametrize("role", [Role.HOTLINE, Role.AUTHOR])
def test_who_has_nothing_to_do_with_it_reads_nothing(cast: Cast, role: str) -> None:
    client = signed_in(User.objects.create_user(username="x", role=role))
    row = opened(cast, "finding")
    assert client.get(LIST).status_code == 403
    assert client.get(item(row)).status_code == 403
    assert LIST not in flat(client.get("/staff/today"))


def test_leaders_find_what_is_overdue_for_long(cast: Cast) -> None:
    opened(cast, "task")
    FollowUp.objects.update(due_on=timezone.localdate() - timedelta(days=15))
    approver = signed_in(User.objects.create_user(username="a", role=Role.APPROVER))
    assert "quá hạn trên 15 ngày" in flat(approver.get("/staff/today"))
    assert "Việc task" in flat(approver.get(f"{LIST}?view=escalated"))
    FollowUp.objects.update(due_on=timezone.localdate() - timedelta(days=14))
    assert "Việc task" not in flat(approver.get(f"{LIST}?view=escalated"))


def test_lists_ask_the_database_no_more_for_many_agencies(
    cast: Cast, django_assert_max_num_queries: object
) -> None:
    kind, parent = AgencyKind.DEPARTMENT, cast.province
    for n in range(40):
        attributes = Attributes(name=f"Sở {n}", kind=kind, parent=parent)
        found_agency(key=f"so-{n}", on=date(2026, 1, 1), attributes=attributes)
    client = signed_in(cast.analyst)
    for made in ("target", "document"):
        client.post(new(made), sent(made, agency="all-department"))
        row = FollowUp.objects.filter(kind=made).order_by("pk")[0]
        with django_assert_max_num_queries(30):  # type: ignore[operator]
            client.get(item(row))
    for address in (f"{LIST}?view=all", reverse("console:inspections")):
        with django_assert_max_num_queries(30):  # type: ignore[operator]
            client.get(address)


def test_national_indices_stand_beside_the_own_one(cast: Cast) -> None:
    address = reverse("console:national")
    assert "Chưa ghi kết quả nào" in flat(signed_in(cast.analyst).get(address))
    released("2025", {None: (84.2, 83, 85)})
    for year, rank in (("2024", "58"), ("2025", "46")):
        row = opened(cast, "external", agency=cast.province)
        FollowUp.objects.filter(pk=row.pk).update(
            details=row.details | {"year": year, "rank": rank}
        )
    page = flat(signed_in(cast.analyst).get(address))
    for words in ("PAR INDEX", "83,54", "46/63", "tăng 12 bậc", "84,2"):
        assert words in page, words
    assert signed_in(cast.head).get(reverse("console:national")).status_code == 403


def test_an_event_stands_beside_the_series_it_explains(cast: Cast, tmp_path: Path) -> None:
    fill(cast, good=50, bad=10)
    edition = release(snapshot(tmp_path))
    opened(cast, "event")
    page = flat(
        signed_in(cast.head).get(
            reverse("console:agency", args=[edition.results.get(agency=cast.land).pk])
        )
    )
    assert "Hai ngày không nộp trực tuyến" in page
    assert [row.title for row in events_behind(cast.land.pk, date(2026, 8, 1), date(2026, 8, 1))]
    assert not events_behind(cast.land.pk, date(2026, 8, 2), date(2026, 9, 1))
    assert not events_behind(cast.commune.pk, date(2026, 8, 1), date(2026, 8, 1))


@pytest.mark.parametrize(("role", "status"), [(Role.AUDITOR, 403), (Role.OFFICE_MANAGER, 302)])
def test_who_writes_nothing_confirms_nothing(cast: Cast, role: str, status: int) -> None:
    signed_in(cast.analyst).post(new("document"), sent("document", agency=cast.land.pk))
    row = FollowUp.objects.get()
    user = User.objects.create_user(username="x", role=role, agency=cast.land)
    client = signed_in(user)
    assert ('value="read"' in flat(client.get(item(row)))) is (status == 302)
    assert client.post(step(row), {"move": "read"}).status_code == status
    assert Reading.objects.exists() is (status == 302)
