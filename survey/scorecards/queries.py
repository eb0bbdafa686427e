"""Reads: editions and the results an account may see."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils import timezone

from survey.accounts.models import User
from survey.agencies.queries import visible_agencies
from survey.common.periods import Period, parse_period
from survey.scorecards.models import AgencyResult, Edition


def editions() -> list[Edition]:
    """All editions: latest end of period first, then the one made last."""
    found = Edition.objects.order_by("-made_at")
    return sorted(found, key=lambda edition: parse_period(edition.period).last, reverse=True)


def find_edition(pk: int | None) -> Edition | None:
    """The edition asked for, or the newest one under the method with most detail."""
    if pk is not None:
        return Edition.objects.filter(pk=pk).first()
    found = editions()
    return next((edition for edition in found if edition.method == "sipas-service"), found[0] if found else None)


def releases_sharing(period: Period, method: str) -> list[Edition]:
    """Editions under a method that share months with a period and were made after their own ended, newest first."""
    found = Edition.objects.filter(method=method).prefetch_related("results").order_by("-made_at")
    spans = [(edition, parse_period(edition.period)) for edition in found]
    return [
        edition
        for edition, span in spans
        if timezone.localdate(edition.made_at) > span.last and span.first <= period.last and period.first <= span.last
    ]


def visible_results(edition: Edition, user: User) -> QuerySet[AgencyResult]:
    """Results in the account's scope; the row of the whole province is shown to all staff."""
    return edition.results.filter(agency__in=visible_agencies(user)).select_related("agency")


def province_result(edition: Edition) -> AgencyResult | None:
    """The row of the province as a whole."""
    return edition.results.filter(agency__isnull=True).first()
