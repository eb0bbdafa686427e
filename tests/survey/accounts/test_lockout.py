"""A thousand wrong passwords lock the account, not the office; nobody learns which names exist."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth import hashers
from django.test import Client
from django.utils import timezone

from survey.accounts.lockout import MAX_FAILURES_AT_ADDRESS, MAX_FAILURES_OF_ACCOUNT
from survey.accounts.models import AuditEvent
from tests.survey.accounts.builders import sign_in
from tests.survey.factories import PASSWORD, Cast


@pytest.mark.slow
def test_a_thousand_wrong_passwords_lock_the_account_and_not_the_office(cast: Cast) -> None:
    client = Client()
    states = [sign_in(client, "head", f"wrong {place}").status_code for place in range(1000)]
    assert states[:MAX_FAILURES_AT_ADDRESS] == [200] * MAX_FAILURES_AT_ADDRESS
    assert set(states[MAX_FAILURES_AT_ADDRESS:]) == {429}
    assert sign_in(client, "head").status_code == 429, "not with the right one either"
    assert sign_in(Client(), "analyst").status_code == 302, "a colleague at the same address"
    elsewhere = sign_in(Client(), "head", REMOTE_ADDR="203.0.113.9")
    assert elsewhere.status_code == 302, "nor the person somewhere else"
    refused = AuditEvent.objects.filter(action="sign-in", refused=True, user_name="head")
    assert refused.count() == MAX_FAILURES_AT_ADDRESS


def test_many_addresses_lock_the_account_as_a_whole(cast: Cast) -> None:
    for place in range(MAX_FAILURES_OF_ACCOUNT):
        sign_in(Client(), "head", "wrong", REMOTE_ADDR=f"198.51.100.{place}")
    assert sign_in(Client(), "head", REMOTE_ADDR="203.0.113.9").status_code == 429
    assert sign_in(Client(), "HEAD ", REMOTE_ADDR="203.0.113.9").status_code == 429
    assert sign_in(Client(), "analyst", REMOTE_ADDR="203.0.113.9").status_code == 302
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=16))
    assert sign_in(Client(), "head", REMOTE_ADDR="203.0.113.9").status_code == 302


@pytest.mark.parametrize("name", ["head", "nobody", "closed"])
def test_who_exists_is_told_neither_by_words_nor_by_work(
    cast: Cast, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast.operator.username, cast.operator.is_active = "closed", False
    cast.operator.save()
    hashed: list[str] = []
    real = hashers.MD5PasswordHasher.encode

    def encode(self: Any, password: str, salt: str) -> str:
        hashed.append(password)
        return real(self, password, salt)

    monkeypatch.setattr(hashers.MD5PasswordHasher, "encode", encode)
    page = sign_in(Client(), name, "wrong")
    assert page.status_code == 200
    assert "Tên đăng nhập hoặc mật khẩu chưa đúng" in page.content.decode()
    assert len(hashed) == 1, "one password is hashed whoever it is: the time tells nothing"
    for _try in range(MAX_FAILURES_AT_ADDRESS):
        page = sign_in(Client(), name, "wrong")
    assert page.status_code == 429, "and the lock comes at the same try"


def test_the_old_password_cannot_be_guessed_either(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.head)
    sent = {
        "new_password1": "một mật khẩu mới thật dài",
        "new_password2": "một mật khẩu mới thật dài",
    }
    for _try in range(MAX_FAILURES_AT_ADDRESS):
        client.post("/staff/password", sent | {"old_password": "wrong"})
    client.post("/staff/password", sent | {"old_password": PASSWORD})
    cast.head.refresh_from_db()
    assert cast.head.check_password(PASSWORD), "not even the right one is looked at"


def test_a_spelling_is_no_way_around_and_no_way_into_the_trail(cast: Cast) -> None:
    for _try in range(MAX_FAILURES_AT_ADDRESS):
        sign_in(Client(), "head", "wrong")
    before = AuditEvent.objects.count()
    for name in ("ｈead", " HEAD", "head "):
        assert sign_in(Client(), name, "wrong").status_code == 429, name
    assert AuditEvent.objects.count() == before


def test_going_back_to_the_sign_in_page_is_no_loop(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.head)
    answer = client.get("/staff/sign-in?next=/staff/sign-in")
    assert answer.headers["Location"] == "/staff/today"
