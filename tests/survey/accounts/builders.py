"""What the tests of accounts share: people of every role, and an authenticator app."""

from __future__ import annotations

import re
import time
from typing import Any

import pyotp
from django.test import Client

from survey.accounts.models import User
from tests.survey.factories import PASSWORD, hidden

ADDRESS = "/staff/sign-in"


def account(name: str, **more: Any) -> User:
    """An account with the password of all tests."""
    return User.objects.create_user(username=name, password=PASSWORD, **more)


def sign_in(client: Client, name: str, password: str = PASSWORD, **more: Any) -> Any:
    """Send the sign-in form."""
    return client.post(ADDRESS, {"username": name, "password": password}, **more)


def set_up_app(client: Client) -> pyotp.TOTP:
    """Set up an authenticator app on the pages, as a person does; gives the app."""
    page = client.get("/staff/second-factor/app")
    found = re.search(r"<code>([A-Z2-7]{16,})</code>", page.content.decode())
    assert found, page.content.decode()[-2000:]
    app = pyotp.TOTP(found[1])
    sent = client.post(
        "/staff/second-factor/app", hidden(page.content) | {"code": app.at(time.time())}
    )
    assert sent.status_code == 302, sent.content.decode()[-2000:]
    return app
