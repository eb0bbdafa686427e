"""The signed endpoint for case systems: who may, when, and what is said to what is wrong."""

from __future__ import annotations

import hmac
import json
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from survey.access.models import Slip
from survey.common.encryption import encrypt
from survey.messaging.models import Invitation
from survey.messaging.outbox.models import OutboxMessage
from survey.transactions.models import DossierEvent, SourceSystem
from tests.survey.factories import Cast
from tests.survey.messaging.messages import sender


@pytest.fixture
def source(cast: Cast) -> SourceSystem:
    sealed = encrypt("a secret of the source", "source/portal")
    return SourceSystem.objects.create(
        key_id="portal", name="Cổng dịch vụ công", secret_sealed=sealed, province="H20"
    )


EVENTS, SLIPS = "/api/v1/events", "/api/v1/slips"


def signed(
    body: bytes,
    path: str = EVENTS,
    *,
    secret: str = "a secret of the source",
    moved: int = 0,
) -> dict[str, str]:
    """Headers of a request as a case system signs it."""
    moment = str(int(timezone.now().timestamp()) + moved)
    text = f"POST {path}\n{moment}\n".encode() + body
    return {
        "X-Key": "portal",
        "X-Time": moment,
        "X-Signature": hmac.new(secret.encode(), text, sha256).hexdigest(),
    }


def post(body: bytes, path: str, headers: dict[str, str]) -> Any:
    return Client(enforce_csrf_checks=True).post(
        path, body, content_type="application/json", headers=headers
    )


def send(
    body: bytes, *, secret: str = "a secret of the source", moved: int = 0, **headers: str
) -> Any:
    return post(body, EVENTS, {**signed(body, secret=secret, moved=moved), **headers})


def event(**more: Any) -> dict[str, Any]:
    moment = timezone.localtime(timezone.now() - timedelta(hours=1)).isoformat()
    return {
        "dossier_code": "H20.01.05-261110-0001",
        "event": "returned",
        "time": moment,
        "timing": "on-time",
        "agency_code": "H20.01",
        "domain_code": "land",
        "channel": "online",
        "phone": "0912345678",
        **more,
    }


def test_a_signed_batch_is_taken_and_counted(source: SourceSystem) -> None:
    once = event()
    body = json.dumps({"events": [once, once | {"domain_code": "magic"}, once]}).encode()
    answer = send(body)
    assert answer.status_code == 200
    assert answer.json()["counts"] == {
        "not-invited:no-sender": 1,
        "refused:unknown-domain": 1,
        "repeated": 1,
        "stored": 1,
    }
    assert answer.json()["faults"][0]["event"] == 1
    assert send(body).json()["counts"]["repeated"] == 2
    assert DossierEvent.objects.get().source == source


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"secret": "another"}, "bad-signature"),
        ({"moved": -360}, "out-of-time"),
        ({"moved": 360}, "out-of-time"),
        ({"X-Key": "nobody"}, "unauthorised"),
        ({"X-Time": "soon"}, "unauthorised"),
        ({"X-Signature": "é"}, "bad-signature"),
    ],
)
def test_what_is_not_signed_now_by_a_known_system_is_refused(
    source: SourceSystem, change: Any, code: str
) -> None:
    answer = send(json.dumps({"events": [event()]}).encode(), **change)
    assert (answer.status_code, answer.json()["error"]) == (401, code)
    assert not DossierEvent.objects.exists()


def test_a_withdrawn_key_opens_nothing(source: SourceSystem) -> None:
    SourceSystem.objects.update(active=False)
    assert send(b"{}").status_code == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b'{"events": 5}', 400),
        (b'{"events": [5]}', 400),
        (b"\xff", 400),
        (b"[" * 50_000, 400),
        (b'{"events": [{}]}', 200),
        (b'{"events": []}', 200),
        (b'{"events": [{"dossier_code": {"a": 1}}]}', 200),
        (json.dumps({"events": [{}] * 501}).encode(), 413),
        (b" " * (512 * 1024 + 1), 413),
    ],
)
def test_malformed_bodies_get_a_sentence_and_never_an_error(
    source: SourceSystem, body: bytes, status: int
) -> None:
    answer = send(body)
    assert answer.status_code == status
    assert answer.json()


def test_get_is_not_a_way_in(source: SourceSystem) -> None:
    assert Client().get("/api/v1/events").status_code == 405


