"""Fallback for citizens without a working code: the office is named. Kept, marked, not counted."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest
from django.utils import timezone

from survey.agencies.models import Counter
from survey.agencies.queries import versions_on
from survey.citizen.entrances import Found
from survey.citizen.form_context import FormContext
from survey.citizen.pages import message_page
from survey.common.text import name_order
from survey.questionnaires.queries import find_first_form
from survey.responses.flags import Flag
from survey.responses.models import Evidence
from survey.responses.services import AnswerPlace
from survey.transactions.models import Channel


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


def find(request: HttpRequest, code: str) -> Found:
    """The form about an agency at an office, ``code`` is their keys: ``office/agency``."""
    key, _slash, agency = code.partition("/")
    if "\x00" in code:
        return message_page("no-office", status=404, ask=True)
    offices = [
        (office, served)
        for office in open_offices(key)
        for served in office.agencies
        if served.key == agency
    ]
    if not offices:
        return message_page("no-office", status=404, ask=True)
    version_id = find_first_form(
        office_id=offices[0][0].pk, domain_id=None, today=timezone.localdate()
    )
    if version_id is None:
        return message_page("closed", status=410)
    return _form_context(*offices[0], version_id)


def _form_context(office: OpenOffice, served: Served, version_id: int) -> FormContext:
    return FormContext(
        action=f"/offices/{office.key}/{served.key}",
        office=office.name,
        counter=served.name if len(office.agencies) > 1 else "",
        counter_name_is_vietnamese=True,
        place=AnswerPlace(agency_id=served.pk, office_id=office.pk),
        channel=Channel.COUNTER,
        evidence=Evidence.POSTER,
        version_id=version_id,
        ticket_scope=f"office/{office.key}/{served.key}",
        metadata={"flag": Flag.NO_CODE},
    )
