"""From dossier events to invitations: who is asked, who is not, and how many for which reason."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

from django.conf import settings
from django.db import DataError, transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from survey.accounts.models import User
from survey.common.encryption import phone_hash
from survey.messaging.invitations import Refused, queue_invitation
from survey.messaging.models import KnownNumber, Sender
from survey.messaging.outbox.models import OutboxMessage
from survey.messaging.sampling import draw, note_dossier
from survey.transactions.counting import count_intake
from survey.transactions.events import (
    FIELDS,
    OPTIONAL_FIELDS,
    EventRefused,
    Incoming,
    check_event,
    record_event,
    stored_event,
)
from survey.transactions.models import Channel, DossierEvent, EventsImport, SourceSystem
from survey.transactions.queries import CLOSED
from survey.transactions.reading import FileError, read_rows

log = logging.getLogger(__name__)
MENDABLE: Final = ("not-invited:phone-", "not-invited:no-sender", "not-invited:no-template")
ASKED_WITHIN: Final = timedelta(days=7)
"""Nobody is asked about a dossier closed longer ago: a back-fill of old events writes to nobody."""
FILE_FIELDS: Final = FIELDS
"""Headings of a file of events, in this order."""


@dataclass
class IntakeReport:
    """What became of a batch: counts by reason, and the faults by position."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: list[tuple[int, str]] = field(default_factory=list)
    not_asked: list[tuple[int, str]] = field(default_factory=list)
    """Events that were stored and could still be asked about once they are mended, with the reason.
    """


def import_events(
    *,
    content: bytes,
    file_name: str,
    source: SourceSystem,
    now: datetime,
    by: User | None = None,
    most: int | None = None,
) -> IntakeReport:
    """Take the events of a CSV or XLSX file; faults are given by the row number the spreadsheet
    shows.

    Good rows are taken although others are wrong: sending the mended file again repeats nothing.

    Raises
    ------
    FileError
        The file as a whole cannot be read; nothing was stored.
    """
    rows = read_rows(content, file_name, FILE_FIELDS, optional=OPTIONAL_FIELDS)
    if most is not None and len(rows) > most:
        raise FileError(
            _(
                "The file has more than %(count)s rows. Split it, or have an operator use "
                "manage.py import_events."
            )
            % {"count": most}
        )
    events = [dict(zip(FILE_FIELDS, row.cells, strict=True)) for row in rows]
    note_file(content=content, file_name=file_name, rows=len(rows), source=source, by=by, now=now)
    report = ingest_events(events=events, source=source, now=now, province=source.province)
    report.faults = [(rows[position].number, message) for position, message in report.faults]
    report.not_asked = [(rows[position].number, reason) for position, reason in report.not_asked]
    return report


def note_file(
    *,
    content: bytes,
    file_name: str,
    rows: int,
    source: SourceSystem,
    by: User | None,
    now: datetime,
) -> EventsImport:
    """Keep who brought a file; the same file of one moment is noted once."""
    return EventsImport.objects.get_or_create(
        sha256=sha256(content).hexdigest(),
        source=source,
        imported_at=now,
        defaults={"file_name": file_name[:200], "rows": rows, "imported_by": by},
    )[0]


@dataclass(frozen=True)
class Preview:
    """What taking a file would do: its report, the messages it would queue, their parts and price
    in đồng.
    """

    report: IntakeReport
    messages: int
    parts: int
    price: Decimal


def preview_events(
    *, content: bytes, file_name: str, source: SourceSystem, now: datetime, most: int | None = None
) -> Preview:
    """Take a file and undo it: how many would be written to, in how many parts, for how much."""
    with transaction.atomic():
        before = OutboxMessage.objects.count()
        report = import_events(
            content=content, file_name=file_name, source=source, now=now, most=most
        )
        fresh = OutboxMessage.objects.filter(created_at=now)
        parts = fresh.aggregate(n=Sum("parts"))["n"] or 0
        sender = Sender.objects.order_by("pk").first()
        price = sender.price * parts if sender else Decimal(0)
        messages = OutboxMessage.objects.count() - before
        transaction.set_rollback(True)
    return Preview(report, messages, parts, price)


