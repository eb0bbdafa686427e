"""The hourly bound of a counter: whatever device, whatever order answers come in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from django.test import Client

from survey.access import kiosks, screens
from survey.access.bounds import FREE, WITHOUT_FEED, places_left
from survey.access.kiosks import note_use
from survey.access.models import Screen
from survey.agencies.models import Counter
from survey.transactions.models import DossierEvent
from tests.survey.factories import Cast

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 16, 5, 0, tzinfo=UTC)
SATURDAY = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
MORNING = datetime(2026, 11, 16, 1, 0, tzinfo=UTC)
SLOTS = [MORNING + timedelta(minutes=10 * k) for k in range(60)]


def filled(cast: Cast, moments: list[datetime]) -> list[datetime]:
    """Which of twenty answers at each moment count, as they come."""
    counted = []
    with transaction.atomic():
        for moment in moments:
            for _answer in range(20):
                if places_left(cast.land_counter, moment) > 0:
                    kiosks.note_use(cast.land_counter, moment)
                    counted.append(moment)
    return counted


@pytest.mark.long
@pytest.mark.parametrize(
    "order",
    [
        pytest.param(list, id="oldest first", marks=pytest.mark.slow),
        pytest.param(lambda slots: slots[::-1], id="newest first", marks=pytest.mark.slow),
        pytest.param(lambda slots: slots[::3] + slots[1::3] + slots[2::3], id="mixed"),
    ],
)
def test_no_hour_counts_more_than_the_bound_in_any_order(
    cast: Cast, order: Callable[[list[datetime]], list[datetime]]
) -> None:
    counted = filled(cast, order(SLOTS))
    for start in SLOTS:
        inside = [moment for moment in counted if start <= moment < start + timedelta(hours=1)]
        assert len(inside) <= WITHOUT_FEED
    assert len(counted) <= WITHOUT_FEED * 10


def test_all_screens_and_tablets_of_a_counter_share_one_bound(cast: Cast) -> None:
    made: list[Screen] = [
        screens.enrol_screen(counter=cast.land_counter, now=MORNING)[0] for _ in range(3)
    ]
    with transaction.atomic():
        for screen in made:
            for _answer in range(5):
                screens.note_use(screen, MORNING)
        assert places_left(cast.land_counter, MORNING) == WITHOUT_FEED - 15
        for _answer in range(5):
            kiosks.note_use(cast.land_counter, MORNING)
        assert places_left(cast.land_counter, MORNING + timedelta(minutes=5)) == 0
        assert places_left(cast.commune_counter, MORNING) == WITHOUT_FEED


@pytest.mark.parametrize("what", ["screen", "kiosk"])
def test_the_hours_of_a_device_are_set_in_the_administration_and_nothing_else(
    client: Client, cast: Cast, what: str
) -> None:
    made = (
        screens.enrol_screen(counter=cast.land_counter, now=MORNING)[0]
        if what == "screen"
        else kiosks.add_kiosk(counter=cast.land_counter, name="A", now=MORNING)[0]
    )
    assert not made.opens_at(SATURDAY)
    client.force_login(cast.operator)
    path = f"/admin/survey/{what}/{made.pk}/change/"
    sent = {
        "opens": "07:00",
        "closes": "17:30",
        "days": "123456",
        "counter": cast.commune_counter.pk,
        "revoked_at": "",
    }
    assert client.post(path, sent).status_code == 302
    made.refresh_from_db()
    assert made.opens_at(SATURDAY)
    assert made.counter == cast.land_counter
    assert client.get(f"/admin/survey/{what}/add/").status_code == 403


def told(cast: Cast, count: int, happened: datetime, received: datetime) -> None:
    domain = cast.land_counter.domain
    DossierEvent.objects.bulk_create(
        DossierEvent(
            province="H20",
            dossier_code=f"H20.01-{happened:%d%H%M}-{k:04d}",
            kind="returned",
            happened_at=happened,
            agency=cast.land,
            domain=domain,
            channel="counter",
            received_at=received,
        )
        for k in range(count)
    )


def test_a_feed_that_comes_by_night_says_nothing_about_this_hour(cast: Cast) -> None:
    """60 dossiers of yesterday in a file: seven of twelve honest answers of today were "over"."""
    told(cast, 60, NOON - timedelta(hours=20), NOON - timedelta(hours=8))
    with transaction.atomic():
        assert places_left(cast.land_counter, NOON) == WITHOUT_FEED


def test_a_live_feed_is_believed_over_a_weekend_and_no_longer(cast: Cast) -> None:
    told(cast, 3, NOON - timedelta(days=2), NOON - timedelta(days=2))
    with transaction.atomic():
        assert places_left(cast.land_counter, NOON) == FREE
        assert places_left(cast.land_counter, NOON + timedelta(days=2)) == WITHOUT_FEED


def test_counters_of_one_domain_share_its_dossiers(cast: Cast) -> None:
    """Two counters had 35 places each for the same 20 dossiers."""
    first = cast.land_counter
    second = Counter.objects.create(
        office=first.office, agency=first.agency, domain=first.domain, number=2
    )
    told(cast, 20, NOON - timedelta(minutes=5), NOON)
    with transaction.atomic():
        assert places_left(second, NOON) == 30 + 2 * FREE
        for _ in range(40):
            note_use(first, NOON)
        assert places_left(second, NOON) == 0
