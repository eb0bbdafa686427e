"""Senders, templates, events and messages for tests."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from survey.agencies.models import ProcedureDomain
from survey.common.encryption import encrypt, phone_hash
from survey.messaging.models import MessageKind, MessageTemplate, Sender
from survey.messaging.outbox.models import OutboxMessage
from survey.transactions.models import DossierEvent
from tests.survey.factories import Cast

NOON = datetime(2026, 11, 16, 5, 0, tzinfo=UTC)  # a Monday, 12:00 in Vietnam
TEXT = "UBND TINH: Ho so {ma} da xong. Moi Ong/Ba danh gia: {link}"


def sender(**more: Any) -> Sender:
    made = Sender.objects.create(**{"name": "UBND TINH", "rate": 1000.0, **more})
    MessageTemplate.objects.create(
        sender=made, kind=MessageKind.INVITATION, version=1, text=TEXT, active=True
    )
    return made


def message(by: Sender, number: str = "+84912345678", **more: Any) -> OutboxMessage:
    row = OutboxMessage(
        **{
            "kind": MessageKind.INVITATION,
            "sender": by,
            "phone_hash": phone_hash(number),
            "parts": 1,
            "due_at": NOON,
            "not_after": NOON + timedelta(days=14),
            "created_at": NOON,
            **more,
        }
    )
    body = f"Moi danh gia: https://dg.vn/s/{uuid.uuid4().hex[:12].upper()}"
    row.to_sealed, row.body_sealed = encrypt(number, str(row.pk)), encrypt(body, str(row.pk))
    row.save()
    return row


def event(cast: Cast, code: str = "H20.01.05-261110-0001", **more: Any) -> DossierEvent:
    return DossierEvent.objects.create(
        **{
            "province": "H20",
            "dossier_code": code,
            "kind": "returned",
            "happened_at": NOON,
            "timing": "late",
            "agency": cast.land,
            "domain": ProcedureDomain.objects.get(code="land"),
            "channel": "online",
            "received_at": NOON,
            **more,
        }
    )
