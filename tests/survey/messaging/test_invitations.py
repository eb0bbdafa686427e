"""From a dossier event to an answer: one invitation, one answer, nothing that joins number and
answer.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from survey.agencies.models import Procedure
from survey.common.encryption import decrypt
from survey.messaging.event_intake import ingest_events
from survey.messaging.invitations import Refused, queue_invitation
from survey.messaging.models import (
    Invitation,
    MessageTemplate,
    OptOut,
    PhoneLedger,
)
from survey.messaging.outbox.maintenance import erase
from survey.messaging.outbox.models import OutboxMessage
from survey.responses.models import Response
from survey.transactions.models import DossierEvent
from tests.survey.factories import Cast, receipt_of
from tests.survey.messaging.builders import BOTS, PHONE, invited, raw
from tests.survey.messaging.messages import NOON, TEXT, event, sender


def test_one_invitation_per_dossier_and_per_number_in_thirty_days(cast: Cast) -> None:
    by, first = sender(), event(cast)
    assert isinstance(queue_invitation(event=first, phone=PHONE, sender=by, now=NOON), Invitation)
    again = event(cast, kind="refused")
    assert queue_invitation(event=again, phone="+84912345679", sender=by, now=NOON) == Refused(
        "again"
    )
    other = event(cast, code="H20.01.05-261110-0002")
    assert queue_invitation(
        event=other, phone=PHONE, sender=by, now=NOON + timedelta(days=29)
    ) == Refused("again")
    later = queue_invitation(event=other, phone=PHONE, sender=by, now=NOON + timedelta(days=31))
    assert isinstance(later, Invitation)
    assert OutboxMessage.objects.count() == 2


def test_who_has_opted_out_is_not_invited(cast: Cast) -> None:
    made, token = invited(cast)
    citizen = Client()
    assert citizen.get(f"/s/{token}/stop").status_code == 200
    assert not OptOut.objects.exists()
    assert "không nhận tin" in citizen.post(f"/s/{token}/stop").content.decode()
    assert OptOut.objects.get().phone_hash == made.phone_hash
    fresh = event(cast, code="H20.01.05-261110-0009")
    later = timezone.now() + timedelta(days=40)
    refused = queue_invitation(
        event=fresh, phone=PHONE, sender=made.messages.get().sender, now=later
    )
    assert refused == Refused("opt-out")


def test_a_link_is_answered_once_and_leads_to_evidence_e3(cast: Cast) -> None:
    _, token = invited(cast)
    citizen = Client(enforce_csrf_checks=True)
    page = citizen.get(f"/s/{token.lower()}")
    assert page.status_code == 200
    assert "Sở Nông nghiệp" in page.content.decode()
    assert not page.cookies
    assert page.headers["Referrer-Policy"] == "no-referrer"
    answer = citizen.post(f"/s/{token}", {"overall": "5"})
    assert answer.status_code == 303
    row = Response.objects.get()
    assert (row.evidence, row.channel, row.agency_id) == ("E3", "online", cast.land.pk)
    again = citizen.post(f"/s/{token}", {"overall": "1"})
    assert again.status_code == 303
    assert receipt_of(again) == receipt_of(answer)
    assert Response.objects.get().answers["overall"] == 5
    assert (
        "đã đánh giá bằng đường dẫn này"
        in citizen.get(citizen.get(f"/s/{token}").headers["Location"]).content.decode()
    )


def test_bad_answers_keep_the_link_usable(cast: Cast) -> None:
    _, token = invited(cast)
    assert Client().post(f"/s/{token}", {}).status_code == 422
    assert Client().post(f"/s/{token}", {"overall": "9"}).status_code == 422
    assert Client().post(f"/s/{token}", {"overall": "4"}).status_code == 303


@pytest.mark.long
def test_previews_and_scanners_never_use_a_link(cast: Cast) -> None:
    _, token = invited(cast)
    tables = (
        "survey_response",
        "survey_invitation",
        "survey_outboxmessage",
        "survey_optout",
        "survey_messageevent",
    )

    def counts() -> list[int]:
        with connection.cursor() as cursor:
            return [
                (cursor.execute(f"SELECT count(*) FROM {name}") and cursor.fetchone()[0]) or 0
                for name in tables
            ]

    before = counts()
    for path in (f"/s/{token}", f"/s/{token}/stop"):
        for agent in BOTS:
            for _ in range(5):
                assert Client(headers={"user-agent": agent}).get(path).status_code == 200
                assert Client(headers={"user-agent": agent}).head(path).status_code == 200
                assert Client().options(path).status_code in (200, 405)
    assert counts() == before
    assert Client().post(f"/s/{token}", {"overall": "4"}).status_code == 303


def test_expired_and_unknown_links_are_no_dead_ends(cast: Cast) -> None:
    made, token = invited(cast)
    Invitation.objects.filter(pk=made.pk).update(expires_at=timezone.now() - timedelta(minutes=1))
    for path, status, word in ((f"/s/{token}", 410, "1022"), ("/s/000000000000", 404, "tin nhắn")):
        for answer in (Client().get(path), Client().post(path, {"overall": "5"})):
            assert answer.status_code == status
            assert word in answer.content.decode()
    assert Client().get("/s/000000000000/stop").status_code == 404
    assert not Response.objects.exists()


def test_numbers_and_answers_cannot_be_joined(cast: Cast) -> None:
    made, token = invited(cast)
    Client().post(f"/s/{token}", {"overall": "2"})
    row = Response.objects.get()
    kept = " ".join(
        str(value) for value in (*vars(made).values(), *vars(made.messages.get()).values())
    )
    for secret in (
        row.submission_key,
        row.receipt_hash,
        str(row.pk),
        str(row.response),
        token,
        "912345678",
    ):
        assert secret not in kept
    assert str(made.pk) not in " ".join(map(str, vars(row).values()))
    assert made.token_hash not in " ".join(map(str, vars(row).values()))
    assert (row.answered_hour.minute, row.answered_hour.second) == (0, 0)


def test_numbers_are_erased_on_schedule(cast: Cast) -> None:
    made, _ = invited(cast)
    now = timezone.now()
    assert erase(now + timedelta(days=8)) == 0
    made.messages.update(state="delivered")
    assert erase(now + timedelta(days=6)) == 0
    assert erase(now + timedelta(days=8)) == 1
    made.refresh_from_db()
    assert made.phone_sealed is None
    assert made.phone_hash


def test_the_hash_of_a_number_ends_sixty_days_after_its_last_use(cast: Cast) -> None:
    invited(cast)
    now = timezone.now()
    for days, kept in ((31, 1), (59, 1), (61, 0)):
        erase(now + timedelta(days=days))
        assert PhoneLedger.objects.count() == kept, days


@pytest.mark.parametrize(
    ("change", "count"),
    [
        ({}, "invited"),
        ({"event": "refused", "timing": ""}, "invited"),
        ({"event": "received"}, "not-invited:moment"),
        ({"channel": "counter"}, "not-invited:counter"),
        ({"procedure_code": "2.000001"}, "not-invited:sensitive"),
        ({"procedure_code": ""}, "not-invited:sensitive"),
        ({"procedure_code": "3.000001"}, "refused:unknown-procedure"),
        ({"phone": "02343822822"}, "not-invited:phone-not-mobile"),
        ({"phone": "0912345678; 0987654321"}, "not-invited:phone-several"),
        ({"phone": ""}, "not-invited:phone-empty"),
        ({"dossier_code": "000.15.50.H20-261110-0975"}, "invited"),
        ({"dossier_code": "H20.01.05-261110-1234567"}, "invited"),
        ({"time": "2027-01-01T00:00:00+07:00"}, "refused:future"),
        ({"time": "yesterday"}, "refused:malformed"),
        ({"time": "2026-13-45T00:00:00"}, "refused:malformed"),
        ({"agency_code": "H99"}, "refused:unknown-agency"),
        ({"domain_code": "magic"}, "refused:unknown-domain"),
        ({"dossier_code": "H20.01.05-261345-0001"}, "refused:malformed"),
        ({"event": "lost"}, "refused:malformed"),
        ({"channel": "fax"}, "refused:malformed"),
        ({"extra": "x"}, "refused:unknown-field"),
    ],
)
def test_every_event_is_counted_with_its_reason(
    cast: Cast, settings: Any, change: dict[str, str], count: str
) -> None:
    settings.SMS_SENSITIVE_PROCEDURES = frozenset({"2.000001"})
    for code in ("1.012766", "2.000001"):
        Procedure.objects.create(code=code)
    sender()
    report = ingest_events(
        events=[raw(**change), raw(odd="x")], source=None, now=NOON, province="H20"
    )
    assert report.counts[count] >= 1
    assert (
        sum(
            report.counts[name]
            for name in ("stored", *(c for c in report.counts if c.startswith("refused")))
        )
        == 2
    )
    assert not any("912345678" in message or "0912 345" in message for _, message in report.faults)


def test_the_same_event_again_is_the_same_row(cast: Cast) -> None:
    sender()
    for expected in ("stored", "repeated", "repeated"):
        report = ingest_events(events=[raw()], source=None, now=NOON, province="H20")
        assert report.counts[expected] == 1
    assert DossierEvent.objects.count() == Invitation.objects.count() == 1


@pytest.mark.long
def test_a_sample_is_drawn_by_the_dossier_not_by_people(cast: Cast, settings: Any) -> None:
    sender()
    settings.SMS_SAMPLING = 0.3
    events = [
        raw(dossier_code=f"H20.01.05-261110-{k:04d}", phone=f"09123{k:05d}") for k in range(300)
    ]
    first = ingest_events(events=events, source=None, now=NOON, province="H20")
    assert 60 <= first.counts["invited"] <= 120
    assert first.counts["invited"] + first.counts["not-invited:not-drawn"] == 300


def test_a_reminder_waits_three_days_and_has_the_same_link(cast: Cast) -> None:
    by = sender()
    MessageTemplate.objects.create(
        sender=by, kind="reminder", version=1, text=TEXT + " (nhac lai)", active=True
    )
    made = queue_invitation(event=event(cast), phone=PHONE, sender=by, now=NOON)
    assert isinstance(made, Invitation)
    first, second = made.messages.order_by("due_at")
    assert (second.due_at - first.due_at).days == 3
    links = {
        code
        for row in (first, second)
        for code in re.findall(r"[\w.:]/(\w{12})\b", decrypt(row.body_sealed or b"", str(row.pk)))
    }
    assert len(links) == 1
