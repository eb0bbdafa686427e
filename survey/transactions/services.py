"""Writes: import monthly totals, all or nothing, with every fault named by row and column."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from survey.accounts.models import User
from survey.agencies.models import Agency, AgencyVersion, ProcedureDomain
from survey.agencies.queries import versions_on
from survey.common.periods import last_day
from survey.transactions.headings import TITLES
from survey.transactions.models import Channel, MonthlyTotal, TotalsImport
from survey.transactions.reading import COLUMNS, RawRow, read_rows

MAX_SHOWN: Final = 100
_MONTH = re.compile(r"(20\d{2})-(0[1-9]|1[0-2])\Z")
_COUNT = re.compile(r"\d{1,9}\Z")


@dataclass(frozen=True)
class Fault:
    """What is wrong in one cell, for the person who will mend the file."""

    row: int
    column: str
    message: str

    @property
    def title(self) -> str:
        """Heading of the column, as it stands in the template."""
        return TITLES.get(self.column, self.column)

    def __str__(self) -> str:
        return _("Row %(row)s, column %(column)s: %(message)s") % {
            "row": self.row,
            "column": self.title,
            "message": self.message,
        }


class ImportRefused(ValueError):
    """Nothing was imported; ``faults`` says why, cell by cell."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("; ".join(str(fault) for fault in faults[:3]))
        self.faults = faults


class _Reader:
    """Turns raw rows into totals, collecting faults instead of stopping at the first."""

    def __init__(self, today: date) -> None:
        self.today = today
        self.faults: list[Fault] = []
        self.domains = {domain.code: domain for domain in ProcedureDomain.objects.all()}
        self._agencies: dict[date, dict[str, AgencyVersion]] = {}
        self._seen: dict[tuple[int, int, str, date], int] = {}

    def _fault(self, row: RawRow, column: str, message: str) -> None:
        self.faults.append(Fault(row.number, column, message))

    def agencies_in(self, month: date) -> dict[str, AgencyVersion]:
        """Code -> agency, for every agency in force on some day of the month."""
        if month not in self._agencies:
            found: dict[str, AgencyVersion] = {}
            for day in (month, last_day(month)):
                for version in versions_on(day):
                    codes = (version.unit_code, version.agency_code, version.agency.key)
                    found |= {code: version for code in codes if code}
            self._agencies[month] = found
        return self._agencies[month]

    def total(self, row: RawRow) -> MonthlyTotal | None:
        """One row as a total, or None with its faults noted."""
        before = len(self.faults)
        month = self._month(row)
        agency = self._agency(row, month) if month else None
        domain = self._domain(row)
        channel = self._channel(row)
        completed, on_time = self._count(row, "completed", 4), self._count(row, "on_time", 5)
        if completed is not None and on_time is not None and on_time > completed:
            self._fault(row, "on_time", _("is larger than the number of completed dossiers."))
        if (
            len(self.faults) > before
            or not (month and agency and domain)
            or completed is None
            or on_time is None
        ):
            return None
        key = (agency.agency_id, domain.pk, channel, month)
        if first := self._seen.get(key):
            self._fault(
                row,
                "agency_code",
                _("repeats row %(first)s (same month, agency, domain, channel).")
                % {"first": first},
            )
            return None
        self._seen[key] = row.number
        return MonthlyTotal(
            agency_id=agency.agency_id,
            domain=domain,
            channel=channel,
            month=month,
            completed=completed,
            on_time=on_time,
        )

    def _month(self, row: RawRow) -> date | None:
        match = _MONTH.match(row.cells[0])
        if not match:
            self._fault(
                row,
                "month",
                _("“%(value)s” is not a month; write it as 2026-07.")
                % {"value": row.cells[0][:40]},
            )
            return None
        month = date(int(match[1]), int(match[2]), 1)
        if month > self.today:
            self._fault(
                row, "month", _("“%(value)s” lies in the future.") % {"value": row.cells[0]}
            )
            return None
        return month

    def _agency(self, row: RawRow, month: date) -> AgencyVersion | None:
        code = row.cells[1]
        found = self.agencies_in(month).get(code)
        if found is None:
            known = AgencyVersion.objects.filter(agency__key=code) | AgencyVersion.objects.filter(
                agency_code=code
            )
            known |= AgencyVersion.objects.filter(unit_code=code)
            if code and (other := known.first()):
                message = _("“%(code)s” (%(name)s) was not in force in %(month)s.")
                self._fault(
                    row,
                    "agency_code",
                    message % {"code": code, "name": other.name, "month": row.cells[0]},
                )
            else:
                self._fault(
                    row,
                    "agency_code",
                    _("no agency has the code “%(code)s”.") % {"code": code[:40]},
                )
        return found

    def _domain(self, row: RawRow) -> ProcedureDomain | None:
        found = self.domains.get(row.cells[2])
        if found is None:
            message = _("no procedure domain has the code “%(code)s”; known: %(known)s.")
            self._fault(
                row,
                "domain_code",
                message % {"code": row.cells[2][:40], "known": ", ".join(sorted(self.domains))},
            )
        return found

    def _channel(self, row: RawRow) -> str:
        words = row.cells[3].casefold()
        for value, label in Channel.choices:
            if words in (value, str(label).casefold()):
                return value
        message = _("“%(value)s” is not a channel; use %(known)s.")
        known = ", ".join(f"{value} ({label})" for value, label in Channel.choices)
        self._fault(row, "channel", message % {"value": row.cells[3][:40], "known": known})
        return ""

    def _count(self, row: RawRow, column: str, place: int) -> int | None:
        text = row.cells[place]
        if not (text.isascii() and _COUNT.match(text)):
            self._fault(
                row,
                column,
                _("“%(value)s” is not a whole number of 0 or more.") % {"value": text[:40]},
            )
            return None
        return int(text)


