"""Offices with their counters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from survey.agencies.models import Agency, Counter, Hosting, Office, ProcedureDomain
from survey.agencies.places import open_counter, open_office
from survey.imports.kinds.base import Checked, ImportKind, Rows, Stored, Upload
from survey.questionnaires.models import Assignment
from survey.transactions.reading import RawRow

MAX_COUNTER_NUMBER: Final = 999


@dataclass(frozen=True)
class _New:
    """A counter as a row tells it."""

    office: str
    address: str
    phone: str
    number: int
    name: str
    agency: Agency
    domain: ProcedureDomain | None


class OfficesKind(ImportKind):
    """A row is a counter; offices that are not there yet are opened."""

    key = "offices"
    label = gettext_lazy("Offices and counters")
    lead = gettext_lazy(
        "One row a counter. An office of the same name gets the counter; an office that is not "
        "there yet is opened with it."
    )
    permission = "manage-places"
    columns: ClassVar = (
        "office",
        "address",
        "office_phone",
        "counter_number",
        "counter_name",
        "agency_code",
        "domain_code",
    )

    def explain(self) -> list[str]:
        """What stands in each column."""
        domains = ", ".join(f"{d.code} = {d.name}" for d in ProcedureDomain.objects.all())
        return [
            _("Name of the office, written alike in each of its rows."),
            _("Address of the office; may be empty."),
            _("Telephone of the office; may be empty."),
            _("Number of the counter, 1 to %(most)s.") % {"most": MAX_COUNTER_NUMBER},
            _("Name of the counter; empty: “Counter 3”."),
            _("Electronic identifier or administrative unit code of the responsible agency."),
            _("Code of the procedure domain, empty for all: %(domains)s.") % {"domains": domains},
        ]

    def check(self, upload: Upload) -> Checked:
        """Every fault by row and column; which offices are new."""
        rows = Rows(upload, self.columns)
        found = _read(rows)
        names = {new.office for new in found}
        there = set(Office.objects.filter(name__in=names).values_list("name", flat=True))
        notes = [
            _("%(new)s new offices, %(there)s that are there get more counters.")
            % {"new": len(names - there), "there": len(names & there)}
        ]
        return Checked(
            rows=len(rows.raw),
            new=len(found),
            faults=rows.faults,
            notes=notes,
            basis=repr(sorted(there)),
        )

    def store(self, upload: Upload, prepared: None) -> Stored:
        """All offices and counters."""
        offices = {office.name: office for office in Office.objects.order_by("-pk")}
        hosted = set(Hosting.objects.values_list("pk", flat=True))
        opened, counters = [], []
        rows = Rows(upload, self.columns)
        found = _read(rows)
        rows.refuse_faults()
        for new in found:
            office = offices.get(new.office)
            if office is None:
                office = open_office(name=new.office, address=new.address, phone=new.phone)
                offices[new.office] = office
                opened.append(office.pk)
            counter = open_counter(
                office=office,
                agency=new.agency,
                domain=new.domain,
                number=new.number,
                name=new.name,
                on=upload.today,
            )
            counters.append(counter.pk)
        hostings = Hosting.objects.exclude(pk__in=hosted).filter(office__counters__in=counters)
        return Stored(
            {
                "offices": opened,
                "counters": counters,
                "hostings": list(hostings.values_list("pk", flat=True)),
            }
        )

    def undo(self, thing: Mapping[str, Any], now: datetime) -> None:
        """Delete them, unless a code was issued or somebody answered there."""
        offices = Office.objects.filter(pk__in=thing["offices"])
        if Assignment.objects.filter(office__in=offices).exists():
            raise ValidationError(_("A questionnaire was assigned to one of these offices."))
        try:
            with transaction.atomic():
                Hosting.objects.filter(pk__in=thing["hostings"]).delete()
                Counter.objects.filter(pk__in=thing["counters"]).delete()
                offices.delete()
        except ProtectedError as error:
            raise ValidationError(
                _("One of these counters is in use: it has a code, a device or an answer.")
            ) from error


def _read(rows: Rows) -> list[_New]:
    domains = {domain.code: domain for domain in ProcedureDomain.objects.all()}
    taken = dict.fromkeys(Counter.objects.values_list("office__name", "number"), 0)
    found: list[_New] = []
    for row in rows.raw:
        before = len(rows.faults)
        office, number = rows.required(row, "office", 200), _number(rows, row)
        agency = rows.agency(row, "agency_code")
        code = rows.cell(row, "domain_code")
        if code and code not in domains:
            rows.fault(
                row,
                "domain_code",
                _("no procedure domain has the code “%(code)s”; known: %(known)s.")
                % {"code": code[:40], "known": ", ".join(sorted(domains))},
            )
        _check_free(rows, row, taken, (office, number))
        address, phone = rows.fitting(row, "address", 200), rows.fitting(row, "office_phone", 20)
        name = rows.fitting(row, "counter_name", 100)
        if agency is not None and len(rows.faults) == before:
            found.append(
                _New(office, address, phone, number, name, agency.agency, domains.get(code))
            )
        taken[office, number] = row.number
    return found


def _number(rows: Rows, row: RawRow) -> int:
    text = rows.cell(row, "counter_number")
    short = text.isascii() and text.isdigit() and len(text) <= 6
    if short and 1 <= int(text) <= MAX_COUNTER_NUMBER:
        return int(text)
    rows.fault(
        row,
        "counter_number",
        _("“%(value)s” is not a number from 1 to %(most)s.")
        % {"value": text[:40], "most": MAX_COUNTER_NUMBER},
    )
    return 0


def _check_free(
    rows: Rows, row: RawRow, taken: Mapping[tuple[str, int], int], place: tuple[str, int]
) -> None:
    if place not in taken or not place[1]:
        return
    first = taken[place]
    rows.fault(
        row,
        "counter_number",
        _("repeats row %(first)s.") % {"first": first}
        if first
        else _("This office already has a counter with that number."),
    )
