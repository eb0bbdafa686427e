"""Who does not receive citizens gives no proof of presence: closed counters, ended agencies, and
agencies that were not there when a tablet was answered.
"""

from __future__ import annotations

import uuid
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from survey.access.kiosks import add_kiosk
from survey.access.models import Kiosk, Screen
from survey.access.screens import enrol_screen, shown
from survey.agencies.models import AgencyKind, AgencyVersion, Counter
from survey.agencies.queries import visible_agencies
from survey.agencies.services import Attributes, merge_agencies
from survey.citizen.entrances.kiosk import take_item
from survey.questionnaires.queries import published_short_form
from survey.responses.models import Response
from tests.survey.citizen.builders import form_fields
from tests.survey.factories import Cast

pytestmark = pytest.mark.django_db
ALWAYS = {"opens": time(0, 0), "closes": time(23, 59, 59), "days": "1234567"}
LONG_AGO = timedelta(days=40)


@pytest.fixture
def screen(cast: Cast) -> Screen:
    made = enrol_screen(counter=cast.land_counter, now=timezone.now())[0]
    Screen.objects.filter(pk=made.pk).update(**ALWAYS)
    return Screen.objects.get(pk=made.pk)


@pytest.fixture
def kiosk(cast: Cast) -> Kiosk:
    long_ago = timezone.now() - timedelta(days=60)
    made = add_kiosk(counter=cast.land_counter, name="Máy 1", now=long_ago)[0]
    Kiosk.objects.filter(pk=made.pk).update(enrolled_at=long_ago, **ALWAYS)
    return Kiosk.objects.select_related("counter").get(pk=made.pk)


def end(cast: Cast, how: str) -> None:
    past = timezone.localdate() - LONG_AGO
    if how == "closed":
        Counter.objects.filter(pk=cast.land_counter.pk).update(closed_on=past)
    else:
        AgencyVersion.objects.filter(agency=cast.land).update(valid_to=past)


def item(at: datetime, **more: Any) -> dict[str, Any]:
    return {
        "uuid": str(uuid.uuid4()),
        "sequence": 1,
        "version": published_short_form(),
        "at": at.isoformat(),
        "fields": [["overall", "5"]],
        **more,
    }


@pytest.mark.parametrize("how", ["closed", "ended"])
def test_a_screen_gives_no_codes_any_more(
    citizen: Client, cast: Cast, screen: Screen, how: str
) -> None:
    code = shown(screen, timezone.now()).code
    action, hidden = form_fields(citizen.get(f"/q/{code}"))
    end(cast, how)
    assert citizen.get(f"/q/{code}").status_code == 410
    assert citizen.post(action, {**hidden, "overall": "5"}).status_code == 303
    row = Response.objects.get()
    assert (row.evidence, row.marks) == ("E0", {"flag": "unproven"})


@pytest.mark.parametrize("how", ["closed", "ended"])
def test_a_tablet_proves_no_presence_any_more(cast: Cast, kiosk: Kiosk, how: str) -> None:
    end(cast, how)
    kiosk = Kiosk.objects.select_related("counter").get(pk=kiosk.pk)
    take_item(kiosk, item(timezone.now()), timezone.now())
    assert Response.objects.get().evidence == "E0"


def test_a_device_of_a_closed_counter_can_be_withdrawn(
    client: Client, cast: Cast, screen: Screen
) -> None:
    end(cast, "closed")
    client.force_login(cast.operator)
    page = f"/staff/presence/screen/{screen.pk}"
    assert page in client.get("/staff/presence").content.decode()
    assert f"{page}/withdraw" in client.get(page).content.decode()
    client.post(f"/staff/presence/screen/{screen.pk}/withdraw")
    screen.refresh_from_db()
    assert screen.revoked_at is not None


def test_no_agency_gets_answers_from_before_it_existed(cast: Cast, kiosk: Kiosk) -> None:
    """A tablet was offline over a merger: in October the new agency was not there."""
    now = timezone.now()
    merge_agencies(
        agencies=[cast.land, cast.commune],
        into_key="new",
        on=timezone.localdate() - timedelta(days=5),
        attributes=Attributes(name="Mới", kind=AgencyKind.DEPARTMENT, parent=cast.province),
    )
    kiosk = Kiosk.objects.select_related("counter").get(pk=kiosk.pk)
    take_item(kiosk, item(now - timedelta(days=28)), now)
    row = Response.objects.get()
    assert (row.evidence, row.marks) == ("E0", {"flag": "undated"})
    assert row.month == timezone.localdate(now).replace(day=1)


def test_a_reorganisation_is_not_entered_before_its_day(cast: Cast) -> None:
    tomorrow = timezone.localdate() + timedelta(days=1)
    with pytest.raises(ValidationError):
        merge_agencies(
            agencies=[cast.land, cast.commune],
            into_key="new",
            on=tomorrow,
            attributes=Attributes(name="Mới", kind=AgencyKind.DEPARTMENT, parent=cast.province),
        )
    cast.land_counter.refresh_from_db()
    assert cast.land_counter.agency_id == cast.land.pk


def test_a_future_parent_sees_nothing_yet(cast: Cast) -> None:
    day = timezone.localdate() + timedelta(days=200)
    AgencyVersion.objects.filter(agency=cast.commune).update(valid_to=day)
    later = {
        "name": "Tên sau này",
        "kind": AgencyKind.COMMUNE,
        "parent": cast.land,
        "valid_from": day,
    }
    AgencyVersion.objects.create(agency=cast.commune, **later)
    assert not visible_agencies(cast.head).filter(pk=cast.commune.pk).exists()
    assert str(cast.commune) == "UBND phường Mỹ Tho"
