"""Reports in any order and number end in the same state; callbacks are signed, quick and never
trusted further.
"""

from __future__ import annotations

import itertools
import logging
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import OperationalError
from django.test import Client

from survey.dev.simulator.endpoint import signature
from survey.messaging.gateways.base import DeliveryStatus, Outcome, Reaction, Result
from survey.messaging.models import OptOut
from survey.messaging.outbox import queue as outbox
from survey.messaging.outbox.models import MessageEvent, OutboxMessage
from survey.messaging.outbox.reports import apply_report
from survey.transactions import counting
from survey.transactions.models import IntakeCount
from tests.survey.messaging.messages import NOON, message, sender

pytestmark = pytest.mark.django_db
SID = "SM" + "0" * 32
BASE = "https://dg.example.gov.vn"


def accepted() -> OutboxMessage:
    row = message(sender())
    (claimed,) = outbox.claim(owner="me", limit=1, now=NOON)
    outbox.record(
        results=[(claimed, Result(Outcome.ACCEPTED, provider_id=SID))], owner="me", now=NOON
    )
    return row


SETS = (
    ["sent", "delivered"],
    ["sent", "undelivered", "failed"],
    ["sent", "undelivered", "delivered"],
    ["accepted", "sent", "failed", "delivered"],
)


@pytest.mark.parametrize(
    "reports", [order for words in SETS for order in itertools.permutations(words)]
)
def test_any_order_and_repetition_ends_in_the_same_state(reports: tuple[str, ...]) -> None:
    row = accepted()
    for word in [*reports, *reports]:
        apply_report(provider_id=SID, status=DeliveryStatus(word), code="", now=NOON)
    row.refresh_from_db()
    wanted = (
        "delivered" if "delivered" in reports else "failed" if "failed" in reports else reports[0]
    )
    assert row.state == wanted
    assert MessageEvent.objects.count() == len(reports)


def test_a_report_faster_than_our_own_note_is_adopted_by_the_row_in_its_address() -> None:
    row = message(sender())
    (claimed,) = outbox.claim(owner="me", limit=1, now=NOON)
    apply_report(
        provider_id=SID, status=DeliveryStatus.DELIVERED, code="", now=NOON, message_id=str(row.pk)
    )
    outbox.record(
        results=[(claimed, Result(Outcome.ACCEPTED, provider_id=SID))], owner="me", now=NOON
    )
    row.refresh_from_db()
    assert (row.state, row.provider_id) == ("delivered", SID)


def test_a_handset_that_was_off_gets_one_more_message_as_a_row_of_its_own() -> None:
    accepted()
    for _ in range(2):
        apply_report(
            provider_id=SID,
            status=DeliveryStatus.UNDELIVERED,
            code="30003",
            now=NOON,
            reaction=Reaction.AGAIN,
        )
    fresh = OutboxMessage.objects.get(sequence=1)
    assert fresh.state == "pending"
    assert (fresh.due_at - NOON).total_seconds() == 4 * 3600
    assert OutboxMessage.objects.count() == 2


@pytest.fixture
def provider(settings: Any) -> Any:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = "AC" + "1" * 32, "new"
    settings.TWILIO_AUTH_TOKEN_OLD, settings.SMS_STATUS_CALLBACK_BASE_URL = "old", BASE
    settings.SMS_BACKEND, settings.TWILIO_SENDER_ID = "twilio", "UBND TINH"
    return settings


def post(path: str, values: dict[str, str], *, token: str | None = "new", **more: Any) -> int:
    headers = {} if token is None else {"x-twilio-signature": signature(token, BASE + path, values)}
    form = "application/x-www-form-urlencoded"
    # Another host and scheme than the public ones: a proxy stands between.
    return (
        Client()
        .post(path, urlencode(values), content_type=form, headers=headers, **more)
        .status_code
    )


def report(row: OutboxMessage, word: str = "delivered", **more: str) -> dict[str, str]:
    del row
    return {
        "MessageSid": SID,
        "MessageStatus": word,
        "AccountSid": "AC" + "1" * 32,
        "To": "+84912345678",
        **more,
    }


