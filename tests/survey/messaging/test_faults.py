"""What goes wrong between claim and report: nothing stops the queue, is sent twice, or is kept too
long.
"""

from __future__ import annotations

import base64
import io
import itertools
import json
import logging
import secrets
import time
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import requests
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from survey.common.encryption import decrypt, encrypt, phone_hash
from survey.messaging.event_intake import ingest_events, preview_events
from survey.messaging.gateways import twilio
from survey.messaging.gateways.base import DeliveryReport, DeliveryStatus, Outcome, Reaction, Result
from survey.messaging.gateways.memory import MemoryGateway
from survey.messaging.invitations import queue_invitation
from survey.messaging.models import Invitation, MessageKind, MessageTemplate, OptOut, Sender
from survey.messaging.outbox import lookups
from survey.messaging.outbox import maintenance as upkeep
from survey.messaging.outbox import queue as outbox
from survey.messaging.outbox.dispatcher import Dispatcher
from survey.messaging.outbox.models import OutboxMessage, Spending
from survey.messaging.outbox.reports import apply_report
from survey.responses.models import Response
from survey.transactions.models import SourceSystem
from tests.survey.factories import Cast
from tests.survey.messaging.builders import as_csv, invited, many, raw
from tests.survey.messaging.messages import NOON, TEXT, event, message, sender

pytestmark = pytest.mark.django_db


def claim(now: Any = NOON) -> list[outbox.Claimed]:
    return outbox.claim(owner="me", limit=50, now=now)


def accept(claimed: outbox.Claimed, provider_id: str, now: Any = NOON) -> None:
    outbox.record(
        results=[(claimed, Result(Outcome.ACCEPTED, provider_id=provider_id))], owner="me", now=now
    )


def state(row: OutboxMessage) -> tuple[str, str]:
    row.refresh_from_db()
    return row.state, row.reason


def test_a_row_no_key_opens_fails_alone() -> None:
    by = sender()
    broken, good = message(by, "+84912345671"), message(by, "+84912345672")
    OutboxMessage.objects.filter(pk=broken.pk).update(to_sealed=b"x" * 40)
    (claimed,) = claim()
    assert claimed.id == str(good.pk)
    assert state(broken) == ("failed", "unreadable")
    unknown = message(by, "+84912345673")
    OutboxMessage.objects.filter(pk=unknown.pk).update(
        state="unknown", next_look_at=NOON, to_sealed=b"x" * 40
    )
    assert lookups.due_lookups(NOON, 10) == []
    assert state(unknown) == ("failed", "unreadable")


def test_an_id_that_is_taken_stops_nobody() -> None:
    by = sender()
    rows = [message(by, f"+8491234567{k}") for k in range(3)]
    first, second, third = claim()
    accept(first, "SM1")
    outbox.record(
        results=[
            (second, Result(Outcome.ACCEPTED, provider_id="SM1")),
            (third, Result(Outcome.ACCEPTED, provider_id="SM3")),
        ],
        owner="me",
        now=NOON,
    )
    assert sorted(state(row)[0] for row in rows) == ["accepted", "accepted", "failed"]
    unknown = message(by, "+84912345679")
    OutboxMessage.objects.filter(pk=unknown.pk).update(state="unknown", next_look_at=NOON)
    (lookup,) = lookups.due_lookups(NOON, 10)
    lookups.record_lookup(
        lookup=lookup, report=DeliveryReport("SM3", DeliveryStatus.SENT), now=NOON
    )
    assert state(unknown)[0] == "unknown"


def reminded(cast: Cast) -> tuple[OutboxMessage, OutboxMessage]:
    by = sender()
    MessageTemplate.objects.create(
        sender=by, kind="reminder", version=1, text=TEXT + " (nhac lai)", active=True
    )
    made = queue_invitation(event=event(cast), phone="+84912345678", sender=by, now=NOON)
    assert isinstance(made, Invitation)
    first = made.messages.get(kind=MessageKind.INVITATION)
    return first, made.messages.get(kind=MessageKind.REMINDER)


def test_a_reminder_goes_three_days_after_its_invitation_was_accepted(cast: Cast) -> None:
    """A sender was paused for four days: both are due, only the invitation goes."""
    first, reminder = reminded(cast)
    late = NOON + timedelta(days=4)
    (claimed,) = claim(late)
    assert claimed.id == str(first.pk)
    accept(claimed, "SM1", late)
    assert claim(late + timedelta(days=2)) == []
    (second,) = claim(late + timedelta(days=3, minutes=1))
    assert second.id == str(reminder.pk)
    assert second.message.body.endswith("?r=1 (nhac lai)")
    assert lookups.token_in(second.message.body) not in claimed.message.body


