"""What an agency says it did is approved by another body, not by another account of the
same one.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from survey.accounts.models import User
from survey.agencies.improvements import Improvement
from tests.survey.factories import Cast, flat

pytestmark = pytest.mark.django_db


def approved(cast: Cast, author: User, by: User) -> bool:
    row = Improvement.objects.create(
        agency=cast.land,
        said="Chờ lâu",
        did="Thêm một quầy",
        done_on=timezone.localdate(),
        author=author,
    )
    client = Client()
    client.force_login(by)
    client.post(f"/staff/improvements/{row.pk}/approve")
    row.refresh_from_db()
    return row.approved_at is not None


def test_only_another_body_approves(cast: Cast) -> None:
    assert cast.operator.agency is None
    assert cast.analyst.agency is None
    assert not approved(cast, cast.operator, cast.analyst), (
        "two accounts of the province are one body"
    )
    assert not approved(cast, cast.operator, cast.operator)
    assert approved(cast, cast.head, cast.analyst)
    assert approved(cast, cast.analyst, cast.head)


def test_the_languages_page_tells_what_is_missing(cast: Cast, settings: Any) -> None:
    settings.LANGUAGES = [*settings.LANGUAGES, ("eo", "Esperanto")]
    client = Client()
    client.force_login(cast.analyst)
    khmer, esperanto = flat(client.get("/staff/languages")).split('lang="km"')[1].split('lang="eo"')
    assert set(re.findall(r'value="(\d+)"', khmer)) == {"100"}
    assert set(re.findall(r'value="(\d+)"', esperanto)) == {"0"}
    client.force_login(cast.head)
    assert client.get("/staff/languages").status_code == 403
