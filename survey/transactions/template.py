"""The templates operators fill in: headings, and a sheet that explains every column."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

import xlsxwriter
from django.utils.translation import gettext as _

from survey.agencies.models import ProcedureDomain
from survey.transactions.models import Channel, DossierEvent
from survey.transactions.reading import COLUMNS


def template_xlsx() -> bytes:
    """An empty workbook of monthly totals."""
    return _workbook("totals", COLUMNS, _explanations(), 4)


def events_xlsx(columns: Sequence[str]) -> bytes:
    """An empty workbook of dossier events."""
    return _workbook("events", columns, _about_events(), len(columns))


def _workbook(name: str, columns: Sequence[str], explanations: Sequence[str], texts: int) -> bytes:
    """Headings in the form the import reads; codes are text so that leading zeros stay."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    text, head = (
        book.add_format({"num_format": "@"}),
        book.add_format({"bold": True, "bottom": 1, "bg_color": "#F4F6FA"}),
    )
    sheet = book.add_worksheet(name)
    sheet.write_row(0, 0, columns, head)
    sheet.set_column(0, texts - 1, 16, text)
    sheet.freeze_panes(1, 0)
    help_sheet = book.add_worksheet(_("How to fill in"))
    help_sheet.set_column(0, 0, 16)
    help_sheet.set_column(1, 1, 90)
    help_sheet.write_column(0, 0, columns, head)
    help_sheet.write_column(0, 1, explanations)
    book.close()
    return buffer.getvalue()


def template_csv() -> bytes:
    """The headings of monthly totals as CSV with BOM, for Excel."""
    return events_csv(COLUMNS)


def events_csv(columns: Sequence[str]) -> bytes:
    """These headings as CSV with BOM, for Excel."""
    return ("\ufeff" + ",".join(columns) + "\r\n").encode()


def _about_events() -> list[str]:
    domains = ", ".join(
        f"{domain.code} = {domain.name}" for domain in ProcedureDomain.objects.all()
    )
    return [
        _("Dossier code as the case system writes it, e.g. H15.50.05.13-261008-0975."),
        _("What happened: %(known)s.") % {"known": _choices(DossierEvent.Kind.choices)},
        _("When, with the zone: 2026-10-08T09:30:00+07:00."),
        _("Against the promised date: %(known)s; empty while the dossier is open.")
        % {"known": _choices(DossierEvent.Timing.choices)},
        _(
            "Electronic identifier or administrative unit code of the agency, as it was on that "
            "day."
        ),
        _("Code of the procedure domain: %(domains)s.") % {"domains": domains},
        _("Code of the procedure, e.g. 1.012766; may be empty."),
        _("Channel: %(channels)s.") % {"channels": _choices(Channel.choices)},
        _(
            "Mobile number of the citizen; may be empty. It is sealed, used for one invitation, "
            "then erased."
        ),
    ]


def _choices(choices: Iterable[tuple[str, object]]) -> str:
    return ", ".join(f"{value} = {label}" for value, label in choices if value)


def _explanations() -> list[str]:
    domains = ", ".join(
        f"{domain.code} = {domain.name}" for domain in ProcedureDomain.objects.all()
    )
    return [
        _("Month as 2026-07."),
        _(
            "Electronic identifier or administrative unit code of the agency, as it was in that "
            "month."
        ),
        _("Code of the procedure domain: %(domains)s.") % {"domains": domains},
        _("Channel: %(channels)s.") % {"channels": _choices(Channel.choices)},
        _("Dossiers completed in the month, a whole number."),
        _("Of these, completed on time or early."),
    ]
