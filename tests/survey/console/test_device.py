"""One page a device: its state for its office, its hours by the province only."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from survey.access.kiosks import add_kiosk
from survey.access.models import Kiosk, Screen
from survey.access.screens import enrol_screen
from survey.accounts.models import AuditEvent, Role, User
from tests.survey.console.builders import signed_in
from tests.survey.factories import Cast, flat

HOURS = {"opens": "08:00", "closes": "16:30", "days": ["1", "3", "6"]}


@pytest.fixture
def address(cast: Cast) -> str:
    screen, _display = enrol_screen(counter=cast.land_counter, now=timezone.now())
    return reverse("console:presence-device", args=["screen", screen.pk])


def test_the_province_sets_the_hours_and_the_trail_says_which(cast: Cast, address: str) -> None:
    client = signed_in(cast.analyst)
    assert "07:00–17:30" in flat(client.get(address))
    assert client.post(address, HOURS).status_code == 302
    screen = Screen.objects.get()
    assert (f"{screen.opens:%H:%M}", f"{screen.closes:%H:%M}", screen.days) == (
        "08:00",
        "16:30",
        "136",
    )
    assert "08:00-16:30 136" in AuditEvent.objects.get(action="presence-device").detail
    assert "Thứ Tư" in flat(client.get(address))
    faults: tuple[dict[str, Any], ...] = (
        {"closes": "07:00"},
        {"days": []},
        {"days": ["9"]},
        {"opens": "25:00"},
    )
    for wrong in faults:
        assert client.post(address, {**HOURS, **wrong}).status_code == 422, wrong


def test_the_rated_office_sees_its_device_and_moves_no_hours(cast: Cast, address: str) -> None:
    manager = User.objects.create_user(
        username="manager", role=Role.OFFICE_MANAGER, agency=cast.land
    )
    page = signed_in(manager).get(address)
    assert page.status_code == 200
    assert 'name="opens"' not in page.content.decode()
    assert signed_in(manager).post(address, HOURS).status_code == 403
    other = User.objects.create_user(username="o", role=Role.OFFICE_MANAGER, agency=cast.commune)
    assert signed_in(other).get(address).status_code == 404


def test_a_tablet_tells_that_it_was_not_seen(cast: Cast) -> None:
    kiosk, _code = add_kiosk(counter=cast.land_counter, name="Máy 1", now=timezone.now())
    page = reverse("console:presence-device", args=["kiosk", kiosk.pk])
    client = signed_in(cast.analyst)
    assert "chưa cài đặt" in flat(client.get(page))
    long_ago = timezone.now() - timedelta(days=3)
    Kiosk.objects.update(enrolled_at=long_ago, seen_at=long_ago)
    assert "48 giờ" in flat(client.get(page))
    client.post(reverse("console:presence-withdraw", args=["kiosk", kiosk.pk]))
    assert "Đã thu hồi" in flat(client.get(page)) or "đã thu hồi" in flat(client.get(page))


def test_on_a_public_holiday_no_device_is_open(cast: Cast, address: str, settings: Any) -> None:
    noon = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)
    screen = Screen.objects.get()
    assert screen.opens_at(noon)
    settings.PUBLIC_HOLIDAYS = frozenset({"2026-11-26"})
    assert not screen.opens_at(noon)
