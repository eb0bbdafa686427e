"""Reads: totals of a period."""

from __future__ import annotations

from survey.common.periods import Period
from survey.transactions.models import MonthlyTotal


def totals_in(period: Period) -> list[tuple[str, str, str, str, int, int]]:
    """(agency key, domain, channel, month, completed, on time) of the months of a period, sorted."""
    rows = MonthlyTotal.objects.filter(month__range=(period.first, period.last))
    keys = ("agency__key", "domain__code", "channel", "month")
    found = rows.order_by(*keys).values_list(*keys, "completed", "on_time")
    return [(agency, domain, channel, f"{month:%Y-%m}", n, good) for agency, domain, channel, month, n, good in found]
