"""Signing in through an identity provider: a real one, over HTTP, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from django.test import Client

from survey.accounts.models import AuditEvent, Role, User
from tests.servers.conftest import free_port
from tests.survey.accounts.builders import account, set_up_app, sign_in
from tests.survey.factories import Cast, flat

BEGIN = "/staff/sign-in/sso"


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://localhost:{port}"
    for _try in range(100):
        try:
            requests.get(url, timeout=2)
            break
        except requests.ConnectionError:
            time.sleep(0.1)
    yield url
    process.terminate()
    process.wait(10)


@pytest.fixture
def door(provider: str, settings: Any, cast: Cast) -> str:
    """The installation knows the provider."""
    app = {
        "provider_id": "sso",
        "name": "Cổng cán bộ",
        "client_id": "hailong",
        "secret": "secret",
        "settings": {"server_url": provider},
    }
    settings.OIDC_SERVER, settings.OIDC_NAME = provider, "Cổng cán bộ"
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}
    User.objects.filter(pk=cast.head.pk).update(email="Thu.Truong@example.vn")
    return provider


def come_in(door: str, client: Client, sub: str = "1", **claims: Any) -> Any:
    """Begin here, sign in there, come back; the answer to coming back."""
    requests.put(f"{door}/users/{sub}", json=claims, timeout=5).raise_for_status()
    away = client.post(BEGIN)
    assert away.status_code == 302
    assert away.headers["Location"].startswith(door)
    there = requests.post(
        away.headers["Location"], data={"sub": sub}, allow_redirects=False, timeout=5
    )
    back = urlsplit(there.headers["Location"])
    assert back.path == "/staff/sign-in/sso/callback"
    return client.get(f"{back.path}?{back.query}")


def test_the_account_with_the_verified_address_comes_in(door: str, cast: Cast) -> None:
    client = Client()
    assert "Đăng nhập bằng Cổng cán bộ" in flat(client.get("/staff/sign-in"))
    answer = come_in(door, client, email="thu.truong@example.vn", email_verified=True)
    assert answer.headers["Location"] == "/staff/today"
    assert client.get("/staff/").wsgi_request.user == cast.head
    event = AuditEvent.objects.get(action="sign-in")
    assert (event.user, event.refused) == (cast.head, False)


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "thu.truong@example.vn", "email_verified": False},
        {"email": "thu.truong@example.vn"},
        {"email": "thu.truong@example.vn", "email_verified": "false"},
        {"email": "thu.truong@example.vn", "email_verified": "true"},
        {"email": "nobody@example.vn", "email_verified": True},
        {"email": "", "email_verified": True},
        {},
    ],
)
def test_whoever_is_not_known_by_a_verified_address_stays_out(
    door: str, cast: Cast, claims: dict[str, Any]
) -> None:
    client, before = Client(), User.objects.count()
    answer = come_in(door, client, **claims)
    assert answer.headers["Location"] == "/staff/sign-in"
    assert "Không đăng nhập được" in flat(client.get("/staff/sign-in"))
    assert client.get("/staff/").status_code == 302
    assert User.objects.count() == before, "no account is made"
    assert AuditEvent.objects.get(action="sign-in").refused


def test_a_closed_account_and_an_address_two_accounts_have_stay_out(door: str, cast: Cast) -> None:
    claims: dict[str, Any] = {"email": "thu.truong@example.vn", "email_verified": True}
    User.objects.filter(pk=cast.head.pk).update(is_active=False)
    assert come_in(door, Client(), **claims).headers["Location"] == "/staff/sign-in"
    User.objects.filter(pk=cast.head.pk).update(is_active=True)
    User.objects.filter(pk=cast.analyst.pk).update(email="thu.truong@example.vn")
    assert come_in(door, Client(), **claims).headers["Location"] == "/staff/sign-in"


def test_the_second_factor_is_asked_all_the_same(door: str, cast: Cast, settings: Any) -> None:
    settings.SECOND_FACTOR = True
    analyst = account("sso", role=Role.ANALYST)
    User.objects.filter(pk=analyst.pk).update(email="a@example.vn")
    before, client = Client(), Client()
    sign_in(before, "sso")
    app = set_up_app(before)
    answer = come_in(door, client, email="a@example.vn", email_verified=True)
    assert answer.headers["Location"] == "/staff/sign-in/second-factor"
    assert client.get("/staff/").status_code == 302
    answer = client.post(answer.headers["Location"], {"code": app.at(time.time() + 30)})
    assert answer.headers["Location"] == "/staff/today"


def test_made_up_answers_and_a_provider_that_is_away_are_a_sentence(
    door: str, cast: Cast, settings: Any
) -> None:
    client = Client()
    for query in ("", "?code=x", "?code=x&state=y", "?error=access_denied", "?state=" + "9" * 3000):
        answer = client.get(f"/staff/sign-in/sso/callback{query}")
        assert answer.status_code == 302
        assert answer.headers["Location"] == "/staff/sign-in"
    assert client.get(BEGIN).status_code == 405, "a link elsewhere begins nothing"
    settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["settings"]["server_url"] = (
        f"http://localhost:{free_port()}"
    )
    assert client.post(BEGIN).headers["Location"] == "/staff/sign-in"


def test_without_a_provider_there_is_no_such_door(cast: Cast) -> None:
    assert "/staff/sign-in/sso" not in flat(Client().get("/staff/sign-in"))
    assert Client().post(BEGIN).status_code == 404
    assert Client().get("/staff/sign-in/sso/callback?code=x").status_code == 404


@pytest.mark.parametrize("told", ["{}", "[]", "no json", '{"authorization_endpoint": 5}'])
def test_a_provider_that_talks_nonsense_is_a_sentence(
    door: str, cast: Cast, settings: Any, told: str
) -> None:
    class Odd(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(told.encode())

        def log_message(self, *_args: Any) -> None:
            """Quiet."""

    server = HTTPServer(("localhost", 0), Odd)
    Thread(target=server.serve_forever, daemon=True).start()
    settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["settings"]["server_url"] = (
        f"http://localhost:{server.server_port}"
    )
    answer = Client(raise_request_exception=False).post(BEGIN)
    server.shutdown()
    server.server_close()
    assert answer.status_code == 302
