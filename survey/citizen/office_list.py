"""The list of offices, for who has no code that works."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from survey.citizen.entrances.office import open_offices
from survey.citizen.pages import citizen_page, render_page
from survey.common.text import fold_accents

MAX_SHOWN: Final = 30


@citizen_page("GET", "HEAD")
def find_office(request: HttpRequest) -> HttpResponseBase:
    """Find the office by a part of its name or of an agency in it."""
    name = request.GET.get("name", "").replace("\x00", "")[:60]
    wanted = fold_accents(name)
    matching = [
        office
        for office in open_offices()
        if wanted
        in fold_accents(" ".join((office.name, *(agency.name for agency in office.agencies))))
    ]
    context = {
        "title": _("Which office did you visit?"),
        "name": name,
        "offices": matching[:MAX_SHOWN],
        "more": len(matching) > MAX_SHOWN,
    }
    return render_page("survey/citizen/offices.html", context)
