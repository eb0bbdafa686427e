"""Numbers for Prometheus that are read from the database: no label tells of a person."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from django.db import DatabaseError
from django.db.models import Count, Max
from django.utils import timezone
from prometheus_client import Counter
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from survey.access.models import KioskItem
from survey.common.periods import first_of_month
from survey.integrity.models import LedgerHead
from survey.messaging.models import FunnelCount
from survey.messaging.outbox.models import OutboxMessage
from survey.operations.readiness import DOWN, OK, run_checks
from survey.responses.models import Response

KEPT_SECONDS: Final = 30.0
"""However often somebody asks, the database is asked once in this time."""
shed_requests: Final = Counter(
    "hailong_shed", "Requests that were told to come again, by what was asked", ["kind"]
)


class DatabaseCollector(Collector):
    """Gauges of the whole installation; every process tells the same."""

    def __init__(self) -> None:
        self._kept: tuple[float, list[Metric]] = (0.0, [])

    def collect(self) -> Iterator[Metric]:
        """The gauges, at most ``KEPT_SECONDS`` old; without a database only that it is gone."""
        at, found = self._kept
        if not found or time.monotonic() - at > KEPT_SECONDS:
            try:
                found = [*_gauge_checks(), *_gauge_database()]
            except DatabaseError:
                found = [*_gauge_checks()]
            self._kept = (time.monotonic(), found)
        yield from found


def _gauge(name: str, told: str, label: str, values: dict[str, float]) -> Metric:
    family = GaugeMetricFamily(f"hailong_{name}", told, labels=[label])
    for value, number in sorted(values.items()):
        family.add_metric([value], number)
    return family


def _gauge_checks() -> Iterator[Metric]:
    checks = run_checks(timezone.now())
    fine = {check.name: float(check.state == OK) for check in checks}
    down = {check.name: float(check.state == DOWN) for check in checks}
    yield _gauge("check_ok", "1 where a check of /readyz is fine", "check", fine)
    yield _gauge("check_down", "1 where no request should come", "check", down)


def _gauge_database() -> Iterator[Metric]:
    now = timezone.now()
    month = Response.objects.filter(month=first_of_month(timezone.localdate(now)))
    answers = dict(month.order_by().values_list("evidence").annotate(n=Count("pk")))
    yield _gauge("answers_this_month", "Stored submissions by evidence class", "evidence", answers)
    live = OutboxMessage.objects.filter(final_at=None).order_by()
    states = dict(live.values_list("state").annotate(n=Count("pk")))
    yield _gauge("messages", "Messages that are not settled, by state", "state", states)
    today = FunnelCount.objects.filter(day=timezone.localdate(now))
    steps: dict[str, float] = {}
    for step, count in today.values_list("step", "count"):
        steps[step] = steps.get(step, 0) + count
    yield _gauge("invitations_today", "Invitations by what became of them", "step", steps)
    items = KioskItem.objects.filter(kiosk__revoked_at=None).order_by().values_list("kiosk")
    arrived = items.annotate(highest=Max("sequence"), n=Count("pk"))
    gaps = sum(highest - n for _kiosk, highest, n in arrived)
    head = LedgerHead.objects.order_by("-size").first()
    single = {
        "kiosk_gaps": gaps,
        "ledger_entries": head.size if head else 0,
        "ledger_head_age_seconds": (now - head.made_at).total_seconds() if head else 0,
    }
    yield _gauge("total", "Numbers without parts", "what", single)
