"""What is wrong at counters without anybody complaining: silence, posters nobody checks, tablets
that do not report, posters that were replaced and still hang, days with more answers than people.

Looked for once a night; the page of the province shows what was found. Rated offices never see
whether somebody has answered at a counter: silence is told to the province only.
"""

from __future__ import annotations

from collections import Counter as Counted
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import ClassVar, Final

from django.db import models, transaction
from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from survey.access.kiosks import WARN_AFTER
from survey.access.models import CodeStatus, CounterCode, Kiosk
from survey.agencies.calendar import read_holidays
from survey.agencies.models import Agency, Counter
from survey.common.happenings import Event, tell
from survey.common.periods import first_of_month, subtract_working_days
from survey.responses.flags import Flag
from survey.responses.models import Evidence, Response
from survey.transactions.models import Channel, DossierEvent, MonthlyTotal
from survey.transactions.queries import CLOSED

SILENT_WORKING_DAYS: Final = 3
BUSY_PER_DAY: Final = 20
"""Dossiers a counter serves on a working day, for its silence to mean something."""
WORKING_DAYS_A_MONTH: Final = 21
CHECK_DAYS: Final = 30
"""Within these a poster has to be looked at by somebody."""
OLD_POSTER_DAYS: Final = 7
CROWDED_DAYS: Final = 7
"""Days a crowd of answers is told of."""
OVER_A_DAY: Final = 3
"""Answers beyond what is possible; one or two are two clocks that differ."""


class Alert(models.Model):
    """Something at a counter somebody should look into."""

    class Kind(models.TextChoices):
        """What is wrong."""

        SILENT = "silent", _("nobody answers here although many are served")
        UNCHECKED = "unchecked", _("nobody has checked the poster for 30 days")
        TABLET = "tablet", _("the tablet has not reported for 48 hours")
        OLD_POSTER = "old-poster", _("a replaced poster still hangs: people scan it")
        CROWDED = "crowded", _("more answers in an hour than the counter can serve people")
        OVER_DAY = "over-day", _("more answers on a day than dossiers completed")

    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    counter = models.ForeignKey(
        Counter, on_delete=models.CASCADE, related_name="alerts", verbose_name=_("counter")
    )
    detail = models.CharField(_("detail"), max_length=60, blank=True)
    since = models.DateField(_("since"))

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        ordering: ClassVar = ["since", "counter"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "counter", "detail"], name="alert_once")
        ]

    def __str__(self) -> str:
        return f"{self.counter}: {self.get_kind_display()}"


FOR_THE_OFFICE: Final = (Alert.Kind.UNCHECKED, Alert.Kind.TABLET)
"""What tells nothing of answers."""


@dataclass(frozen=True)
class _Found:
    kind: str
    counter_id: int
    detail: str = ""


@transaction.atomic
def find_alerts(now: datetime) -> int:
    """Look for all kinds; what is no longer so ends. Returns how many there are."""
    found = {
        *_find_silent(now),
        *_find_unchecked(now),
        *_find_tablets(now),
        *_find_old_posters(now),
        *_find_crowded(now),
        *_find_over_days(now),
    }
    there = {_Found(row.kind, row.counter_id, row.detail): row for row in Alert.objects.all()}
    Alert.objects.filter(pk__in=[row.pk for key, row in there.items() if key not in found]).delete()
    new = sorted(found - set(there), key=lambda key: (key.kind, key.counter_id))
    since = timezone.localdate(now)
    Alert.objects.bulk_create([Alert(**vars(key), since=since) for key in new])
    for key in new:
        tell(Event.ALERT, kind=key.kind, counter=key.counter_id, since=since.isoformat())
    return len(found)


def _codes_in_use() -> QuerySet[CounterCode]:
    return CounterCode.objects.filter(status=CodeStatus.ACTIVE, counter__closed_on=None)


def _find_silent(now: datetime) -> Iterator[_Found]:
    today = timezone.localdate(now)
    since = subtract_working_days(today, SILENT_WORKING_DAYS, read_holidays())
    start = timezone.make_aware(datetime.combine(since, time.min))
    recent = Response.objects.filter(
        month__gte=first_of_month(since), answered_hour__gte=start, counter__isnull=False
    )
    spoken = set(recent.order_by().values_list("counter", flat=True).distinct())
    codes = _codes_in_use().filter(issued_at__lt=start).select_related("counter")
    busy = _busy_agencies(today)
    for code in codes.exclude(counter__in=spoken):
        if code.counter.agency_id in busy:
            yield _Found(Alert.Kind.SILENT, code.counter_id)


