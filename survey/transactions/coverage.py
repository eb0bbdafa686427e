"""Which totals of a period are there and which are missing: per month, and per agency."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from heapq import nsmallest
from typing import Final

from django.db.models import Count, Exists, Max, OuterRef, QuerySet, Sum

from survey.agencies.models import Agency, AgencyVersion, Counter
from survey.agencies.queries import agency_names
from survey.common.periods import Period, last_day
from survey.common.text import name_order
from survey.transactions.models import MonthlyTotal, TotalsImport

MAX_NAMED: Final = 100
"""Agencies named of a month; the others are counted."""


@dataclass(frozen=True)
class MonthCoverage:
    """One month: who has totals, who has none, and the file that came last."""

    month: date
    there: int
    missing: int
    named: list[str]
    """The first of those missing, by name."""
    completed: int
    file_name: str = ""
    brought_by: str = ""
    brought_at: datetime | None = None

    @property
    def more(self) -> int:
        """Missing agencies that are not named."""
        return self.missing - len(self.named)


def list_months(period: Period) -> list[date]:
    """First days of the months of a period."""
    days, day = [], period.first
    while day <= period.last:
        days.append(day)
        day = last_day(day) + timedelta(days=1)
    return days


def totals_coverage(period: Period, agencies: QuerySet[Agency], today: date) -> list[MonthCoverage]:
    """Months of the period that have ended, or for which something came, oldest first.

    ``agencies``: who is looked at. An agency is expected to have totals in a month in which it was
    in force and has a counter, or had totals in the year before.
    """
    found = _totals_by_month(period, agencies)
    none = (0, 0, 0)
    months = [month for month in list_months(period) if last_day(month) < today or month in found]
    missing = _find_missing(months, period, agencies)
    names = agency_names(Agency.objects.filter(pk__in=set().union(*missing.values())))
    sources = TotalsImport.objects.select_related("imported_by").in_bulk(
        [source for _there, _completed, source in found.values()]
    )
    return [
        _line(
            month,
            found.get(month, none),
            missing[month],
            names,
            sources.get(found.get(month, none)[2]),
        )
        for month in months
    ]


def _totals_by_month(
    period: Period, agencies: QuerySet[Agency]
) -> dict[date, tuple[int, int, int]]:
    """Month -> agencies with totals, completed dossiers, number of the last file."""
    rows = MonthlyTotal.objects.filter(
        month__range=(period.first, period.last), agency__in=agencies
    )
    counted = (
        rows.order_by()
        .values_list("month")
        .annotate(
            there=Count("agency", distinct=True), completed=Sum("completed"), file=Max("source")
        )
    )
    return {month: (there, completed, file) for month, there, completed, file in counted}


def _find_missing(
    months: list[date], period: Period, agencies: QuerySet[Agency]
) -> dict[date, set[int]]:
    """Month -> agencies in force on some day of it that have no totals in it; all in two
    statements of look-ups in an index.
    """
    own = MonthlyTotal.objects.filter(agency=OuterRef("pk"))
    told = own.filter(month__range=(period.first - timedelta(days=365), period.last))
    serving = agencies.filter(Exists(Counter.objects.filter(agency=OuterRef("pk"))) | Exists(told))
    there = {f"m{place}": Exists(own.filter(month=month)) for place, month in enumerate(months)}
    found = list(serving.order_by().annotate(**there).values_list("pk", *there))
    living = AgencyVersion.objects.filter(agency__in=serving.order_by().values("pk"))
    spans = list(living.values_list("agency", "valid_from", "valid_to"))
    return {
        month: {row[0] for row in found if not row[place]} & _in_force(month, spans)
        for place, month in enumerate(months, start=1)
    }


def _in_force(month: date, spans: list[tuple[int, date, date | None]]) -> set[int]:
    """Agencies with a version that holds on some day of the month."""
    last = last_day(month)
    return {
        agency for agency, first, end in spans if first <= last and (end is None or end > month)
    }


def _line(
    month: date,
    found: tuple[int, int, int],
    missing: set[int],
    names: dict[int, str],
    source: TotalsImport | None,
) -> MonthCoverage:
    by = source.imported_by if source else None
    called = [names[pk] for pk in missing]
    named = (
        sorted(called, key=name_order) if len(called) <= MAX_NAMED else nsmallest(MAX_NAMED, called)
    )
    return MonthCoverage(
        month=month,
        there=found[0],
        missing=len(missing),
        named=named,
        completed=found[1],
        file_name=source.file_name if source else "",
        brought_by=(by.get_full_name() or by.username) if by else "",
        brought_at=source.imported_at if source else None,
    )
