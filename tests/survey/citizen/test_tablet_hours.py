"""A tablet's own clock moves no answer into another hour: hours, days and the last empty queue are
the server's.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from survey.access.kiosks import add_kiosk
from survey.access.models import Kiosk
from survey.citizen.entrances.kiosk import _circumstances
from tests.survey.factories import Cast

MONDAY = datetime(2026, 11, 16, 3, 0, tzinfo=UTC)
"""Ten in the morning in Vietnam."""


@pytest.fixture
def tablet(cast: Cast) -> Kiosk:
    made, _code = add_kiosk(counter=cast.land_counter, name="A", now=MONDAY - timedelta(days=20))
    made.enrolled_at = MONDAY - timedelta(days=20)
    return made


@pytest.mark.parametrize(
    ("back", "flag"),
    [
        (timedelta(minutes=1), ""),
        (timedelta(hours=12), "hours"),
        (timedelta(days=1), "hours"),
        (timedelta(days=3), ""),
        (timedelta(days=21), "undated"),
        (-timedelta(hours=1), "undated"),
    ],
)
def test_what_was_given_after_hours_or_before_the_set_up_proves_nothing(
    tablet: Kiosk, back: timedelta, flag: str
) -> None:
    item = {"at": (MONDAY - back).isoformat()}
    _counter, _moment, present, marks = _circumstances(tablet, item, MONDAY)
    assert (present, marks.get("flag", "")) == (flag == "", flag)


def test_what_should_have_come_with_the_last_queue_was_not_given_then(tablet: Kiosk) -> None:
    tablet.emptied_at = MONDAY - timedelta(hours=1)
    for minutes, believed in ((5, True), (65, True), (75, False), (60 * 24 * 3, False)):
        item = {"at": (MONDAY - timedelta(minutes=minutes)).isoformat()}
        assert _circumstances(tablet, item, MONDAY)[2] is believed, minutes
