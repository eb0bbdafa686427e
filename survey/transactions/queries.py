"""Reads: totals of a period."""

from __future__ import annotations

from django.db.models import Sum

from survey.common.periods import Period
from survey.transactions.models import MonthlyTotal


def totals_in(period: Period) -> list[tuple[str, str, str, int, int]]:
    """(agency key, domain, channel, completed, on time) summed over the months of a period, sorted."""
    rows = MonthlyTotal.objects.filter(month__range=(period.first, period.last))
    keys = ("agency__key", "domain__code", "channel")
    sums = rows.values_list(*keys).annotate(all=Sum("completed"), good=Sum("on_time")).order_by(*keys)
    return [(agency, domain, channel, n, on_time) for agency, domain, channel, n, on_time in sums]