def test_nobody_is_reminded_of_an_invitation_that_never_arrived(cast: Cast) -> None:
    first, reminder = reminded(cast)
    (claimed,) = claim()
    outbox.record(results=[(claimed, Result(Outcome.REFUSED, code="21617"))], owner="me", now=NOON)
    assert claim(NOON + timedelta(days=3, minutes=1)) == []
    assert state(reminder) == ("suppressed", "no-invitation")
    assert state(first)[0] == "failed"


def test_a_look_up_never_takes_another_message_of_the_same_link(cast: Cast) -> None:
    first, _reminder = reminded(cast)
    (claimed,) = claim()
    accept(claimed, "SM1")
    apply_report(
        provider_id="SM1",
        status=DeliveryStatus.UNDELIVERED,
        code="30003",
        now=NOON,
        reaction=Reaction.AGAIN,
    )
    (second,) = claim(NOON + timedelta(hours=4, minutes=1))
    OutboxMessage.objects.filter(pk=second.id).update(state="unknown", next_look_at=NOON)
    (lookup,) = lookups.due_lookups(NOON, 10)
    assert lookup.known == {"SM1"}
    gateway = MemoryGateway()
    gateway.sent, gateway.reports = (
        [claimed.message],
        {"SM1": DeliveryReport("SM1", DeliveryStatus.SENT)},
    )
    assert gateway.find(to=lookup.to, since=NOON, token=lookup.token, known=lookup.known) is None
    assert first.sequence == 0


def test_an_early_report_followed_by_silence_is_asked_about() -> None:
    row = message(sender())
    (claimed,) = claim()
    apply_report(
        provider_id="SM1", status=DeliveryStatus.SENT, code="", now=NOON, message_id=str(row.pk)
    )
    outbox.record(
        results=[(claimed, Result(Outcome.ACCEPTED, provider_id="SM1", parts=2))],
        owner="me",
        now=NOON,
    )
    row.refresh_from_db()
    assert (row.state, row.parts_billed, row.answered_count) == ("sent", 2, 1)
    (chore,) = upkeep.due_tasks(NOON + timedelta(minutes=16))
    assert chore.provider_id == "SM1"


@pytest.mark.parametrize(
    "order", list(itertools.permutations(["undelivered", "delivered", "sent"]))
)
def test_what_arrived_after_all_is_not_sent_a_second_time(
    cast: Cast, order: tuple[str, ...]
) -> None:
    _first, _reminder = reminded(cast)
    (claimed,) = claim()
    accept(claimed, "SM1")
    for word in order:
        reaction = Reaction.AGAIN if word == "undelivered" else Reaction.NONE
        apply_report(
            provider_id="SM1", status=DeliveryStatus(word), code="", now=NOON, reaction=reaction
        )
    waiting = OutboxMessage.objects.filter(kind="invitation", state="pending")
    assert not waiting.exists()
    assert OutboxMessage.objects.get(pk=claimed.id).state == "delivered"


@pytest.mark.parametrize(
    ("code", "listed"), [("21610", 1), ("30005", 1), ("30006", 1), ("30007", 0), ("30003", 0)]
)
def test_what_a_report_tells_of_a_number_is_remembered(code: str, listed: int) -> None:
    message(sender())
    (claimed,) = claim()
    accept(claimed, "SM1")
    apply_report(
        provider_id="SM1",
        status=DeliveryStatus.FAILED,
        code=code,
        now=NOON,
        reaction=twilio.REACTIONS.get(code, Reaction.NONE),
    )
    assert OptOut.objects.count() == listed


def test_a_call_that_could_not_begin_at_once_does_not_begin() -> None:
    row = message(sender())
    (claimed,) = claim()
    gateway = MemoryGateway()
    made = Dispatcher(gateway, clock=lambda: NOON)
    made._send(claimed, time.monotonic() - 6)
    assert gateway.sent == []
    assert made._answers.get_nowait()[2].outcome == Outcome.NOT_SENT
    assert state(row)[0] == "sending"


def test_two_messages_a_week_to_one_number_are_the_most() -> None:
    by = sender()
    rows = [message(by) for _ in range(3)]
    assert len(claim()) == 2
    assert sorted(state(row) for row in rows)[-1] == ("suppressed", "cap")
    later = message(by)
    assert [one.id for one in claim(NOON + timedelta(days=8))] == [str(later.pk)]


def test_a_long_message_goes_when_the_bucket_is_full_and_the_debt_is_kept() -> None:
    by = sender(rate=1.0)
    for k in range(3):
        message(by, f"+8491234567{k}", parts=3)
    sent = [len(claim(NOON + timedelta(seconds=second))) for second in range(9)]
    assert sum(sent) == 3
    assert sent[0] == sent[3] == sent[6] == 1


