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

from survey.common.sealing import seal
from survey.transactions.models import DossierEvent, SourceSystem
from tests.survey.factories import Cast


@pytest.fixture
def source(cast: Cast) -> SourceSystem:
    sealed = seal("a secret of the source", "source/portal")
    return SourceSystem.objects.create(key_id="portal", name="Cổng dịch vụ công", secret_sealed=sealed, province="H20")


def send(body: bytes, *, secret: str = "a secret of the source", moved: int = 0, **headers: str) -> Any:  # noqa: S107
    moment = str(int(timezone.now().timestamp()) + moved)
    signature = hmac.new(secret.encode(), moment.encode() + b"." + body, sha256).hexdigest()
    given = {"X-Key": "portal", "X-Time": moment, "X-Signature": signature, **headers}
    return Client(enforce_csrf_checks=True).post("/api/v1/events", body, content_type="application/json", headers=given)


def event(**more: Any) -> dict[str, Any]:
    moment = timezone.localtime(timezone.now() - timedelta(hours=1)).isoformat()
    return {
        "dossier_code": "H20.01.05-261110-0001", "event": "returned", "time": moment, "timing": "on-time",
        "agency_code": "H20.01", "domain_code": "land", "channel": "online", "phone": "0912345678", **more,
    }  # fmt: skip


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
        ({"moved": -301}, "out-of-time"),
        ({"moved": 301}, "out-of-time"),
        ({"X-Key": "nobody"}, "unauthorised"),
        ({"X-Time": "soon"}, "unauthorised"),
        ({"X-Signature": "é"}, "bad-signature"),
    ],
)
def test_what_is_not_signed_now_by_a_known_system_is_refused(source: SourceSystem, change: Any, code: str) -> None:
    answer = send(json.dumps({"events": [event()]}).encode(), **change)
    assert (answer.status_code, answer.json()["error"]) == (401, code)
    assert not DossierEvent.objects.exists()


def test_a_withdrawn_key_opens_nothing(source: SourceSystem) -> None:
    SourceSystem.objects.update(active=False)
    assert send(b"{}").status_code == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400), (b"{", 400), (b"[]", 400), (b'{"events": 5}', 400), (b'{"events": [5]}', 400), (b"\xff", 400),
        (b"[" * 50_000, 400), (b'{"events": [{}]}', 200), (b'{"events": []}', 200),
        (b'{"events": [{"dossier_code": {"a": 1}}]}', 200),
        (json.dumps({"events": [{}] * 501}).encode(), 413), (b" " * (512 * 1024 + 1), 413),
    ],
)  # fmt: skip
def test_malformed_bodies_get_a_sentence_and_never_an_error(source: SourceSystem, body: bytes, status: int) -> None:
    answer = send(body)
    assert answer.status_code == status
    assert answer.json()


def test_get_is_not_a_way_in(source: SourceSystem) -> None:
    assert Client().get("/api/v1/events").status_code == 405


def test_five_hundred_events_of_ordinary_size_are_taken(source: SourceSystem) -> None:
    events = [event(dossier_code=f"H20.01.05-261110-{k:04d}", procedure_code="1.012766") for k in range(500)]
    body = json.dumps({"events": events}).encode()
    assert len(body) > 100_000
    assert send(body).json()["counts"]["stored"] == 500
    answer = send(b" " * 600_000)
    assert (answer.status_code, answer.json()["error"]) == (413, "too-large")


def test_codes_for_slips_are_issued_to_who_signs(source: SourceSystem) -> None:
    from survey.dispatch.slips import Slip

    def ask(**wanted: Any) -> Any:
        body = json.dumps(wanted).encode()
        moment = str(int(timezone.now().timestamp()))
        signature = hmac.new(b"a secret of the source", moment.encode() + b"." + body, sha256).hexdigest()
        headers = {"X-Key": "portal", "X-Time": moment, "X-Signature": signature}
        return Client().post("/api/v1/slips", body, content_type="application/json", headers=headers)

    answer = ask(agency_code="H20.01", domain_code="land", channel="counter", count=3)
    assert len(set(answer.json()["codes"])) == Slip.objects.count() == 3
    for wrong in ({"agency_code": "X"}, {"count": 0}, {"count": "3"}, {"channel": "fax"}, {"domain_code": "magic"}):
        refused = ask(**{"agency_code": "H20.01", **wrong})
        assert (refused.status_code, refused.json()["error"]) == (400, "malformed")
    assert Client().post("/api/v1/slips", b"{}", content_type="application/json").status_code == 401
    assert Slip.objects.count() == 3
