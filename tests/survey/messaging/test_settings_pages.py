"""Senders, texts, samples, numbers and case systems are set up by pages."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from survey.common.encryption import decrypt
from survey.messaging.models import KnownNumber, MessageTemplate, SamplingRule, Sender
from survey.messaging.outbox.models import OutboxMessage
from survey.transactions.models import SourceSystem
from survey.transactions.sources import renew_secret
from tests.survey.console.builders import signed_in
from tests.survey.factories import Cast, flat
from tests.survey.messaging.builders import invited

OVERVIEW = reverse("console:message-settings")
SENDER = {"name": "UBND DTHAP", "rate": "10", "opens": "08:00", "closes": "20:30", "price": "800"}


def add(client: Client, what: str, **sent: Any) -> Any:
    return client.post(reverse("console:message-setting-new", args=[what]), sent)


def test_a_sender_gets_a_text_and_a_newer_text_takes_its_place(cast: Cast) -> None:
    client = signed_in(cast.operator)
    assert add(client, "sender", **SENDER).status_code == 302
    sender = Sender.objects.get()
    text = "UBND DTHAP: Ho so {ma} da co ket qua. Ong/Ba co hai long khong? {link} Hoi 1022"
    data = {"sender": sender.pk, "kind": "invitation", "text": text, "active": "on"}
    assert add(client, "text", **data).status_code == 302
    bad = add(client, "text", **{**data, "text": "Không có đường dẫn"})
    assert bad.status_code == 422
    assert 'id="id_text_error"' in flat(bad)
    assert add(client, "text", **{**data, "text": text.replace("Hoi", "Goi")}).status_code == 302
    rows = list(MessageTemplate.objects.order_by("version").values_list("version", "active"))
    assert rows == [(1, False), (2, True)]
    page = flat(client.get(OVERVIEW))
    assert "UBND DTHAP" in page
    assert "đang dùng" in page
    for wrong in ({"opens": "05:00"}, {"rate": "0"}, {"rate": "x"}, {"name": "quá dài để đăng ký"}):
        assert add(client, "sender", **{**SENDER, "name": "B", **wrong}).status_code == 422, wrong


def test_a_text_that_was_sent_stays_as_it_was(cast: Cast) -> None:
    invited(cast)
    row = MessageTemplate.objects.get(pk=OutboxMessage.objects.values("template")[:1])
    client = signed_in(cast.operator)
    address = reverse("console:message-setting", args=["text", row.pk])
    before = row.text
    client.post(address, {"sender": row.sender_id, "kind": row.kind, "text": "x {link} {ma}"})
    row.refresh_from_db()
    assert (row.text, row.active) == (before, False)


def test_samples_and_numbers_are_kept_once_and_numbers_as_a_hash(cast: Cast) -> None:
    client = signed_in(cast.operator)
    assert add(client, "rule", domain=cast.land_counter.domain_id, share="0.5").status_code == 302
    for wrong in ({"share": "0.5", "monthly": "9"}, {}, {"share": "2"}, {"share": "-1"}):
        assert add(client, "rule", **wrong).status_code == 422, wrong
    assert add(client, "rule", domain=cast.land_counter.domain_id, monthly="9").status_code == 422
    rule = SamplingRule.objects.get()
    client.post(reverse("console:message-setting", args=["rule", rule.pk]), {"monthly": "40"})
    rule.refresh_from_db()
    assert (rule.share, rule.monthly) == (None, 40)
    assert add(client, "number", number="0912 345 678", kind="staff").status_code == 302
    assert add(client, "number", number="+84912345678", kind="agent").status_code == 422
    assert add(client, "number", number="123", kind="staff").status_code == 422
    assert "0912" not in flat(client.get(OVERVIEW))
    other = {"number": "0912 345 679", "kind": "staff"}
    add(client, "number", **other)
    assert KnownNumber.objects.count() == 2
    add(client, "number", **other, remove="1")
    add(client, "number", **other, remove="1")
    add(client, "number", number="x", remove="1")
    assert KnownNumber.objects.count() == 1, "typed once more, it is gone"
    client.post(reverse("console:message-setting-delete", args=["rule", rule.pk]))
    client.post(
        reverse("console:message-setting-delete", args=["number", KnownNumber.objects.get().pk])
    )
    assert not SamplingRule.objects.exists()
    assert not KnownNumber.objects.exists()


def test_a_case_system_gets_a_secret_shown_once_and_a_new_one_by_a_button(cast: Cast) -> None:
    client = signed_in(cast.operator)
    assert add(client, "source", key_id="Một cửa", name="x", province="H20").status_code == 422
    page = add(client, "source", key_id="mot-cua", name="Một cửa", province="H20", active="on")
    source = SourceSystem.objects.get()
    secret = decrypt(source.secret_sealed, "source/mot-cua")
    assert secret in flat(page)
    assert secret not in flat(client.get(OVERVIEW))
    again = flat(client.post(reverse("console:source-secret", args=[source.pk])))
    source.refresh_from_db()
    assert decrypt(source.secret_sealed, "source/mot-cua") in again
    assert secret not in again
    client.post(
        reverse("console:message-setting", args=["source", source.pk]),
        {"key_id": "anders", "name": "Một cửa", "province": "H20"},
    )
    source.refresh_from_db()
    assert (source.key_id, source.active) == ("mot-cua", False), (
        "the key stays, it was switched off"
    )


def test_a_text_in_use_can_be_put_away_whatever_became_of_its_sender(cast: Cast) -> None:
    invited(cast)
    row = MessageTemplate.objects.get(pk=OutboxMessage.objects.values("template")[:1])
    Sender.objects.update(name="TEN MOI")
    address = reverse("console:message-setting", args=["text", row.pk])
    assert signed_in(cast.operator).post(address, {}).status_code == 302
    row.refresh_from_db()
    assert not row.active


def test_a_new_secret_does_not_switch_a_case_system_on_again(cast: Cast) -> None:
    stale = SourceSystem(key_id="mot-cua", name="x", province="H20", secret_sealed=b"")
    stale.save()
    SourceSystem.objects.update(active=False)
    renew_secret(source=stale)
    assert not SourceSystem.objects.get().active


@pytest.mark.parametrize("what", ["sender", "text", "rule", "source"])
def test_numbers_nobody_has_are_404_and_heads_see_nothing(cast: Cast, what: str) -> None:
    address = reverse("console:message-setting", args=[what, 999_999])
    assert signed_in(cast.operator).get(address).status_code == 404
    assert signed_in(cast.head).get(address).status_code == 403
    assert re.search("403|không có quyền", flat(signed_in(cast.head).get(OVERVIEW)))
