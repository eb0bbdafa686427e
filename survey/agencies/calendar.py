"""When offices work: public holidays, and the hours of an office on each day of the week."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import ClassVar, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from survey.agencies.models import Office

MAX_HOLIDAYS_AT_ONCE: Final = 31
Span = tuple[time, time]


class OfficeHours(models.Model):
    """A span in which an office receives citizens on one day of the week, 1 = Monday; an office
    without any has only the hours of its devices.
    """

    office = models.ForeignKey(
        Office, on_delete=models.CASCADE, related_name="hours", verbose_name=gettext_lazy("office")
    )
    weekday = models.PositiveSmallIntegerField(gettext_lazy("day of the week"))
    opens = models.TimeField(gettext_lazy("opens"))
    closes = models.TimeField(gettext_lazy("closes"))

    class Meta:
        verbose_name = gettext_lazy("opening hours")
        verbose_name_plural = gettext_lazy("opening hours")
        ordering: ClassVar = ["weekday", "opens"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["office", "weekday", "opens"], name="hours_begin_once"),
            models.CheckConstraint(
                condition=Q(weekday__gte=1) & Q(weekday__lte=7), name="hours_on_a_weekday"
            ),
            models.CheckConstraint(
                condition=Q(opens__lt=F("closes")), name="hours_end_after_they_begin"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.weekday}: {self.opens:%H:%M}-{self.closes:%H:%M}"


class Holiday(models.Model):
    """A day nobody works on beside Saturday and Sunday."""

    day = models.DateField(gettext_lazy("day"), unique=True)
    name = models.CharField(gettext_lazy("name"), max_length=100)

    class Meta:
        verbose_name = gettext_lazy("public holiday")
        verbose_name_plural = gettext_lazy("public holidays")
        ordering: ClassVar = ["day"]

    def __str__(self) -> str:
        return f"{self.day:%d/%m/%Y} {self.name}"


def read_holidays() -> frozenset[date]:
    """Every public holiday: those entered on the page and those of the setting
    ``PUBLIC_HOLIDAYS``.
    """
    told = {date.fromisoformat(day) for day in settings.PUBLIC_HOLIDAYS}
    return frozenset(told | set(Holiday.objects.values_list("day", flat=True)))


def is_holiday(day: date) -> bool:
    """Whether nobody works on a day of the week; of Saturdays and Sundays it says nothing."""
    return day.isoformat() in settings.PUBLIC_HOLIDAYS or Holiday.objects.filter(day=day).exists()


def is_office_open(office_id: int, moment: datetime) -> bool:
    """Whether an office receives citizens at a moment, in local time; one without hours of its own
    always but on holidays.
    """
    local = timezone.localtime(moment)
    hours = list(OfficeHours.objects.filter(office=office_id))
    now = local.time()
    today = [row for row in hours if row.weekday == local.isoweekday()]
    if hours and not any(row.opens <= now < row.closes for row in today):
        return False
    return not is_holiday(local.date())


@transaction.atomic
def add_holidays(*, first: date, last: date, name: str, today: date) -> int:
    """Days nobody works on, both ends included; returns how many are new.

    Raises
    ------
    ValidationError
        The first day has passed, the last is before it, or there are too many days.
    """
    days = (last - first).days + 1
    if first < today:
        raise ValidationError({"first": _("This day has passed: what was counted by it stays.")})
    if days < 1:
        raise ValidationError({"last": _("The last day is before the first.")})
    if days > MAX_HOLIDAYS_AT_ONCE:
        raise ValidationError(
            {"last": _("At most %(most)s days at once.") % {"most": MAX_HOLIDAYS_AT_ONCE}}
        )
    wanted = [first + timedelta(days=number) for number in range(days)]
    known = set(Holiday.objects.filter(day__in=wanted).values_list("day", flat=True))
    rows = [Holiday(day=day, name=name) for day in wanted if day not in known]
    Holiday.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def remove_holiday(*, holiday: Holiday, today: date) -> None:
    """Take a day back that has not come yet; what was counted by a past one stays.

    Raises
    ------
    ValidationError
        The day has passed.
    """
    if holiday.day < today:
        raise ValidationError(_("This day has passed: what was counted by it stays."))
    holiday.delete()


@transaction.atomic
def save_office_hours(*, office: Office, hours: Mapping[int, Sequence[Span]]) -> bool:
    """The hours of an office by day of the week, instead of those there were; returns whether they
    differ. No day at all: the hours of its devices alone decide.

    Raises
    ------
    ValidationError
        A span ends before it begins, or two of a day overlap.
    """
    Office.objects.select_for_update().get(pk=office.pk)
    wanted = {
        (day, opens, closes) for day, spans in hours.items() for opens, closes in _checked(spans)
    }
    before = set(office.hours.values_list("weekday", "opens", "closes"))
    if wanted == before:
        return False
    office.hours.all().delete()
    OfficeHours.objects.bulk_create(
        OfficeHours(office=office, weekday=day, opens=opens, closes=closes)
        for day, opens, closes in sorted(wanted)
    )
    return True


def _checked(spans: Sequence[Span]) -> list[Span]:
    ordered = sorted(spans)
    for opens, closes in ordered:
        if opens >= closes:
            raise ValidationError(_("An office closes after it opens."))
    for (_a, end), (start, _b) in pairwise(ordered):
        if start < end:
            raise ValidationError(_("The afternoon begins before the morning ends."))
    return ordered
