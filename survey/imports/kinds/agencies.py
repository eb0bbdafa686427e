"""Departments, public service units and other agencies beside the shipped communes."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from survey.agencies.models import Agency, AgencyKind
from survey.agencies.queries import find_by_code
from survey.agencies.services import Attributes, found_agency
from survey.imports.kinds.base import (
    Checked,
    ImportKind,
    Rows,
    Stored,
    Upload,
    choices_by_words,
)
from survey.transactions.reading import RawRow


@dataclass(frozen=True)
class _New:
    """An agency as a row tells it; ``parent`` is a code of one that is there or in the file."""

    name: str
    kind: str
    code: str
    unit_code: str
    parent: str
    on: date


class AgenciesKind(ImportKind):
    """New agencies; what is there is changed on its own page."""

    key = "agencies"
    label = gettext_lazy("Agencies")
    lead = gettext_lazy(
        "Departments, public service units, land registration branches: new agencies of the "
        "province. Agencies that are there are renamed, merged or ended on their own page."
    )
    permission = "change-agencies"
    columns: ClassVar = ("name", "kind", "agency_code", "unit_code", "parent_code", "valid_from")

    def explain(self) -> list[str]:
        """What stands in each column."""
        return [
            _("Full name."),
            _("Kind: %(kinds)s.") % {"kinds": ", ".join(str(k) for k in AgencyKind.labels)},
            _("Electronic identifier, like H20.05; must not be taken."),
            _("Administrative unit code, of communes and provinces only; may be empty."),
            _("Code of the agency above, which is there or stands further up in the file."),
            _("First day, like 01/07/2025; empty: today."),
        ]

    def check(self, upload: Upload) -> Checked:
        """Every fault by row and column."""
        rows = Rows(upload, self.columns)
        found = _read(rows)
        return Checked(rows=len(rows.raw), new=len(found), faults=rows.faults)

    def store(self, upload: Upload, prepared: None) -> Stored:
        """All agencies, in the order of the file."""
        made: dict[str, Agency] = {}
        rows = Rows(upload, self.columns)
        found = _read(rows)
        rows.refuse_faults()
        for new in found:
            parent = made.get(new.parent)
            if parent is None and (version := find_by_code(new.parent, new.on)):
                parent = version.agency
            agency = found_agency(
                key=f"a-{secrets.token_hex(5)}",
                on=new.on,
                attributes=Attributes(
                    name=new.name,
                    kind=new.kind,
                    parent=parent,
                    agency_code=new.code,
                    unit_code=new.unit_code,
                ),
            )
            made |= {code: agency for code in (new.code, new.unit_code) if code}
        return Stored({"agencies": [agency.pk for agency in dict.fromkeys(made.values())]})

    def undo(self, thing: Mapping[str, Any], now: datetime) -> None:
        """Delete them, unless something stands on one."""
        found = Agency.objects.filter(pk__in=thing["agencies"])
        if any(agency.versions.count() > 1 for agency in found):
            raise ValidationError(_("One of these agencies was renamed or moved since."))
        try:
            with transaction.atomic():
                # Who stands above others goes after them.
                for agency in found.order_by("-pk"):
                    agency.delete()
        except ProtectedError as error:
            raise ValidationError(
                _("One of these agencies is in use: a counter, account or answer belongs to it.")
            ) from error


def _read(rows: Rows) -> list[_New]:
    kinds = choices_by_words(AgencyKind.choices)
    found: list[_New] = []
    codes: dict[str, int] = {}
    days: dict[str, date] = {}
    for row in rows.raw:
        before = len(rows.faults)
        new = _New(
            name=rows.required(row, "name", 200),
            kind=rows.choice(row, "kind", kinds),
            code=rows.fitting(row, "agency_code", 35),
            unit_code=rows.fitting(row, "unit_code", 10),
            parent=rows.cell(row, "parent_code"),
            on=rows.day(row, "valid_from") or rows.today,
        )
        _check_codes(rows, row, new, codes)
        _check_parent(rows, row, new, days)
        if len(rows.faults) == before:
            found.append(new)
        own = [code for code in (new.code, new.unit_code) if code]
        codes |= dict.fromkeys(own, row.number)
        days |= dict.fromkeys(own, new.on)
    return found


def _check_codes(rows: Rows, row: RawRow, new: _New, codes: Mapping[str, int]) -> None:
    if not new.code and not new.unit_code:
        rows.fault(row, "agency_code", _("is missing."))
    for column, code in (("agency_code", new.code), ("unit_code", new.unit_code)):
        if code in codes:
            rows.fault(row, column, _("repeats row %(first)s.") % {"first": codes[code]})
        elif code and find_by_code(code, max(new.on, rows.today)):
            rows.fault(row, column, _("Another agency already has this code."))


def _check_parent(rows: Rows, row: RawRow, new: _New, days: Mapping[str, date]) -> None:
    if new.kind == AgencyKind.PROVINCE:
        return
    if not new.parent:
        rows.fault(row, "parent_code", _("is missing."))
    elif new.parent in days and days[new.parent] > new.on:
        rows.fault(row, "valid_from", _("lies before the first day of the agency above."))
    elif new.parent not in days and find_by_code(new.parent, new.on) is None:
        rows.fault(
            row,
            "parent_code",
            _("no agency has the code “%(code)s” on that day, and none further up in the file.")
            % {"code": new.parent[:40]},
        )
