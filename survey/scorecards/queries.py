"""Reads: editions and the results an account may see."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from survey.accounts.models import User
from survey.accounts.permissions import may
from survey.agencies.queries import visible_agencies
from survey.common.periods import parse_period
from survey.scorecards.differencing import Release, ReleasedFigure
from survey.scorecards.models import AgencyResult, Edition


def editions(user: User) -> list[Edition]:
    """Editions an account may open: latest end of period first, then the one made last.

    Previews are for the province only, and only until their period is released: between a preview
    and what follows it lie the answers of a few people.
    """
    found = list(Edition.objects.order_by("-made_at"))
    released = {(edition.period, edition.method) for edition in found if not edition.is_preview}
    ahead = may(user, "see-previews")
    shown = [
        e for e in found if not e.is_preview or (ahead and (e.period, e.method) not in released)
    ]
    return sorted(shown, key=lambda edition: parse_period(edition.period).last, reverse=True)


def find_edition(pk: int | None, user: User) -> Edition | None:
    """The edition asked for, or the newest one under the method with most detail, of those the
    account may open.
    """
    found = editions(user)
    if pk is not None:
        return next((edition for edition in found if edition.pk == pk), None)
    return next(
        (edition for edition in found if edition.method == "sipas-service"),
        found[0] if found else None,
    )


def releases_about(items: set[str], *, previews: bool = False) -> list[Edition]:
    """Editions of the same items that were made after their period had ended, newest first.

    Under any method: two methods that count other evidence classes differ by the answers of these.
    ``previews``: and those made before.
    """
    every = Edition.objects.prefetch_related("results").order_by("-made_at")
    return [
        edition
        for edition in every
        if _edition_items(edition) == items and (previews or not edition.is_preview)
    ]


def _edition_items(edition: Edition) -> set[str]:
    factors = edition.about.get("factors", {})
    return {item for members in factors.values() for item in members}


def figures_shown(edition: Edition) -> Release:
    """What an edition tells: answers and unweighted values of the figures it shows."""
    figures = {
        (row["agency"], row["level"], row["code"]): ReleasedFigure(
            row["n"], float(row["unweighted_index"]) if row.get("unweighted_index") else None
        )
        for result in edition.results.all()
        for row in result.rows
        if isinstance(row["n"], int)
    }
    return Release(parse_period(edition.period), edition.method, figures)


def visible_results(edition: Edition, user: User) -> QuerySet[AgencyResult]:
    """Results in the account's scope; the row of the whole province is shown to all staff."""
    return edition.results.filter(agency__in=visible_agencies(user)).select_related("agency")


def results_over_time(result: AgencyResult) -> list[tuple[Edition, dict[str, Any], dict[str, Any]]]:
    """(edition, overall row, the province's row) of an agency: the newest edition of each period,
    oldest first.
    """
    found = AgencyResult.objects.filter(agency=result.agency, edition__method=result.edition.method)
    newest: dict[str, AgencyResult] = {}
    for item in found.select_related("edition").order_by("edition__made_at"):
        newest[item.edition.period] = item
    rows = []
    for period in sorted(
        newest, key=lambda name: (parse_period(name).last, parse_period(name).first)
    ):
        whole = province_result(newest[period].edition)
        counts = (
            not newest[period].edition.is_preview or newest[period].edition_id == result.edition_id
        )
        if whole is not None and counts and len(period) == len(result.edition.period):
            rows.append((newest[period].edition, newest[period].rows[0], whole.rows[0]))
    return rows


def province_result(edition: Edition) -> AgencyResult | None:
    """The row of the province as a whole."""
    return edition.results.filter(agency__isnull=True).first()
