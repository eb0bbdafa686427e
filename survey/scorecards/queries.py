"""Reads: editions and the results an account may see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from survey.accounts.models import User
from survey.accounts.permissions import may
from survey.agencies.queries import visible_agencies
from survey.common.periods import parse_period
from survey.scorecards.differencing import Release, ReleasedFigure
from survey.scorecards.models import AgencyResult, Edition, MethodChoice

DEFAULT_METHOD: Final = "sipas-service"
"""The method with most detail: what a page shows when nobody asked for another."""


def editions(user: User) -> list[Edition]:
    """Editions an account may open: latest end of period first, then the one made last.

    What is not released is for the province only, and previews only until their period is computed:
    between a preview and what follows it lie the answers of a few people.
    """
    # What is behind the figures is megabytes, and nobody who lists editions looks at it.
    found = list(Edition.objects.defer("counted", "answers").order_by("-made_at"))
    if may(user, "see-previews"):
        computed = {(edition.period, edition.method) for edition in found if not edition.is_preview}
        shown = [
            edition
            for edition in found
            if not edition.is_preview or (edition.period, edition.method) not in computed
        ]
    else:
        shown = [edition for edition in found if edition.is_released]
    return sorted(shown, key=lambda edition: parse_period(edition.period).last, reverse=True)


def find_edition(pk: int | None, user: User) -> Edition | None:
    """The edition asked for, or the newest one under the method with most detail, of those the
    account may open.
    """
    found = editions(user)
    if pk is not None:
        return next((edition for edition in found if edition.pk == pk), None)
    standing = [edition for edition in found if edition.withdrawn_at is None] or found
    newest = [edition for edition in standing if edition.period == standing[0].period]
    return next(
        (edition for edition in newest if edition.method == main_method(edition.period)),
        newest[0] if newest else None,
    )


def main_method(period: str) -> str:
    """The method a page shows of a period when nobody asked for another: the first chosen."""
    first = parse_period(period).first
    choice = MethodChoice.objects.filter(valid_from__lte=first).first()
    return str(choice.methods[0]["id"]) if choice else DEFAULT_METHOD


def main_methods(periods: Iterable[str]) -> dict[str, str]:
    """The main method of each of these periods, in one statement."""
    choices = list(MethodChoice.objects.order_by("-valid_from", "-pk"))
    found = {}
    for period in periods:
        first = parse_period(period).first
        chosen = next((row for row in choices if row.valid_from <= first), None)
        found[period] = str(chosen.methods[0]["id"]) if chosen else DEFAULT_METHOD
    return found


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
        before = newest.get(item.edition.period)
        if before is None or _stands_before(item.edition, before.edition, result.edition):
            newest[item.edition.period] = item
    rows = []
    for period in sorted(
        newest, key=lambda name: (parse_period(name).last, parse_period(name).first)
    ):
        whole = province_result(newest[period].edition)
        counts = (
            newest[period].edition.is_released or newest[period].edition_id == result.edition_id
        )
        if whole is not None and counts and len(period) == len(result.edition.period):
            rows.append((newest[period].edition, newest[period].rows[0], whole.rows[0]))
    return rows


def _stands_before(new: Edition, old: Edition, own: Edition) -> bool:
    """Whether a later edition takes an earlier one's place in a line: the one looked at stays, and
    a released one is not replaced by one that is not.
    """
    if old.pk == own.pk:
        return False
    return new.pk == own.pk or new.is_released or not old.is_released


def check_not_released(first: date, last: date) -> None:
    """Whether what counts between two days may still be changed: once figures are released, what
    they rest on is frozen.

    Raises
    ------
    ValidationError
        Released figures reach into these days.
    """
    released = Edition.objects.filter(released_at__isnull=False, withdrawn_at=None).order_by()
    for name in released.values_list("period", flat=True).distinct():
        period = parse_period(name)
        if period.first <= last and first <= period.last:
            raise ValidationError(
                _(
                    "The figures of %(period)s are released: what they count is frozen. Have them "
                    "withdrawn first; corrected figures then say what changed."
                )
                % {"period": period.title}
            )


def find_overall(result: AgencyResult | None) -> dict[str, Any]:
    """The overall row of a result; empty without one."""
    rows: list[dict[str, Any]] = result.rows if result else []
    return next((row for row in rows if row["level"] == "overall"), {})


@dataclass(frozen=True)
class ToldWithExcluded:
    """``excluded`` answers were taken out; with them the index is ``index``, decimal text."""

    excluded: int
    index: str


def told_with_excluded(result: AgencyResult | None) -> ToldWithExcluded | None:
    """The index of a result with the answers that were excluded; None where nothing is told."""
    if result is None:
        return None
    told = result.edition.about.get("with_excluded", {}).get(find_overall(result).get("agency"))
    return ToldWithExcluded(*told) if told else None


def province_result(edition: Edition) -> AgencyResult | None:
    """The row of the province as a whole."""
    return edition.results.filter(agency__isnull=True).first()
