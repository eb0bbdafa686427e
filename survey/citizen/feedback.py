"""What citizens are told in return: an agency's latest improvements and how many people answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final

from django.db.models import Sum
from django.utils import timezone

from survey.agencies.improvements import Improvement, published_improvements
from survey.common.periods import first_of_month
from survey.responses.models import Response
from survey.responses.queries import MIN_ANSWERS_SHOWN
from survey.transactions.models import MonthlyTotal

FEEDBACK_SECONDS: Final = 600
"""Seconds the figures are kept: they change once a quarter."""


@dataclass(frozen=True)
class AgencyFeedback:
    """Latest approved improvements; answers and dossiers of the three full months before this one,
    or zeros.
    """

    improvements: tuple[Improvement, ...]
    answers: int
    dossiers: int

    @property
    def percent(self) -> int:
        """Answers per hundred dossiers."""
        return round(100 * self.answers / self.dossiers) if self.dossiers else 0


def agency_feedback(agency_id: int, now: datetime) -> AgencyFeedback:
    """What an agency's citizens are told."""
    return _feedback(
        agency_id, timezone.localtime(now).date(), int(now.timestamp()) // FEEDBACK_SECONDS
    )


@lru_cache(maxsize=4096)
def _feedback(agency_id: int, today: date, _moment: int) -> AgencyFeedback:
    last = first_of_month(today) - timedelta(days=1)
    first = first_of_month(
        first_of_month(first_of_month(last) - timedelta(days=1)) - timedelta(days=1)
    )
    answers = Response.objects.filter(
        agency=agency_id, month__range=(first, last), revision=0
    ).count()
    totals = MonthlyTotal.objects.filter(agency=agency_id, month__range=(first, last))
    dossiers = totals.aggregate(n=Sum("completed"))["n"] or 0
    if answers < MIN_ANSWERS_SHOWN or dossiers < answers:
        answers = dossiers = 0
    return AgencyFeedback(tuple(published_improvements(agency_id)), answers, dossiers)
