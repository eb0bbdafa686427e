"""What the tests of the staff pages share."""

from __future__ import annotations

from datetime import UTC, datetime

from django.test import Client

from survey.accounts.models import User

AFTER = datetime(2026, 10, 5, 3, 0, tzinfo=UTC)
"""After the end of the third quarter: what is made then is a release."""


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client
