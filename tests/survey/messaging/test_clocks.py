"""Clocks that jump: what was planned while one was ahead does not keep the queue waiting."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from survey.common.tokens import issue_ticket
from survey.messaging.outbox import lookups
from survey.messaging.outbox import queue as outbox
from survey.messaging.outbox.models import MessageState, OutboxMessage
from survey.responses.models import Response
from tests.survey.factories import Cast
from tests.survey.messaging.messages import NOON, message, sender

pytestmark = pytest.mark.django_db
TOMORROW = NOON + timedelta(days=1)


def claim(now: object) -> list[outbox.Claimed]:
    return outbox.claim(owner="me", limit=50, now=now)  # type: ignore[arg-type]


def test_a_sender_goes_on_at_its_rate_after_the_clock_was_set_back() -> None:
    by = sender(rate=10.0)
    for number in range(200):
        message(by, f"+849123{number:05d}")
    ahead = len(claim(TOMORROW))
    back = sum(len(claim(NOON + timedelta(seconds=step / 2))) for step in range(20))
    assert 0 < ahead <= 10
    assert 80 <= back <= 110, "ten seconds at ten a second"


def test_a_message_put_off_at_night_while_the_clock_was_months_ahead_goes_today() -> None:
    message(sender())
    night = NOON.replace(hour=14) + timedelta(days=60)  # 21:00 at home
    assert claim(night) == []
    assert len(claim(NOON)) == 1


@pytest.mark.parametrize("apart", [5, 40, 300])
def test_a_little_apart_two_dispatchers_keep_one_rate(apart: int) -> None:
    by = sender(rate=10.0)
    for number in range(200):
        message(by, f"+849123{number:05d}")
    moments = [
        NOON + timedelta(seconds=step / 10 + (apart if step % 2 else 0)) for step in range(100)
    ]
    # The clock that is ahead fills the bucket for both.
    assert sum(len(claim(moment)) for moment in moments) <= 120


def test_a_lease_of_tomorrow_is_over_and_the_row_is_asked_for() -> None:
    row = message(sender())
    (_claimed,) = claim(TOMORROW)
    assert outbox.release_expired(NOON) == 1
    row.refresh_from_db()
    assert (row.state, row.reason) == (MessageState.UNKNOWN, "lease")
    assert [look.id for look in lookups.due_lookups(NOON, 5)] == [str(row.pk)]


def test_a_look_put_to_tomorrow_is_done_today_and_one_put_to_soon_is_not() -> None:
    by = sender()
    rows = [message(by, f"+8491234567{number}") for number in range(2)]
    for row, at in zip(rows, (TOMORROW, NOON + timedelta(seconds=45)), strict=True):
        OutboxMessage.objects.filter(pk=row.pk).update(
            state=MessageState.UNKNOWN, attempt_at=NOON, next_look_at=at
        )
    assert [look.id for look in lookups.due_lookups(NOON, 5)] == [str(rows[0].pk)]


def test_a_page_opened_while_the_clock_was_ahead_is_taken_and_counts_today(
    cast: Cast, citizen: Client
) -> None:
    ticket = issue_ticket(cast.code.code, timezone.now() + timedelta(days=40))
    sent = citizen.post(f"/s/{cast.code.code}", {"ticket": ticket, "lang": "vi", "overall": "4"})
    assert sent.status_code == 303
    assert Response.objects.get().month == timezone.localdate().replace(day=1)
