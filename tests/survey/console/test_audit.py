"""The audit trail: everything sent and refused is there, nothing in it can be changed."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import get_resolver

from survey.accounts.audit import record_event
from survey.accounts.models import AuditEvent, Role
from survey.console.audit import ACTIONS
from tests.survey.accounts.builders import account, sign_in
from tests.survey.console.builders import signed_in
from tests.survey.factories import Cast

SILENT = {"account_login", "mfa_authenticate", "mfa_login_webauthn", "sign-out", "invitation"}
SILENT |= {"sso_login", "openid_connect_callback"}
"""Pages whose deed is recorded under another name, where it is done."""
READING = {"mfa_index", "mfa_list_webauthn", "mfa_view_recovery_codes"}


@pytest.mark.slow
def test_everything_that_can_be_sent_has_a_name_in_the_trail(db: None) -> None:
    resolvers: list[Any] = get_resolver().url_patterns
    sent = {
        pattern.name
        for resolver in resolvers
        if str(resolver.pattern) == "staff/"
        for pattern in resolver.url_patterns
        if Client().post(_path(pattern)).status_code != 405
    }
    assert sent - SILENT - READING - set(ACTIONS) == set()


def _path(pattern: Any) -> str:
    """An address of a pattern, with the first choice in the place of each part."""
    text = re.sub(r"\(\?P<\w+>\\d\{1,12\}\)|<int:pk>", "1", str(pattern.pattern))
    text = re.sub(r"\(\?P<\w+>([a-zA-Z]+)\|[^)]*\)", r"\1", text)
    text = re.sub(r"\(\?P<\w+>[^)]*\)|<str:kind>", "ABCD2345", text)
    return "/staff/" + text.strip("^$").replace("\\", "")


def test_what_is_sent_refused_and_downloaded_is_recorded(cast: Cast) -> None:
    client = signed_in(cast.operator)
    client.post(f"/staff/codes/{cast.code.pk}/revoke")
    event = AuditEvent.objects.get(action="code-change")
    assert (event.user, event.thing, event.refused) == (
        cast.operator,
        f"{cast.code.pk} revoke",
        False,
    )
    assert event.address == "127.0.0.1"
    head = signed_in(cast.head)
    head.get("/staff/totals")
    head.get(f"/staff/codes/{cast.commune_code.pk}.png")
    assert set(AuditEvent.objects.filter(refused=True).values_list("action", "user_name")) == {
        ("totals", "head"),
        ("code-image", "head"),
    }
    client.get("/staff/imports/totals/template.xlsx")
    assert AuditEvent.objects.filter(action="import-template").exists()
    client.get("/staff/codes")
    assert not AuditEvent.objects.filter(action="codes").exists(), "reading a list is no deed"


def test_signing_in_and_out_is_recorded_once_each(cast: Cast) -> None:
    client = Client()
    sign_in(client, "head", "wrong")
    sign_in(client, "head")
    client.post("/staff/sign-out")
    found = AuditEvent.objects.order_by("pk").values_list("action", "refused", "user_name")
    assert list(found) == [
        ("sign-in", True, "head"),
        ("sign-in", False, "head"),
        ("sign-out", False, "head"),
    ]


@pytest.mark.parametrize("change", ["update", "delete"])
def test_the_database_itself_keeps_the_trail(cast: Cast, change: str) -> None:
    event = record_event(None, "invite-person", detail="x")
    rows = AuditEvent.objects.filter(pk=event.pk)
    with pytest.raises(DatabaseError), transaction.atomic():
        rows.update(detail="y") if change == "update" else rows.delete()
    assert AuditEvent.objects.get(pk=event.pk).detail == "x"


ODD = ["?from=99/99/2026", "?from=x&to=/", "?page=999999", "?q=%00", "?page=-1"]
ODD += ["?to=31/12/9999", "?from=01/01/0001"]


def test_auditors_search_their_branch_and_nobody_else_reads_it(cast: Cast) -> None:
    record_event(None, "invite-person", detail="của Sở", agency_id=cast.land.pk)
    record_event(None, "invite-person", detail="của phường", agency_id=cast.commune.pk)
    whole = signed_in(account("auditor", role=Role.AUDITOR))
    branch = signed_in(account("auditor-1", role=Role.AUDITOR, agency=cast.land))
    assert "của phường" in whole.get("/staff/audit").content.decode()
    page = branch.get("/staff/audit").content.decode()
    assert "của Sở" in page
    assert "của phường" not in page
    assert "của phường" not in branch.get("/staff/audit.csv").getvalue().decode()
    found = whole.get("/staff/audit?q=phường").content.decode()
    assert "của Sở" not in found
    assert "của phường" in found
    assert "của Sở" not in whole.get("/staff/audit?to=01/01/2020").content.decode()
    for odd in ODD:
        assert whole.get(f"/staff/audit{odd}").status_code == 200, odd
    for client in (signed_in(cast.head), signed_in(cast.analyst)):
        assert client.get("/staff/audit").status_code == 403
        assert client.get("/staff/audit.csv").status_code == 403


def test_the_file_holds_no_formula(cast: Cast) -> None:
    record_event(None, "invite-person", detail="=HYPERLINK(1)", user_name="@sum")
    text = signed_in(account("auditor", role=Role.AUDITOR)).get("/staff/audit.csv")
    assert text.headers["Content-Disposition"] == 'attachment; filename="audit.csv"'
    lines = text.getvalue().decode()
    assert ",'=HYPERLINK(1)," in lines
    assert ",'@sum," in lines
