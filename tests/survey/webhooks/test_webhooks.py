"""Webhooks: told in the transaction, signed as published, tried for a day, and never to this
network.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from survey.accounts.models import AuditEvent
from survey.common.happenings import Event, tell
from survey.responses.cases import open_case
from survey.responses.services import record_response
from survey.scorecards.services import make_edition, release_edition
from survey.webhooks import outgoing
from survey.webhooks import services as webhooks
from survey.webhooks.models import Webhook, WebhookMessage
from survey.webhooks.outgoing import SendingError, Target, check_address, post
from survey.webhooks.services import (
    ATTEMPTS_AFTER,
    OVERLAP,
    deliver,
    end_webhook,
    make_webhook,
    renew_secret,
    send_again,
    send_test,
    sign,
    tend_messages,
)
from tests.survey.console.builders import signed_in
from tests.survey.factories import Cast
from tests.survey.scorecards.builders import fill, snapshot

pytestmark = pytest.mark.django_db


@dataclass
class Receiver:
    """A program that listens: what it got, and what it answers."""

    url: str = ""
    status: int = 200
    location: str = ""
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def listening() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.got.append((dict(self.headers.items()), body))
            self.send_response(receiver.status)
            if receiver.location:
                self.send_header("Location", receiver.location)
            self.end_headers()

        def log_message(self, *_args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/nghe"
    yield receiver
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with listening() as made:
        yield made


def make(cast: Cast, url: str, *events: Event) -> tuple[Webhook, str]:
    wanted = [one.value for one in events or (Event.EDITION,)]
    return make_webhook(owner=cast.analyst, name="Kho", url=url, events=wanted, now=timezone.now())


def try_again(message: WebhookMessage) -> WebhookMessage:
    WebhookMessage.objects.filter(pk=message.pk).exclude(next_at=None).update(
        next_at=timezone.now()
    )
    deliver.call(message.pk)
    message.refresh_from_db()
    return message


def test_what_is_told_arrives_signed_as_published(
    cast: Cast,
    receiver: Receiver,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    _row, secret = make(cast, receiver.url)
    with django_capture_on_commit_callbacks(execute=True):
        tell(Event.EDITION, edition=7, period="2026-Q3")
        tell(Event.ALERT, kind="silent", counter=1)
        assert receiver.got == [], "nothing leaves before the transaction ends"
    ((headers, body),) = receiver.got
    assert Verifier(secret).verify(body, headers) == {
        "type": "edition.published",
        "timestamp": json.loads(body)["timestamp"],
        "data": {"edition": 7, "period": "2026-Q3"},
    }
    assert headers["Content-Type"] == "application/json"
    with pytest.raises(WebhookVerificationError):
        Verifier(secret).verify(body.replace(b"7", b"8"), headers)
    message = WebhookMessage.objects.get()
    assert (message.attempts, message.next_at, message.dead_at) == (1, None, None)
    assert message.delivered_at is not None
    deliver.call(message.pk)
    assert len(receiver.got) == 1, "what was taken is not sent again"


def test_the_rooms_tell_what_happens(cast: Cast, tmp_path: Any) -> None:
    make(cast, "https://127.0.0.1:9/", Event.EDITION, Event.CASE)
    fill(cast, good=30, bad=9)
    now = timezone.now()
    edition = make_edition(folder=snapshot(tmp_path), method="overall", now=now)
    release_edition(edition=edition, now=now)
    row = record_response(submission=cast.submission("case", 2)).row
    case = open_case(row=row, now=now)
    assert case is not None
    open_case(row=row, now=now)
    told = [json.loads(one.body) for one in WebhookMessage.objects.order_by("pk")]
    assert [one["type"] for one in told] == ["edition.published", "case.handed_over"]
    assert told[0]["data"]["edition"] == edition.pk
    assert set(told[1]["data"]) == {"case", "agency", "opened_on"}, "no answer, no person"
    assert told[1]["timestamp"].endswith("T00:00:00+07:00"), "by its day, not by its moment"
    handed = WebhookMessage.objects.latest("pk")
    assert handed.next_at is not None
    assert handed.next_at > now + timedelta(hours=2)


def test_a_day_of_attempts_then_given_up_and_sent_again_by_hand(
    cast: Cast,
    receiver: Receiver,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    row, _secret = make(cast, receiver.url)
    receiver.status = 503
    assert sum(ATTEMPTS_AFTER, timedelta()) == timedelta(hours=24)
    with django_capture_on_commit_callbacks(execute=True):
        message = send_test(webhook=row, now=timezone.now())
    for wait in ATTEMPTS_AFTER:
        message.refresh_from_db()
        assert message.next_at is not None
        assert abs(message.next_at - timezone.now() - wait) < timedelta(seconds=30)
        try_again(message)
    assert (message.attempts, message.problem) == (len(ATTEMPTS_AFTER) + 1, "HTTP 503")
    assert message.dead_at is not None
    assert message.next_at is None
    assert {one[0]["webhook-id"] for one in receiver.got} == {message.message_id}
    receiver.status = 204
    with django_capture_on_commit_callbacks(execute=True):
        assert send_again(message=message, now=timezone.now())
    again = WebhookMessage.objects.get(pk=message.pk)
    assert again.delivered_at is not None
    assert again.dead_at is None
    assert not send_again(message=message, now=timezone.now())


def test_the_secret_before_signs_for_a_day_beside_the_new_one(cast: Cast) -> None:
    row, old = make(cast, "https://127.0.0.1:9/")
    now = timezone.now()
    new = renew_secret(webhook=row, now=now)
    row.refresh_from_db()
    message = send_test(webhook=row, now=now)
    message.webhook = row
    both = sign(message, now)
    for secret in (old, new):
        assert Verifier(secret).verify(message.body, both)["type"] == "webhook.test"
    third = renew_secret(webhook=row, now=now)
    row.refresh_from_db()
    message.webhook = row
    for secret in (old, third):
        assert Verifier(secret).verify(message.body, sign(message, now))["type"] == "webhook.test"
    later = sign(message, now + OVERLAP)
    assert len(later["webhook-signature"].split()) == 1
    assert new.encode() not in bytes(row.secret_sealed)


def test_who_is_gone_is_told_nothing_more(cast: Cast, receiver: Receiver) -> None:
    row, _secret = make(cast, receiver.url)
    first = send_test(webhook=row, now=timezone.now())
    receiver.status = 410
    try_again(first)
    row.refresh_from_db()
    assert row.ended_at is not None
    assert first.dead_at is not None
    tell(Event.EDITION, edition=1)
    assert WebhookMessage.objects.count() == 1
    other, _secret = make(cast, receiver.url)
    second = send_test(webhook=other, now=timezone.now())
    cast.analyst.is_active = False
    cast.analyst.save()
    tell(Event.EDITION, edition=2)
    assert WebhookMessage.objects.count() == 2, "an account that ended hears nothing"
    assert try_again(second).dead_at is not None
    assert len(receiver.got) == 1


def test_redirects_lead_nowhere(cast: Cast, receiver: Receiver) -> None:
    with listening() as inside:
        receiver.status, receiver.location = 302, inside.url
        row, _secret = make(cast, receiver.url)
        message = try_again(send_test(webhook=row, now=timezone.now()))
        assert inside.got == []
    assert message.problem == "HTTP 302"


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/",
        "https://10.1.2.3/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/",
        "https://[fec0::1]/",
        "https://[64:ff9b:1::7f00:1]/",
        "https://[::7f00:1]/",
        "https://[::ffff:0:7f00:1]/",
        "https://[2001:db8::5efe:7f00:1]/",
        "https://[2606:4700::5efe:a00:1]/",
        "https://2130706433/",
        "https://0/",
        "https://224.0.0.1/",
        "https://localhost/",
        "http://8.8.8.8/",
        "ftp://8.8.8.8/",
        "https://user:pass@8.8.8.8/",
        "https://8.8.8.8:99999/",
        "https://8.8.8.8/#x",
        "https:///x",
        "https://8.8.8.8/\r\nX: y",
        "https://8.8.8.8\\@10.0.0.1/",
        "https://" + "a" * 400,
        "",
    ],
)
def test_addresses_of_this_network_are_refused(settings: LazySettings, url: str) -> None:
    settings.WEBHOOK_PRIVATE_HOSTS = frozenset()
    with pytest.raises(ValidationError):
        check_address(url)


def test_a_name_that_turns_inside_after_it_was_saved_is_refused_at_the_call(
    cast: Cast, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WEBHOOK_PRIVATE_HOSTS = frozenset()
    answers = ["8.8.8.8"]

    def resolve(_host: str, port: int, **_more: Any) -> list[Any]:
        return [(0, 0, 0, "", (one, port)) for one in answers]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    row, _secret = make(cast, "https://hook.example/x?y=1")
    assert check_address(row.url) == Target("https", "hook.example", "8.8.8.8", 443, "/x?y=1")
    asked: list[Target] = []

    def take(target: Target, *_more: object) -> int:
        asked.append(target)
        return 200

    monkeypatch.setattr(webhooks, "post", take)
    answers[:] = ["8.8.8.8", "192.168.1.1"]
    message = try_again(send_test(webhook=row, now=timezone.now()))
    assert asked == []
    assert "hook.example" in message.problem
    assert message.next_at is not None, "it is tried again: a name may have been wrong for a while"


def test_a_receiver_that_drips_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "MOST_SECONDS", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            taken, _address = server.accept()
            with suppress(OSError):
                for letter in b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200:
                    taken.send(bytes([letter]))
                    time.sleep(0.1)

        threading.Thread(target=drip, daemon=True).start()
        begun = time.monotonic()
        with pytest.raises(SendingError):
            post(Target("http", "127.0.0.1", "127.0.0.1", server.getsockname()[1], "/"), b"", {})
        assert time.monotonic() - begun < 10


def test_a_host_that_is_not_there_is_an_error_and_no_wait() -> None:
    with pytest.raises(SendingError):
        post(Target("http", "127.0.0.1", "127.0.0.1", 9, "/"), b"", {})


def test_the_night_takes_up_what_a_dead_worker_left(cast: Cast, receiver: Receiver) -> None:
    row, _secret = make(cast, receiver.url)
    now = timezone.now()
    due, cut_off, old = (send_test(webhook=row, now=now) for _ in range(3))

    def change(message: WebhookMessage, **values: datetime | None) -> None:
        WebhookMessage.objects.filter(pk=message.pk).update(**values)

    change(cut_off, next_at=None, made_at=now - timedelta(days=2))
    change(old, made_at=now - timedelta(days=40))
    tend_messages(now + timedelta(minutes=1))
    due.refresh_from_db()
    cut_off.refresh_from_db()
    assert due.delivered_at is not None
    assert cut_off.dead_at is not None
    assert not WebhookMessage.objects.filter(pk=old.pk).exists()


def test_webhooks_are_made_renewed_tested_and_ended_by_pages(
    cast: Cast,
    receiver: Receiver,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    client, page = signed_in(cast.analyst), reverse("console:webhooks")
    typed = {"name": "Kho", "url": receiver.url, "events": ["edition.published"]}
    shown = client.post(page, typed).content.decode()
    row = Webhook.objects.get()
    secret = shown.partition("<code>")[2].partition("</code>")[0]
    assert secret.startswith("whsec_")
    assert secret not in client.get(page).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("console:webhook-test", args=[row.pk]))
    headers, body = receiver.got[0]
    assert Verifier(secret).verify(body, headers)["type"] == "webhook.test"
    renewed = client.post(reverse("console:webhook-renew", args=[row.pk])).content.decode()
    assert renewed.partition("<code>")[2].partition("</code>")[0] not in ("", secret)
    message = WebhookMessage.objects.get()
    WebhookMessage.objects.update(dead_at=timezone.now(), delivered_at=None)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("console:webhook-resend", args=[message.pk]))
    assert len(receiver.got) == 2
    client.post(reverse("console:webhook-end", args=[row.pk]))
    row.refresh_from_db()
    assert row.ended_at is not None
    actions = set(AuditEvent.objects.values_list("action", flat=True))
    assert {"webhooks", "webhook-test", "webhook-renew", "webhook-resend", "webhook-end"} <= actions
    for wrong in ({**typed, "url": "https://10.0.0.1/"}, {**typed, "events": ["x"]}, {}):
        assert client.post(page, wrong).status_code == 422
    for name in ("test", "renew", "end"):
        assert client.post(reverse(f"console:webhook-{name}", args=[row.pk])).status_code == 404


def test_ending_gives_up_what_waits(cast: Cast) -> None:
    row, _secret = make(cast, "https://127.0.0.1:9/")
    message = send_test(webhook=row, now=timezone.now())
    end_webhook(webhook=row, now=timezone.now())
    message.refresh_from_db()
    assert message.dead_at is not None
    assert message.next_at is None
