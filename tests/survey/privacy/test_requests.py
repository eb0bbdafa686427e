"""Requests about personal data, incidents, the inventory and the documents made of it."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from docx import Document
from pypdfium2 import PdfDocument

from survey.accounts.models import Role, User
from survey.nightly import STEPS
from survey.privacy.documents import DOCUMENTS, write_document
from survey.privacy.incidents import do_step, list_steps, read_checklist
from survey.privacy.inventory import read_activities, tables_about_nobody
from survey.privacy.models import ConsentText, Incident, IncidentStep, PrivacyRequest
from survey.privacy.notices import note_texts
from survey.privacy.requests import (
    close_request,
    extend_request,
    find_deadlines,
    list_requests,
)
from survey.privacy.retention import apply_schedule
from survey.privacy.schedule import load_schedule
from tests.survey.console.builders import signed_in
from tests.survey.factories import Cast, flat

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 27, 3, 0, tzinfo=UTC)
FRIDAY = date(2026, 11, 27)


@pytest.fixture
def admin(cast: Cast) -> User:
    return User.objects.create_user(username="chief", role=Role.PROVINCE_ADMIN)


def asked(admin: User, **more: object) -> PrivacyRequest:
    given = {"kind": "view", "received_on": FRIDAY, "about": "Xem", "made_by": admin, **more}
    return PrivacyRequest.objects.create(**given)


@pytest.mark.parametrize(
    ("kind", "by_processor", "days"),
    [
        ("view", False, 10),
        ("correct", True, 10),
        ("erase", False, 20),
        ("withdraw", False, 15),
        ("withdraw", True, 20),
        ("restrict", True, 20),
        ("object", False, 15),
    ],
)
def test_days_are_those_of_the_decree(
    admin: User, kind: str, by_processor: bool, days: int
) -> None:
    row = asked(admin, kind=kind, by_processor=by_processor)
    ends = find_deadlines(row, frozenset({date(2026, 11, 30)}))
    assert ends.first_answer == date(2026, 12, 2), "two working days after a weekend and a holiday"
    assert ends.done == FRIDAY + timedelta(days=days)


def test_a_request_is_extended_once_in_time_and_by_no_more_than_the_decree_allows(
    admin: User,
) -> None:
    row = asked(admin)
    offered = [list_requests([row], FRIDAY + timedelta(days=d))[0].may_extend for d in (10, 11)]
    assert offered == [True, False], "no form that would be refused"
    for days, today in ((16, FRIDAY), (0, FRIDAY), (5, FRIDAY + timedelta(days=11))):
        with pytest.raises(ValidationError):
            extend_request(row=row, days=days, because="x", today=today)
    extend_request(row=row, days=15, because="Hỏi bên xử lý", today=FRIDAY)
    row.refresh_from_db()
    assert find_deadlines(row, frozenset()).done == FRIDAY + timedelta(days=25)
    with pytest.raises(ValidationError):
        extend_request(row=row, days=1, because="x", today=FRIDAY)


def test_a_closed_request_is_closed_and_its_address_is_gone(admin: User) -> None:
    row = asked(admin, reply_to="Quầy 3")
    close_request(row=row, outcome="done", answer="Đã xóa", today=FRIDAY)
    row.refresh_from_db()
    assert (row.reply_to, row.answered_on, row.closed_on) == ("", FRIDAY, FRIDAY)
    with pytest.raises(ValidationError):
        close_request(row=row, outcome="refused", answer="", today=FRIDAY)
    apply_schedule(NOW + timedelta(days=731))
    row.refresh_from_db()
    assert (row.about, row.answer, row.outcome) == ("", "", "done")


def test_the_register_is_kept_by_pages(admin: User, cast: Cast) -> None:
    client = signed_in(admin)
    page, today = reverse("console:privacy"), timezone.localdate()
    sent = {
        "kind": "erase",
        "received_on": f"{today - timedelta(days=40):%d/%m/%Y}",
        "about": "Xóa số điện thoại",
    }
    tomorrow = f"{today + timedelta(days=1):%d/%m/%Y}"
    for day in (tomorrow, "01/01/0001"):
        assert client.post(page, {**sent, "received_on": day}).status_code == 422
    assert client.post(page, {**sent, "kind": "x"}).status_code == 422
    assert client.post(page, sent).status_code == 302
    row = PrivacyRequest.objects.get()
    assert row.made_by == admin
    assert "quá hạn" in flat(client.get(page))
    address = reverse("console:privacy-request", args=[row.pk])
    assert client.post(address, {"act": "x"}).status_code == 400
    assert client.post(address, {"act": "answer"}).status_code == 302
    assert client.post(address, {"act": "answer"}).status_code == 422, "told before"
    assert client.post(address, {"act": "extend", "days": "5", "because": "x"}).status_code == 422
    assert client.post(address, {"act": "close", "outcome": "x"}).status_code == 422
    closing = {"act": "close", "outcome": "nothing", "answer": "Không lưu"}
    assert client.post(address, closing).status_code == 302
    row.refresh_from_db()
    assert (row.answered_on, row.outcome) == (today, "nothing")
    assert "Đóng yêu cầu" not in flat(client.get(address))
    auditor = signed_in(User.objects.create_user(username="aud", role=Role.AUDITOR))
    assert auditor.get(address).status_code == 200
    assert auditor.post(address, closing).status_code == 403
    assert signed_in(cast.head).get(page).status_code == 403


def test_the_checklist_is_worked_through_step_by_step(admin: User) -> None:
    client, page = signed_in(admin), reverse("console:incidents")
    known = timezone.localtime() - timedelta(hours=3)
    sent = {"title": "Mất máy tính bảng", "known_at": f"{known:%H:%M %d/%m/%Y}", "is_drill": "on"}
    for moment in ("08:00 01/01/2099", "00:00 01/01/0001"):
        assert client.post(page, {**sent, "known_at": moment}).status_code == 422
    assert client.post(page, sent).status_code == 302
    row = Incident.objects.get()
    address = reverse("console:incident", args=[row.pk])
    lines = list_steps(row, timezone.now())
    assert [line.step.code for line in lines if line.is_late] == ["contain"], "two hours are over"
    assert client.post(address, {"code": "nonsense"}).status_code == 422
    for step in read_checklist():
        assert client.post(address, {"code": step.code, "note": "x"}).status_code == 302
    assert client.post(address, {"code": "contain"}).status_code == 422, "done before"
    row.refresh_from_db()
    assert row.closed_at is not None
    assert row.steps.count() == len(read_checklist())
    with pytest.raises(DatabaseError), transaction.atomic():
        IncidentStep.objects.filter(incident=row).update(note="y")


def test_a_step_is_done_once_also_by_two_at_once(admin: User) -> None:
    row = Incident.objects.create(title="x", known_at=NOW, made_by=admin)
    do_step(incident=row, code="contain", note="", by=admin, now=NOW)
    with pytest.raises(ValidationError):
        do_step(incident=row, code="contain", note="", by=admin, now=NOW)


def test_every_table_is_in_the_inventory_once() -> None:
    known = [table for one in read_activities() for table in one.tables] + tables_about_nobody()
    models = {model.__name__ for model in apps.get_app_config("survey").get_models()}
    assert sorted(known) == sorted(models), "a new table: whose data does it hold, and how long?"
    schedule = {entry.code for entry in load_schedule()}
    assert {code for one in read_activities() for code in one.keep} <= schedule


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_documents_are_made_from_the_inventory(admin: User, name: str) -> None:
    note_texts(NOW)
    words = io.BytesIO(write_document(name, "docx", NOW))
    tables = [cell.text for table in Document(words).tables for cell in table._cells]
    text = "\n".join([*(p.text for p in Document(words).paragraphs), *tables])
    assert "Bên kiểm soát dữ liệu" in text
    if name == "processing":
        assert "OutboxMessage" in text
        assert ConsentText.objects.filter(language="vi").get().sha256[:16] in text
    pdf = PdfDocument(write_document(name, "pdf", NOW))
    assert "dữ liệu cá nhân" in pdf[0].get_textpage().get_text_bounded().lower()
    assert write_document(name, "pdf", NOW) == write_document(name, "pdf", NOW)
    client = signed_in(admin)
    for kind in ("pdf", "docx"):
        answer = client.get(reverse("console:privacy-document", args=[name, kind]))
        assert answer.status_code == 200
        assert len(answer.content) > 5000


def test_what_citizens_were_told_is_kept_word_for_word(admin: User, client: Client) -> None:
    assert note_texts in STEPS
    assert note_texts(NOW) == 6
    assert note_texts(NOW + timedelta(days=1)) == 0, "the same words"
    row = ConsentText.objects.filter(language="vi").get()
    shown = flat(client.get("/privacy"))
    assert " ".join(row.text.split()) in shown
    listed = flat(signed_in(admin).get(reverse("console:privacy")))
    assert "Tiếng Việt, trên máy tính bảng" in listed
    told = signed_in(admin).get(reverse("console:consent-text", args=[row.pk]))
    assert told.content.decode() == row.text
    with pytest.raises(DatabaseError), transaction.atomic():
        ConsentText.objects.filter(pk=row.pk).update(text="x")
