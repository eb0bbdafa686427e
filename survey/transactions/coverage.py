"""Which totals of a period are there and which are missing: per month, and per agency."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Max, Sum

from survey.agencies.models import Agency
from survey.agencies.queries import agency_names
from survey.common.periods import Period, last_day
from survey.common.text import name_order
from survey.transactions.models import MonthlyTotal, TotalsImport


@dataclass(frozen=True)
class MonthCoverage:
    """One month: who has totals, who has none, and the file that came last."""

    month: date
    there: int
    missing: list[str]
    completed: int
    file_name: str = ""
    brought_by: str = ""
    brought_at: datetime | None = None


@dataclass
class _Found:
    agencies: set[int] = field(default_factory=set)
    completed: int = 0
    source: int = 0


def list_months(period: Period) -> list[date]:
    """First days of the months of a period."""
    days, day = [], period.first
    while day <= period.last:
        days.append(day)
        day = last_day(day) + timedelta(days=1)
    return days


def totals_coverage(period: Period, agencies: Collection[int], today: date) -> list[MonthCoverage]:
    """Months of the period that have ended, or for which something came, oldest first.

    ``agencies``: who is looked at. An agency is expected to have totals in a month in which it was
    in force and has a counter, or had totals in the year before.
    """
    found = _totals_by_month(period, agencies)
    expected = _expected(period, agencies)
    names = agency_names(Agency.objects.filter(pk__in={*expected}))
    sources = TotalsImport.objects.select_related("imported_by").in_bulk(
        [entry.source for entry in found.values()]
    )
    return [
        _line(month, found[month], expected, names, sources.get(found[month].source))
        for month in list_months(period)
        if last_day(month) < today or found[month].agencies
    ]


def _totals_by_month(period: Period, agencies: Collection[int]) -> dict[date, _Found]:
    rows = MonthlyTotal.objects.filter(
        month__range=(period.first, period.last), agency__in=agencies
    )
    found: dict[date, _Found] = defaultdict(_Found)
    for month, agency, completed, source in rows.values_list("month", "agency").annotate(
        Sum("completed"), Max("source")
    ):
        entry = found[month]
        entry.agencies.add(agency)
        entry.completed += completed
        entry.source = max(entry.source, source)
    return found


def _expected(period: Period, agencies: Collection[int]) -> dict[int, list[tuple[date, Any]]]:
    """Agency -> spans (first day, first day no longer) in which it was in force."""
    year_before = period.first - timedelta(days=365)
    counted = MonthlyTotal.objects.filter(month__range=(year_before, period.last))
    wanted = Agency.objects.filter(pk__in=agencies)
    serving = {
        *wanted.filter(counters__isnull=False).values_list("pk", flat=True),
        *counted.filter(agency__in=agencies).values_list("agency", flat=True),
    }
    spans: dict[int, list[tuple[date, Any]]] = defaultdict(list)
    versions = wanted.filter(pk__in=serving).values_list(
        "pk", "versions__valid_from", "versions__valid_to"
    )
    for pk, first, end in versions:
        if first is not None:
            spans[pk].append((first, end))
    return spans


def _line(
    month: date,
    found: _Found,
    expected: dict[int, list[tuple[date, Any]]],
    names: dict[int, str],
    source: TotalsImport | None,
) -> MonthCoverage:
    missing = [
        names[pk]
        for pk, spans in expected.items()
        if pk not in found.agencies
        and any(first <= last_day(month) and (end is None or end > month) for first, end in spans)
    ]
    by = source.imported_by if source else None
    return MonthCoverage(
        month=month,
        there=len(found.agencies),
        missing=sorted(missing, key=name_order),
        completed=found.completed,
        file_name=source.file_name if source else "",
        brought_by=(by.get_full_name() or by.username) if by else "",
        brought_at=source.imported_at if source else None,
    )
