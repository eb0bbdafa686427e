"""Released editions under their public numbers, and what the calendar and the corrections say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Final

from django.db.models import Count, Max, QuerySet
from django.utils import timezone

from survey.common.periods import Period, parse_period
from survey.reports.packs import report_due_on
from survey.scorecards.bridge.open_data import public_rows
from survey.scorecards.models import Edition, MethodChoice
from survey.scorecards.queries import find_overall, main_methods, province_result

QUARTERS_AHEAD: Final = 4
_PATHS: Final = {"": "nam", "9M": "9t"}


@dataclass(frozen=True)
class PublicEdition:
    """A released edition; ``is_main``: by the method the province reports the period by."""

    edition: Edition
    is_main: bool

    @property
    def number(self) -> int:
        """Counts the releases of its period and never changes."""
        return self.edition.public_number or 0

    @property
    def period(self) -> Period:
        """What it is about."""
        return parse_period(self.edition.period)

    @property
    def path(self) -> str:
        """``2026/q3/1/``: its place under the results."""
        year, _dash, part = self.edition.period.partition("-")
        return f"{year}/{path_of_part(part)}/{self.number}/"

    @property
    def withdrawn_on(self) -> date | None:
        """The day it was taken back; it stays readable."""
        at = self.edition.withdrawn_at
        return timezone.localdate(at) if at else None

    @property
    def released_on(self) -> date:
        """The day two people released it."""
        assert self.edition.released_at is not None  # noqa: S101  (editions here are released)
        return timezone.localdate(self.edition.released_at)


def path_of_part(part: str) -> str:
    """A part of a year as addresses write it: ``q3``, ``h1``, ``9t``, ``t07``, ``nam``."""
    return _PATHS.get(part) or (part.lower() if part[0] in "QH" else f"t{part}")


def _released() -> QuerySet[Edition]:
    rows = Edition.objects.exclude(released_at=None).exclude(public_number=None)
    # Read when an edition is looked at: of thousands of agencies they are long.
    return rows.defer("counted", "answers", "about").order_by("period", "public_number")


def public_editions() -> list[PublicEdition]:
    """Every edition that was ever released, the latest period first, then the latest release."""
    state = (
        _released()
        .order_by()
        .aggregate(
            n=Count("pk"),
            last=Max("pk"),
            released=Max("released_at"),
            withdrawn=Max("withdrawn_at"),
        )
    )
    choices = MethodChoice.objects.order_by().aggregate(n=Count("pk"), last=Max("pk"))
    return list(_list_editions((*state.values(), *choices.values())))


@lru_cache(maxsize=2)
def _list_editions(_state: tuple[object, ...]) -> tuple[PublicEdition, ...]:
    rows = list(_released())
    methods = main_methods({edition.period for edition in rows})
    found = [PublicEdition(row, row.method == methods[row.period]) for row in rows]
    return tuple(sorted(found, key=lambda one: (one.period.last, one.number), reverse=True))


def find_public_edition(year: str, part: str, number: str) -> PublicEdition | None:
    """The edition at an address."""
    wanted = f"{year}/{part}/{int(number)}/"
    return next((one for one in public_editions() if one.path == wanted), None)


def standing(found: list[PublicEdition]) -> list[PublicEdition]:
    """Of each period the edition that stands: the last by the main method that was not taken
    back.
    """
    newest: dict[str, PublicEdition] = {}
    for one in reversed(found):
        if one.is_main and one.withdrawn_on is None:
            newest[one.edition.period] = one
    return [one for one in found if newest.get(one.edition.period) is one]


def find_standing(one: PublicEdition, found: list[PublicEdition]) -> PublicEdition | None:
    """The edition that stands for its period, where it is another one."""
    own = [other for other in standing(found) if other.edition.period == one.edition.period]
    return own[0] if own and own[0].number != one.number and one.is_main else None


@dataclass(frozen=True)
class Correction:
    """A later edition of a period, against the one before by the same method."""

    after: PublicEdition
    before: PublicEdition
    change: Decimal | None
    """Of the province's index, in points."""


def corrections(found: list[PublicEdition]) -> list[Correction]:
    """Every edition that took another's place, the latest first."""
    made = []
    for one in found:
        like = [
            other
            for other in found
            if other.edition.period == one.edition.period
            and other.edition.method == one.edition.method
            and other.number < one.number
        ]
        if like:
            made.append(Correction(one, like[0], _find_change(like[0], one)))
    return made


def _find_change(before: PublicEdition, after: PublicEdition) -> Decimal | None:
    """Of what was published of both: the change of a figure that is not shown is not told."""
    values = []
    for one in (before, after):
        row = find_overall(province_result(one.edition))
        values.append(public_rows([row])[0]["index"] if row else None)
    first, second = values
    return None if first is None or second is None else Decimal(second) - Decimal(first)


@dataclass(frozen=True)
class Announcement:
    """A quarter whose figures are announced, and what became of it."""

    period: Period
    due_on: date
    released: PublicEdition | None


def release_calendar(found: list[PublicEdition], today: date) -> list[Announcement]:
    """Quarters to come, the running one and those before, the latest first."""
    first = {one.edition.period: one for one in found if one.is_main}
    number = today.year * 4 + (today.month - 1) // 3
    made = []
    for n in range(number + QUARTERS_AHEAD - 1, number - QUARTERS_AHEAD - 1, -1):
        period = parse_period(f"{n // 4}-Q{n % 4 + 1}")
        made.append(Announcement(period, report_due_on(period), first.get(period.name)))
    return made
