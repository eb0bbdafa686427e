"""A guesser is stopped, the six hundred citizens behind the same address are not; safe methods
change nothing.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from survey.access.slips import Batch, issue_slips
from survey.common import throttling
from survey.common.tokens import new_code
from survey.responses.models import Response
from tests.survey.citizen.builders import dump
from tests.survey.factories import Cast, hidden
from tests.survey.messaging.builders import BOTS, invited

pytestmark = pytest.mark.django_db


CHROME = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 "
    "Mobile Safari/537.36"
)


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock failures are counted by, moved by the test."""
    now = [1000.0]
    monkeypatch.setattr("survey.common.throttling.time.monotonic", lambda: now[0])
    return now


@pytest.mark.slow
def test_six_hundred_behind_one_address_and_a_guesser_among_them(
    cast: Cast, seconds: list[float]
) -> None:
    """All 600 rate and read their thanks; the guesser is stopped, though nothing tells his browser
    from the others.
    """
    batch = Batch(agency_id=cast.land.pk, channel="counter")
    slips = issue_slips(batch=batch, count=300, now=timezone.now())
    guesser, citizen = (Client(headers={"user-agent": CHROME}) for _ in range(2))
    tried = refused = pressed = 0
    for k in range(600):
        # Sixty in the first minute, the others over the half hour.
        seconds[0] += 1 if k < 60 else 3.2
        code = slips[k // 2] if k % 2 else cast.code.code
        page = citizen.get(f"/s/{code}")
        if page.status_code == 429:
            pressed += 1
            page = citizen.get(f"/s/{code}", hidden(page.content))
        sent = citizen.post(f"/s/{code}", {**hidden(page.content), "overall": "4"}, follow=True)
        assert "đã được ghi nhận" in sent.content.decode()
        if k % 6 == 0:
            tried += 1
            status = guesser.get(f"/{'sr'[k % 12 // 6]}/{new_code(10)}").status_code
            refused += status == 429
            assert status in (404, 429)
    assert Response.objects.count() == 600
    assert tried - refused == throttling.MAX_FAILURES
    assert guesser.get(f"/s/{slips[0]}").status_code == 429
    assert guesser.get(f"/s/{cast.code.code}").status_code == 200
    assert pressed


@pytest.mark.long
def test_a_guesser_who_presses_the_button_too_is_slowed_and_what_was_sent_is_kept(
    cast: Cast, seconds: list[float]
) -> None:
    _made, token = invited(cast)
    client = Client()
    form = hidden(client.get(f"/s/{token}").content)
    for _try in range(throttling.MAX_FAILURES):
        assert client.get(f"/s/{new_code(12)}").status_code == 404
    looked = 0
    seconds[0] += 1
    for _try in range(3 * throttling.MAX_PASSES):
        wrong = f"/s/{new_code(12)}"
        button = hidden(client.get(wrong).content)
        looked += client.get(wrong, button).status_code == 404
        assert client.get(f"/s/{token}", button).status_code == 429, "a button is for one code"
    assert throttling.MAX_PASSES <= looked < 2 * throttling.MAX_PASSES, (
        "above sixty a minute one in four is heard"
    )
    # An answer that was on its way is not lost: the form had been shown before, so it needs no
    # button.
    kept = client.post(f"/s/{token}", {"overall": "2", "comment": "Chờ lâu"})
    assert kept.status_code == 429
    assert {"overall": "2", "comment": "Chờ lâu"}.items() <= hidden(kept.content).items()
    assert not Response.objects.exists()
    assert client.post(f"/s/{token}", {**form, "overall": "2"}).status_code == 303
    assert Response.objects.get().evidence == "E3"


def test_no_page_hands_out_a_pass_for_a_code_it_has_not_found(cast: Cast) -> None:
    client = Client()
    for _try in range(throttling.MAX_FAILURES):
        assert client.get(f"/r/{new_code(10)}").status_code == 404
    guess = new_code(10)
    for path in (f"/?receipt={guess}", f"/?code={guess}"):
        there = client.get(path).headers["Location"]
        assert throttling.CONFIRM_FIELD not in there
        assert client.get(there).status_code == 429
    for other in (f"{guess}:x", guess[:-1]):
        stamp = throttling.issue_pass(other, shown=True)
        assert client.get(f"/r/{guess}", {throttling.CONFIRM_FIELD: stamp}).status_code == 429, (
            "a pass is for one code"
        )


def test_a_citizen_is_heard_while_a_guesser_presses_without_end(
    cast: Cast, seconds: list[float]
) -> None:
    _made, token = invited(cast)
    guesser, citizen = Client(), Client()
    for _try in range(throttling.MAX_FAILURES + throttling.MAX_PASSES):
        wrong = f"/s/{new_code(12)}"
        guesser.get(wrong, hidden(guesser.get(wrong).content))
    presses, page = 0, citizen.get(f"/s/{token}")
    while page.status_code == 429:
        presses += 1
        page = citizen.get(f"/s/{token}", hidden(page.content))
    assert 1 <= presses < 60
    assert (
        citizen.post(
            f"/s/{token}", {**hidden(page.content), "overall": "2"}, follow=True
        ).status_code
        == 200
    )
    assert Response.objects.count() == 1


@pytest.mark.long
def test_a_guesser_who_changes_his_name_is_stopped_too(cast: Cast) -> None:
    found = [
        Client(headers={"user-agent": f"Browser {k}"}).get(f"/r/{new_code(10)}").status_code
        for k in range(2 * throttling.MAX_FAILURES_AT_ADDRESS)
    ]
    assert (
        found
        == [404] * throttling.MAX_FAILURES_AT_ADDRESS + [429] * throttling.MAX_FAILURES_AT_ADDRESS
    )


def test_addresses_behind_our_proxy_are_told_apart(settings: Any, rf: Any) -> None:
    settings.PROXIES = 1
    asked = rf.get(
        "/", headers={"x-forwarded-for": "203.0.113.9, 198.51.100.7"}, REMOTE_ADDR="127.0.0.1"
    )
    assert throttling.client_address(asked) == "198.51.100.7", (
        "what the citizen claims before it counts for nothing"
    )
    assert throttling.client_address(rf.get("/", REMOTE_ADDR="127.0.0.1")) == "127.0.0.1"
    settings.PROXIES = 0
    assert throttling.client_address(asked) == "127.0.0.1"


@pytest.mark.long
def test_safe_methods_with_any_agent_change_nothing(cast: Cast) -> None:
    _made, token = invited(cast)
    slip = issue_slips(
        batch=Batch(agency_id=cast.land.pk, channel="counter"), count=1, now=timezone.now()
    )[0]
    answered = Client().get(f"/s/{cast.code.code}")
    thanks = (
        Client()
        .post(f"/s/{cast.code.code}", {**hidden(answered.content), "overall": "2"})
        .headers["Location"]
    )
    receipt = thanks.partition("/more")[0]
    paths = [
        "/",
        "/privacy",
        f"/s/{token}",
        f"/s/{token}/stop",
        f"/s/{slip}",
        f"/s/{cast.code.code}",
        f"/s/{cast.code.code}/done",
        "/kiosk/",
        "/kiosk/worker.js",
        "/kiosk/manifest.webmanifest",
        receipt,
        thanks,
        f"/{token}",
        f"/{cast.code.code}",
        *(
            f"{receipt}/{page}"
            for page in ("full", "change", "comment", "erase", "handover", "case")
        ),
    ]
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