def test_a_signed_report_moves_the_row_and_a_replay_does_nothing(provider: Any) -> None:
    row = accepted()
    path = f"/sms/status?m={row.pk}"
    for token in ("new", "old", "new"):
        assert post(path, report(row, NewField="not seen before"), token=token) == 204
    row.refresh_from_db()
    assert row.state == "delivered"
    assert MessageEvent.objects.count() == 1


def test_what_is_not_signed_by_our_provider_is_refused(provider: Any) -> None:
    row = accepted()
    path = f"/sms/status?m={row.pk}"
    assert post(path, report(row), token=None) == 403
    assert post(path, report(row), token="wrong") == 403
    assert post(path, report(row) | {"AccountSid": "AC" + "2" * 32}) == 403
    assert post(path, {**report(row), "X": "y" * 20_000}) == 413
    headers = {"x-twilio-signature": "x"}
    assert (
        Client().post(path, "{}", content_type="application/json", headers=headers).status_code
        == 415
    )
    assert Client().get(path).status_code == 405
    assert Client().head(path).status_code == 405
    row.refresh_from_db()
    assert row.state == "accepted"


def test_unknown_ids_and_words_are_answered_quietly(provider: Any) -> None:
    row = accepted()
    assert post("/sms/status", report(row) | {"MessageSid": "SM" + "f" * 32}) == 204
    assert post("/sms/status?m=nonsense", report(row) | {"MessageStatus": "teleported"}) == 204
    assert post("/sms/status", report(row) | {"MessageSid": "x"}) == 204
    row.refresh_from_db()
    assert row.state == "accepted"


def test_a_reply_of_stop_is_an_opt_out(provider: Any) -> None:
    account = {"AccountSid": "AC" + "1" * 32, "From": "+84912345678"}
    assert post("/sms/inbound", account | {"Body": "xin chao"}) == 204
    assert not OptOut.objects.exists()
    for _ in range(2):
        assert post("/sms/inbound", account | {"Body": " Stop "}) == 204
    assert OptOut.objects.count() == 1


def test_no_number_and_no_text_in_the_log(provider: Any, caplog: pytest.LogCaptureFixture) -> None:
    row = accepted()
    with caplog.at_level(logging.DEBUG):
        post("/sms/status", report(row), token="wrong")
        post("/sms/status", report(row) | {"MessageSid": "x"})
    assert caplog.text
    assert "912345678" not in caplog.text


def test_replies_need_the_signature_too_and_stop_is_understood_with_accents(provider: Any) -> None:
    values = {"AccountSid": "AC" + "1" * 32, "From": "+84912345678", "Body": "Từ chối"}
    assert post("/sms/inbound", values, token=None) == 403
    assert post("/sms/inbound", values, token="wrong") == 403
    assert not OptOut.objects.exists()
    assert post("/sms/inbound", values) == 204
    assert OptOut.objects.count() == 1


def test_a_header_never_chooses_the_algorithm(provider: Any) -> None:
    row = accepted()
    headers = {"x-twilio-webhooks-signature-settings": "alg=none", "x-twilio-signature": "anything"}
    form = "application/x-www-form-urlencoded"
    answer = Client().post(
        f"/sms/status?m={row.pk}", urlencode(report(row)), content_type=form, headers=headers
    )
    assert answer.status_code == 403


def test_a_database_that_is_down_is_said_and_the_poller_repairs(
    provider: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = accepted()

    def down(**_: object) -> bool:
        raise OperationalError("connection refused")

    monkeypatch.setattr("survey.messaging.views.apply_report", down)
    assert post(f"/sms/status?m={row.pk}", report(row)) == 503


def test_what_is_not_known_is_counted(provider: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("survey.transactions.counting.FLUSH_SECONDS", -1.0)
    counting._waiting.clear()
    row = accepted()
    assert post("/sms/status", report(row) | {"MessageSid": "SM" + "f" * 32}) == 204
    assert post("/sms/status", report(row), token="wrong") == 403
    assert post("/sms/status", report(row, "teleported")) == 204
    found = dict(IntakeCount.objects.values_list("outcome", "count"))
    assert found == {"callback:unknown": 1, "callback:unsigned": 1, "callback:unreadable": 1}
