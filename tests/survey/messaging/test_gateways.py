"""One contract over every gateway, and Twilio's faults by number over real HTTP."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from survey.dev.simulator.endpoint import Settings
from survey.dev.simulator.faults import FAULTS
from survey.dev.simulator.twilio import Simulator
from survey.messaging.gateways import gateway
from survey.messaging.gateways.base import Gateway, LookupFailed, Message, Outcome
from survey.messaging.gateways.console import ConsoleGateway
from survey.messaging.gateways.memory import MemoryGateway
from survey.messaging.gateways.twilio import TwilioGateway

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


@pytest.fixture(params=["twilio", "console", "memory"])
def backend(request: pytest.FixtureRequest) -> Gateway:
    if request.param == "twilio":
        request.getfixturevalue("simulator")
        return TwilioGateway()
    return ConsoleGateway() if request.param == "console" else MemoryGateway()


def test_every_gateway_keeps_the_contract(backend: Gateway, settings: Any) -> None:
    settings.SMS_BACKEND = backend.name
    assert type(gateway()) is type(backend)
    sent = backend.send(text())
    assert sent.outcome == Outcome.ACCEPTED
    assert sent.sid
    report = backend.fetch(sent.sid)
    assert report is not None
    assert report.sid == sent.sid
    assert report.status is not None
    found = backend.find(
        to="+84912345678", since=datetime.now(UTC) - timedelta(minutes=5), token="7K3M9QX2WT5B"
    )
    assert found is None or found.sid == sent.sid
    assert (found is None) == (backend.name == "console")
    assert backend.find(to="+84912345678", since=datetime.now(UTC), token="000000000000") is None
    backend.redact(sent.sid)
    assert backend.send(text("+84912345679")).sid != sent.sid


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
    assert found.sid == first.sid


def test_nothing_is_concluded_while_the_provider_cannot_be_asked(simulator: Simulator) -> None:
    provider = TwilioGateway()
    sid = provider.send(text()).sid
    provider.redact(sid)
    assert simulator.store.messages[sid]["body"] == ""
    assert provider.fetch("SM" + "0" * 32) is None
    simulator.shutdown()
    simulator.server_close()
    for ask, values in (
        ("find", {"to": "+84912345678", "since": datetime.now(UTC), "token": "x"}),
        ("fetch", {"sid": sid}),
        ("redact", {"sid": sid}),
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
