"""Events and invitations made up for tests."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from survey.common.encryption import decrypt
from survey.messaging.event_intake import FILE_FIELDS
from survey.messaging.invitations import queue_invitation
from survey.messaging.models import (
    Invitation,
    MessageKind,
    Sender,
)
from tests.survey.factories import Cast
from tests.survey.messaging.messages import event, sender

BOTS = (
    "facebookexternalhit/1.1",
    "Zalo",
    "Mozilla/5.0 (compatible; Googlebot/2.1)",
    "Microsoft Office/16.0",
)


PHONE = "+84912345678"


def invited(cast: Cast, phone: str = PHONE, **more: Any) -> tuple[Invitation, str]:
    """An invitation and the token its message holds."""
    by = Sender.objects.first() or sender()
    made = queue_invitation(event=event(cast, **more), phone=phone, sender=by, now=timezone.now())
    assert isinstance(made, Invitation)
    row = made.messages.get(kind=MessageKind.INVITATION)
    body = decrypt(row.body_sealed or b"", str(row.pk))
    return made, body.rpartition("/")[2]


def raw(**more: str) -> dict[str, str]:
    return {
        "dossier_code": "H20.01.05-261110-0001",
        "event": "returned",
        "time": "2026-11-16T11:00:00+07:00",
        "timing": "late",
        "agency_code": "H20.01",
        "domain_code": "land",
        "procedure_code": "1.012766",
        "channel": "online",
        "phone": "0912 345 678",
        **more,
    }


def as_csv(*events: dict[str, str], separator: str = ",") -> bytes:
    lines = [
        separator.join(FILE_FIELDS),
        *(separator.join(e.get(name, "") for name in FILE_FIELDS) for e in events),
    ]
    return "\r\n".join(lines).encode("utf-8-sig")


def many(count: int, **more: str) -> list[dict[str, str]]:
    return [
        raw(dossier_code=f"H20.01.05-261110-{k:04d}", phone=f"09123{k:05d}", **more)
        for k in range(count)
    ]
