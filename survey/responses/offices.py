"""The way on for who has no code that works: the office is named instead, and the rating counts for
it, with a mark.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _

from survey.agencies.models import Counter
from survey.agencies.queries import versions_on
from survey.common.text import folded, name_order
from survey.questionnaires.queries import published_short_form
from survey.responses.entrance import Entrance, cached_page, record, take_with_ticket, thanks
from survey.responses.models import Evidence
from survey.responses.pages import citizen_page, message_page, render_page
from survey.responses.services import Place
from survey.transactions.models import Channel

MOST_SHOWN: Final = 30


@dataclass(frozen=True)
class Served:
    """An agency that receives dossiers at an office."""

    pk: int
    key: str
    name: str


@dataclass(frozen=True)
class OpenOffice:
    """An office with open counters, and the agencies behind them."""

    pk: int
    key: str
    name: str
    agencies: tuple[Served, ...]


def open_offices(key: str | None = None) -> list[OpenOffice]:
    """Offices with open counters of agencies that exist today, by name; one of them when ``key``
    says which.
    """
    names = dict(versions_on(timezone.localdate()).values_list("agency", "name"))
    counters = Counter.objects.filter(closed_on=None, agency__in=names).order_by("number")
    if key is not None:
        counters = counters.filter(office__key=key)
    found: dict[tuple[int, str, str], dict[int, Served]] = {}
    for office, office_key, name, agency, agency_key in counters.values_list(
        "office", "office__key", "office__name", "agency", "agency__key"
    ):
        found.setdefault((office, office_key, name), {})[agency] = Served(
            agency, agency_key, names[agency]
        )
    offices = [OpenOffice(*office, tuple(agencies.values())) for office, agencies in found.items()]
    return sorted(offices, key=lambda office: name_order(office.name))


@citizen_page("GET", "HEAD")
def offices(request: HttpRequest) -> HttpResponseBase:
    """Find the office by a part of its name or of an agency in it."""
    name = request.GET.get("name", "").replace("\x00", "")[:60]
    wanted = folded(name)
    found = [
        office
        for office in open_offices()
        if wanted in folded(" ".join((office.name, *(agency.name for agency in office.agencies))))
    ]
    context = {
        "title": _("Which office did you visit?"),
        "name": name,
        "offices": found[:MOST_SHOWN],
        "more": len(found) > MOST_SHOWN,
    }
    return render_page("survey/responses/offices.html", context)


@citizen_page("GET", "HEAD", "POST")
def office(request: HttpRequest, key: str, agency: str) -> HttpResponseBase:
    """The short form about an agency at an office; open to anybody, so of the weakest evidence and
    marked.
    """
    if "\x00" in key + agency:
        return message_page("no-office", status=404, ask=True)
    found = [
        (place, served)
        for place in open_offices(key)
        for served in place.agencies
        if served.key == agency
    ]
    version_id = published_short_form()
    if not found:
        return message_page("no-office", status=404, ask=True)
    if version_id is None:
        return message_page("closed", status=410)
    at = _without_code(*found[0], version_id)
    if request.method != "POST":
        return HttpResponse(cached_page(at))
    taken = take_with_ticket(request, at)
    return taken if isinstance(taken, HttpResponse) else thanks(taken[0], record(at, *taken))


def _without_code(place: OpenOffice, served: Served, version_id: int) -> Entrance:
    return Entrance(
        action=f"/offices/{place.key}/{served.key}",
        office=place.name,
        counter=served.name if len(place.agencies) > 1 else "",
        named=True,
        place=Place(agency_id=served.pk, office_id=place.pk),
        channel=Channel.COUNTER,
        evidence=Evidence.POSTER,
        version_id=version_id,
        seal=f"office/{place.key}/{served.key}",
        marks={"flag": "no-code"},
    )
