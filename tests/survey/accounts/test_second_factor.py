"""Second factors: who needs one does nothing without it, and shows it again for what is grave."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from survey.accounts.invitations import Invited, invite
from survey.accounts.lockout import MAX_FAILURES_AT_ADDRESS
from survey.accounts.models import AuditEvent, Role, User
from survey.accounts.second_factor import NEEDS_SECOND_FACTOR, RECENT_SECONDS
from survey.checks import second_factors_are_on
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


def test_a_session_older_than_the_factor_opens_nothing(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, thief = Client(), Client()
    account("admin", role=Role.PROVINCE_ADMIN)
    sign_in(owner, "admin")
    sign_in(thief, "admin")
    key = thief.cookies["sessionid"].value
    app = set_up_app(owner)
    assert thief.get("/staff/people").status_code == 302, "signed out by the set-up"
    # Also a session that was kept somehow.
    kept = Client()
    kept.force_login(User.objects.get(username="admin"))
    kept.post("/staff/again", {"password": PASSWORD})
    for path in ("/staff/people", "/staff/second-factor/codes/new", "/admin/"):
        assert kept.get(path).headers["Location"].startswith("/staff/again/code"), path
        assert kept.post(path).status_code in (302, 405), path
    assert key
    later(monkeypatch, 60)
    assert kept.post("/staff/again/code", {"code": app.at(time.time())}).status_code == 302
    assert kept.get("/staff/people").status_code == 200


def test_a_code_works_once_in_every_process(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    # The clock stands still: a code lives for half a minute, and the next one would be new.
    later(monkeypatch, 0)
    client = Client()
    app = admin(client)
    ask = "/staff/sign-in/second-factor"
    first, used = Client(), app.at(time.time())
    sign_in(first, "admin")
    assert first.post(ask, {"code": used}).status_code == 200, "the code of the set-up is used"
    later(monkeypatch, 60)
    code = app.at(time.time())
    for expected in (302, 200):
        cache.clear()  # what another process has
        other = Client()
        sign_in(other, "admin")
        assert other.post(ask, {"code": code}).status_code == expected


def test_changed_between_password_and_code_is_not_in(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client()
    app = admin(client)
    later(monkeypatch, 60)
    for change in ("password", "closed"):
        half = Client()
        sign_in(half, "admin")
        user = User.objects.get(username="admin")
        if change == "password":
            user.set_password("một mật khẩu hoàn toàn khác")
        else:
            user.is_active = False
        user.save()
        answer = half.post("/staff/sign-in/second-factor", {"code": app.at(time.time())})
        assert answer.headers["Location"] == "/staff/sign-in", change
        assert half.get("/staff/people").status_code == 302
        assert AuditEvent.objects.filter(action="sign-in", refused=True).exists()
        user.set_password(PASSWORD)
        user.save()
        later(monkeypatch, 120)


def test_what_somebody_else_left_half_done_stops_nobody(cast: Cast) -> None:
    client = Client()
    admin(client)
    shared = Client()
    sign_in(shared, "admin")
    assert sign_in(shared, "head").status_code == 302
    session = shared.session
    session["half-sign-in"] = [User.objects.get(username="admin").pk, "another hash"]
    session.save()
    row, token = invite(who=Invited(name="A", role=Role.HOTLINE), by=None, now=timezone.now())
    sent = {"username": "tongdai", "password": PASSWORD, "repeated": PASSWORD}
    answer = shared.post(f"/staff/invitation/{token}", sent)
    assert answer.headers["Location"] == "/staff/today"
    row.refresh_from_db()
    assert row.account is not None


def test_the_administration_asks_again_too(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client()
    account("chief", role=Role.OPERATOR, is_staff=True, is_superuser=True)
    sign_in(client, "chief")
    set_up_app(client)
    later(monkeypatch, RECENT_SECONDS + 1)
    path = f"/admin/survey/user/{cast.head.pk}/change/"
    assert client.get(path).status_code == 200
    answer = client.post(path, {"username": "head", "is_superuser": "on"})
    assert answer.headers["Location"].startswith("/staff/again/code")
    cast.head.refresh_from_db()
    assert not cast.head.is_superuser


def test_what_waits_is_done_by_its_own_code_once_and_recorded_as_what_it_is(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client()
    app = admin(client)
    later(monkeypatch, RECENT_SECONDS + 60)
    path = f"/staff/people/{cast.head.pk}/close"
    where = client.post(f"{path}?lang=en").headers["Location"]
    assert not AuditEvent.objects.filter(action="person-close").exists(), "nothing was done yet"
    assert "sessionid" not in str(client.session.items()), "no cookie is kept with what waits"
    client.post(where, {"code": app.at(time.time())})
    cast.head.refresh_from_db()
    assert not cast.head.is_active
    assert AuditEvent.objects.get(action="person-close").thing == f"{cast.head.pk} close"

    User.objects.filter(pk=cast.head.pk).update(is_active=True)
    later(monkeypatch, 2 * RECENT_SECONDS + 120)
    client.post(path)
    only_looking = client.get("/staff/second-factor/codes/new").headers["Location"]
    client.post(only_looking, {"code": app.at(time.time())})
    cast.head.refresh_from_db()
    assert cast.head.is_active, "what was given up is not done by looking at something else"


ODD = ["1", "[]", "{}", '{"id":1}', "9" * 5000, "[" * 7000, '{"id":"a","rawId":1}', "x" * 9000]


@pytest.mark.parametrize("credential", ODD)
def test_odd_passkeys_are_wrong_and_no_fault_of_ours(cast: Cast, credential: str) -> None:
    client = Client()
    sent = {"credential": credential}
    anybody = Client()
    anybody.get("/staff/sign-in/passkey", headers={"accept": "application/json"})
    assert anybody.post("/staff/sign-in/passkey", sent).status_code == 302
    assert anybody.get("/staff/people").status_code == 302
    admin(client)
    assert client.post("/staff/second-factor/passkey", sent).status_code == 200
    half = Client()
    sign_in(half, "admin")
    assert half.post("/staff/sign-in/second-factor", sent).status_code == 200
    assert half.get("/staff/people").status_code == 302


def test_a_challenge_for_a_second_factor_signs_nobody_in_alone(cast: Cast) -> None:
    anybody = Client()
    anybody.get("/staff/sign-in/passkey", headers={"accept": "application/json"})
    session = anybody.session
    assert session["mfa.webauthn.state"]["user_verification"] == "required"
    session["mfa.webauthn.state"] |= {"user_verification": "preferred"}
    session.save()
    answer = anybody.post("/staff/sign-in/passkey", {"credential": "{}"})
    assert answer.headers["Location"] == "/staff/sign-in"
    assert "không dùng được ở đây" in anybody.get("/staff/sign-in").content.decode()
    assert AuditEvent.objects.filter(action="sign-in", refused=True).exists()


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_other_methods_do_nothing(cast: Cast, method: str) -> None:
    client = Client()
    admin(client)
    for page in ("app/remove", "codes/new", "passkey"):
        assert getattr(client, method)(f"/staff/second-factor/{page}").status_code == 405
    assert Authenticator.objects.count() == 2


def test_a_head_request_does_not_use_the_codes_up(cast: Cast) -> None:
    client = Client()
    admin(client)
    client.head("/staff/second-factor/codes")
    shown = client.get("/staff/second-factor/codes").content.decode()
    assert len(re.findall(r"<code>([0-9]{8})</code>", shown)) == 10


@pytest.mark.parametrize(
    ("on", "secure", "demo", "refused"),
    [
        (True, True, False, 0),
        (False, True, False, 1),
        (False, False, False, 0),
        (False, True, True, 0),
    ],
)
def test_production_does_not_start_with_second_factors_off(
    settings: Any, *, on: bool, secure: bool, demo: bool, refused: int
) -> None:
    settings.SECOND_FACTOR, settings.SECURE, settings.DEMO = on, secure, demo
    assert len(second_factors_are_on(None)) == refused
