"""The texts a province can use as they are."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import CommandError, call_command

from survey.messaging.invitations import longest_values
from survey.messaging.message_text import render, text_size
from survey.messaging.models import MessageKind, MessageTemplate, Sender
from survey.messaging.shipped_texts import WORDINGS, shipped_text

pytestmark = pytest.mark.django_db
ADDRESSES = [
    "https://dg.dongthap.gov.vn",
    "https://danhgia.dongthap.gov.vn",
    "https://danhgia.thanhphohochiminh.gov.vn",
]


@pytest.mark.parametrize("kind", WORDINGS)
@pytest.mark.parametrize("address", ADDRESSES)
def test_a_text_is_one_part_with_the_longest_values(
    settings: Any, kind: MessageKind, address: str
) -> None:
    settings.PUBLIC_URL = address
    text = shipped_text(kind, "UBND DTHAP")
    filled = render(text, longest_values(), accents=False)
    size = text_size(filled)
    assert (size.parts, size.unicode) == (1, False)
    assert size.units <= 160
    assert filled.isascii()
    assert text.startswith("UBND DTHAP")
    assert "mien phi" not in text, "the signature of a fraud"
    assert "hoan thanh" not in text, "false for a refusal"


def test_the_usual_address_leaves_room_for_province_and_hotline(settings: Any) -> None:
    settings.PUBLIC_URL = "https://danhgia.dongthap.gov.vn"
    text = shipped_text(MessageKind.INVITATION, "UBND DTHAP")
    assert "tinh Dong Thap" in text
    assert text.endswith("Hoi 1022")


def test_an_address_too_long_for_any_text_is_said(settings: Any) -> None:
    settings.PUBLIC_URL = "https://" + "danhgia." * 12 + "gov.vn"
    sender = Sender.objects.create(name="UBND DTHAP")
    with pytest.raises(CommandError, match="one part"):
        call_command("use_shipped_texts", sender.name)
    assert not MessageTemplate.objects.exists()


def test_the_command_puts_them_into_use_and_keeps_what_was_there(settings: Any) -> None:
    settings.PUBLIC_URL = "https://danhgia.dongthap.gov.vn"
    sender = Sender.objects.create(name="UBND DTHAP")
    for _time in range(2):
        call_command("use_shipped_texts", sender.name, verbosity=0)
    rows = MessageTemplate.objects.order_by("kind", "version")
    assert [(row.kind, row.version, row.active) for row in rows] == [
        ("invitation", 1, False),
        ("invitation", 2, True),
        ("reminder", 1, False),
        ("reminder", 2, True),
    ]
    with pytest.raises(CommandError, match="UBND DTHAP"):
        call_command("use_shipped_texts", "nobody")
