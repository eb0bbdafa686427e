"""Invitations: one link, one account; and accounts that are closed, moved or demoted."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from survey.accounts.invitations import INVITATION_TTL, Invited, invite
from survey.accounts.models import AuditEvent, Role, StaffInvitation, StaffSession, User
from survey.common.logs import MaskCodes
from tests.survey.accounts.builders import account, sign_in
from tests.survey.console.builders import signed_in
from tests.survey.factories import PASSWORD, Cast

NEW = {"username": "nguoimoi", "password": PASSWORD, "repeated": PASSWORD}


@pytest.fixture
def admin(cast: Cast) -> Client:
    return signed_in(account("admin", role=Role.PROVINCE_ADMIN))


def link_on(page: Any) -> str:
    found = re.search(r"(/staff/invitation/[A-Za-z0-9_-]+)", page.content.decode())
    assert found, page.content.decode()[-3000:]
    return found[1]


def test_an_invitation_opens_one_account_with_what_was_decided(cast: Cast, admin: Client) -> None:
    sent = {"name": "Lê Thị Mười", "email": "", "role": Role.OFFICE_MANAGER, "agency": cast.land.pk}
    link = link_on(admin.post("/staff/people/invite", sent))
    person = Client()
    page = person.get(link).content.decode()
    assert "Lê Thị Mười" in page
    assert "Sở Nông nghiệp" in page
    assert User.objects.filter(username="nguoimoi").count() == 0, "looking changes nothing"
    assert person.post(link, NEW | {"role": Role.PROVINCE_ADMIN}).status_code == 302
    made = User.objects.get(username="nguoimoi")
    assert (made.role, made.agency) == (Role.OFFICE_MANAGER, cast.land)
    assert (made.is_staff, made.is_superuser) == (False, False)
    assert person.get("/staff/codes").status_code == 200, "signed in at once"
    second = Client().post(link, NEW | {"username": "thuhai"})
    assert second.status_code == 410
    assert "đã được dùng" in second.content.decode()
    assert not User.objects.filter(username="thuhai").exists()
    assert AuditEvent.objects.filter(action="invite-person", detail__contains="Mười").exists()
    assert AuditEvent.objects.filter(action="open-account", user=made).exists()


def test_weak_passwords_taken_names_and_slips_are_told_at_their_field(
    cast: Cast, admin: Client
) -> None:
    invitation, token = invite(
        who=Invited(name="A", role=Role.AUDITOR), by=None, now=timezone.now()
    )
    link = f"/staff/invitation/{token}"
    for change, words in (
        ({"password": "ngắn", "repeated": "ngắn"}, "15"),
        ({"repeated": PASSWORD + "x"}, "Hai mật khẩu không giống nhau"),
        ({"username": "HEAD"}, "đã có người dùng"),
        ({"username": "có dấu cách"}, "error-text"),
        ({"password": "\x00" * 20, "repeated": "\x00" * 20}, "error-text"),
    ):
        page = Client().post(link, NEW | change)
        assert page.status_code == 422, change
        assert words in page.content.decode(), change
    invitation.refresh_from_db()
    assert invitation.account is None


def test_links_that_are_too_old_withdrawn_or_made_up_say_so(cast: Cast, admin: Client) -> None:
    now = timezone.now()
    invitation, token = invite(who=Invited(name="A", role=Role.AUDITOR), by=None, now=now)
    assert Client().get("/staff/invitation/" + "x" * 32).status_code == 410
    StaffInvitation.objects.update(expires_at=now)
    assert "quá hạn" in Client().get(f"/staff/invitation/{token}").content.decode()
    StaffInvitation.objects.update(expires_at=now + INVITATION_TTL)
    assert "A" in admin.get("/staff/people").content.decode()
    admin.post(f"/staff/people/invitations/{invitation.pk}/withdraw")
    page = Client().post(f"/staff/invitation/{token}", NEW)
    assert "thu hồi" in page.content.decode()
    assert not User.objects.filter(username="nguoimoi").exists()


def test_a_mail_server_takes_the_link_and_the_page_shows_it_to_nobody(
    cast: Cast, admin: Client, settings: Any
) -> None:
    settings.EMAIL_HOST = "mail.example.vn"
    sent = {"name": "B", "email": "b@example.vn", "role": Role.AUDITOR, "agency": ""}
    page = admin.post("/staff/people/invite", sent).content.decode()
    assert "/staff/invitation/" not in page
    assert "b@example.vn" in page
    assert "/staff/invitation/" in mail.outbox[0].body
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    shown = admin.post("/staff/people/invite", sent | {"email": "c@example.vn"})
    assert link_on(shown), "where the server does not take it, the link is handed over"


def test_an_administrator_of_a_branch_gives_no_more_than_the_branch(cast: Cast) -> None:
    client = signed_in(account("admin-1", role=Role.PROVINCE_ADMIN, agency=cast.land))
    sent = {"name": "C", "role": Role.ANALYST}
    assert client.post("/staff/people/invite", sent | {"agency": ""}).status_code == 422
    outside = client.post("/staff/people/invite", sent | {"agency": cast.commune.pk})
    assert outside.status_code == 422
    assert not StaffInvitation.objects.exists()
    assert client.post("/staff/people/invite", sent | {"agency": cast.land.pk}).status_code == 200
    page = client.get("/staff/people").content.decode()
    assert ">head<" in page
    assert ">analyst<" not in page, "people of the province are not in a branch"
    assert client.get(f"/staff/people/{cast.analyst.pk}").status_code == 404
    assert client.post(f"/staff/people/{cast.operator.pk}/close").status_code == 404


def test_a_local_role_without_an_agency_is_refused_everywhere(cast: Cast, admin: Client) -> None:
    sent = {"name": "D", "role": Role.AGENCY_HEAD, "agency": ""}
    page = admin.post("/staff/people/invite", sent)
    assert page.status_code == 422
    assert "Vai trò này cần có cơ quan" in page.content.decode()
    with pytest.raises(ValidationError):
        invite(who=Invited(name="D", role=Role.AGENCY_HEAD), by=None, now=timezone.now())


@pytest.mark.parametrize("change", ["close", "move", "demote", "end"])
def test_who_is_changed_is_out_at_the_next_request(cast: Cast, admin: Client, change: str) -> None:
    person = Client()
    sign_in(person, "head")
    assert person.get("/staff/codes").status_code == 200
    path = f"/staff/people/{cast.head.pk}"
    sent = {"first_name": "H", "email": "", "role": Role.AGENCY_HEAD, "agency": cast.land.pk}
    if change == "close":
        admin.post(f"{path}/close")
    elif change == "move":
        admin.post(path, sent | {"agency": cast.commune.pk})
    elif change == "demote":
        admin.post(path, sent | {"role": Role.OFFICE_MANAGER})
    else:
        User.objects.filter(pk=cast.head.pk).update(
            ends_on=timezone.localdate() - timedelta(days=1)
        )
    answer = person.get("/staff/codes")
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/staff/sign-in")
    again = sign_in(Client(), "head").status_code
    assert again == (200 if change in ("close", "end") else 302)
    if change == "close":
        admin.post(f"{path}/open")
        assert person.get("/staff/codes").status_code == 302, "the old session stays ended"
        assert sign_in(Client(), "head").status_code == 302


def test_saving_a_person_of_an_ended_agency_gives_them_no_province(
    cast: Cast, admin: Client
) -> None:
    person = account("cu", role=Role.ANALYST, agency=cast.commune)
    cast.commune.versions.update(valid_to=timezone.localdate())
    page = admin.get(f"/staff/people/{person.pk}").content.decode()
    chosen = re.search(r'<option value="(\d+)" selected>UBND phường Mỹ Tho', page)
    assert chosen, "the agency there is stands in the list, chosen"
    sent = {"first_name": "Tên mới", "email": "", "role": Role.ANALYST, "agency": chosen[1]}
    admin.post(f"/staff/people/{person.pk}", sent)
    person.refresh_from_db()
    assert (person.first_name, person.agency) == ("Tên mới", cast.commune)


def test_nobody_changes_their_own_role_or_an_account_of_last_resort(
    cast: Cast, admin: Client
) -> None:
    me = User.objects.get(username="admin")
    sent = {"first_name": "", "email": "", "role": Role.ANALYST, "agency": ""}
    admin.post(f"/staff/people/{me.pk}", sent)
    admin.post(f"/staff/people/{me.pk}/close")
    me.refresh_from_db()
    assert (me.role, me.is_active) == (Role.PROVINCE_ADMIN, True)
    assert admin.get(f"/staff/people/{cast.operator.pk}").status_code == 404


def test_the_owner_sees_and_ends_other_sessions(cast: Cast) -> None:
    here, there = Client(), Client(HTTP_USER_AGENT="Điện thoại cũ")
    sign_in(here, "head")
    sign_in(there, "head", REMOTE_ADDR="203.0.113.5")
    page = here.get("/staff/sessions").content.decode()
    assert "203.0.113.5" in page
    assert "Điện thoại cũ" in page
    here.post("/staff/sessions/end")
    assert there.get("/staff/codes").status_code == 302
    assert here.get("/staff/codes").status_code == 200
    assert StaffSession.objects.filter(user=cast.head).count() == 1
    key = here.cookies["sessionid"].value
    assert not StaffSession.objects.filter(session_key=key).exists(), "kept under a hash"


def test_who_was_closed_does_not_come_back_by_an_own_invitation(cast: Cast, admin: Client) -> None:
    link = link_on(
        admin.post(
            "/staff/people/invite", {"name": "Tôi", "role": Role.PROVINCE_ADMIN, "agency": ""}
        )
    )
    other = signed_in(account("admin-2", role=Role.PROVINCE_ADMIN))
    me = User.objects.get(username="admin")
    other.post(f"/staff/people/{me.pk}/close")
    assert Client().post(link, NEW).status_code == 410
    StaffInvitation.objects.update(withdrawn_at=None)
    assert Client().post(link, NEW).status_code == 410, "whatever ended the account"
    assert not User.objects.filter(username="nguoimoi").exists()


def test_no_reader_of_trail_or_log_learns_a_link(
    cast: Cast, admin: Client, caplog: pytest.LogCaptureFixture
) -> None:
    _row, token = invite(who=Invited(name="A", role=Role.AUDITOR), by=None, now=timezone.now())
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(cast.analyst)
    assert strict.post(f"/staff/invitation/{token}", NEW).status_code == 403
    Client().post(f"/staff/invitation/{token}", NEW | {"password": "x"})
    assert not AuditEvent.objects.filter(thing__contains=token).exists()
    masked = MaskCodes()
    for record in caplog.records:
        masked.filter(record)
        assert token not in record.getMessage()


def test_a_name_that_is_locked_or_an_account_that_has_ended_is_no_fault_of_ours(
    cast: Cast,
) -> None:
    now = timezone.now()
    _row, token = invite(who=Invited(name="A", role=Role.AUDITOR), by=None, now=now)
    for _try in range(5):
        sign_in(Client(), "nguoimoi", "wrong")
    assert Client().post(f"/staff/invitation/{token}", NEW).status_code == 302
    row, token = invite(
        who=Invited(name="B", role=Role.AUDITOR, ends_on=timezone.localdate()), by=None, now=now
    )
    StaffInvitation.objects.filter(pk=row.pk).update(
        ends_on=timezone.localdate() - timedelta(days=1)
    )
    answer = Client().post(f"/staff/invitation/{token}", NEW | {"username": "b"})
    assert answer.status_code == 410


def test_a_branch_ends_no_invitation_of_others_and_learns_no_address(cast: Cast) -> None:
    now = timezone.now()
    who = Invited(name="A", role=Role.AUDITOR, email="a@example.vn")
    foreign, _token = invite(who=who, by=cast.operator, now=now)
    User.objects.filter(pk=cast.analyst.pk).update(email="phantich@example.vn")
    client = signed_in(account("admin-1", role=Role.PROVINCE_ADMIN, agency=cast.land))
    sent = {"name": "X", "role": Role.ANALYST, "agency": cast.land.pk}
    for email in ("a@example.vn", "phantich@example.vn"):
        assert client.post("/staff/people/invite", sent | {"email": email}).status_code == 200
    foreign.refresh_from_db()
    assert foreign.withdrawn_at is None


@pytest.mark.parametrize("name", ["ｍới1", "đạt", "Head", "HEAD"])
def test_a_user_name_can_be_typed_again_and_is_nobody_elses(cast: Cast, name: str) -> None:
    _row, token = invite(who=Invited(name="A", role=Role.AUDITOR), by=None, now=timezone.now())
    answer = Client().post(f"/staff/invitation/{token}", NEW | {"username": name})
    assert answer.status_code == 422
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create_user(username="HEAD")
