"""The files people fill in: headings, a sheet that explains every column, and one of codes."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

import xlsxwriter
from django.utils import timezone
from django.utils.translation import gettext as _

from survey.agencies.models import ProcedureDomain
from survey.agencies.queries import versions_on
from survey.common.text import name_order
from survey.transactions.headings import TITLES
from survey.transactions.models import Applicant, Channel, DossierEvent


def template_xlsx(columns: Sequence[str], explanations: Sequence[str]) -> bytes:
    """An empty workbook in the form the import reads: headings, what stands in each column, and the
    codes of this province. Cells are text so that leading zeros stay.
    """
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    text, head = (
        book.add_format({"num_format": "@"}),
        book.add_format({"bold": True, "bottom": 1, "bg_color": "#F4F6FA"}),
    )
    sheet = book.add_worksheet(_("Data"))
    titles = [TITLES[name] for name in columns]
    sheet.write_row(0, 0, titles, head)
    words = sum(name not in ("completed", "on_time") for name in columns)
    sheet.set_column(0, words - 1, 22, text)
    sheet.set_column(words, len(columns), 22)
    sheet.freeze_panes(1, 0)
    for name, rows in ((_("How to fill in"), zip(titles, explanations, strict=True)), _codes()):
        beside = book.add_worksheet(name)
        beside.set_column(0, 0, 24, text)
        beside.set_column(1, 1, 90)
        for number, row in enumerate(rows):
            beside.write_row(number, 0, row)
    book.close()
    return buffer.getvalue()


def _codes() -> tuple[str, list[tuple[str, str]]]:
    """The codes a row may name, with what they mean."""
    agencies = [
        (version.code, version.name)
        for version in sorted(versions_on(timezone.localdate()), key=lambda v: name_order(v.name))
    ]
    domains = [(domain.code, domain.name) for domain in ProcedureDomain.objects.all()]
    return _("Codes"), [*agencies, *domains]


def template_csv(columns: Sequence[str]) -> bytes:
    """The headings as CSV with BOM, for Excel."""
    return ("\ufeff" + ",".join(TITLES[name] for name in columns) + "\r\n").encode()


def explain_events() -> list[str]:
    """What stands in each column of a file of dossier events."""
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
        _("For whom the dossier is: %(known)s; may be empty, and the column may lack.")
        % {"known": _choices(Applicant.choices)},
    ]


def _choices(choices: Iterable[tuple[str, object]]) -> str:
    return ", ".join(f"{value} = {label}" for value, label in choices if value)


def explain_totals() -> list[str]:
    """What stands in each column of a file of monthly totals."""
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
