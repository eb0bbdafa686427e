"""A guesser is stopped, the six hundred citizens behind the same address are not; safe methods change nothing."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from survey.common import guessing
from survey.common.tokens import new_code
from survey.dispatch.slips import Batch, issue_slips
from survey.responses.models import Response
from tests.survey.dispatch.test_invitations import BOTS, invited
from tests.survey.factories import Cast, hidden

pytestmark = pytest.mark.django_db


def test_six_hundred_behind_one_address_and_a_guesser_among_them(cast: Cast) -> None:
    batch = Batch(agency_id=cast.land.pk, channel="counter")
    slips = issue_slips(batch=batch, count=300, now=timezone.now())
    guesser = Client(headers={"user-agent": "python-requests/2.32"})
    tried = refused = 0
    for k in range(600):
        citizen = Client(headers={"user-agent": f"Mozilla/5.0 (Linux; Android {5 + k % 9}; SM-A{k % 70})"})
        code = slips[k // 2] if k % 2 else cast.code.code
        form = hidden(citizen.get(f"/s/{code}").content)
        assert citizen.post(f"/s/{code}", {**form, "overall": "4"}).status_code == 303
        if k % 6 == 0:
            tried += 1
            status = guesser.get(f"/{'sr'[k % 12 // 6]}/{new_code(10)}").status_code
            refused += status == 429
            assert status in (404, 429)
    assert Response.objects.count() == 600
    assert tried - refused == guessing.MOST_FAILURES
    assert guesser.get(f"/s/{slips[0]}").status_code == 429
    assert guesser.get(f"/s/{cast.code.code}").status_code == 200


def test_safe_methods_with_any_agent_change_nothing(cast: Cast) -> None:
    _made, token = invited(cast)
    slip = issue_slips(batch=Batch(agency_id=cast.land.pk, channel="counter"), count=1, now=timezone.now())[0]
    answered = Client().get(f"/s/{cast.code.code}")
    thanks = Client().post(f"/s/{cast.code.code}", {**hidden(answered.content), "overall": "2"}).headers["Location"]
    receipt = thanks.partition("?")[0]
    paths = [
        "/", "/privacy", f"/s/{token}", f"/s/{token}/stop", f"/s/{slip}", f"/s/{cast.code.code}",
        f"/s/{cast.code.code}/done", "/kiosk/", "/kiosk/worker.js", "/kiosk/manifest.webmanifest", receipt,
        *(f"{receipt}/{page}" for page in ("full", "change", "comment", "erase", "handover")),
    ]  # fmt: skip
    before = dump()
    for agent in BOTS:
        bot = Client(headers={"user-agent": agent})
        for path in paths:
            for _time in range(20 // len(BOTS)):
                assert bot.get(path).status_code < 500
                assert bot.head(path).status_code < 500
                assert bot.options(path).status_code in (200, 405)
    assert dump() == before
    assert Client().post(f"/s/{token}", {"overall": "5"}).status_code == 303


def dump() -> list[Any]:
    """Every row of every table."""
    from django.db import connection

    found: list[Any] = []
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names()):
            cursor.execute(f'SELECT * FROM "{table}"')
            found.append((table, sorted(map(str, cursor.fetchall()))))
    return found