def ingest_events(
    *,
    events: Iterable[Mapping[str, Any]],
    source: SourceSystem | None,
    now: datetime,
    province: str,
) -> IntakeReport:
    """Store events and queue invitations; each event stands alone, so one bad one stops nothing."""
    report = IntakeReport()
    sender = Sender.objects.order_by("pk").first()
    for position, raw in enumerate(events):
        try:
            incoming = check_event(raw, source, now, province)
        except EventRefused as error:
            report.counts[f"refused:{error.reason}"] += 1
            report.faults.append((position, str(error)))
        else:
            outcome = _ingest_safely(incoming, sender, now)
            report.counts.update(outcome)
            if reason := next((name for name in outcome if name.startswith(MENDABLE)), ""):
                report.not_asked.append((position, reason))
    count_intake(source=source.key_id if source else "", outcomes=report.counts, now=now)
    return report


def _ingest_safely(incoming: Incoming, sender: Sender | None, now: datetime) -> tuple[str, ...]:
    """One event; one the database will not have stops nothing, the others of the batch are
    taken.
    """
    try:
        return _ingest_event(incoming, sender, now)
    except DataError:
        log.exception("an event was refused by the database")
        return ("refused:internal",)


@transaction.atomic
def _ingest_event(incoming: Incoming, sender: Sender | None, now: datetime) -> tuple[str, ...]:
    """One event with its invitation: both are stored or neither, so an event sent again loses no
    invitation.
    """
    fresh = record_event(event=incoming.event)
    event = incoming.event if fresh else stored_event(incoming.event)
    if event is None or (not fresh and event.decided):
        return ("repeated",)
    reason = _not_asked(replace(incoming, event=event), sender, now)
    if not reason and sender is not None and incoming.phone is not None:
        made = queue_invitation(event=event, phone=incoming.phone, sender=sender, now=now)
        reason = f"not-invited:{made.reason}" if isinstance(made, Refused) else "invited"
    # What can be mended is not decided: the same event with a good number, or after a sender was
    # set up, is asked.
    decided = not reason.startswith(MENDABLE)
    if decided:
        DossierEvent.objects.filter(pk=event.pk).update(decided=True)
    return ("stored", reason) if fresh else ("mended", reason) if decided else ("repeated",)


def _not_asked(incoming: Incoming, sender: Sender | None, now: datetime) -> str:
    """Why nobody is asked about an event; empty when somebody is. Refused and late dossiers are
    asked about too.
    """
    event = incoming.event
    if event.kind not in CLOSED:
        return "not-invited:moment"
    if event.channel == Channel.COUNTER:
        return "not-invited:counter"
    # Where some procedures are sensitive, one that is not named may be one of them.
    if settings.SMS_SENSITIVE_PROCEDURES and event.procedure_code in {
        "",
        *settings.SMS_SENSITIVE_PROCEDURES,
    }:
        return "not-invited:sensitive"
    if event.happened_at < now - ASKED_WITHIN:
        return "not-invited:too-old"
    if incoming.phone is None:
        return f"not-invited:phone-{incoming.phone_fault}"
    if sender is None:
        return "not-invited:no-sender"
    return _not_chosen(event, phone_hash(incoming.phone), now)


def _not_chosen(event: DossierEvent, number: str, now: datetime) -> str:
    if KnownNumber.objects.filter(phone_hash=number, kind=KnownNumber.Kind.STAFF).exists():
        return "not-invited:staff-number"
    note_dossier(number=number, agency_id=event.agency_id, now=now)
    return "" if draw(event=event, now=now).chosen else "not-invited:not-drawn"
