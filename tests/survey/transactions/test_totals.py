"""Totals from files and from events: which count, and where they differ."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.test import Client

from survey.common.periods import parse_period
from survey.transactions.models import MonthlyTotal, TotalsImport
from survey.transactions.queries import completed_in, differences_in, totals_in
from tests.survey.factories import Cast
from tests.survey.messaging.messages import NOON, event

pytestmark = pytest.mark.django_db
NOVEMBER = date(2026, 11, 1)


def fill(cast: Cast) -> None:
    """Three dossiers closed in November: one of them refused, then returned after all."""
    event(cast, code="H20.01.05-261110-0001", timing="on-time")
    event(cast, code="H20.01.05-261110-0002", timing="late")
    event(cast, code="H20.01.05-261110-0003", kind="refused", timing="early")
    event(cast, code="H20.01.05-261110-0003", timing="early", happened_at=NOON + timedelta(hours=1))
    event(cast, code="H20.01.05-261110-0004", kind="received", timing="")


def imported(cast: Cast, completed: int, on_time: int) -> None:
    file = TotalsImport.objects.create(file_name="t", sha256="0", rows=1, imported_at=NOON)
    domain = event(cast, code="H20.01.05-261001-0001", happened_at=NOON - timedelta(days=40)).domain
    MonthlyTotal.objects.create(
        agency=cast.land,
        domain=domain,
        channel="online",
        month=NOVEMBER,
        completed=completed,
        on_time=on_time,
        source=file,
    )


def test_events_are_the_totals_until_a_file_tells(cast: Cast) -> None:
    fill(cast)
    assert totals_in(parse_period("2026-11")) == [("h20.01", "land", "online", "2026-11", 3, 2)]
    assert completed_in(NOVEMBER, cast.land.pk, None) == 3
    assert differences_in(NOVEMBER, NOVEMBER.replace(day=30), {"h20.01"}) == []
    imported(cast, 5, 4)
    assert totals_in(parse_period("2026-11")) == [("h20.01", "land", "online", "2026-11", 5, 4)]
    assert completed_in(NOVEMBER, cast.land.pk, None) == 5


def test_a_month_belongs_to_the_clock_of_vietnam(cast: Cast) -> None:
    """17:30 UTC on the last of October is half past midnight on the first of November."""
    event(cast, happened_at=NOON.replace(month=10, day=31, hour=17, minute=30))
    event(
        cast,
        code="H20.01.05-261110-0002",
        happened_at=NOON.replace(month=10, day=31, hour=16, minute=30),
    )
    assert [row[3] for row in totals_in(parse_period("2026-11"))] == ["2026-11"]
    assert totals_in(parse_period("2026-11"))[0][4] == totals_in(parse_period("2026-10"))[0][4] == 1


def test_differences_are_shown_never_hidden(cast: Cast) -> None:
    fill(cast)
    imported(cast, 5, 2)
    (row,) = differences_in(NOVEMBER, NOVEMBER.replace(day=30), {"h20.01"})
    assert (row.imported, row.counted, row.gap) == ((5, 2), (3, 2), -2)
    assert differences_in(NOVEMBER, NOVEMBER.replace(day=30), set()) == []
    september = NOVEMBER.replace(month=9)
    MonthlyTotal.objects.update(month=september)
    assert differences_in(september, NOVEMBER.replace(day=30), {"h20.01"}) == [], (
        "the feed had not begun"
    )
    client = Client()
    client.force_login(cast.operator)
    assert client.get("/staff/dossiers").status_code == 200
