"""What a period still lacks before it is frozen: the list to work through before the 20th."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from survey.agencies.models import Agency
from survey.agencies.queries import agency_names
from survey.common.periods import Period
from survey.common.text import name_order
from survey.questionnaires.queries import wordings_changed
from survey.responses.queries import counted_in
from survey.transactions.coverage import MonthCoverage, totals_coverage
from survey.transactions.queries import differences_in, totals_in


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
    reworded: int
    """Questionnaires whose words changed within the period."""

    @property
    def is_ready(self) -> bool:
        """Whether nothing is missing."""
        lacking = self.without_totals or any(month.missing for month in self.months)
        return self.has_ended and self.has_answers and not lacking and not self.differences


def check_readiness(period: Period, today: date) -> Readiness:
    """Look at everything the figures of a period stand on."""
    keys = dict(Agency.objects.values_list("key", "pk"))
    rated = set(counted_in(period).order_by().values_list("agency__key", flat=True).distinct())
    told = {row[0] for row in totals_in(period)}
    names = agency_names(Agency.objects.filter(key__in=rated - told))
    return Readiness(
        has_ended=today > period.last,
        has_answers=bool(rated),
        months=totals_coverage(period, keys.values(), today),
        without_totals=sorted(names.values(), key=name_order),
        differences=len(differences_in(period.first, period.last, keys)),
        reworded=len(wordings_changed(period.first, period.last)),
    )
