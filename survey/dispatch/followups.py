"""From dossier events to invitations: who is asked, who is not, and how many for which reason."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.conf import settings

from survey.dispatch.invitations import Refused, queue_invitation
from survey.dispatch.models import Sender
from survey.transactions.events import EventRefused, check_event, record_event
from survey.transactions.models import Channel, DossierEvent, SourceSystem

ASKED_AFTER: Final = (DossierEvent.Kind.RETURNED, DossierEvent.Kind.REFUSED)
"""A rating is asked for when the dossier is closed; refused and late ones are asked too."""


@dataclass
class Report:
    """What became of a batch: counts by reason, and the faults by position."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: list[tuple[int, str]] = field(default_factory=list)


def take_events(
    *, events: Iterable[Mapping[str, Any]], source: SourceSystem | None, now: datetime, province: str
) -> Report:
    """Store events and queue invitations; each event stands alone, so one bad one stops nothing."""
    report = Report()
    sender = Sender.objects.order_by("pk").first()
    for position, raw in enumerate(events):
        try:
            incoming = check_event(raw, source, now, province)
        except EventRefused as error:
            report.counts[f"refused:{error.reason}"] += 1
            report.faults.append((position, str(error)))
            continue
        if not record_event(event=incoming.event):
            report.counts["repeated"] += 1
            continue
        report.counts["stored"] += 1
        reason = _not_asked(incoming.event, incoming.phone, incoming.phone_fault, sender)
        if not reason and sender is not None and incoming.phone is not None:
            made = queue_invitation(event=incoming.event, phone=incoming.phone, sender=sender, now=now)
            reason = f"not-invited:{made.reason}" if isinstance(made, Refused) else "invited"
        report.counts[reason] += 1
    return report


def _not_asked(event: DossierEvent, phone: str | None, fault: str, sender: Sender | None) -> str:
    """Why nobody is asked about an event; empty when somebody is."""
    if event.kind not in ASKED_AFTER:
        return "not-invited:moment"
    if event.channel == Channel.COUNTER:
        return "not-invited:counter"
    if event.procedure_code in settings.SMS_SENSITIVE_PROCEDURES:
        return "not-invited:sensitive"
    if phone is None:
        return f"not-invited:phone-{fault}"
    if sender is None:
        return "not-invited:no-sender"
    return "" if _drawn(event) else "not-invited:not-drawn"


def _drawn(event: DossierEvent) -> bool:
    """Sampling: a share of the dossiers, fixed by a seeded hash of the code, so that nobody can choose."""
    share = settings.SMS_SAMPLING
    if share >= 1:
        return True
    digest = hashlib.sha256(f"{settings.SECRET_KEY}/{event.province}/{event.dossier_code}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 < share
