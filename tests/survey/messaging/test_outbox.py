"""The queue: leases, rate, hours, money, look-ups; every outcome of a call; the dispatcher over the
memory gateway.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from survey.common.encryption import phone_hash
from survey.messaging.gateways.base import (
    DeliveryReport,
    DeliveryStatus,
    LookupFailed,
    Outcome,
    Result,
)
from survey.messaging.gateways.memory import MemoryGateway
from survey.messaging.models import OptOut, Sender
from survey.messaging.outbox import lookups
from survey.messaging.outbox import maintenance as upkeep
from survey.messaging.outbox import queue as outbox
from survey.messaging.outbox.dispatcher import Dispatcher
from survey.messaging.outbox.models import OutboxMessage
from survey.messaging.outbox.sending_hours import next_moment, seconds_valid
from tests.survey.messaging.messages import NOON, message, sender

pytestmark = pytest.mark.django_db


def claim(now: datetime = NOON, limit: int = 50, owner: str = "me") -> list[outbox.Claimed]:
    return outbox.claim(owner=owner, limit=limit, now=now)


def state(row: OutboxMessage) -> tuple[str, str]:
    row.refresh_from_db()
    return row.state, row.reason


def test_a_claimed_row_is_nobody_elses() -> None:
    row = message(sender())
    (claimed,) = claim()
    assert claimed.message.to == "+84912345678"
    assert claim(owner="other") == []
    assert state(row)[0] == "sending"


@pytest.mark.parametrize(
    ("outcome", "wanted"),
    [
        (Outcome.ACCEPTED, "accepted"),
        (Outcome.UNKNOWN, "unknown"),
        (Outcome.BUSY, "pending"),
        (Outcome.NOT_SENT, "pending"),
        (Outcome.QUEUE_FULL, "pending"),
        (Outcome.CREDENTIALS, "pending"),
        (Outcome.CONFIGURATION, "pending"),
        (Outcome.BAD_NUMBER, "failed"),
        (Outcome.OPTED_OUT, "failed"),
        (Outcome.REFUSED, "failed"),
    ],
)
def test_every_outcome_of_a_call(outcome: Outcome, wanted: str) -> None:
    row = message(sender())
    (claimed,) = claim()
    provider_id = "SM1" if outcome == Outcome.ACCEPTED else ""
    outbox.record(
        results=[(claimed, Result(outcome, provider_id=provider_id, code="x"))],
        owner="me",
        now=NOON,
    )
    assert state(row)[0] == wanted
    assert row.to_sealed is None if wanted == "failed" else row.to_sealed is not None
    if wanted == "pending":
        assert row.due_at > NOON
        assert row.answered_count == 0
    paused = Sender.objects.get().paused_because
    assert paused == ("credentials" if outcome == Outcome.CREDENTIALS else "")
    assert OptOut.objects.exists() == (outcome in (Outcome.OPTED_OUT, Outcome.BAD_NUMBER))


def test_three_configuration_faults_in_a_row_pause_the_sender_and_a_success_clears_the_count() -> (
    None
):
    by = sender()
    for number in range(4):
        message(by, f"+8491234567{number}")
    rows = claim()
    bad, good = (
        Result(Outcome.CONFIGURATION, code="21212"),
        Result(Outcome.ACCEPTED, provider_id="SM1"),
    )
    outbox.record(results=[(rows[0], bad), (rows[1], bad), (rows[2], good)], owner="me", now=NOON)
    assert Sender.objects.get().faults == 0
    outbox.record(results=[(rows[3], bad)], owner="me", now=NOON)
    later = NOON + timedelta(minutes=5)
    for claimed in claim(later):
        outbox.record(results=[(claimed, bad)], owner="me", now=later)
    assert Sender.objects.get().paused_because == "configuration"
    assert claim(later + timedelta(hours=1)) == []


def test_a_late_result_of_a_lost_lease_changes_nothing_but_its_id_is_kept() -> None:
    row = message(sender())
    (claimed,) = claim()
    assert outbox.release_expired(NOON + outbox.LEASE + timedelta(seconds=1)) == 1
    assert state(row) == ("unknown", "lease")
    outbox.record(results=[(claimed, Result(Outcome.BUSY))], owner="me", now=NOON)
    assert state(row)[0] == "unknown"
    outbox.record(
        results=[(claimed, Result(Outcome.ACCEPTED, provider_id="SM9"))], owner="me", now=NOON
    )
    assert state(row)[0] == "accepted"
    assert row.provider_id == "SM9"


def test_unknown_is_sent_again_only_after_two_looks_two_minutes_apart() -> None:
    row = message(sender())
    (claimed,) = claim()
    outbox.record(results=[(claimed, Result(Outcome.UNKNOWN))], owner="me", now=NOON)
    assert lookups.due_lookups(NOON, 10) == []
    moment = NOON + outbox.FIRST_LOOK
    (lookup,) = lookups.due_lookups(moment, 10)
    assert lookup.token in claimed.message.body
    assert lookups.due_lookups(moment, 10) == []
    lookups.record_lookup(lookup=lookup, report=None, now=moment)
    assert state(row)[0] == "unknown"
    assert lookups.due_lookups(moment + timedelta(seconds=100), 10) == []
    (lookup,) = lookups.due_lookups(moment + lookups.LOOKS_APART, 10)
    lookups.record_lookup(lookup=lookup, report=None, now=moment + lookups.LOOKS_APART)
    assert state(row) == ("pending", "not-found")
    assert timedelta(minutes=5) > outbox.FIRST_LOOK + lookups.LOOKS_APART


def test_a_found_message_is_adopted() -> None:
    row = message(sender())
    (claimed,) = claim()
    outbox.record(results=[(claimed, Result(Outcome.UNKNOWN))], owner="me", now=NOON)
    (lookup,) = lookups.due_lookups(NOON + outbox.FIRST_LOOK, 10)
    lookups.record_lookup(
        lookup=lookup, report=DeliveryReport("SM5", DeliveryStatus.DELIVERED), now=NOON
    )
    assert state(row)[0] == "delivered"
    assert (row.provider_id, row.to_sealed, row.body_sealed) == ("SM5", None, None)


@pytest.mark.long
def test_the_rate_is_kept_over_any_ten_seconds() -> None:
    by = sender(rate=10.0)
    for number in range(300):
        message(by, f"+849123{number:05d}")
    times: list[float] = []
    for step in range(300):
        moment = NOON + timedelta(seconds=0.1 * step)
        taken = claim(moment, owner=f"owner {step % 2}")
        times += [0.1 * step] * len(taken)
    for start in range(200):
        inside = [t for t in times if 0.1 * start <= t < 0.1 * start + 10]
        assert len(inside) <= 110
    assert len(times) > 280


def test_nothing_goes_at_night_and_the_provider_keeps_nothing_into_the_night() -> None:
    row = message(sender())
    night = datetime(2026, 11, 16, 14, 0, tzinfo=UTC)  # 21:00
    assert claim(night) == []
    row.refresh_from_db()
    assert row.due_at == datetime(2026, 11, 17, 1, 0, tzinfo=UTC)
    evening = datetime(2026, 11, 16, 13, 0, tzinfo=UTC)  # 20:00
    assert seconds_valid(Sender.objects.get(), evening, evening + timedelta(days=1)) == 30 * 60


def test_the_hours_at_every_minute_of_a_day() -> None:
    by = sender()
    for minute in range(24 * 60):
        moment = datetime(2026, 11, 15, 17, 0, tzinfo=UTC) + timedelta(
            minutes=minute
        )  # from midnight in Vietnam
        inside = 8 * 60 <= minute <= 20 * 60 + 20
        found = next_moment(by, moment)
        assert (found == moment) == inside, minute
        if not inside:
            assert found.astimezone(UTC).strftime("%H:%M") == "01:00"
            assert found > moment
            assert found - moment < timedelta(hours=24)


def test_what_may_not_be_sent_is_put_aside_with_its_reason(settings: Any) -> None:
    by = sender(daily_budget=Decimal(1600), price=Decimal(800))
    rows = {
        name: message(by, f"+8491234560{k}")
        for k, name in enumerate(("old", "out", "a", "b", "dear"))
    }
    OutboxMessage.objects.filter(pk=rows["old"].pk).update(not_after=NOON)
    OptOut.objects.create(phone_hash=phone_hash("+84912345601"), how="page", at=NOON)
    assert len(claim()) == 2
    found = {name: state(row) for name, row in rows.items()}
    assert found["old"] == ("expired", "expired")
    assert found["out"] == ("suppressed", "opt-out")
    assert sorted(found[name][0] for name in ("a", "b", "dear")) == [
        "sending",
        "sending",
        "suppressed",
    ]
    assert rows["old"].to_sealed is None


@pytest.mark.long
@pytest.mark.slow
def test_the_dispatcher_sends_everything_once_whatever_the_gateway_does() -> None:
    by = sender()
    gateway = MemoryGateway()
    for number in range(40):
        phone = f"+849123456{number:02d}"
        message(by, phone)
        gateway.answers[phone] = [Outcome.BUSY] * (number % 3) + (
            [Outcome.UNKNOWN] if number % 5 == 0 else []
        )
    ticking = [NOON]

    def clock() -> datetime:
        ticking[0] += timedelta(seconds=1)
        return ticking[0]

    dispatcher = Dispatcher(gateway, threads=8, clock=clock)
    accepted = dispatcher.run(until_empty=True)
    assert accepted == 32
    assert OutboxMessage.objects.exclude(provider_id=None).count() == 40
    assert len(gateway.sent) == len({sent.to for sent in gateway.sent}) == 40


def test_a_gateway_that_breaks_loses_nothing() -> None:
    class Broken(MemoryGateway):
        def send(self, message: object) -> Result:
            raise RuntimeError("never expected")

        def find(self, **_: object) -> DeliveryReport | None:
            raise LookupFailed("down")

    row = message(sender())
    dispatcher = Dispatcher(Broken(), threads=2, clock=lambda: NOON)
    dispatcher.stopping = False
    (claimed,) = claim()
    dispatcher._send(claimed, 0.0)
    import time

    dispatcher._send(claimed, time.monotonic())
    kinds = [dispatcher._answers.get_nowait()[2].outcome for _ in range(2)]
    assert kinds == [Outcome.NOT_SENT, Outcome.UNKNOWN]
    assert state(row)[0] == "sending"


def test_reports_that_never_come_are_asked_for_and_after_72_hours_the_row_is_silent() -> None:
    row = message(sender())
    (claimed,) = claim()
    gateway = MemoryGateway()
    gateway.send(claimed.message)
    provider_id = next(iter(gateway.reports))
    outbox.record(
        results=[(claimed, Result(Outcome.ACCEPTED, provider_id=provider_id))], owner="me", now=NOON
    )
    for hours in (0.25, 1, 6, 24):
        assert upkeep.poll_reports(gateway, NOON + timedelta(hours=hours)) == 1, hours
        assert upkeep.poll_reports(gateway, NOON + timedelta(hours=hours, minutes=1)) == 0
    upkeep.poll_reports(gateway, NOON + timedelta(hours=72))
    assert state(row)[0] == "silent"
    assert row.to_sealed is None
    assert gateway.redacted == [provider_id]
    assert row.redacted_at is not None


def test_too_many_failures_pause_the_sender() -> None:
    by = sender()
    rows = [message(by, f"+849123{k:05d}") for k in range(100)]
    for k, row in enumerate(rows):
        final = "undelivered" if k < 21 else "delivered"
        OutboxMessage.objects.filter(pk=row.pk).update(state=final, final_at=NOON, answered_count=1)
    upkeep.trip_breakers(NOON)
    assert Sender.objects.get().paused_because == "failures"
