"""The template operators fill in: headings, and a sheet that explains every column."""

from __future__ import annotations

import io

import xlsxwriter
from django.utils.translation import gettext as _

from survey.agencies.models import ProcedureDomain
from survey.transactions.models import Channel
from survey.transactions.reading import COLUMNS


def template_xlsx() -> bytes:
    """An empty workbook in the form the import reads; codes are text so that leading zeros stay."""
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    text, head = (
        book.add_format({"num_format": "@"}),
        book.add_format({"bold": True, "bottom": 1, "bg_color": "#F4F6FA"}),
    )
    sheet = book.add_worksheet("totals")
    sheet.write_row(0, 0, COLUMNS, head)
    sheet.set_column(0, 3, 16, text)
    sheet.freeze_panes(1, 0)
    help_sheet = book.add_worksheet(_("How to fill in"))
    help_sheet.set_column(0, 0, 16)
    help_sheet.set_column(1, 1, 90)
    help_sheet.write_column(0, 0, COLUMNS, head)
    help_sheet.write_column(0, 1, _explanations())
    book.close()
    return buffer.getvalue()


def template_csv() -> bytes:
    """The headings as CSV with BOM, for Excel."""
    return ("\ufeff" + ",".join(COLUMNS) + "\r\n").encode()


def _explanations() -> list[str]:
    domains = ", ".join(f"{domain.code} = {domain.name}" for domain in ProcedureDomain.objects.all())
    channels = ", ".join(f"{value} = {label}" for value, label in Channel.choices)
    return [
        _("Month as 2026-07."),
        _("Electronic identifier or administrative unit code of the agency, as it was in that month."),
        _("Code of the procedure domain: %(domains)s.") % {"domains": domains},
        _("Channel: %(channels)s.") % {"channels": channels},
        _("Dossiers completed in the month, a whole number."),
        _("Of these, completed on time or early."),
    ]
