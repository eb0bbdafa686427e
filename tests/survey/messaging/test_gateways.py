"""One contract over every gateway, and Twilio's faults by number over real HTTP."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from survey import messaging
from survey.dev.simulator.endpoint import Settings, signature
from survey.dev.simulator.faults import FAULTS
from survey.dev.simulator.twilio import Simulator
from survey.messaging.gateways import gateway
from survey.messaging.gateways.base import Gateway, LookupFailed, Message, Outcome, Result
from survey.messaging.gateways.console import ConsoleGateway
from survey.messaging.gateways.memory import MemoryGateway
from survey.messaging.gateways.twilio import TwilioGateway
from survey.messaging.models import OptOut
from survey.messaging.outbox import queue as outbox
from survey.messaging.outbox.models import OutboxMessage
from tests.survey.messaging.messages import NOON, message, sender

ACCOUNT, TOKEN = "AC" + "9" * 32, "a token"
FAULTY = "+8490000"


@pytest.fixture
def simulator(settings: Any) -> Iterator[Simulator]:
    with Simulator(
        0, Settings(ACCOUNT, TOKEN, hang_seconds=2.5, callback_delay=(0.0, 0.0))
    ) as server:
        server.serve_in_background()
        settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = ACCOUNT, TOKEN
        settings.TWILIO_API_BASE_URL, settings.TWILIO_SENDER_ID = server.url, "UBND TINH"
        settings.TWILIO_MESSAGING_SERVICE_SID, settings.SMS_TIMEOUT = "", 1.0
        yield server
        server.shutdown()


def text(number: str = "+84912345678", token: str = "7K3M9QX2WT5B") -> Message:
    return Message(
        to=number,
        body=f"UBND: https://dg.vn/s/{token}",
        reference="r",
        callback_url="",
        valid_for=600,
    )


def test_without_names_nothing_was_sent_and_nothing_is_known(settings: Any) -> None:
    """DNS is gone: the message goes again, a look-up says that it could not look."""
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = ACCOUNT, TOKEN
    settings.TWILIO_API_BASE_URL, settings.SMS_TIMEOUT = "http://no-such-host.invalid:8900", 1.0
    settings.TWILIO_SENDER_ID, settings.TWILIO_MESSAGING_SERVICE_SID = "UBND TINH", ""
    assert TwilioGateway().send(text()).outcome == Outcome.NOT_SENT
    with pytest.raises(LookupFailed):
        TwilioGateway().find(to="+84912345678", token="7K3M9QX2WT5B", since=NOON)


GATEWAYS: dict[str, tuple[Callable[[], Gateway], str]] = {
    "twilio": (TwilioGateway, "simulator"),
    "console": (ConsoleGateway, ""),
    "memory": (MemoryGateway, ""),
}
"""Every gateway, and the fixture that serves its protocol."""


@pytest.fixture(params=GATEWAYS)
def backend(request: pytest.FixtureRequest) -> Gateway:
    make, server = GATEWAYS[request.param]
    if server:
        request.getfixturevalue(server)
    return make()


def test_every_gateway_keeps_the_contract(backend: Gateway, settings: Any) -> None:
    settings.SMS_BACKEND = backend.name
    assert type(gateway()) is type(backend)
    sent = backend.send(text())
    assert sent.outcome == Outcome.ACCEPTED
    assert sent.provider_id
    report = backend.fetch(sent.provider_id)
    assert report is not None
    assert report.provider_id == sent.provider_id
    assert report.status is not None
    found = backend.find(
        to="+84912345678", since=datetime.now(UTC) - timedelta(minutes=5), token="7K3M9QX2WT5B"
    )
    assert found is None or found.provider_id == sent.provider_id
    assert (found is None) == (backend.name == "console")
    assert backend.find(to="+84912345678", since=datetime.now(UTC), token="000000000000") is None
    backend.redact(sent.provider_id)
    assert backend.send(text("+84912345679")).provider_id != sent.provider_id


WANTED = {
    "0001": Outcome.BAD_NUMBER,
    "0002": Outcome.CONFIGURATION,
    "0003": Outcome.CONFIGURATION,
    "0004": Outcome.OPTED_OUT,
    "0005": Outcome.BUSY,
    "0006": Outcome.UNKNOWN,
    "0007": Outcome.UNKNOWN,
    "0008": Outcome.UNKNOWN,
    "0009": Outcome.BAD_NUMBER,
    "0016": Outcome.UNKNOWN,
    "0017": Outcome.CREDENTIALS,
    "0018": Outcome.BAD_NUMBER,
    "0021": Outcome.CONFIGURATION,
    "0023": Outcome.BUSY,
    "0024": Outcome.QUEUE_FULL,
    "0025": Outcome.CONFIGURATION,
    "0027": Outcome.REFUSED,
}


@pytest.mark.long
@pytest.mark.parametrize("digits", sorted(FAULTS))
def test_each_fault_becomes_our_word(simulator: Simulator, digits: str) -> None:
    provider, number = TwilioGateway(), f"{FAULTY}{digits}"
    token = f"TOKEN{digits}XYZ"
    result = provider.send(text(number, token))
    assert result.outcome == WANTED.get(digits, Outcome.ACCEPTED)
    accepted = FAULTS[digits].endswith("-after") or result.outcome == Outcome.ACCEPTED
    since = datetime.now(UTC) - timedelta(minutes=5)
    if FAULTS[digits] == "slow-list":
        with pytest.raises(LookupFailed):
            provider.find(to=number, since=since, token=token)
    else:
        assert (provider.find(to=number, since=since, token=token) is not None) == accepted
    assert result.retry_after == (1.0 if digits == "0005" else None)


def test_a_message_behind_the_first_page_of_the_list_is_found(simulator: Simulator) -> None:
    provider = TwilioGateway()
    first = provider.send(text(token="FIRST0000000"))
    for k in range(55):
        provider.send(text(token=f"LATER{k:07d}"))
    found = provider.find(
        to="+84912345678", since=datetime.now(UTC) - timedelta(minutes=5), token="FIRST0000000"
    )
    assert found is not None
    assert found.provider_id == first.provider_id


def test_nothing_is_concluded_while_the_provider_cannot_be_asked(simulator: Simulator) -> None:
    provider = TwilioGateway()
    provider_id = provider.send(text()).provider_id
    provider.redact(provider_id)
    assert simulator.store.messages[provider_id]["body"] == ""
    assert provider.fetch("SM" + "0" * 32) is None
    simulator.shutdown()
    simulator.server_close()
    for ask, values in (
        ("find", {"to": "+84912345678", "since": datetime.now(UTC), "token": "x"}),
        ("fetch", {"provider_id": provider_id}),
        ("redact", {"provider_id": provider_id}),
    ):
        with pytest.raises(LookupFailed):
            getattr(TwilioGateway(), ask)(**values)
    assert TwilioGateway().send(text()).outcome == Outcome.NOT_SENT


def test_the_client_writes_no_number_to_the_log(
    simulator: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        provider = TwilioGateway()
        provider.send(text())
        provider.find(to="+84912345678", since=datetime.now(UTC), token="7K3M9QX2WT5B")
    assert "912345678" not in caplog.text
    assert "7K3M9QX2WT5B" not in caplog.text


# --- what providers call: the same expectations for every gateway that is called at all

BASE = "https://dg.example.gov.vn"


@dataclass
class Caller:
    """How a provider writes what it tells, and signs it."""

    report: Callable[[str, str], dict[str, str]]
    reply: Callable[[str, str], dict[str, str]]
    headers: Callable[[str, dict[str, str]], dict[str, str]]
    body: Callable[[dict[str, str]], str] = urlencode
    content_type: str = "application/x-www-form-urlencoded"
    provider_id: str = "an-id"

    def call(self, path: str, values: dict[str, str], *, signed: bool = True) -> int:
        """The answer to a call with these values."""
        headers = self.headers(path, values) if signed else {}
        return (
            Client()
            .post(path, self.body(values), content_type=self.content_type, headers=headers)
            .status_code
        )


def twilio_caller() -> Caller:
    account = {"AccountSid": ACCOUNT}
    return Caller(
        report=lambda id_, word: {**account, "MessageSid": id_, "MessageStatus": word},
        reply=lambda number, text: {**account, "From": number, "Body": text},
        headers=lambda path, values: {"x-twilio-signature": signature(TOKEN, BASE + path, values)},
        provider_id="SM" + "0" * 32,
    )


def memory_caller() -> Caller:
    made = gateway()
    assert isinstance(made, MemoryGateway)
    return Caller(
        report=lambda id_, word: {"id": id_, "status": word},
        reply=lambda number, text: {"from": number, "text": text},
        headers=lambda _path, _values: {"x-memory-secret": made.secret},
    )


CALLERS: dict[str, Callable[[], Caller]] = {"twilio": twilio_caller, "memory": memory_caller}
"""Every gateway that is called back."""


@pytest.fixture(params=CALLERS)
def caller(request: pytest.FixtureRequest, settings: Any) -> Caller:
    settings.SMS_BACKEND, settings.SMS_STATUS_CALLBACK_BASE_URL = request.param, BASE
    if server := GATEWAYS[request.param][1]:
        request.getfixturevalue(server)
    return CALLERS[request.param]()


def accepted_row(provider_id: str) -> OutboxMessage:
    row = message(sender())
    (claimed,) = outbox.claim(owner="me", limit=1, now=NOON)
    result = Result(Outcome.ACCEPTED, provider_id=provider_id)
    outbox.record(results=[(claimed, result)], owner="me", now=NOON)
    return row


@pytest.mark.django_db
def test_a_report_of_any_provider_moves_its_row(caller: Caller) -> None:
    row = accepted_row(caller.provider_id)
    path, values = f"/sms/status?m={row.pk}", caller.report(caller.provider_id, "delivered")
    assert caller.call(path, values, signed=False) == 403
    assert caller.call(path, values) == 204
    row.refresh_from_db()
    assert row.state == "delivered"
    unknown = caller.report(caller.provider_id, "teleported")
    assert caller.call(path, unknown) == 204


@pytest.mark.django_db
def test_a_reply_to_any_provider_is_heard(caller: Caller) -> None:
    path = "/sms/inbound"
    for text, count in (("Cảm ơn", 0), ("Dừng lại", 1)):
        values = caller.reply("+84912345678", text)
        assert caller.call(path, values, signed=False) == 403
        assert caller.call(path, values) == 204
        assert OptOut.objects.count() == count


@pytest.mark.django_db
def test_a_gateway_nobody_calls_refuses_calls(settings: Any) -> None:
    settings.SMS_BACKEND = "console"
    for path in ("/sms/status", "/sms/inbound"):
        assert Client().post(path, {"id": "x", "status": "delivered"}).status_code == 403


def test_nothing_outside_its_file_knows_a_provider_s_words() -> None:
    words = re.compile(r"MessageSid|MessageStatus|AccountSid|OptOutType|X-Twilio|\bsid\b")
    room = Path(messaging.__file__).parent
    files = [path for path in room.rglob("*.py") if path.name != "twilio.py"]
    assert files
    assert [path.name for path in files if words.search(path.read_text(encoding="utf-8"))] == []
