"""Reporting periods: a month, a quarter, a half year, nine months or a year."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

_MONTHS = {
    "Q1": (1, 3),
    "Q2": (4, 6),
    "Q3": (7, 9),
    "Q4": (10, 12),
    "H1": (1, 6),
    "H2": (7, 12),
    "9M": (1, 9),
    "": (1, 12),
}
_PATTERN = re.compile(r"(?P<year>20\d{2})(?:-(?P<part>Q[1-4]|H[12]|9M|0[1-9]|1[0-2]))?\Z")


@dataclass(frozen=True)
class Period:
    """A named span of whole months, both ends included."""

    name: str
    first: date
    last: date

    def __str__(self) -> str:
        return self.name

    @property
    def months(self) -> int:
        """How many months it has: periods of one length can be compared."""
        return (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1

    @property
    def title(self) -> str:
        """The period in words of the active language."""
        year, _dash, part = self.name.partition("-")
        if part.startswith("Q"):
            words = {"quarter": _number_of_quarter(part), "year": year}
            return _("quarter %(quarter)s of %(year)s") % words
        if part in ("H1", "H2", "9M") or not part:
            titles = {
                "H1": _("first half of %(year)s"),
                "H2": _("second half of %(year)s"),
                "9M": _("first nine months of %(year)s"),
                "": _("year %(year)s"),
            }
            return titles[part] % {"year": year}
        return _("month %(month)s of %(year)s") % {"month": int(part), "year": year}


def _number_of_quarter(part: str) -> str:
    """Administrative texts write quarters in Roman numbers."""
    return {
        "Q1": pgettext("quarter", "1"),
        "Q2": pgettext("quarter", "2"),
        "Q3": pgettext("quarter", "3"),
        "Q4": pgettext("quarter", "4"),
    }[part]


def parse_period(text: str) -> Period:
    """Read ``2026``, ``2026-Q3``, ``2026-H1``, ``2026-9M`` or ``2026-07``.

    Raises
    ------
    ValueError
        Naming the forms that are understood.
    """
    match = _PATTERN.match(text)
    if not match:
        raise ValueError(
            _("“%(text)s” is not a period. Write 2026-Q3, 2026-07, 2026-H1, 2026-9M or 2026.")
            % {"text": text}
        )
    year, part = int(match["year"]), match["part"] or ""
    start, end = _MONTHS[part] if part in _MONTHS else (int(part), int(part))
    return Period(text, date(year, start, 1), last_day(date(year, end, 1)))


def last_day(month: date) -> date:
    """Last day of the month of ``month``."""
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def first_of_month(day: date) -> date:
    """First day of the month: how months are stored."""
    return day.replace(day=1)


def add_working_days(day: date, count: int, holidays: Container[date]) -> date:
    """The day on which so many working days have passed; Saturdays, Sundays and ``holidays`` are
    none.
    """
    while count:
        day += timedelta(days=1)
        count -= day.isoweekday() < 6 and day not in holidays
    return day


def subtract_working_days(day: date, count: int, holidays: Container[date]) -> date:
    """The day before which so many working days have passed."""
    while count:
        day -= timedelta(days=1)
        count -= day.isoweekday() < 6 and day not in holidays
    return day
