"""Answers two people have taken out of every figure: those of one counter between two hours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import ClassVar, Final

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from survey.agencies.models import Counter
from survey.common.periods import Period, first_of_month
from survey.responses.models import Response

LONGEST: Final = timedelta(days=31)
LATEST: Final = timedelta(days=800)
"""How long before a period what counts in it may have been given: a tablet sends for two years."""
LOW: Final = 2
LEAST_SHOWN: Final = 10
Spans = Mapping[int, Sequence[tuple[datetime, datetime]]]


class Exclusion(models.Model):
    """Answers stay in the record with the mark ``excluded``; no method counts them. One that was
    lifted stays in the list.
    """

    counter = models.ForeignKey(
        Counter, on_delete=models.PROTECT, verbose_name=gettext_lazy("counter")
    )
    begins = models.DateTimeField(gettext_lazy("from"))
    ends = models.DateTimeField(gettext_lazy("until"))
    reason = models.TextField(gettext_lazy("reason"), max_length=1000)
    made_at = models.DateTimeField(gettext_lazy("approved at"))
    lifted_at = models.DateTimeField(gettext_lazy("lifted at"), null=True)

    class Meta:
        verbose_name = gettext_lazy("exclusion of answers")
        verbose_name_plural = gettext_lazy("exclusions of answers")
        ordering: ClassVar = ["-made_at", "-pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(begins__lt=models.F("ends")), name="exclusion_has_a_span"
            )
        ]

    def __str__(self) -> str:
        return f"{self.counter_id} {self.begins:%Y-%m-%d %H:%M} – {self.ends:%Y-%m-%d %H:%M}"

    @property
    def pk_text(self) -> str:
        """Its number, for the name of a field on the page."""
        return str(self.pk)


def check_span(*, begins: datetime, ends: datetime, now: datetime) -> None:
    """Whether answers between two moments can be taken out.

    Raises
    ------
    ValidationError
        The span ends before it begins, is too long, or has not passed.
    """
    if begins >= ends:
        raise ValidationError({"ends": _("The end is before the beginning.")})
    if ends - begins > LONGEST:
        raise ValidationError(
            {"ends": _("At most %(days)s days at once.") % {"days": LONGEST.days}}
        )
    if ends > now:
        raise ValidationError({"ends": _("Only what has passed can be excluded.")})


def exclude_answers(
    *, counter: Counter, begins: datetime, ends: datetime, reason: str, now: datetime
) -> Exclusion:
    """Answers at a counter between two moments count in no figure made from now on."""
    check_span(begins=begins, ends=ends, now=now)
    return Exclusion.objects.create(
        counter=counter, begins=begins, ends=ends, reason=reason[:1000], made_at=now
    )


@transaction.atomic
def lift_exclusion(*, exclusion: Exclusion, now: datetime) -> Exclusion:
    """Count them again in figures made from now on.

    Raises
    ------
    ValidationError
        It has been lifted.
    """
    done = Exclusion.objects.filter(pk=exclusion.pk, lifted_at=None).update(lifted_at=now)
    if not done:
        raise ValidationError(_("This exclusion has been lifted already."))
    return exclusion


def read_exclusions(period: Period) -> Spans:
    """Counter -> spans of its excluded answers that touch a period, or lie so shortly before it
    that an answer that came in late may count here.
    """
    found: dict[int, list[tuple[datetime, datetime]]] = {}
    rows = Exclusion.objects.filter(
        lifted_at=None, begins__date__lte=period.last, ends__date__gte=period.first - LATEST
    )
    for row in rows:
        found.setdefault(row.counter_id, []).append((row.begins, row.ends))
    return found


def is_excluded(spans: Spans, counter_id: int | None, hour: datetime) -> bool:
    """Whether an answer was taken out; one by link has neither counter nor hour and never is."""
    if counter_id is None:
        return False
    return any(begins <= hour < ends for begins, ends in spans.get(counter_id, ()))


@dataclass(frozen=True)
class LevelShares:
    """Low levels (1 and 2) among excluded answers, and among all of their counters and months."""

    excluded: int
    excluded_low: int
    all: int
    all_low: int

    @property
    def is_shown(self) -> bool:
        """Below ten answers a share would tell what somebody said."""
        return self.excluded >= LEAST_SHOWN


def compare_levels() -> LevelShares:
    """Whether low ratings are taken out more often than others: who prunes them is seen here."""
    rows = Exclusion.objects.filter(lifted_at=None)
    spans: dict[int, list[tuple[datetime, datetime]]] = {}
    months: set[date] = set()
    for row in rows:
        spans.setdefault(row.counter_id, []).append((row.begins, row.ends))
        middle = row.begins + (row.ends - row.begins) / 2  # February may lie between two months
        months |= {first_of_month(timezone.localdate(at)) for at in (row.begins, middle, row.ends)}
    newer = Response.objects.filter(
        response=models.OuterRef("response"), revision__gt=models.OuterRef("revision")
    )
    answers = Response.objects.filter(counter__in=spans, month__in=months)
    answers = answers.exclude(models.Exists(newer))
    found = [0, 0, 0, 0]
    columns = ("counter_id", "answered_hour", "answers__overall")
    for counter, hour, level in answers.values_list(*columns).iterator():
        low = isinstance(level, int) and 1 <= level <= LOW
        taken = is_excluded(spans, counter, hour)
        for place, holds in enumerate((taken, taken and low, True, low)):
            found[place] += holds
    return LevelShares(*found)
