"""Reads: totals of a period, from imported files and from events, and where the two differ."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from django.db.models import Count, Min, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth
from django.utils import timezone

from survey.common.periods import Period, last_day
from survey.transactions.models import DossierEvent, IntakeCount, MonthlyTotal

Key = tuple[str, str, str, str]
"""Agency key, domain code, channel, month as 2026-07."""
CLOSED: Final = (DossierEvent.Kind.RETURNED, DossierEvent.Kind.REFUSED)
"""A dossier is completed with its result or its refusal."""
IN_TIME: Final = (DossierEvent.Timing.EARLY, DossierEvent.Timing.ON_TIME)


def _imported(
    first: date, last: date, agencies: Collection[str] | None = None
) -> dict[Key, tuple[int, int]]:
    rows = MonthlyTotal.objects.filter(month__range=(first, last))
    if agencies is not None:
        rows = rows.filter(agency__key__in=agencies)
    found = rows.values_list(
        "agency__key", "domain__code", "channel", "month", "completed", "on_time"
    )
    return {
        (agency, domain, channel, f"{month:%Y-%m}"): (n, good)
        for agency, domain, channel, month, n, good in found
    }


def closed_between(first: date, last: date) -> QuerySet[DossierEvent]:
    """Events by which a dossier was completed, from one day to another."""
    zone = timezone.get_current_timezone()
    start = datetime.combine(first, time(), zone)
    end = datetime.combine(last + timedelta(days=1), time(), zone)
    return DossierEvent.objects.filter(kind__in=CLOSED, happened_at__gte=start, happened_at__lt=end)


def _from_events(first: date, last: date) -> dict[Key, tuple[int, int]]:
    """Dossiers closed in each month, each once however many events it has."""
    rows = (
        closed_between(first, last)
        .annotate(month=TruncMonth("happened_at"))
        .values_list("agency__key", "domain__code", "channel", "month")
        .annotate(
            n=Count("dossier_code", distinct=True),
            good=Count("dossier_code", distinct=True, filter=Q(timing__in=IN_TIME)),
        )
    )
    return {
        (agency, domain, channel, f"{month:%Y-%m}"): (n, good)
        for agency, domain, channel, month, n, good in rows
    }


def totals_in(period: Period) -> list[tuple[str, str, str, str, int, int]]:
    """(agency key, domain, channel, month, completed, on time) of the months of a period, sorted.

    What a file says of an agency's month counts; months no file tells of are counted from the
    events.
    """
    imported = _imported(period.first, period.last)
    told = {(agency, month) for agency, _domain, _channel, month in imported}
    counted = {
        key: value
        for key, value in _from_events(period.first, period.last).items()
        if (key[0], key[3]) not in told
    }
    return [(*key, *value) for key, value in sorted((imported | counted).items())]


@dataclass(frozen=True)
class Difference:
    """One agency, domain, channel and month of which file and events tell different numbers; None:
    tells nothing.
    """

    agency: str
    domain: str
    channel: str
    month: str
    imported: tuple[int, int] | None
    counted: tuple[int, int] | None

    @property
    def gap(self) -> int:
        """Completed dossiers by events less those by file."""
        return (self.counted or (0, 0))[0] - (self.imported or (0, 0))[0]


def differences_in(first: date, last: date, agencies: Collection[str]) -> list[Difference]:
    """Where files and events disagree, largest gap first; only agencies whose case system has ever
    reported events.

    A month with a file and not one event shows: the feed is dead. Months before an agency's first
    event do not: there was no feed yet.
    """
    begun = _feeds_since(agencies)
    if not begun:
        return []
    imported, counted = _imported(first, last, list(begun)), _from_events(first, last)
    told = {(key[0], key[3]) for key in imported}
    keys = {
        key
        for key in imported | counted
        if key[0] in begun and key[3] >= begun[key[0]] and (key[0], key[3]) in told
    }
    found = [
        Difference(*key, imported.get(key), counted.get(key))
        for key in keys
        if imported.get(key) != counted.get(key)
    ]
    return sorted(
        found, key=lambda row: (-abs(row.gap), row.agency, row.month, row.domain, row.channel)
    )


def _feeds_since(agencies: Collection[str]) -> dict[str, str]:
    """Agency key -> month (YYYY-MM) of its first event, for agencies that have reported any."""
    wanted = set(agencies)
    rows = DossierEvent.objects.order_by().values_list("agency__key")
    return {
        key: f"{timezone.localtime(moment):%Y-%m}"
        for key, moment in rows.annotate(first=Min("happened_at"))
        if key in wanted
    }


def completed_in(month: date, agency_id: int | None, domain_id: int | None) -> int:
    """Dossiers completed in one month outside the counters, by file, else by events; None: any
    agency or domain.
    """
    scope = {
        **({"agency": agency_id} if agency_id else {}),
        **({"domain": domain_id} if domain_id else {}),
    }
    told = MonthlyTotal.objects.filter(month=month, **scope).exclude(channel="counter")
    if (total := told.aggregate(n=Sum("completed"))["n"]) is not None:
        return int(total)
    events = closed_between(month, last_day(month)).filter(**scope).exclude(channel="counter")
    return int(events.aggregate(n=Count("dossier_code", distinct=True))["n"])


def closed_by_agency(since: date, until: date) -> dict[int, int]:
    """Agency id -> dossiers closed outside the counters, by events."""
    rows = closed_between(since, until).exclude(channel="counter").values_list("agency")
    return dict(rows.annotate(n=Count("dossier_code", distinct=True)))


def intake_since(day: date) -> list[tuple[str, str, int]]:
    """(source, outcome, count) since a day, largest first."""
    rows = (
        IntakeCount.objects.filter(day__gte=day)
        .values_list("source", "outcome")
        .annotate(n=Sum("count"))
    )
    return sorted(rows, key=lambda row: (row[0], -row[2], row[1]))


ALIKE: Final = 10
"""Dossiers of one agency, domain, channel and applicant in a month from which on an answer may say
for whom its dossier was.
"""


def has_likes(event: DossierEvent) -> bool:
    """Whether enough other dossiers of the month before it are of the same kind of applicant."""
    like = DossierEvent.objects.filter(
        agency=event.agency_id,
        domain=event.domain_id,
        channel=event.channel,
        applicant=event.applicant,
        kind__in=CLOSED,
        happened_at__gt=event.happened_at - timedelta(days=31),
    )
    return bool(event.applicant) and like[:ALIKE].count() >= ALIKE
