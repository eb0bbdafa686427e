"""What the tests of the staff pages share."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from django.test import Client

from survey.accounts.models import User
from survey.scorecards.models import Edition
from survey.scorecards.services import make_edition, release_edition

AFTER = datetime(2026, 10, 5, 3, 0, tzinfo=UTC)
"""After the end of the third quarter: what is made then is a release."""


def release(folder: Path, method: str = "sipas-service") -> Edition:
    """An edition of a finished period that everybody may see."""
    return release_edition(edition=make_edition(folder=folder, method=method, now=AFTER), now=AFTER)


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client