def test_a_full_queue_slows_the_sender_for_a_while_only() -> None:
    by = sender(rate=10.0)
    for k in range(9):
        message(by, f"+8491234567{k}")
    found = claim()
    outbox.record(
        results=[(one, Result(Outcome.QUEUE_FULL)) for one in found], owner="me", now=NOON
    )
    by.refresh_from_db()
    assert by.rate == 10.0
    assert by.slowed_until == NOON + outbox.SLOW_FOR


def test_money_is_booked_at_the_claim_and_corrected_by_what_came_of_it() -> None:
    by = sender(price=100, daily_budget=500)
    for k in range(9):
        message(by, f"+8491234567{k}")
    found = claim()
    assert len(found) == 5
    assert OutboxMessage.objects.filter(reason="budget").count() == 4
    results = [
        Result(Outcome.ACCEPTED, provider_id="SM1", parts=2),
        Result(Outcome.REFUSED),
        Result(Outcome.UNKNOWN),
    ]
    outbox.record(results=list(zip(found, results, strict=False)), owner="me", now=NOON)
    assert Spending.objects.get().parts == 5 + 1 - 1


def test_what_was_resumed_is_not_stopped_by_old_failures() -> None:
    by = sender()
    for k in range(100):
        row = message(by, f"+849123{k:05d}")
        OutboxMessage.objects.filter(pk=row.pk).update(
            state="failed", final_at=NOON, answered_count=1
        )
    upkeep.trip_breakers(NOON)
    assert Sender.objects.get().paused_because == "failures"
    Sender.objects.update(paused_at=None, paused_because="", resumed_at=NOON + timedelta(minutes=1))
    upkeep.trip_breakers(NOON + timedelta(minutes=2))
    assert Sender.objects.get().paused_at is None


def test_a_paused_sender_keeps_no_number_beyond_the_link() -> None:
    by = sender(paused_at=NOON)
    waiting, unknown = message(by), message(by, "+84912345679")
    OutboxMessage.objects.filter(pk=unknown.pk).update(state="unknown")
    upkeep.erase(NOON + timedelta(days=15))
    assert (state(waiting)[0], state(unknown)[0]) == ("expired", "silent")
    assert waiting.to_sealed is unknown.to_sealed is None


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (requests.exceptions.SSLError("CERTIFICATE_VERIFY_FAILED: self-signed"), Outcome.NOT_SENT),
        (requests.exceptions.SSLError("DECRYPTION_FAILED_OR_BAD_RECORD_MAC"), Outcome.UNKNOWN),
        (requests.exceptions.ReadTimeout("read timed out"), Outcome.UNKNOWN),
        (requests.exceptions.ConnectTimeout("connect"), Outcome.NOT_SENT),
        (requests.exceptions.ConnectionError("Connection reset by peer"), Outcome.UNKNOWN),
    ],
)
def test_only_what_cannot_have_arrived_is_sent_again_at_once(error: Any, outcome: Outcome) -> None:
    assert twilio._network(error) == outcome


@pytest.mark.parametrize(
    ("status", "code", "outcome"),
    [
        (302, 0, Outcome.CONFIGURATION),
        (404, 20404, Outcome.CONFIGURATION),
        (405, 0, Outcome.CONFIGURATION),
        (400, 21603, Outcome.CONFIGURATION),
        (408, 0, Outcome.UNKNOWN),
        (400, 21617, Outcome.REFUSED),
        (503, 0, Outcome.UNKNOWN),
        (401, 0, Outcome.CREDENTIALS),
        (429, 0, Outcome.BUSY),
    ],
)
def test_a_wrong_address_stops_the_sender_and_destroys_nothing(
    status: int, code: int, outcome: Outcome
) -> None:
    assert twilio.classify_error(status, code, None).outcome == outcome


def test_new_sealing_keys_lose_no_opt_out(settings: Any) -> None:
    old, new = (base64.b64encode(secrets.token_bytes(32)).decode() for _ in range(2))
    settings.PHONE_KEY = old
    before, sealed = phone_hash("+84912345678"), encrypt("x", "row")
    settings.PHONE_KEY = f"{new},{old}"
    assert decrypt(sealed, "row") == "x"
    settings.PHONE_KEY = new
    assert phone_hash("+84912345678") == before


def test_dangerous_settings_are_refused_before_the_start(settings: Any) -> None:
    def found() -> set[str]:
        return {str(item.id) for item in run_checks() if str(item.id).startswith("survey.E00")}

    assert found() == set()
    settings.TWILIO_API_BASE_URL = "http://evil.example:8900"
    assert found() == {"survey.E002"}
    settings.SECURE, settings.TWILIO_API_BASE_URL = True, "http://127.0.0.1:8900"
    settings.PUBLIC_URL = "https://danhgia.example"
    settings.TWILIO_ACCOUNT_SID, settings.SMS_STATUS_CALLBACK_BASE_URL = "AC1", "http://dg.vn"
    assert found() == {"survey.E003", "survey.E004", "survey.E005", "survey.E006"}


