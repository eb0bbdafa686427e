"""What a period still lacks before it is frozen: the list to work through before the 20th."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet

from survey.agencies.models import Agency
from survey.agencies.queries import agency_names
from survey.common.periods import Period
from survey.common.text import name_order
from survey.questionnaires.queries import wordings_changed
from survey.responses.cut_offs import find_cut_off
from survey.responses.exclusions import Exclusion
from survey.responses.models import Response
from survey.transactions.coverage import MonthCoverage, list_months, totals_coverage
from survey.transactions.models import MonthlyTotal
from survey.transactions.queries import closed_between, differences_in


@dataclass(frozen=True)
class Readiness:
    """What is there of a period and what is missing."""

    has_ended: bool
    has_answers: bool
    months: list[MonthCoverage]
    without_totals: list[str]
    """Agencies that were rated but of which no dossier is told: they get no index."""
    differences: int
    """Lines in which file and events tell different numbers of dossiers."""
    after_cut_off: bool
    """Totals or exclusions were brought after the answers were frozen."""
    reworded: int
    """Questionnaires whose words changed within the period."""

    @property
    def is_ready(self) -> bool:
        """Whether nothing is missing."""
        lacking = self.without_totals or any(month.missing for month in self.months)
        lacking = lacking or self.after_cut_off
        return self.has_ended and self.has_answers and not lacking and not self.differences


def check_readiness(period: Period, today: date) -> Readiness:
    """Look at everything the figures of a period stand on; no query grows with the answers."""
    keys = dict(Agency.objects.values_list("key", "pk"))
    answers = Response.objects.filter(month__range=(period.first, period.last))
    names = agency_names(_find_rated_untold(period))
    return Readiness(
        has_ended=today > period.last,
        has_answers=answers.exists(),
        months=totals_coverage(period, Agency.objects.all(), today),
        without_totals=sorted(names.values(), key=name_order),
        differences=len(differences_in(period.first, period.last, keys)),
        after_cut_off=_came_late(period),
        reworded=len(wordings_changed(period.first, period.last)),
    )


def _came_late(period: Period) -> bool:
    cut_off = find_cut_off(period.name)
    if cut_off is None:
        return False
    months = {"month__range": (period.first, period.last)}
    files = MonthlyTotal.objects.filter(source__imported_at__gt=cut_off.made_at, **months)
    spans = Exclusion.objects.filter(
        Q(made_at__gt=cut_off.made_at) | Q(lifted_at__gt=cut_off.made_at),
        begins__date__lte=period.last,
        ends__date__gte=period.first,
    )
    events = closed_between(period.first, period.last).filter(received_at__gt=cut_off.made_at)
    return files.exists() or spans.exists() or events.exists()


def _find_rated_untold(period: Period) -> QuerySet[Agency]:
    """Agencies somebody rated of which neither a file nor an event tells a dossier: for each one
    look-up in an index.
    """
    here = {"agency": OuterRef("pk")}
    months = (period.first, period.last)
    rated = Q(pk__in=[])
    for month in list_months(period):
        rated |= Q(Exists(Response.objects.filter(month=month, **here)))
    told = MonthlyTotal.objects.filter(month__range=months, **here)
    events = closed_between(*months).filter(**here)
    return Agency.objects.filter(~Exists(told)).filter(rated).filter(~Exists(events))
