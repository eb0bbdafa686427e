"""Reads: which counter a code stands for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date, datetime
from hashlib import sha256
from typing import Final

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from survey.agencies.models import Agency, AgencyVersion, Counter
from survey.common.tokens import ALPHABET, is_code, keyed_hashes
from survey.dispatch.models import CodeStatus, CounterCode, Invitation
from survey.dispatch.places import open_place
from survey.questionnaires.models import Version
from survey.transactions.models import Channel

TOKEN_LENGTH: Final = 12
"""Characters of a link's token; counter codes are shorter."""
LINK_FORM: Final = "counter-short"


@dataclass(frozen=True)
class Landing:
    """Everything the page behind a code needs; ``version_id`` is the published form, None while there is none."""

    code: str
    issue: int
    status: str
    counter_id: int
    counter_name: str
    counter_number: int
    open: bool
    office_id: int
    office: str
    agency_id: int
    domain_id: int | None
    version_id: int | None

    @property
    def counter(self) -> str:
        """Name of the counter as people know it."""
        return self.counter_name or _("Counter %(number)s") % {"number": self.counter_number}


# Written by hand: this runs for every citizen, and building the same six-table query anew took most of its time.
_LANDING = """
    SELECT k.code, k.issue, k.status, c.id, c.name, c.number,
           c.closed_on IS NULL AND EXISTS (SELECT 1 FROM survey_agencyversion a WHERE a.agency_id = c.agency_id
               AND a.valid_from <= %s AND (a.valid_to IS NULL OR a.valid_to > %s)),
           o.id, o.name, c.agency_id, c.domain_id, v.id
    FROM survey_countercode k
    JOIN survey_counter c ON c.id = k.counter_id
    JOIN survey_office o ON o.id = c.office_id
    LEFT JOIN survey_version v ON v.questionnaire_id = k.questionnaire_id AND v.status = 'published'
    WHERE k.code = %s
"""


def check_characters(code: str) -> str:
    """Four characters printed on the poster and shown on its page: a code stuck over another shows others."""
    # No secret: whoever sticks a code of ours over another can look its characters up on its page anyway, and printed
    # ones must outlive a change of keys.
    number = int(sha256(f"poster-check/{code}".encode()).hexdigest()[:8], 16)
    return "".join(ALPHABET[(number >> (5 * place)) & 31] for place in range(4))


def find_landing(code: str, today: date) -> Landing | None:
    """What a code stands for, in one statement; None when it was never issued.

    ``open`` is false when the counter is closed or its agency has ended.
    """
    if not is_code(code):
        return None
    with connection.cursor() as cursor:
        cursor.execute(_LANDING, [today, today, code])
        row = cursor.fetchone()
    if row is None:
        return None
    values = dict(zip((field.name for field in fields(Landing)), row, strict=True))
    return Landing(**{**values, "open": bool(values["open"])})


@dataclass(frozen=True)
class LinkLanding:
    """Everything the page behind a link needs; nothing of it is stored with an answer but agency and domain."""

    code: str
    agency_id: int
    agency: str
    domain_id: int
    channel: str
    expires_at: datetime
    expired: bool
    version_id: int | None
    phone_hash: str
    secret: str
    """The key the token was hashed under: all that hangs on the link is derived under it."""

    @property
    def office(self) -> str:
        """What the page says it is about."""
        return self.agency

    @property
    def counter(self) -> str:
        """The service used."""
        return _("your online service") if self.channel == Channel.ONLINE else _("the service you used")


def find_link(token: str, now: datetime) -> LinkLanding | None:
    """What a link's token stands for; None when it was never issued."""
    if len(token) != TOKEN_LENGTH or not is_code(token):
        return None
    hashes = keyed_hashes("invitation", token)
    found = Invitation.objects.filter(token_hash__in=hashes).first()
    place = open_place(token, found.place_sealed) if found else None
    if found is None or place is None:
        return None
    local = timezone.localtime(now).date()
    name = (
        AgencyVersion.objects.filter(agency_id=place.agency_id, valid_from__lte=local).order_by("-valid_from").first()
    )
    return LinkLanding(
        code=token,
        agency_id=place.agency_id,
        agency=name.name if name else "",
        domain_id=place.domain_id,
        channel=place.channel,
        expires_at=found.expires_at,
        expired=found.expires_at <= now,
        version_id=published_short_form(),
        phone_hash=place.phone_hash,
        secret=hashes[found.token_hash],
    )


def published_short_form() -> int | None:
    """The published form behind links and slips; None while there is none."""
    found = Version.objects.filter(questionnaire__code=LINK_FORM, status="published").values_list("pk", flat=True)
    return found.first()


def counters_without_code(agencies: QuerySet[Agency] | Iterable[Agency]) -> QuerySet[Counter]:
    """Open counters of these agencies that have no code in use: new ones, and those whose code was withdrawn."""
    active = CounterCode.objects.filter(counter=OuterRef("pk"), status=CodeStatus.ACTIVE)
    counters = Counter.objects.select_related("office", "domain", "agency")
    return counters.filter(~Exists(active), agency__in=agencies, closed_on=None).order_by("office__key", "number")


def active_codes(agencies: QuerySet[Agency] | Iterable[Agency]) -> QuerySet[CounterCode]:
    """Codes in use at counters of these agencies, by office and counter number."""
    return (
        CounterCode.objects.select_related("counter__office", "counter__domain", "counter__agency")
        .filter(status=CodeStatus.ACTIVE, counter__agency__in=agencies)
        .order_by("counter__office__key", "counter__number")
    )