def test_no_code_of_a_citizen_page_is_in_the_log(cast: Cast) -> None:
    _made, token = invited(cast)
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    log = logging.getLogger("django.request")
    log.addHandler(handler)
    citizen = Client(raise_request_exception=False)
    citizen.post(f"/s/{token}", {"overall": "9"})
    citizen.get(f"/s/{token}/step")
    citizen.get("/s/ZZZZZZZZZZZZ")
    Invitation.objects.update(expires_at=timezone.now())
    citizen.get(f"/s/{token}")
    log.removeHandler(handler)
    text = stream.getvalue()
    assert text.count("•••") == 4
    assert token not in text


def test_a_back_fill_of_old_events_writes_to_nobody(cast: Cast) -> None:
    sender()
    old = (NOON - timedelta(days=8)).isoformat()
    counts = ingest_events(events=[raw(time=old)], source=None, now=NOON, province="H20").counts
    assert counts == {"stored": 1, "not-invited:too-old": 1}


def test_a_batch_is_told_before_it_goes_and_nothing_stays(
    cast: Cast, tmp_path: Any, capsys: Any
) -> None:
    sender(price=800)
    sealed = encrypt("a secret", "source/portal")
    source = SourceSystem.objects.create(
        key_id="portal", name="x", secret_sealed=sealed, province="H20"
    )
    content = as_csv(*many(12), raw(dossier_code="H20.01.05-261111-0001", phone="02343822822"))
    seen = preview_events(content=content, file_name="e.csv", source=source, now=NOON)
    assert (seen.messages, seen.parts, seen.price) == (12, 12, Decimal(9600))
    assert seen.report.counts["not-invited:phone-not-mobile"] == 1
    assert not OutboxMessage.objects.exists()
    path = tmp_path / "e.csv"
    path.write_bytes(as_csv(raw(time=timezone.localtime().isoformat(timespec="seconds"))))
    call_command("import_events", path, "--source", "portal", "--dry-run")
    assert "would queue 1 messages, 1 parts" in capsys.readouterr().out
    assert not Invitation.objects.exists()


@pytest.mark.parametrize(
    ("change", "count"),
    [
        ({"domain_code": "\ud800"}, "refused:malformed"),
        ({"dossier_code": "A" * 80 + "-261110-0001"}, "refused:malformed"),
        ({"dossier_code": "H20.01.05-２６１１１０-0001"}, "refused:malformed"),
        ({"procedure_code": "１.012766"}, "refused:malformed"),
    ],
)
def test_odd_characters_and_lengths_are_refused_by_name(
    cast: Cast, change: dict[str, str], count: str
) -> None:
    counts = ingest_events(
        events=[raw(**change), raw()], source=None, now=NOON, province="H20"
    ).counts
    assert counts[count] == 1
    assert counts["stored"] == 1


@pytest.mark.long
def test_a_dump_of_the_database_gives_no_number_no_token_and_no_order(cast: Cast) -> None:
    """Every column of every table as text; and answers lie in no order of their invitations."""
    by = sender()
    tokens = []
    for k in range(30):
        made = queue_invitation(
            event=event(cast, code=f"H20.01.05-261110-{k:04d}"),
            phone=f"+8491234{k:04d}",
            sender=by,
            now=timezone.now(),
        )
        assert isinstance(made, Invitation)
        row = made.messages.get()
        tokens.append(decrypt(row.body_sealed or b"", str(row.pk)).rpartition("/")[2])
    for token in tokens:
        assert Client().post(f"/s/{token}", {"overall": "4"}).status_code == 303
    with connection.cursor() as cursor:
        dump = []
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')
            dump += [json.dumps(row, default=_plain) for row in cursor.fetchall()]
    text = "\n".join(dump)
    assert "8491234" not in text
    assert not any(token in text for token in tokens)
    shared = {
        value for row in Invitation.objects.values_list() for value in row if isinstance(value, str)
    }
    answers = {str(value) for row in Response.objects.values_list() for value in row}
    assert {value for value in shared & answers if len(value) > 20} == set()
    ids = list(Response.objects.values_list("pk", flat=True))
    hours = set(Response.objects.values_list("answered_hour", flat=True))
    assert ids != sorted(ids) or len(hours) == 1
    assert all(hour.minute == hour.second == hour.microsecond == 0 for hour in hours)


def _plain(value: object) -> str:
    return (
        bytes(value).hex() + bytes(value).decode(errors="ignore")
        if isinstance(value, bytes | memoryview)
        else str(value)
    )
