"""The set-up page: units and questionnaires are loaded once, and it says what comes next."""

from __future__ import annotations

from survey.accounts.models import Role
from survey.agencies.models import Agency
from survey.questionnaires.models import Version, VersionStatus
from survey.questionnaires.queries import published_short_form
from tests.survey.accounts.builders import account
from tests.survey.console.builders import signed_in


def test_an_empty_database_is_filled_once(db: None) -> None:
    client = signed_in(account("admin", role=Role.PROVINCE_ADMIN))
    assert "Thiết lập ban đầu" in client.get("/staff/").content.decode()
    for odd in ("", "99", "x\x00"):
        client.post("/staff/set-up/units", {"province": odd})
        assert not Agency.objects.exists(), odd
    client.post("/staff/set-up/units", {"province": "12"})
    count = Agency.objects.count()
    assert count > 30
    assert "Nạp đơn vị hành chính" not in client.get("/staff/set-up").content.decode()
    client.post("/staff/set-up/units", {"province": "82"})
    assert Agency.objects.count() == count, "a second province is not loaded by mistake"
    client.post("/staff/set-up/library")
    assert published_short_form() is not None
    assert Version.objects.filter(status=VersionStatus.PUBLISHED).count() == 2


def test_a_form_that_was_retired_is_not_said_to_be_there(db: None) -> None:
    client = signed_in(account("admin", role=Role.PROVINCE_ADMIN))
    client.post("/staff/set-up/library", follow=True)
    Version.objects.filter(questionnaire__code="counter-short").update(status=VersionStatus.RETIRED)
    page = client.post("/staff/set-up/library", follow=True).content.decode()
    assert "đã ngừng dùng" in page
    assert "đã ban hành" not in page


def test_only_who_may_is_led(db: None) -> None:
    for role in (Role.ANALYST, Role.AUDITOR, Role.AUTHOR):
        client = signed_in(account(f"one-{role}", role=role))
        assert client.get("/staff/set-up").status_code == 403
        assert client.post("/staff/set-up/library").status_code == 403
    assert published_short_form() is None
