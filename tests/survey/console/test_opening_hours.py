"""Holidays and opening hours, entered by pages, decide what proves presence and what is late."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from survey.access.screens import enrol_screen
from survey.accounts.models import Role, User
from survey.agencies.calendar import (
    Holiday,
    add_holidays,
    is_office_open,
    read_holidays,
    save_office_hours,
)
from survey.agencies.models import Office
from survey.common.periods import add_working_days
from survey.responses.cases import open_case
from survey.responses.services import record_response
from tests.survey.console.builders import signed_in
from tests.survey.factories import NOW, START, Cast

MORNING = (time(7, 30), time(11, 30))
AFTERNOON = (time(13, 30), time(17, 0))
MONDAY = date(2026, 11, 23)


def at(day: date, clock: str) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.fromisoformat(clock)))


@pytest.fixture
def office(cast: Cast) -> Office:
    return cast.land_counter.office


@pytest.fixture
def admin(cast: Cast) -> Client:
    user = User.objects.create_user(username="admin", password="x", role=Role.PROVINCE_ADMIN)
    return signed_in(user)


@pytest.mark.parametrize(
    ("day", "clock", "expected"),
    [
        (MONDAY, "07:29", False),
        (MONDAY, "07:30", True),
        (MONDAY, "11:30", False),
        (MONDAY, "13:30", True),
        (MONDAY, "17:00", False),
        (MONDAY + timedelta(days=1), "08:00", False),
    ],
)
def test_an_office_is_open_in_its_own_hours(
    office: Office, day: date, clock: str, expected: bool
) -> None:
    save_office_hours(office=office, hours={1: [MORNING, AFTERNOON]})
    assert is_office_open(office.pk, at(day, clock)) is expected


def test_an_office_without_hours_is_closed_on_holidays_only(office: Office) -> None:
    assert is_office_open(office.pk, at(MONDAY, "03:00"))
    add_holidays(first=MONDAY, last=MONDAY, name="Lễ", today=START)
    assert not is_office_open(office.pk, at(MONDAY, "09:00"))


def test_a_screen_makes_no_codes_while_its_office_is_closed(cast: Cast, office: Office) -> None:
    screen, _address = enrol_screen(counter=cast.land_counter, now=NOW)
    assert screen.is_open(at(MONDAY, "12:00"))
    save_office_hours(office=office, hours={1: [MORNING, AFTERNOON]})
    assert not screen.is_open(at(MONDAY, "12:00"))
    assert screen.is_open(at(MONDAY, "14:00"))


def test_hours_are_set_by_a_page_and_shown_at_the_office(admin: Client, office: Office) -> None:
    address = reverse("console:office-hours", args=[office.pk])
    assert "07:30" in admin.get(address).content.decode(), "the usual hours are offered"
    sent = {
        "1-0-opens": "08:00",
        "1-0-closes": "11:00",
        "6-1-opens": "13:00",
        "6-1-closes": "15:00",
    }
    assert admin.post(address, sent).status_code == 302
    kept = list(office.hours.values_list("weekday", "opens", "closes"))
    assert kept == [(1, time(8), time(11)), (6, time(13), time(15))]
    page = admin.get(reverse("console:office", args=[office.pk])).content.decode()
    assert "08:00–11:00" in page


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"1-0-opens": "08:00"}, "cả hai"),
        ({"1-0-opens": "11:00", "1-0-closes": "08:00"}, "đóng cửa sau khi mở cửa"),
        (
            {
                "1-0-opens": "08:00",
                "1-0-closes": "14:00",
                "1-1-opens": "13:00",
                "1-1-closes": "17:00",
            },
            "buổi sáng",
        ),
        ({"1-0-opens": "25:00", "1-0-closes": "26:00"}, "hợp lệ"),
        ({"1-0-opens": "\x00", "1-0-closes": "x"}, "hợp lệ"),
    ],
)
def test_hours_that_cannot_be_are_refused_and_nothing_changes(
    admin: Client, office: Office, sent: dict[str, str], words: str
) -> None:
    save_office_hours(office=office, hours={2: [MORNING]})
    answer = admin.post(reverse("console:office-hours", args=[office.pk]), sent)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert list(office.hours.values_list("weekday", flat=True)) == [2]


def test_all_fields_empty_leave_the_devices_hours_alone(admin: Client, office: Office) -> None:
    save_office_hours(office=office, hours={2: [MORNING]})
    admin.post(reverse("console:office-hours", args=[office.pk]), {})
    assert not office.hours.exists()


def test_holidays_are_added_and_taken_back_by_a_page(admin: Client, cast: Cast) -> None:
    first = timezone.localdate() + timedelta(days=70)
    sent = {
        "first": f"{first:%d/%m/%Y}",
        "last": f"{first + timedelta(days=4):%d/%m/%Y}",
        "name": "Tết Nguyên đán",
    }
    assert admin.post(reverse("console:holidays"), sent).status_code == 302
    admin.post(reverse("console:holidays"), sent)
    assert Holiday.objects.count() == 5, "the same days once more are the same days"
    assert "Tết Nguyên đán" in admin.get(reverse("console:holidays")).content.decode()
    row = Holiday.objects.all()[0]
    admin.post(reverse("console:holiday-delete", args=[row.pk]))
    assert Holiday.objects.count() == 4


def test_a_holiday_that_has_passed_stays(admin: Client, cast: Cast) -> None:
    row = Holiday.objects.create(day=date(2026, 9, 2), name="Quốc khánh")
    page = admin.post(reverse("console:holiday-delete", args=[row.pk]), follow=True)
    assert "đã qua" in page.content.decode()
    assert Holiday.objects.filter(pk=row.pk).exists()


@pytest.mark.parametrize(
    "sent",
    [
        {"first": "31/12/2026", "last": "01/12/2026", "name": "x"},
        {"first": "01/01/2027", "last": "31/12/2027", "name": "x"},
        {"first": "2027-13-01", "last": "", "name": "x"},
        {"first": "01/01/2027", "last": "", "name": ""},
        {"first": "01/01/2027", "last": "", "name": "x" * 101},
        {"first": "\x00", "last": "\x00", "name": "\x00"},
    ],
)
def test_days_that_cannot_be_are_refused(admin: Client, cast: Cast, sent: dict[str, str]) -> None:
    assert admin.post(reverse("console:holidays"), sent).status_code == 422
    assert not Holiday.objects.exists()


def test_the_deadline_of_a_case_skips_holidays(cast: Cast) -> None:
    case = open_case(row=record_response(submission=cast.submission("x", 1)).row, now=NOW)
    assert case is not None
    before = case.due_on()
    add_holidays(first=before, last=before, name="Lễ", today=START)
    assert case.due_on() > before
    assert case.due_on() == add_working_days(before, 1, read_holidays())


def test_the_setting_counts_beside_the_page(cast: Cast, settings: object) -> None:
    settings.PUBLIC_HOLIDAYS = frozenset({"2027-01-01"})  # type: ignore[attr-defined]
    add_holidays(first=date(2027, 4, 30), last=date(2027, 4, 30), name="30/4", today=START)
    assert read_holidays() == {date(2027, 1, 1), date(2027, 4, 30)}
