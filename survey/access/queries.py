"""Reads: what a code stands for, and which counters have one."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date
from hashlib import sha256
from typing import Final

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from survey.access.models import CodeStatus, CounterCode
from survey.agencies.models import Agency, Counter
from survey.common.outage import OUTAGES, is_out, note_outage
from survey.common.tokens import ALPHABET, is_code
from survey.questionnaires.queries import ASSIGNED


@dataclass(frozen=True)
class Landing:
    """Everything the page behind a code needs; ``version_id`` is the published form, None while
    there is none.
    """

    code: str
    issue: int
    picture: int | None
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


# Written by hand: this runs for every citizen, and building the same six-table query anew took most
# of its time.
_LANDING = """
    SELECT k.code, k.issue, k.picture, k.status, c.id, c.name, c.number,
           c.closed_on IS NULL AND EXISTS (SELECT 1 FROM
               survey_agencyversion a WHERE a.agency_id = c.agency_id
               AND a.valid_from <= %s AND (a.valid_to IS NULL OR a.valid_to > %s)),
           o.id, o.name, c.agency_id, c.domain_id, COALESCE((@), v.id)
    FROM survey_countercode k
    JOIN survey_counter c ON c.id = k.counter_id
    JOIN survey_office o ON o.id = c.office_id
    LEFT JOIN survey_version v ON v.questionnaire_id = k.questionnaire_id AND v.status = 'published'
    WHERE k.code = %s
"""
_LANDING = _LANDING.replace("@", ASSIGNED.format(today="%s", office="o.id", domain="c.domain_id"))


def check_characters(code: str) -> str:
    """Four characters printed on the poster and shown on its page, of issues from before there were
    twin pictures: a code stuck over another shows others.
    """
    # No secret: whoever sticks a code of ours over another can look its characters up on its page
    # anyway, and printed ones must outlive a change of keys.
    number = int(sha256(f"poster-check/{code}".encode()).hexdigest()[:8], 16)
    return "".join(ALPHABET[(number >> (5 * place)) & 31] for place in range(4))


_known: dict[str, tuple[float, Landing]] = {}
"""Codes this process has seen: what they stood for is good enough while the database is gone."""
MAX_KNOWN: Final = 20_000
KNOWN_SECONDS: Final = 24 * 3600.0
"""A code that was withdrawn since is not known for longer."""


def find_landing(code: str, today: date) -> Landing | None:
    """What a code stands for, in one statement; None when it was never issued.

    ``open`` is false when the counter is closed or its agency has ended.
    """
    if not is_code(code):
        return None
    try:
        if is_out() and (remembered := _recall(code)):
            return remembered
        found = _read_landing(code, today)
    except OUTAGES as error:
        if note_outage(error) and (remembered := _recall(code)):
            return remembered
        raise
    if found is not None:
        if len(_known) >= MAX_KNOWN:
            _known.clear()
        _known[code] = time.monotonic(), found
    return found


def _recall(code: str) -> Landing | None:
    """What a code stood for, where this process has seen it lately."""
    seen_at, landing = _known.get(code, (0.0, None))
    return landing if time.monotonic() - seen_at < KNOWN_SECONDS else None


def _read_landing(code: str, today: date) -> Landing | None:
    with connection.cursor() as cursor:
        cursor.execute(_LANDING, [today, today, today, code])
        row = cursor.fetchone()
    if row is None:
        return None
    values = dict(zip((field.name for field in fields(Landing)), row, strict=True))
    return Landing(**{**values, "open": bool(values["open"])})


def counters_without_code(agencies: QuerySet[Agency] | Iterable[Agency]) -> QuerySet[Counter]:
    """Open counters of these agencies that have no code in use: new ones, and those whose code was
    withdrawn.
    """
    active = CounterCode.objects.filter(counter=OuterRef("pk"), status=CodeStatus.ACTIVE)
    counters = Counter.objects.select_related("office", "domain", "agency")
    return counters.filter(~Exists(active), agency__in=agencies, closed_on=None).order_by(
        "office__key", "number"
    )


def active_codes(agencies: QuerySet[Agency] | Iterable[Agency]) -> QuerySet[CounterCode]:
    """Codes in use at counters of these agencies, by office and counter number."""
    return (
        CounterCode.objects.select_related("counter__office", "counter__domain", "counter__agency")
        .filter(status=CodeStatus.ACTIVE, counter__agency__in=agencies)
        .order_by("counter__office__key", "counter__number")
    )
