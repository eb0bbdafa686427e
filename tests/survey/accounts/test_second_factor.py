"""Second factors: who needs one does nothing without it, and shows it again for what is grave."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from survey.accounts.lockout import MAX_FAILURES_AT_ADDRESS
from survey.accounts.models import AuditEvent, Role, User
from survey.accounts.second_factor import NEEDS_SECOND_FACTOR, RECENT_SECONDS
from tests.survey.accounts.builders import account, set_up_app, sign_in
from tests.survey.factories import PASSWORD, Cast, hidden


@pytest.fixture(autouse=True)
def switched_on(settings: Any) -> None:
    settings.SECOND_FACTOR = True


def admin(client: Client) -> Any:
    """An administrator signed in with an app; gives the app."""
    account("admin", role=Role.PROVINCE_ADMIN)
    assert sign_in(client, "admin").status_code == 302
    return set_up_app(client)


def later(monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + seconds)


def test_roles_that_move_numbers_need_a_second_factor_before_anything_else(cast: Cast) -> None:
    for role in Role:
        agency = cast.land if role in (Role.AGENCY_HEAD, Role.OFFICE_MANAGER) else None
        client = Client()
        client.force_login(account(f"one-{role}", role=role, agency=agency))
        answer = client.get("/staff/codes")
        if role in NEEDS_SECOND_FACTOR:
            assert answer.headers["Location"] == "/staff/second-factor", role
            assert client.post("/staff/improvements").status_code == 302
            assert client.get("/admin/").headers["Location"] == "/staff/second-factor"
            assert "cần yếu tố thứ hai" in client.get("/staff/second-factor").content.decode()
        else:
            assert answer.status_code == 200, role


def test_an_app_is_set_up_and_asked_for_at_the_next_sign_in(cast: Cast) -> None:
    client = Client()
    app = admin(client)
    kept = Authenticator.objects.get(type="totp").data["secret"]
    assert app.secret not in kept, "sealed in the database"
    codes = re.findall(
        r"<code>([0-9]{8})</code>", client.get("/staff/second-factor/codes").content.decode()
    )
    assert len(codes) == 10
    again = client.get("/staff/second-factor/codes").content.decode()
    assert not re.search(r"<code>[0-9]{8}</code>", again), "shown once"
    assert client.get("/staff/people").status_code == 200

    fresh = Client()
    assert sign_in(fresh, "admin").headers["Location"] == "/staff/sign-in/second-factor"
    assert fresh.get("/staff/people").status_code == 302, "the password alone opens nothing"
    ask = "/staff/sign-in/second-factor"
    wrong = fresh.post(ask, hidden(fresh.get(ask).content) | {"code": "000000"})
    assert "Mã này không đúng" in wrong.content.decode()
    assert fresh.post(ask, {"code": codes[0]}).status_code == 302
    assert fresh.get("/staff/people").status_code == 200
    other = Client()
    sign_in(other, "admin")
    assert other.post(ask, {"code": codes[0]}).status_code == 200, "each works once"


def test_six_digits_cannot_be_guessed(cast: Cast) -> None:
    client = Client()
    app = admin(client)
    guesser = Client()
    sign_in(guesser, "admin")
    ask = "/staff/sign-in/second-factor"
    for _try in range(MAX_FAILURES_AT_ADDRESS):
        guesser.post(ask, {"code": "000001"})
    locked = guesser.post(ask, {"code": app.now()})
    assert locked.status_code == 200
    assert "Đã thử quá nhiều lần" in locked.content.decode()
    assert guesser.get("/staff/people").status_code == 302
    assert AuditEvent.objects.filter(refused=True, user_name="admin").exists()


def test_what_is_grave_asks_again_after_five_minutes_and_then_does_it(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client()
    app = admin(client)
    sent = {"name": "Người mới", "role": Role.AUDITOR, "agency": ""}
    page = client.post("/staff/people/invite", sent)
    assert page.status_code == 200, "just shown: not asked again"
    later(monkeypatch, RECENT_SECONDS + 1)
    asked = client.post("/staff/people/invite", sent | {"name": "Người thứ hai"})
    assert asked.headers["Location"].startswith("/staff/again/code?next=")
    assert "Người thứ hai" not in client.get("/staff/people").content.decode()
    where = asked.headers["Location"]
    wrong = client.post(where, hidden(client.get(where).content) | {"code": "000000"})
    assert "Mã này không đúng" in wrong.content.decode()
    right = client.post(where, hidden(client.get(where).content) | {"code": app.at(time.time())})
    assert "Người thứ hai" in right.content.decode(), "done with the confirmation, nothing retyped"
    assert "Người thứ hai" in client.get("/staff/people").content.decode()


def test_six_digits_cannot_be_guessed_by_who_holds_the_session_either(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client()
    app = admin(client)
    later(monkeypatch, RECENT_SECONDS + 1)
    for _try in range(MAX_FAILURES_AT_ADDRESS):
        client.post("/staff/again/code", {"code": "000001"})
    locked = client.post("/staff/again/code", {"code": app.at(time.time())})
    assert "Đã thử quá nhiều lần" in locked.content.decode()
    assert client.post("/staff/people/invite", {"name": "x"}).status_code == 302


def test_the_password_again_is_no_way_around(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client()
    admin(client)
    later(monkeypatch, RECENT_SECONDS + 1)
    answer = client.get("/staff/again")
    assert answer.headers["Location"].startswith("/staff/again/code")
    client.post("/staff/again", {"password": PASSWORD})
    assert client.post("/staff/people/invite", {"name": "x"}).status_code == 302


def test_the_last_factor_of_a_role_that_needs_one_stays(cast: Cast) -> None:
    client = Client()
    admin(client)
    answer = client.post("/staff/second-factor/app/remove")
    assert "hãy thêm một yếu tố khác trước" in answer.content.decode()
    assert Authenticator.objects.filter(type="totp").exists()
    User.objects.filter(username="admin").update(role=Role.OPERATOR)
    client = Client()
    client.force_login(User.objects.get(username="admin"))
    assert client.post("/staff/second-factor/app/remove").status_code == 302, "asked again first"


def test_new_recovery_codes_end_the_old_ones(cast: Cast) -> None:
    client = Client()
    admin(client)
    pattern = r"<code>([0-9]{8})</code>"
    old = re.findall(pattern, client.get("/staff/second-factor/codes").content.decode())
    assert client.post("/staff/second-factor/codes/new").status_code == 302
    new = re.findall(pattern, client.get("/staff/second-factor/codes").content.decode())
    assert len(new) == 10
    assert not set(new) & set(old)
    other = Client()
    sign_in(other, "admin")
    assert other.post("/staff/sign-in/second-factor", {"code": old[0]}).status_code == 200
