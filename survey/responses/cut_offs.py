"""When a period was cut off: what comes later counts in the month it comes in, and what was given
in the period stays as it was frozen.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import ClassVar, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from survey.accounts.models import User
from survey.common.locks import lock_transaction
from survey.common.periods import Period, first_of_month, parse_period

LOCK: Final = "cut-offs"
LONGEST_REASON: Final = 1000
LEAST_MONTHS: Final = 3
"""Cut-offs of shorter periods send nothing on to a later month."""
LONGEST_FREEZE: Final = timedelta(hours=1)
LONGEST_WAIT: Final = timedelta(days=366)


class CutOff(models.Model):
    """A finished period was frozen; the newest of a period stands, the others stay in the list."""

    period = models.CharField(gettext_lazy("period"), max_length=10)
    first = models.DateField(gettext_lazy("first day"))
    last = models.DateField(gettext_lazy("last day"))
    number = models.PositiveSmallIntegerField(gettext_lazy("number"))
    reason = models.CharField(gettext_lazy("reason"), max_length=LONGEST_REASON, blank=True)
    """Why it was cut off once more; empty for the first."""
    snapshot_sha256 = models.CharField(gettext_lazy("snapshot checksum"), max_length=64)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=gettext_lazy("by"),
    )
    made_at = models.DateTimeField(gettext_lazy("cut off at"))

    class Meta:
        verbose_name = gettext_lazy("cut-off of a period")
        verbose_name_plural = gettext_lazy("cut-offs of periods")
        ordering: ClassVar = ["-made_at", "-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["period", "number"], name="cut_off_number_once_in_a_period"
            )
        ]

    def __str__(self) -> str:
        return f"{self.period} {self.number}"


class CutOffPlan(models.Model):
    """The day on which a period will be cut off by itself; gone when that is done."""

    period = models.CharField(gettext_lazy("period"), max_length=10, unique=True)
    day = models.DateField(gettext_lazy("cut-off on"))
    planned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=gettext_lazy("planned by"),
    )

    class Meta:
        verbose_name = gettext_lazy("planned cut-off")
        verbose_name_plural = gettext_lazy("planned cut-offs")
        ordering: ClassVar = ["day"]

    def __str__(self) -> str:
        return f"{self.period} {self.day:%d/%m/%Y}"


class PeriodClosing(models.Model):
    """The answers of a period are being frozen: what comes in meanwhile counts later already."""

    period = models.CharField(gettext_lazy("period"), max_length=10, unique=True)
    since = models.DateTimeField(gettext_lazy("since"))

    class Meta:
        verbose_name = gettext_lazy("period being cut off")
        verbose_name_plural = gettext_lazy("periods being cut off")
        ordering: ClassVar = ["since"]

    def __str__(self) -> str:
        return self.period


@contextmanager
def closing(period: Period, now: datetime) -> Iterator[None]:
    """While the answers of a period are read: late ones go on to the running month already."""
    PeriodClosing.objects.update_or_create(period=period.name, defaults={"since": now})
    try:
        yield
    finally:
        PeriodClosing.objects.filter(period=period.name).delete()


def find_cut_off(period: str) -> CutOff | None:
    """The cut-off of a period that stands."""
    return CutOff.objects.filter(period=period).order_by("-number").first()


def keep_cut_off(
    *, period: Period, snapshot_sha256: str, reason: str, by: User | None, now: datetime
) -> CutOff:
    """Note that a period was frozen; call it in a transaction. Its plan is done with. Without a
    reason a cut-off that another process made meanwhile stands.

    Raises
    ------
    ValidationError
        The period has not ended.
    """
    check_ended(period, now)
    lock_transaction(LOCK)
    standing = find_cut_off(period.name)
    if standing is not None and not reason:
        return standing
    numbers = CutOff.objects.filter(period=period.name).aggregate(last=Max("number"))
    CutOffPlan.objects.filter(period=period.name).delete()
    return CutOff.objects.create(
        period=period.name,
        first=period.first,
        last=period.last,
        number=(numbers["last"] or 0) + 1,
        reason=reason[:LONGEST_REASON],
        snapshot_sha256=snapshot_sha256,
        made_by=by,
        made_at=now,
    )


def check_ended(period: Period, now: datetime) -> None:
    """Only what has passed can be frozen.

    Raises
    ------
    ValidationError
        The period is running.
    """
    if period.last >= timezone.localdate(now):
        raise ValidationError(_("Only a period that has ended can be cut off."))


def plan_cut_off(*, period: Period, day: date, by: User, today: date) -> CutOffPlan:
    """Have a period cut off in the night before a day; a new day takes the place of the old one.

    Raises
    ------
    ValidationError
        By field: the day is not after the end of the period or not ahead, or the period has been
        cut off.
    """
    if not max(period.last, today) < day <= period.last + LONGEST_WAIT:
        raise ValidationError(
            {
                "day": _(
                    "Choose a day after today and after %(last)s, when the period ends, and at "
                    "most %(days)s days later."
                )
                % {"last": period.last.strftime("%d/%m/%Y"), "days": LONGEST_WAIT.days}
            }
        )
    with transaction.atomic():
        lock_transaction(LOCK)
        if find_cut_off(period.name):
            raise ValidationError({"day": _("This period has been cut off already.")})
        made, _created = CutOffPlan.objects.update_or_create(
            period=period.name, defaults={"day": day, "planned_by": by}
        )
    return made


def cancel_plan(*, period: Period) -> bool:
    """Whether there was a plan; it is gone."""
    gone, _rows = CutOffPlan.objects.filter(period=period.name).delete()
    return bool(gone)


def plans_due(today: date) -> list[CutOffPlan]:
    """Plans whose day has come, of periods that have ended and people who still work here."""
    rows = CutOffPlan.objects.filter(day__lte=today).select_related("planned_by")
    return [
        row
        for row in rows
        if parse_period(row.period).last < today and row.planned_by.is_open(today)
    ]


def counted_month(given: date, today: date) -> date:
    """The month an answer counts in that reaches the record after the day it was given: that day's,
    or the running one once that day's quarter, or a longer period, has been cut off or is being
    frozen. The cut-off of a month alone takes nothing from its quarter.
    """
    month = first_of_month(given)
    if month == first_of_month(today):
        return month
    frozen = CutOff.objects.filter(first__lte=month, last__gte=month)
    names = {*frozen.values_list("period", flat=True).distinct(), *_closing_now()}
    periods = [parse_period(name) for name in names]
    rolls = any(p.months >= LEAST_MONTHS and p.first <= month <= p.last for p in periods)
    return first_of_month(today) if rolls else month


def _closing_now() -> list[str]:
    """Periods some process is freezing; one that was killed no longer does."""
    young = PeriodClosing.objects.filter(since__gt=timezone.now() - LONGEST_FREEZE)
    return list(young.values_list("period", flat=True))