@pytest.mark.long
def test_five_hundred_events_of_ordinary_size_are_taken(source: SourceSystem) -> None:
    events = [
        event(dossier_code=f"H20.01.05-261110-{k:04d}", procedure_code="1.012766")
        for k in range(500)
    ]
    body = json.dumps({"events": events}).encode()
    assert len(body) > 100_000
    assert send(body).json()["counts"]["stored"] == 500
    answer = send(b" " * 600_000)
    assert (answer.status_code, answer.json()["error"]) == (413, "too-large")


def slips(**wanted: Any) -> Any:
    body = json.dumps(wanted).encode()
    return post(body, SLIPS, signed(body, SLIPS))


def test_codes_for_slips_are_issued_to_who_signs(source: SourceSystem) -> None:
    answer = slips(agency_code="H20.01", domain_code="land", channel="counter", count=3)
    assert len(set(answer.json()["codes"])) == Slip.objects.count() == 3
    for wrong in (
        {"agency_code": "X"},
        {"count": 0},
        {"count": "3"},
        {"channel": "fax"},
        {"domain_code": "magic"},
    ):
        refused = slips(**{"agency_code": "H20.01", **wrong})
        assert (refused.status_code, refused.json()["error"]) == (400, "malformed")
    assert Client().post(SLIPS, b"{}", content_type="application/json").status_code == 401
    assert Slip.objects.count() == 3


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"agency_code": ""},
        {"agency_code": " "},
        {"agency_code": None},
        {"agency_code": ["H20.01"]},
        {"agency_code": 5},
        {"agency_code": "a\x00"},
        {"agency_code": "\ud800"},
        {"agency_code": "H20.01", "count": True},
        {"agency_code": "H20.01", "channel": ["counter"]},
        {"agency_code": "H20.01", "domain_code": {"a": "\x00"}},
    ],
)
def test_codes_are_never_issued_for_an_agency_nobody_named(
    source: SourceSystem, wanted: dict[str, Any]
) -> None:
    """Many agencies have no electronic identifier: no code must not find the first of them."""
    answer = slips(**wanted)
    assert (answer.status_code, answer.json()["error"]) == (400, "malformed")
    assert "object has no attribute" not in answer.json()["message"]
    assert not Slip.objects.exists()


@pytest.mark.parametrize("body", [b"[1]", b"5", b'"x"', b"null", b"{", b"\xff"])
def test_what_is_no_object_is_told_in_words_of_ours(source: SourceSystem, body: bytes) -> None:
    for path in (EVENTS, SLIPS):
        answer = post(body, path, signed(body, path))
        assert answer.status_code == 400
        assert answer.json()["message"].startswith("the body must be")


def test_a_signature_is_for_one_address_and_one_time(source: SourceSystem) -> None:
    body = json.dumps({"agency_code": "H20.01", "count": 2, "events": []}).encode()
    for path, other in ((SLIPS, EVENTS), (EVENTS, SLIPS)):
        assert post(body, path, signed(body, other)).json()["error"] == "bad-signature"
    headers = signed(body, SLIPS)
    assert post(body, SLIPS, headers).status_code == 200
    for _ in range(3):
        again = post(body, SLIPS, headers)
        assert (again.status_code, again.json()["error"]) == (409, "repeated")
    assert Slip.objects.count() == 2
    assert (
        post(body, SLIPS, {**headers, "X-Signature": headers["X-Signature"].upper()}).status_code
        == 401
    )


def test_a_mended_event_is_asked_about_once(source: SourceSystem, cast: Cast) -> None:
    """A number that was missing: what was decided stays, what was not is mended."""
    first = event(phone="")
    assert send(json.dumps({"events": [first]}).encode()).json()["counts"] == {
        "stored": 1,
        "not-invited:phone-empty": 1,
    }
    assert send(
        json.dumps({"events": [event(**{**first, "phone": "0912345678"})]}).encode()
    ).json()["counts"] == {"repeated": 1}
    sender()
    mended = json.dumps({"events": [event(**{**first, "phone": "0912345678"})]}).encode()
    assert send(mended).json()["counts"] == {"mended": 1, "invited": 1}
    assert send(mended).json()["counts"] == {"repeated": 1}
    assert (
        DossierEvent.objects.count(),
        Invitation.objects.count(),
        OutboxMessage.objects.count(),
    ) == (1, 1, 1)
