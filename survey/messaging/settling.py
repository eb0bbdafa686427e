"""Invitations whose messages are settled lose whatever could be held against an answer;
sums stay.
"""

from __future__ import annotations

import logging
import secrets
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone

from survey.common.encryption import DecryptionError, decrypt
from survey.common.periods import first_of_month
from survey.messaging.models import Invitation, MessageKind, Step
from survey.messaging.outbox.eligibility import locked
from survey.messaging.outbox.models import MessageState, OutboxMessage
from survey.messaging.tallies import count_step

log = logging.getLogger(__name__)
LATE_REPORTS: Final = timedelta(days=1)
"""How long after the last final word a carrier may still change its mind."""
CAP_WINDOW: Final = timedelta(days=8)
"""How long a settled message keeps the hash of its number: the weekly cap is counted by it."""
AT_ONCE: Final = 2000


@transaction.atomic
def settle_invitations(now: datetime) -> int:
    """Strip settled invitations in random order, in one transaction; returns how many.

    What is left of one is the hash of its token, the hash of its dossier, what only the token
    opens, and the month.
    """
    open_ones = OutboxMessage.objects.filter(final_at=None).values("invitation_id")
    fresh = OutboxMessage.objects.filter(final_at__gt=now - LATE_REPORTS).values("invitation_id")
    due = Invitation.objects.filter(settled=False).exclude(
        pk__in=open_ones.exclude(invitation=None)
    )
    rows = list(locked(due.exclude(pk__in=fresh.exclude(invitation=None)), skip=True)[:AT_ONCE])
    secrets.SystemRandom().shuffle(rows)
    _tally(rows, now)
    for row in rows:
        row.settled, row.agency_sealed, row.phone_sealed, row.phone_hash = True, None, None, ""
        row.made_on = first_of_month(row.made_on)
        # The day of the end would give the day of the service away; a link may be used until its
        # month is over.
        row.expires_at = _end_of_month(row.expires_at)
        row.save(
            update_fields=[
                "settled",
                "agency_sealed",
                "phone_sealed",
                "phone_hash",
                "made_on",
                "expires_at",
            ]
        )
    OutboxMessage.objects.filter(invitation__in=[row.pk for row in rows]).update(invitation=None)
    old = OutboxMessage.objects.filter(invitation=None, final_at__lt=now - CAP_WINDOW).exclude(
        phone_hash=""
    )
    old.update(phone_hash="")
    return len(rows)


def _end_of_month(moment: datetime) -> datetime:
    """Midnight after the last day of a moment's month, in local time."""
    local = timezone.localtime(moment)
    first = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return timezone.localtime(first + timedelta(days=32)).replace(day=1)


def _tally(rows: Sequence[Invitation], now: datetime) -> None:
    """Add what became of first messages to the sums of their agencies."""
    reached: Counter[tuple[int, str]] = Counter()
    first = OutboxMessage.objects.filter(
        invitation__in=[row.pk for row in rows], kind=MessageKind.INVITATION, sequence=0
    ).values_list("invitation_id", "provider_id", "state")
    messages = {invitation: (provider_id, state) for invitation, provider_id, state in first}
    for row in rows:
        agency, (provider_id, state) = _find_agency(row), messages.get(row.pk, (None, ""))
        if agency is None:
            continue
        reached[agency, Step.ACCEPTED] += provider_id is not None
        reached[agency, Step.CONFIRMED] += state == MessageState.DELIVERED
    for (agency, step), count in reached.items():
        if count:
            count_step(agency_id=agency, step=step, now=now, by=count)


def _find_agency(row: Invitation) -> int | None:
    try:
        return int(decrypt(row.agency_sealed, f"agency/{row.pk}")) if row.agency_sealed else None
    except DecryptionError:
        log.error("invitation %s cannot be unsealed: is PHONE_KEY the right one?", row.pk)
        return None
