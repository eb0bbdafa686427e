"""Cut-offs: what comes in late counts later, and a cut-off itself is never changed."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from survey.access.ballots import issue_ballots
from survey.access.kiosks import add_kiosk
from survey.accounts.models import Role, User
from survey.citizen.entrances.kiosk import take_item
from survey.common.periods import Period, parse_period
from survey.questionnaires.queries import published_version
from survey.responses import spool
from survey.responses.ballots import enter_count
from survey.responses.cut_offs import (
    LONGEST_FREEZE,
    CutOff,
    CutOffPlan,
    closing,
    counted_month,
    find_cut_off,
    keep_cut_off,
    plan_cut_off,
    plans_due,
)
from survey.responses.exclusions import exclude_answers, read_exclusions
from survey.responses.models import Response
from tests.survey.factories import Cast

pytestmark = pytest.mark.django_db
Q2 = parse_period("2026-Q2")
JULY = datetime(2026, 7, 5, 3, tzinfo=UTC)
TODAY = date(2026, 8, 15)


def cut(period: Period, reason: str = "", now: datetime = JULY) -> CutOff:
    with transaction.atomic():
        return keep_cut_off(
            period=period, snapshot_sha256="0" * 64, reason=reason, by=None, now=now
        )


@pytest.fixture
def quarter() -> Period:
    """The last one that has ended."""
    day = timezone.localdate()
    before = day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1) - timedelta(days=1)
    return parse_period(f"{before.year}-Q{(before.month + 2) // 3}")


def running_month() -> date:
    return timezone.localdate().replace(day=1)


@pytest.mark.parametrize(
    ("given", "month"),
    [
        ("2026-08-15", "2026-08-01"),
        ("2026-07-31", "2026-07-01"),
        ("2026-06-30", "2026-08-01"),
        ("2026-04-01", "2026-08-01"),
        ("2026-03-31", "2026-03-01"),
    ],
)
def test_what_was_given_in_a_frozen_month_counts_in_the_running_one(given: str, month: str) -> None:
    cut(Q2)
    assert counted_month(date.fromisoformat(given), TODAY) == date.fromisoformat(month)


def test_cut_offs_of_a_period_are_counted_and_the_newest_stands() -> None:
    assert [cut(Q2).number, cut(Q2, "Số hồ sơ đến muộn").number] == [1, 2]
    standing = find_cut_off("2026-Q2")
    assert standing is not None
    assert (standing.number, standing.reason) == (2, "Số hồ sơ đến muộn")
    assert find_cut_off("2026-Q1") is None


def test_a_running_period_is_not_cut_off() -> None:
    with pytest.raises(ValidationError, match="đã kết thúc"):
        cut(parse_period("2026-07"), now=datetime(2026, 7, 31, 16, tzinfo=UTC))


def test_the_last_day_ends_by_the_clock_of_the_province() -> None:
    cut(parse_period("2026-07"), now=datetime(2026, 7, 31, 17, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    "change", [lambda rows: rows.update(snapshot_sha256="1" * 64), lambda rows: rows.delete()]
)
def test_the_database_changes_no_cut_off(change: Callable[[QuerySet[CutOff]], object]) -> None:
    cut(Q2)
    with pytest.raises(DatabaseError), transaction.atomic():
        change(CutOff.objects.all())


def at_noon(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(12)))


def months() -> list[date]:
    return list(Response.objects.order_by("month").values_list("month", flat=True))


def test_an_answer_kept_on_the_disk_rolls_on(
    cast: Cast, settings: Any, tmp_path: Path, quarter: Period
) -> None:
    settings.VAR_DIR = tmp_path
    given = at_noon(quarter.last)
    assert spool.keep_submission(cast.submission("before", now=given))
    assert spool.take_in() == spool.Taken(stored=1)
    cut(quarter, now=timezone.now())
    assert spool.keep_submission(cast.submission("after", now=given))
    assert spool.take_in() == spool.Taken(stored=1)
    assert months() == [quarter.last.replace(day=1), running_month()]


def test_a_ballot_box_entered_late_rolls_on(cast: Cast, quarter: Period) -> None:
    now = timezone.now()
    cut(quarter, now=now)
    other = User.objects.create_user(username="second", password=None, role=Role.ANALYST)
    batch = issue_ballots(counter=cast.land_counter, count=5, now=at_noon(quarter.first))
    for person in (cast.analyst, other):
        enter_count(batch=batch, by=person, levels={"5": 3}, opened_on=quarter.last, now=now)
    assert set(months()) == {running_month()}


def test_an_answer_a_tablet_sends_late_rolls_on(cast: Cast, quarter: Period) -> None:
    now = timezone.now()
    cut(quarter, now=now)
    kiosk, _code = add_kiosk(counter=cast.land_counter, name="Máy 1", now=at_noon(quarter.first))
    version = published_version("counter-short")
    assert version is not None
    item = {
        "uuid": str(uuid.uuid4()),
        "sequence": 1,
        "version": version.pk,
        "language": "vi",
        "fields": [["overall", "5"]],
        "at": at_noon(quarter.last).isoformat(),
    }
    assert take_item(kiosk, item, now) == {"uuid": item["uuid"], "state": "stored"}
    assert months() == [running_month()]


def test_the_cut_off_of_a_month_takes_nothing_from_its_quarter() -> None:
    cut(parse_period("2026-06"))
    assert counted_month(date(2026, 6, 30), TODAY) == date(2026, 6, 1)


def test_what_comes_in_while_a_period_is_being_frozen_counts_later() -> None:
    with closing(Q2, timezone.now()):
        assert counted_month(date(2026, 6, 30), TODAY) == date(2026, 8, 1)
    assert counted_month(date(2026, 6, 30), TODAY) == date(2026, 6, 1)
    with closing(Q2, timezone.now() - LONGEST_FREEZE):
        assert counted_month(date(2026, 6, 30), TODAY) == date(2026, 6, 1), "killed long ago"


def test_two_processes_cut_a_period_off_once() -> None:
    assert cut(Q2).pk == cut(Q2).pk
    assert CutOff.objects.count() == 1


def test_exclusions_of_the_months_before_are_read_for_late_answers(cast: Cast) -> None:
    begins = datetime(2026, 6, 29, 1, tzinfo=UTC)
    exclude_answers(
        counter=cast.land_counter,
        begins=begins,
        ends=begins + timedelta(hours=8),
        reason="Quét tại nhà",
        now=JULY,
    )
    assert read_exclusions(parse_period("2026-Q3"))
    assert read_exclusions(parse_period("2027-Q4")), "a tablet may send for two years"
    assert not read_exclusions(parse_period("2026-Q1"))


def test_a_plan_is_for_a_day_ahead_after_the_period(cast: Cast) -> None:
    running = parse_period("2026-Q3")
    for day in (date(2026, 9, 30), TODAY, date(9999, 12, 31)):
        with pytest.raises(ValidationError) as caught:
            plan_cut_off(period=running, day=day, by=cast.analyst, today=TODAY)
        assert list(caught.value.message_dict) == ["day"]
    plan_cut_off(period=running, day=date(2026, 10, 5), by=cast.analyst, today=TODAY)
    plan_cut_off(period=running, day=date(2026, 10, 8), by=cast.analyst, today=TODAY)
    assert [row.day for row in CutOffPlan.objects.all()] == [date(2026, 10, 8)]
    assert plans_due(date(2026, 10, 7)) == []
    assert [row.period for row in plans_due(date(2026, 10, 8))] == ["2026-Q3"]


def test_a_period_that_was_cut_off_is_not_planned_and_its_plan_is_done(cast: Cast) -> None:
    plan_cut_off(period=Q2, day=TODAY + timedelta(days=1), by=cast.analyst, today=TODAY)
    cut(Q2)
    assert not CutOffPlan.objects.exists()
    with pytest.raises(ValidationError, match="đã được chốt"):
        plan_cut_off(period=Q2, day=TODAY + timedelta(days=1), by=cast.analyst, today=TODAY)