def _busy_agencies(today: date) -> set[int]:
    """Agencies whose counters served enough people in the last month that is told of."""
    counters = dict(
        Counter.objects.filter(closed_on=None).values_list("agency").annotate(n=Count("pk"))
    )
    since = first_of_month(first_of_month(today) - timedelta(days=62))
    rows = MonthlyTotal.objects.filter(channel=Channel.COUNTER, month__gte=since)
    latest: dict[int, tuple[date, int]] = {}
    for agency, month, n in rows.values_list("agency", "month").annotate(n=Sum("completed")):
        latest[agency] = max(latest.get(agency, (date.min, 0)), (month, n))
    return {
        agency
        for agency, (_month, n) in latest.items()
        if n >= BUSY_PER_DAY * WORKING_DAYS_A_MONTH * counters.get(agency, 1)
    }


def _find_unchecked(now: datetime) -> Iterator[_Found]:
    before = now - timedelta(days=CHECK_DAYS)
    stale = Q(checked_at__lt=before) | Q(checked_at=None, issued_at__lt=before)
    for counter in _codes_in_use().filter(stale).values_list("counter", flat=True):
        yield _Found(Alert.Kind.UNCHECKED, counter)


def _find_tablets(now: datetime) -> Iterator[_Found]:
    silent = Q(seen_at__lt=now - WARN_AFTER) | Q(seen_at=None, enrolled_at__lt=now - WARN_AFTER)
    kiosks = Kiosk.objects.filter(silent, revoked_at=None).exclude(enrolled_at=None)
    for counter, name in kiosks.values_list("counter", "name"):
        yield _Found(Alert.Kind.TABLET, counter, name[:60])


def _find_old_posters(now: datetime) -> Iterator[_Found]:
    since = timezone.localdate(now) - timedelta(days=OLD_POSTER_DAYS)
    codes = CounterCode.objects.filter(
        status=CodeStatus.RETIRED, scanned_on__gte=since, counter__closed_on=None
    )
    for counter in codes.order_by().values_list("counter", flat=True).distinct():
        yield _Found(Alert.Kind.OLD_POSTER, counter)


def _answers_lately(now: datetime) -> QuerySet[Response]:
    start = timezone.localdate(now) - timedelta(days=CROWDED_DAYS)
    begin = timezone.make_aware(datetime.combine(start, time.min))
    end = timezone.make_aware(datetime.combine(timezone.localdate(now), time.min))
    return Response.objects.filter(
        month__gte=first_of_month(start),
        answered_hour__gte=begin,
        answered_hour__lt=end,
        revision=0,
        counter__closed_on=None,
        counter__isnull=False,
    ).order_by()


def _find_crowded(now: datetime) -> Iterator[_Found]:
    """Days on which the hourly bound held back answers of a counter."""
    over = _answers_lately(now).filter(marks__flag=Flag.OVER.value)
    days = Counted(
        (counter, timezone.localdate(hour))
        for counter, hour in over.values_list("counter", "answered_hour")
    )
    for (counter, day), n in days.items():
        if n >= OVER_A_DAY:
            yield _Found(Alert.Kind.CROWDED, counter, f"{day:%d/%m/%Y}")


def _find_over_days(now: datetime) -> Iterator[_Found]:
    """Days on which an agency's counters have more proven answers than the case system told
    dossiers; where it tells none, nothing can be said.
    """
    events = DossierEvent.objects.filter(
        channel=Channel.COUNTER,
        kind__in=CLOSED,
        happened_at__date__gte=timezone.localdate(now) - timedelta(days=CROWDED_DAYS),
    )
    columns = ("agency", "happened_at__date")
    told = {
        (agency, day): n
        for agency, day, n in events.order_by()
        .values_list(*columns)
        .annotate(n=Count("dossier_code", distinct=True))
    }
    given: dict[tuple[int, date], Counted[int]] = defaultdict(Counted)
    proven = _answers_lately(now).filter(evidence__in=(Evidence.SCREEN, Evidence.RECEIPT))
    for agency, counter, hour in proven.values_list("agency", "counter", "answered_hour"):
        given[agency, timezone.localdate(hour)][counter] += 1
    for (agency, day), counters in given.items():
        if (agency, day) in told and counters.total() >= told[agency, day] + OVER_A_DAY:
            busiest = min(counters, key=lambda one: (-counters[one], one))
            yield _Found(Alert.Kind.OVER_DAY, busiest, f"{day:%d/%m/%Y}")


def visible_alerts(agencies: QuerySet[Agency], *, province: bool) -> QuerySet[Alert]:
    """Alerts at counters of these agencies; below the province only what tells of no answer."""
    found = Alert.objects.filter(counter__agency__in=agencies, counter__closed_on=None)
    found = found.select_related("counter__office")
    return found if province else found.filter(kind__in=FOR_THE_OFFICE)
