"""Kinds of files a table of figures can be had as: the one list of the pages that offer and send
them.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from django.http import HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from survey.scorecards.models import Edition


class TableFile(NamedTuple):
    """What a kind is called, what it is to a browser, and how its name ends."""

    label: str | Promise
    content_type: str
    ending: str


TABLE_FILES: Final = {
    "xlsx": TableFile(
        "XLSX", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"
    ),
    "csv": TableFile(_("CSV for Excel"), "text/csv; charset=utf-8", "csv"),
    "plain": TableFile(_("CSV for programs"), "text/csv; charset=utf-8", "utf8.csv"),
    "json": TableFile("JSON", "application/json", "json"),
    "parquet": TableFile("Parquet", "application/vnd.apache.parquet", "parquet"),
    "sav": TableFile("SPSS", "application/x-spss-sav", "sav"),
}


def table_response(edition: Edition, kind: str, content: bytes | str) -> HttpResponse:
    """A table as a file to be saved."""
    made = TABLE_FILES[kind]
    response = HttpResponse(content, content_type=made.content_type)
    name = f"chi-so-hai-long-{edition.period}-{edition.method}.{made.ending}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