def check_totals(*, content: bytes, file_name: str, today: date) -> list[MonthlyTotal]:
    """The totals in a file, unsaved.

    Raises
    ------
    FileError
        The file as a whole cannot be read.
    ImportRefused
        Some rows are wrong; nothing of the file is usable until they are mended.
    """
    reader = _Reader(today)
    totals = []
    for row in read_rows(content, file_name):
        if (total := reader.total(row)) is not None:
            totals.append(total)
        if len(reader.faults) >= MAX_SHOWN:
            break
    if not totals and not reader.faults:
        reader.faults.append(Fault(2, COLUMNS[0], _("the file has no rows below the heading.")))
    if reader.faults:
        raise ImportRefused(reader.faults[:MAX_SHOWN])
    return totals


def import_totals(
    *, content: bytes, file_name: str, by: User | None, now: datetime
) -> TotalsImport:
    """Import a file of totals; an agency's earlier totals of a month that is sent again are
    replaced.

    Raises
    ------
    FileError, ImportRefused
        As ``check_totals``; then nothing was stored.
    """
    # The file is read and checked before the transaction begins: on SQLite a transaction keeps
    # citizens waiting.
    totals = check_totals(content=content, file_name=file_name, today=timezone.localdate(now))
    return store_totals(totals=totals, content=content, file_name=file_name, by=by, now=now)


def store_totals(
    *, totals: list[MonthlyTotal], content: bytes, file_name: str, by: User | None, now: datetime
) -> TotalsImport:
    """Store totals that were checked, under the name of their file."""
    source = TotalsImport(
        file_name=file_name[:200],
        sha256=sha256(content).hexdigest(),
        rows=len(totals),
        imported_by=by,
        imported_at=now,
    )
    _store(source, totals)
    return source


@dataclass(frozen=True)
class Replaced:
    """Totals of one agency and month that would go, and how many take their place."""

    agency: str
    month: date
    before: int
    after: int

    def __str__(self) -> str:
        return _("%(agency)s, %(month)s: %(before)s rows go, %(after)s take their place") % {
            "agency": self.agency,
            "month": f"{self.month:%m/%Y}",
            "before": self.before,
            "after": self.after,
        }


def replaced_by(totals: Sequence[MonthlyTotal]) -> list[Replaced]:
    """What storing these totals would replace, by agency and month."""
    fresh = Counter((total.agency_id, total.month) for total in totals)
    there = MonthlyTotal.objects.filter(month__in={month for _agency, month in fresh})
    counts = there.filter(agency__in={agency for agency, _month in fresh}).values_list(
        "agency", "month"
    )
    before = Counter((agency, month) for agency, month in counts if (agency, month) in fresh)
    names = {
        agency.pk: str(agency)
        for agency in Agency.objects.filter(pk__in={agency for agency, _month in before})
    }
    return [
        Replaced(names[agency], month, count, fresh[agency, month])
        for (agency, month), count in sorted(
            before.items(), key=lambda item: (item[0][1], names[item[0][0]])
        )
    ]


@transaction.atomic
def _store(source: TotalsImport, totals: list[MonthlyTotal]) -> None:
    source.save()
    for total in totals:
        total.source = source
    agencies_by_month: dict[date, set[int]] = {}
    for total in totals:
        agencies_by_month.setdefault(total.month, set()).add(total.agency_id)
    for month, agencies in agencies_by_month.items():
        MonthlyTotal.objects.filter(month=month, agency__in=agencies).delete()
    MonthlyTotal.objects.bulk_create(totals, batch_size=1000)
