"""What is wrong at counters without anybody complaining, and who is told of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from survey.access.kiosks import add_kiosk
from survey.access.models import CounterCode, Kiosk
from survey.access.posters import issue_code
from survey.accounts.models import Role, User
from survey.agencies.calendar import read_holidays
from survey.common.periods import subtract_working_days
from survey.responses.alerts import Alert, find_alerts
from survey.responses.models import Evidence, Response
from survey.responses.services import record_response
from survey.transactions.services import import_totals
from tests.survey.console.builders import signed_in
from tests.survey.factories import Cast, flat, open_form
from tests.survey.messaging.messages import event
from tests.survey.transactions.builders import csv_file

THURSDAY = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)
ALERTS = reverse("console:alerts")


def kinds(cast: Cast) -> list[tuple[str, int]]:
    find_alerts(THURSDAY)
    return sorted(Alert.objects.values_list("kind", "counter"))


def checked(cast: Cast, when: datetime = THURSDAY) -> None:
    CounterCode.objects.update(checked_at=when, issued_at=THURSDAY - timedelta(days=60))


def serve(completed: int) -> None:
    content = csv_file(f"2026-10,H20.01,land,counter,{completed},1")
    import_totals(content=content, file_name="t.csv", by=None, now=THURSDAY)


def test_a_busy_counter_nobody_answered_at_for_three_working_days_is_told(cast: Cast) -> None:
    checked(cast)
    serve(420)
    assert kinds(cast) == [("silent", cast.land_counter.pk)]
    wednesday = THURSDAY - timedelta(days=1)
    record_response(submission=cast.submission("a", now=wednesday))
    assert kinds(cast) == [], "somebody answered, and what is no longer so ends"


def test_a_counter_that_serves_few_and_a_new_one_may_be_silent(cast: Cast) -> None:
    checked(cast)
    serve(419)
    assert kinds(cast) == []
    serve(4200)
    CounterCode.objects.update(issued_at=THURSDAY - timedelta(days=1))
    assert kinds(cast) == []


def test_working_days_leave_out_weekends_and_holidays(db: None, settings: object) -> None:
    assert subtract_working_days(date(2026, 11, 26), 3, read_holidays()) == date(2026, 11, 23)
    assert subtract_working_days(date(2026, 11, 23), 3, read_holidays()) == date(2026, 11, 18)
    settings.PUBLIC_HOLIDAYS = frozenset({"2026-11-20"})  # type: ignore[attr-defined]
    assert subtract_working_days(date(2026, 11, 23), 3, read_holidays()) == date(2026, 11, 17)


def test_posters_nobody_checks_and_tablets_that_do_not_report_are_told(cast: Cast) -> None:
    checked(cast, THURSDAY - timedelta(days=31))
    CounterCode.objects.filter(counter=cast.commune_counter).update(checked_at=THURSDAY)
    kiosk, _code = add_kiosk(counter=cast.commune_counter, name="Máy 1", now=THURSDAY)
    assert kinds(cast) == [("unchecked", cast.land_counter.pk)], "a tablet not yet enrolled"
    long_ago = THURSDAY - timedelta(hours=49)
    Kiosk.objects.filter(pk=kiosk.pk).update(enrolled_at=long_ago, seen_at=long_ago)
    assert ("tablet", cast.commune_counter.pk) in kinds(cast)
    since = Alert.objects.get(kind="tablet").since
    find_alerts(THURSDAY + timedelta(days=2))
    assert Alert.objects.get(kind="tablet").since == since, "it keeps the day it began"
    Kiosk.objects.update(revoked_at=THURSDAY)
    assert kinds(cast) == [("unchecked", cast.land_counter.pk)]


def test_a_replaced_poster_people_still_scan_is_told(cast: Cast, citizen: Client) -> None:
    old = cast.code.code
    issue_code(counter=cast.land_counter, now=timezone.now())
    checked(cast)
    assert kinds(cast) == []
    data = {**open_form(citizen, old), "overall": "4"}
    assert citizen.post(f"/s/{old}", data).status_code == 303
    find_alerts(timezone.now())
    assert ("old-poster", cast.land_counter.pk) in Alert.objects.values_list("kind", "counter")
    assert Response.objects.get().counter is None, "the answer itself keeps no counter"
    find_alerts(timezone.now() + timedelta(days=8))
    assert not Alert.objects.filter(kind="old-poster").exists()


def test_the_rated_side_is_told_of_posters_and_tablets_only(cast: Cast) -> None:
    checked(cast, THURSDAY - timedelta(days=31))
    serve(4200)
    find_alerts(THURSDAY)
    province = flat(signed_in(cast.analyst).get(ALERTS))
    assert "không ai đánh giá" in province.lower()
    own = flat(signed_in(cast.head).get(ALERTS))
    assert "không ai đánh giá" not in own.lower()
    assert "chưa ai kiểm tra" in own.lower()
    assert "không ai đánh giá" not in flat(signed_in(cast.head).get("/staff/today")).lower()
    other = User.objects.create_user(username="o", role=Role.AGENCY_HEAD, agency=cast.commune)
    assert "Trung tâm Phục vụ hành chính công tỉnh" not in flat(signed_in(other).get(ALERTS))
    hotline = User.objects.create_user(username="h", role=Role.HOTLINE)
    assert signed_in(hotline).get(ALERTS).status_code == 403
    assert signed_in(cast.analyst).get(ALERTS, {"kind": "x", "page": "x"}).status_code == 200


def test_a_day_on_which_the_hourly_bound_held_answers_back_is_told(cast: Cast) -> None:
    checked(cast)
    yesterday = THURSDAY - timedelta(days=1)
    for number in range(3):
        assert kinds(cast) == [], "two clocks that differ make one or two"
        over = replace(cast.submission(f"a{number}", now=yesterday), marks={"flag": "over"})
        record_response(submission=over)
    assert kinds(cast) == [("crowded", cast.land_counter.pk)]
    assert Alert.objects.get().detail == "25/11/2026"
    find_alerts(THURSDAY + timedelta(days=8))
    assert not Alert.objects.filter(kind="crowded").exists(), "told for a week"


def test_a_day_with_more_answers_than_dossiers_is_told_where_dossiers_are(cast: Cast) -> None:
    checked(cast)
    yesterday = THURSDAY - timedelta(days=1)
    for number in range(5):
        proven = replace(cast.submission(f"a{number}", now=yesterday), evidence=Evidence.SCREEN)
        record_response(submission=proven)
    assert kinds(cast) == [], "no case system tells of dossiers"
    received = {"channel": "counter", "kind": "received"}
    for number in range(9):
        event(cast, f"r{number}", happened_at=yesterday, **received)
    assert kinds(cast) == [], "nor of completed ones"
    for number in range(2):
        event(cast, f"d{number}", channel="counter", happened_at=yesterday)
    assert kinds(cast) == [("over-day", cast.land_counter.pk)]
    assert "nhiều lượt trả lời hơn số hồ sơ" in flat(signed_in(cast.analyst).get(ALERTS))
    own = flat(signed_in(cast.head).get(ALERTS))
    assert "nhiều lượt trả lời hơn số hồ sơ" not in own, "never the rated office"
    event(cast, "d3", channel="counter", happened_at=yesterday)
    assert kinds(cast) == [], "one or two more are clocks that differ"
