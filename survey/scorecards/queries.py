"""Reads: editions and the results an account may see."""

from __future__ import annotations

from django.db.models import QuerySet

from survey.accounts.models import User
from survey.agencies.queries import visible_agencies
from survey.scorecards.models import AgencyResult, Edition


def editions() -> QuerySet[Edition]:
    """All editions, newest first."""
    return Edition.objects.order_by("-period", "-made_at")


def find_edition(pk: int | None) -> Edition | None:
    """The edition asked for, or the newest one under the method with most detail."""
    if pk is not None:
        return Edition.objects.filter(pk=pk).first()
    return editions().filter(method="sipas-service").first() or editions().first()


def visible_results(edition: Edition, user: User) -> QuerySet[AgencyResult]:
    """Results in the account's scope; the row of the whole province is shown to all staff."""
    return edition.results.filter(agency__in=visible_agencies(user)).select_related("agency")


def province_result(edition: Edition) -> AgencyResult | None:
    """The row of the province as a whole."""
    return edition.results.filter(agency__isnull=True).first()
