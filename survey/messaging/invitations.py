"""Invitations: one link per dossier, one per number in thirty days, sealed number, token kept only
as a hash.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from survey.common.encryption import encrypt, phone_hash
from survey.common.tokens import ALPHABET, keyed_hash, new_code, normalise_code
from survey.messaging.message_text import render, text_size
from survey.messaging.models import (
    Invitation,
    MessageKind,
    MessageTemplate,
    OptOut,
    PhoneLedger,
    Sender,
    Step,
)
from survey.messaging.outbox.eligibility import REMIND_AFTER
from survey.messaging.outbox.models import OutboxMessage
from survey.messaging.places import DossierPlace, seal_place
from survey.messaging.queries import TOKEN_LENGTH
from survey.messaging.tallies import count_step
from survey.transactions.models import DossierEvent
from survey.transactions.queries import has_likes

LINK_TTL: Final = timedelta(days=14)
APART: Final = timedelta(days=30)
REMINDED: Final = "?r=1"
LONGEST_CODE: Final = "H99.99.99.99-991231-9999999"


@dataclass(frozen=True)
class Refused:
    """Why no invitation was made: ``again`` (dossier or number invited before), ``opt-out`` or
    ``no-template``.
    """

    reason: str


def link_address(token: str) -> str:
    """Address of a token."""
    return f"{settings.PUBLIC_URL}/{token}"


def token_hash(token: str) -> str:
    """What is stored of a token beside the invitation."""
    return keyed_hash("invitation", normalise_code(token))


def longest_values() -> dict[str, str]:
    """The longest values a template can be filled with."""
    return {"ma": LONGEST_CODE, "link": link_address(ALPHABET[-1] * TOKEN_LENGTH) + REMINDED}


def queue_invitation(
    *, event: DossierEvent, phone: str, sender: Sender, now: datetime
) -> Invitation | Refused:
    """Make an invitation and its messages for an event; ``phone`` in E.164. One transaction, or a
    reason.
    """
    number = phone_hash(phone)
    templates = {t.kind: t for t in MessageTemplate.objects.filter(sender=sender, active=True)}
    if MessageKind.INVITATION not in templates:
        return Refused("no-template")
    if OptOut.objects.filter(phone_hash=number).exists():
        return Refused("opt-out")
    token = new_code(TOKEN_LENGTH)
    try:
        with transaction.atomic():
            # The database decides: one row per dossier, one moment per number.
            invitation = _invitation(event, phone, number, token, now)
            if not _claimed(number, now):
                raise IntegrityError("invited within thirty days")
            for kind, template in templates.items():
                filled = {"ma": event.dossier_code, "link": _link(token, MessageKind(kind))}
                _message(invitation, template, MessageKind(kind), phone, filled, now).save(
                    force_insert=True
                )
            count_step(agency_id=event.agency_id, step=Step.INVITED, now=now)
    except IntegrityError:
        return Refused("again")
    return invitation


def _invitation(
    event: DossierEvent, phone: str, number: str, token: str, now: datetime
) -> Invitation:
    local = timezone.localtime(now)
    end = (local + LINK_TTL).replace(hour=23, minute=59, second=59, microsecond=0)
    row = Invitation(
        id=uuid.uuid4(),
        token_hash=token_hash(token),
        dossier_hash=keyed_hash("dossier", f"{event.province}/{event.dossier_code}"),
        place_sealed=seal_place(
            token,
            DossierPlace(
                event.agency_id,
                event.domain_id,
                event.channel,
                number,
                timezone.localtime(event.happened_at).date().isoformat(),
                event.timing,
                event.applicant,
                event.applicant if has_likes(event) else "",
            ),
        ),
        phone_hash=number,
        made_on=local.date(),
        expires_at=end,
    )
    row.agency_sealed = encrypt(str(event.agency_id), f"agency/{row.pk}")
    row.phone_sealed = encrypt(phone, str(row.pk))
    row.save(force_insert=True)
    return row


def _claimed(number: str, now: datetime) -> bool:
    """Take the number for the next thirty days."""
    today = timezone.localtime(now).date()
    PhoneLedger.objects.get_or_create(phone_hash=number, defaults={"counted_since": now})
    free = Q(last_invited_on=None) | Q(last_invited_on__lte=today - APART)
    return bool(PhoneLedger.objects.filter(free, phone_hash=number).update(last_invited_on=today))


def _link(token: str, kind: MessageKind) -> str:
    # The reminder's link differs, so that a look-up never takes the one message for the other.
    return link_address(token) + (REMINDED if kind == MessageKind.REMINDER else "")


def _message(
    invitation: Invitation,
    template: MessageTemplate,
    kind: MessageKind,
    phone: str,
    filled: dict[str, str],
    now: datetime,
) -> OutboxMessage:
    body = render(template.text, filled, accents=template.accents)
    row = OutboxMessage(
        invitation=invitation,
        kind=kind,
        sender_id=template.sender_id,
        template=template,
        phone_hash=invitation.phone_hash,
        parts=text_size(body).parts,
        due_at=now + (REMIND_AFTER if kind == MessageKind.REMINDER else timedelta(0)),
        not_after=invitation.expires_at,
        created_at=now,
    )
    row.to_sealed, row.body_sealed = encrypt(phone, str(row.pk)), encrypt(body, str(row.pk))
    return row
