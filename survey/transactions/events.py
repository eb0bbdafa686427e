"""Dossier events from case systems: every fault named by field, the same event sent again is the
same row.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from survey.agencies.models import AgencyVersion, Procedure, ProcedureDomain
from survey.agencies.queries import find_by_code
from survey.common.phone import PhoneError, parse_mobile
from survey.transactions.models import Applicant, Channel, DossierEvent, SourceSystem

FIELDS: Final = (
    "dossier_code",
    "event",
    "time",
    "timing",
    "agency_code",
    "domain_code",
    "procedure_code",
    "channel",
    "phone",
    "applicant",
)
OPTIONAL_FIELDS: Final = 1
"""How many of them, at the end, a file may go without."""
_CODE: Final = re.compile(r"[A-Z0-9]+(\.[A-Z0-9]+)*-(\d{2})(\d{2})(\d{2})-\d{4,7}\Z", re.ASCII)
_PROCEDURE: Final = re.compile(r"\d\.\d{6}\Z", re.ASCII)
MAX_CODE_CHARACTERS: Final = 60
CLOCK_AHEAD: Final = timedelta(minutes=5)
MAX_AGE: Final = timedelta(days=400)


class EventRefused(ValueError):
    """One event cannot be taken; ``field`` says which part, ``reason`` is a short code for
    counters.
    """

    def __init__(self, field: str, reason: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field, self.reason = field, reason


@dataclass(frozen=True)
class Incoming:
    """A checked event, unsaved, and the number to follow up; ``phone_fault`` says why there is
    none.
    """

    event: DossierEvent
    phone: str | None
    phone_fault: str = ""


def check_event(
    raw: Mapping[str, Any], source: SourceSystem | None, now: datetime, province: str
) -> Incoming:
    """Check one event.

    Raises
    ------
    EventRefused
        Naming the field. A phone that cannot be written to refuses nothing: the event counts,
        nobody is invited.
    """
    unknown = sorted(set(raw) - set(FIELDS))
    if unknown:
        raise EventRefused(str(unknown[0])[:40], "unknown-field", _("this field is not known."))
    text = {name: _text(raw, name) for name in FIELDS}
    happened = _time(text["time"], now)
    event = DossierEvent(
        province=province,
        dossier_code=_dossier_code(text["dossier_code"]),
        kind=_choice(text, "event", DossierEvent.Kind.values),
        happened_at=happened,
        timing=_choice(text, "timing", DossierEvent.Timing.values),
        agency_id=_agency(text["agency_code"], timezone.localtime(happened).date()).agency_id,
        domain=_domain(text["domain_code"]),
        procedure_code=_procedure(text["procedure_code"]),
        channel=_choice(text, "channel", Channel.values),
        applicant=_choice(text, "applicant", ["", *Applicant.values]),
        source=source,
        received_at=now,
    )
    try:
        return Incoming(event, parse_mobile(text["phone"]))
    except PhoneError as error:
        return Incoming(event, None, error.reason)


def _text(raw: Mapping[str, Any], name: str) -> str:
    value = raw.get(name, "")
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > 100 or "\x00" in value:
        raise EventRefused(name, "malformed", _("must be text of at most 100 characters."))
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise EventRefused(name, "malformed", _("holds characters that cannot be read.")) from error
    return value.strip()


def _dossier_code(text: str) -> str:
    code = text.upper()
    match = _CODE.match(code)
    if not match or len(code) > MAX_CODE_CHARACTERS:
        raise EventRefused(
            "dossier_code", "malformed", _("is not a dossier code like H15.50.05.13-261008-0975.")
        )
    try:
        date(2000 + int(match[2]), int(match[3]), int(match[4]))
    except ValueError as error:
        raise EventRefused(
            "dossier_code", "malformed", _("holds a day that does not exist.")
        ) from error
    return code


def _time(text: str, now: datetime) -> datetime:
    try:
        found = parse_datetime(text)
    except ValueError:
        found = None
    if found is None:
        raise EventRefused("time", "malformed", _("is not a time like 2026-10-08T09:30:00+07:00."))
    found = timezone.make_aware(found) if timezone.is_naive(found) else found
    if found > now + CLOCK_AHEAD:
        raise EventRefused("time", "future", _("lies in the future."))
    if found < now - MAX_AGE:
        raise EventRefused("time", "too-old", _("lies more than 400 days back."))
    return found


def _choice(text: Mapping[str, str], name: str, known: list[str]) -> str:
    if text[name] not in known:
        raise EventRefused(
            name,
            "malformed",
            _("must be one of %(known)s.") % {"known": ", ".join(filter(None, known))},
        )
    return text[name]


def _agency(code: str, day: date) -> AgencyVersion:
    found = find_by_code(code, day) if code else None
    if found is None:
        raise EventRefused(
            "agency_code", "unknown-agency", _("no agency has this code on that day.")
        )
    return found


def _domain(code: str) -> ProcedureDomain:
    found = ProcedureDomain.objects.filter(code=code).first()
    if found is None:
        raise EventRefused("domain_code", "unknown-domain", _("no procedure domain has this code."))
    return found


def _procedure(text: str) -> str:
    if text and not _PROCEDURE.match(text):
        raise EventRefused(
            "procedure_code", "malformed", _("is not a procedure code like 1.012766.")
        )
    # Only where the province has loaded its procedures can a code be unknown.
    if text and not Procedure.objects.filter(code=text).exists() and Procedure.objects.exists():
        raise EventRefused("procedure_code", "unknown-procedure", _("no procedure has this code."))
    return text


def stored_event(event: DossierEvent) -> DossierEvent | None:
    """The event that was stored when this one was sent before."""
    same = DossierEvent.objects.filter(
        province=event.province, dossier_code=event.dossier_code, kind=event.kind
    )
    return same.filter(happened_at=event.happened_at).first()


def record_event(*, event: DossierEvent) -> bool:
    """Store an event once; False when the same one is there already."""
    try:
        with transaction.atomic():
            event.save(force_insert=True)
    except IntegrityError:
        return False
    return True
