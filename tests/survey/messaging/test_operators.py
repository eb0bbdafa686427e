"""What operators do by hand: texts that are checked, keys for case systems, a dry run."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from survey.common.encryption import decrypt
from survey.messaging.forms import MessageTemplateForm
from survey.messaging.models import Sender
from survey.messaging.outbox.models import OutboxMessage
from survey.transactions.models import SourceSystem
from tests.survey.console.builders import signed_in
from tests.survey.factories import Cast
from tests.survey.messaging.messages import message, sender

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("UBND TINH: Ho so {ma} da xong. Moi Ong/Ba danh gia: {link}", True),
        ("Ho so {ma} da xong: {link}", False),
        ("UBND TINH: khong co lien ket", False),
        ("UBND TINH: " + "dai " * 40 + "{link}", False),
    ],
)
def test_a_text_is_checked_before_it_can_be_used(text: str, good: bool) -> None:
    by = sender()
    values = {
        "sender": by.pk,
        "kind": "invitation",
        "version": 2,
        "text": text,
        "accents": False,
        "active": False,
    }
    form = MessageTemplateForm(values)
    assert form.is_valid() == good
    assert good or form.errors["text"]


def test_the_admin_shows_parts_and_price(cast: Cast) -> None:
    sender()
    page = signed_in(cast.operator).get("/admin/survey/messagetemplate/").content.decode()
    assert "800.00" in page
    assert signed_in(cast.operator).get("/admin/survey/sender/").status_code == 200


def test_a_case_system_gets_its_key_once() -> None:
    out = StringIO()
    call_command("add_source", "portal", "--name", "Cổng", "--province", "H20", stdout=out)
    secret = out.getvalue().split("secret: ")[1].split()[0]
    assert decrypt(SourceSystem.objects.get().secret_sealed, "source/portal") == secret
    for arguments, word in (
        (["portal"], "--renew"),
        (["Portal!"], "small letters"),
        (["other", "--renew"], "not known"),
    ):
        with pytest.raises(CommandError, match=word):
            call_command("add_source", *arguments, "--name", "x", "--province", "H20")
    call_command(
        "add_source", "portal", "--renew", "--name", "Cổng", "--province", "H20", stdout=StringIO()
    )
    assert decrypt(SourceSystem.objects.get().secret_sealed, "source/portal") != secret


def test_a_dry_run_says_what_waits_and_sends_nothing() -> None:
    by = sender()
    for k in range(3):
        message(by, f"+8491234560{k}", parts=2)
    out = StringIO()
    call_command("sms_dispatch", "--dry-run", stdout=out)
    assert "3 messages, 6 parts, 4800.00 VND" in out.getvalue()
    assert OutboxMessage.objects.filter(state="pending").count() == 3
    Sender.objects.update(paused_at="2026-11-16T05:00:00Z", paused_because="operator")
    call_command("sms_dispatch", "--dry-run", stdout=out)
    assert "paused: operator" in out.getvalue()
