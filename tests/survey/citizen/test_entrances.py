"""Six entrances, one set of expectations: shown without a trace, taken once with its evidence, and
nothing lost over an error, a language or a second tap.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client
from django.utils import timezone

from survey.access.kiosks import add_kiosk
from survey.access.models import Kiosk
from survey.access.screens import enrol_screen, shown
from survey.access.slips import Batch, issue_slips
from survey.citizen import entrances
from survey.citizen.entrances import link, office, poster, screen, slip
from survey.questionnaires.queries import published_short_form
from survey.responses.models import Response
from survey.transactions.models import Channel
from tests.survey.citizen.builders import form_fields, public_key, signature
from tests.survey.factories import Cast, receipt_of
from tests.survey.messaging.builders import invited

pytestmark = pytest.mark.django_db
WITH_PAGES: dict[str, entrances.Entrance] = {
    "poster": poster,
    "screen": screen,
    "slip": slip,
    "link": link,
    "office": office,
}
OPEN = timezone.make_aware(datetime(2026, 11, 17, 10, 0))  # noqa: DTZ001  (a Tuesday, in local time)


@dataclass
class Door:
    """An entrance as a citizen meets it: an address to open, evidence and flag of what comes in."""

    path: str
    evidence: str
    flag: str | None = None


def _poster(cast: Cast) -> Door:
    return Door(f"/s/{cast.code.code}", "E0")


def _screen(cast: Cast) -> Door:
    display = enrol_screen(counter=cast.land_counter, now=OPEN)[0]
    return Door(f"/q/{shown(display, timezone.now()).code}", "E1")


def _slip(cast: Cast) -> Door:
    batch = Batch(agency_id=cast.land.pk, channel=Channel.COUNTER)
    return Door(f"/s/{issue_slips(batch=batch, count=1, now=timezone.now())[0]}", "E2")


def _link(cast: Cast) -> Door:
    return Door(f"/s/{invited(cast)[1]}", "E3")


def _office(cast: Cast) -> Door:
    return Door(f"/offices/{cast.land_counter.office.key}/{cast.land.key}", "E0", "no-code")


DOORS: dict[str, Callable[[Cast], Door]] = {
    "poster": _poster,
    "screen": _screen,
    "slip": _slip,
    "link": _link,
    "office": _office,
}


@pytest.fixture
def _at_ten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: OPEN)


@pytest.fixture(params=DOORS)
def door(request: pytest.FixtureRequest, cast: Cast, _at_ten: None) -> Door:
    return DOORS[request.param](cast)


def opened(client: Client, door: Door) -> tuple[str, dict[str, str]]:
    """Where the form goes, and the hidden fields it carries."""
    page = client.get(door.path)
    assert page.status_code == 200
    return form_fields(page)


def test_every_entrance_keeps_the_contract() -> None:
    assert set(DOORS) == set(WITH_PAGES)
    assert all(callable(entrance.find) for entrance in WITH_PAGES.values())


def test_looking_leaves_no_trace(citizen: Client, door: Door) -> None:
    for _ in range(2):
        opened(citizen, door)
        assert citizen.head(door.path).status_code == 200
    assert not citizen.cookies
    assert not Response.objects.exists()


def test_an_answer_is_taken_once_with_its_evidence(citizen: Client, door: Door) -> None:
    action, hidden = opened(citizen, door)
    receipts = [receipt_of(citizen.post(action, {**hidden, "overall": "4"})) for _ in range(2)]
    row = Response.objects.get()
    assert receipts[0] == receipts[1]
    assert (row.evidence, row.answers, (row.marks or {}).get("flag")) == (
        door.evidence,
        {"overall": 4},
        door.flag,
    )
    assert citizen.get(f"/r/{receipts[0]}").status_code == 200


def test_an_error_and_another_language_lose_nothing(citizen: Client, door: Door) -> None:
    action, hidden = opened(citizen, door)
    wrong = citizen.post(action, {**hidden, "comment": "Chờ lâu"})
    assert wrong.status_code == 422
    assert "Chờ lâu" in wrong.content.decode()
    action, hidden = form_fields(wrong)
    switched = citizen.post(action, {**hidden, "comment": "Chờ lâu", "switch": "en"})
    assert (switched.status_code, "Chờ lâu" in switched.content.decode()) == (200, True)
    assert not Response.objects.exists()
    action, hidden = form_fields(switched)
    assert citizen.post(action, {**hidden, "overall": "2"}).status_code == 303
    assert Response.objects.get().evidence == door.evidence


def test_a_forged_ticket_proves_nothing(citizen: Client, door: Door) -> None:
    action, hidden = opened(citizen, door)
    page = citizen.post(action, {**hidden, "ticket": "x" * 40, "overall": "5"})
    if door.evidence == "E3":
        assert page.status_code == 303, "the link itself is the ticket"
        return
    assert page.status_code == 422
    assert not Response.objects.exists()


# --- the tablet: its page is in it, what it kept comes in parts


@pytest.fixture
def tablet(cast: Cast, _at_ten: None) -> tuple[Kiosk, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    kiosk, code = add_kiosk(counter=cast.land_counter, name="Máy 1", now=OPEN - timedelta(hours=2))
    document = json.dumps({"code": code, "key": public_key(key)})
    Kiosk.objects.filter(pk=kiosk.pk).update(enrol_until=OPEN + timedelta(minutes=5))
    sent = Client().post("/kiosk/enrol", document, content_type="application/json")
    assert sent.status_code == 200
    return kiosk, key


def item(**more: Any) -> dict[str, Any]:
    return {
        "uuid": str(uuid.uuid4()),
        "sequence": 1,
        "version": published_short_form(),
        "language": "vi",
        "at": timezone.now().isoformat(),
        "since": 60_000,
        "fields": [["overall", "4"]],
        **more,
    }


def send(
    tablet: tuple[Kiosk, ec.EllipticCurvePrivateKey], *items: dict[str, Any]
) -> list[dict[str, str]]:
    kiosk, key = tablet
    body = json.dumps({"kiosk": str(kiosk.pk), "items": list(items)}).encode()
    page = Client().post(
        "/kiosk/sync",
        body,
        content_type="application/json",
        headers={"x-signature": signature(key, body)},
    )
    assert page.status_code == 200
    done: list[dict[str, str]] = page.json()["done"]
    return done


def test_an_item_of_a_tablet_is_taken_once_with_its_evidence(
    tablet: tuple[Kiosk, ec.EllipticCurvePrivateKey],
) -> None:
    one = item()
    assert send(tablet, one) == send(tablet, one) == [{"uuid": one["uuid"], "state": "stored"}]
    row = Response.objects.get()
    assert (row.evidence, row.answers, row.marks) == ("E1", {"overall": 4}, None)


@pytest.mark.parametrize("sequence", ["5", 1.5, 0, True, None])
def test_a_bad_number_costs_no_answer(
    tablet: tuple[Kiosk, ec.EllipticCurvePrivateKey], sequence: object
) -> None:
    """The tablet deletes what was refused: an answer was gone, and counted nowhere."""
    (state,) = send(tablet, item(sequence=sequence))
    assert state["state"] == "stored"
    assert Response.objects.get().answers == {"overall": 4}


def test_an_unknown_reason_costs_only_itself(
    tablet: tuple[Kiosk, ec.EllipticCurvePrivateKey], cast: Cast
) -> None:
    fields = [["overall", "1"], ["reasons", "other"], ["reasons", "no such reason"]]
    (state,) = send(tablet, item(fields=fields))
    assert state["state"] == "stored"
    answers = Response.objects.get().answers
    assert answers == {"overall": 1, "reasons": ["other"]}
