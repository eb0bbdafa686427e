"""Citizen pages: the short form by poster, screen and slip, and the front page. Parse, call one service, render."""

from __future__ import annotations

from dataclasses import replace
from typing import Final
from urllib.parse import quote

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from survey.common.tokens import ALPHABET, Ticket, issue_ticket, normalise_code, ticket_of
from survey.dispatch.models import CodeStatus
from survey.dispatch.queries import TOKEN_LENGTH, Landing, check_characters, find_landing, published_short_form
from survey.dispatch.screens import Screen, check_code, find_screen, note_use, places_left
from survey.dispatch.slips import LENGTH as SLIP_LENGTH
from survey.dispatch.slips import Slip, find_slip, note_dispute
from survey.responses.entrance import (
    Entrance,
    cached_page,
    marked,
    record,
    show,
    shown_for,
    take_with_ticket,
    thanks,
)
from survey.responses.feedback import told_of
from survey.responses.links import link_page
from survey.responses.models import Evidence, Response
from survey.responses.pages import citizen_page, message_page, render_page
from survey.responses.services import Place
from survey.transactions.models import Channel

SHOWN_WITH_CODE: Final = 24


@citizen_page("GET", "HEAD", "POST")
def short(request: HttpRequest, code: str) -> HttpResponseBase:
    """The short form behind a code: of a poster, a receipt slip or a message, by its length."""
    wanted = normalise_code(code)
    if len(wanted) == TOKEN_LENGTH:
        return link_page(request, wanted)
    if len(wanted) == SLIP_LENGTH:
        return _slip(request, wanted)
    landing = find_landing(wanted, timezone.localdate())
    if landing is None:
        return message_page("unknown", status=404, ask=True)
    if landing.status == CodeStatus.REVOKED:
        return message_page("revoked", status=410, ask=True)
    if landing.version_id is None or not landing.open:
        return message_page("closed", status=410)
    at = _at_poster(landing, landing.version_id)
    if request.method != "POST":
        return HttpResponse(cached_page(at))
    found = take_with_ticket(request, at)
    return found if isinstance(found, HttpResponse) else thanks(found[0], record(at, *found))


def _at_poster(landing: Landing, version_id: int) -> Entrance:
    """A counter's poster; an issue that was replaced is answered for the office, with a mark."""
    at = Entrance(
        action=f"/s/{landing.code}",
        office=landing.office,
        counter=landing.counter,
        named=bool(landing.counter_name),
        place=Place(
            agency_id=landing.agency_id,
            office_id=landing.office_id,
            counter_id=landing.counter_id,
            domain_id=landing.domain_id,
        ),
        channel=Channel.COUNTER,
        evidence=Evidence.POSTER,
        version_id=version_id,
        seal=landing.code,
        foot=_("Poster issue %(number)s, code %(code)s, check %(check)s")
        % {"number": landing.issue, "code": landing.code, "check": check_characters(landing.code)},
        did=f"/s/{landing.code}/done",
    )
    if landing.status == CodeStatus.ACTIVE:
        return at
    notice = _("A newer poster hangs at this office. You may still answer here; your rating counts for the office.")
    return marked(replace(at, place=replace(at.place, counter_id=None, domain_id=None)), "old-poster", notice=notice)


@citizen_page("GET", "HEAD")
def done(request: HttpRequest, code: str) -> HttpResponseBase:
    """You said, we did: what the agency behind a poster changed, and how many answer."""
    landing = find_landing(normalise_code(code), timezone.localdate())
    if landing is None:
        return message_page("unknown", status=404, ask=True)
    context = {
        "title": _("You said, we did"),
        "office": landing.office,
        "told": told_of(landing.agency_id, timezone.now()),
        "form": f"/s/{landing.code}?lang={get_language()}" if landing.status == CodeStatus.ACTIVE else "",
    }
    return render_page("survey/responses/done.html", context)


# --- the changing code on a screen


@citizen_page("GET", "HEAD", "POST")
def screen(request: HttpRequest, code: str) -> HttpResponseBase:
    """GET with the code on the screen gives the form and a ticket; POST goes to the screen's number with the ticket."""
    now, wanted = timezone.now(), normalise_code(code)
    found = find_screen(wanted) if request.method == "POST" else check_code(wanted, now)
    version_id = published_short_form()
    if found is None:
        return message_page("old-screen", status=410, ask=True)
    if version_id is None:
        return message_page("closed", status=410)
    at = _at_screen(found, version_id)
    if request.method != "POST":
        return HttpResponse(cached_page(at))
    taken = take_with_ticket(request, at)
    return taken if isinstance(taken, HttpResponse) else _count_at_screen(found, at, *taken)


def _at_screen(found: Screen, version_id: int) -> Entrance:
    counter = found.counter
    return Entrance(
        action=f"/q/{found.number}",
        office=counter.office.name,
        counter=str(counter),
        named=bool(counter.name),
        place=Place(
            agency_id=counter.agency_id,
            office_id=counter.office_id,
            counter_id=counter.pk,
            domain_id=counter.domain_id,
        ),
        channel=Channel.COUNTER,
        evidence=Evidence.SCREEN,
        version_id=version_id,
        seal=f"screen/{found.number}",
    )


@transaction.atomic
def _count_at_screen(found: Screen, at: Entrance, ticket: Ticket, parsed: object) -> HttpResponse:
    """More answers than the counter can have served are kept as open ones, marked."""
    now = timezone.now()
    room = places_left(found, now) > 0
    if not room:
        at = marked(at, "over", evidence=Evidence.POSTER)
    recorded = record(at, ticket, parsed)  # type: ignore[arg-type]
    if room and not recorded.repeated:
        note_use(found, now)
    return thanks(ticket, recorded)


# --- the code on a receipt slip


def _slip(request: HttpRequest, code: str) -> HttpResponseBase:
    slip, version_id = find_slip(code), published_short_form()
    if slip is None:
        return message_page("unknown", status=404, ask=True)
    if version_id is None:
        return message_page("closed", status=410)
    first = Response.objects.filter(submission_key=_slip_key(code)).first()
    disputing = "dispute" in request.POST
    if first is None and slip.expires_at <= timezone.now():
        return message_page("expired-slip", status=410, ask=True)
    if first is not None and not disputing:
        return _used(request, slip, code, version_id)
    at = _at_slip(slip, code, version_id, first)
    if request.method != "POST" or (disputing and "ticket" not in request.POST):
        return show(at, issue_ticket(at.seal, timezone.now()))
    taken = take_with_ticket(request, at)
    return taken if isinstance(taken, HttpResponse) else _record_slip(slip, code, at, *taken)


def _slip_key(code: str, again: str = "") -> str:
    return ticket_of(f"slip/{code}{again}").key


def _at_slip(slip: Slip, code: str, version_id: int, first: Response | None) -> Entrance:
    name, counter = _names(slip)
    named = bool(slip.counter and slip.counter.name)
    place = Place(
        agency_id=slip.agency_id,
        office_id=slip.counter.office_id if slip.counter else None,
        counter_id=slip.counter_id,
        domain_id=slip.domain_id,
    )
    return Entrance(
        action=f"/s/{code}",
        office=name,
        counter=counter,
        named=named,
        place=place,
        channel=slip.channel,
        evidence=Evidence.RECEIPT,
        version_id=version_id,
        seal=f"slip/{code}",
        hidden={**shown_for(code), **({"dispute": "1"} if first else {})},
        marks={"flag": "disputed"} if first else {},
        replaces=first,
    )


def _names(slip: Slip) -> tuple[str, str]:
    if slip.counter:
        return slip.counter.office.name, str(slip.counter)
    return str(slip.agency), _("the service you used")


def _record_slip(slip: Slip, code: str, at: Entrance, ticket: Ticket, parsed: object) -> HttpResponse:
    """The key hangs on the slip, the receipt on the page: who only knows the slip cannot change the answer."""
    mine = Ticket(key=_slip_key(code, "/dispute" if at.replaces else ""), receipt=ticket.receipt)
    recorded = record(at, mine, parsed)  # type: ignore[arg-type]
    if recorded.repeated and not recorded.own(mine.receipt):
        return message_page("used-slip", status=409, onward=f"/s/{code}?lang={get_language()}")
    if at.replaces is not None:
        note_dispute(slip=slip, now=timezone.now())
    return thanks(mine, recorded)


def _used(request: HttpRequest, slip: Slip, code: str, version_id: int) -> HttpResponseBase:
    """A second visit, or the second tap of a slow network; who has not rated yet may say so, once."""
    if request.method == "POST":
        at = _at_slip(slip, code, version_id, None)
        taken = take_with_ticket(request, at)
        return taken if isinstance(taken, HttpResponse) else _record_slip(slip, code, at, *taken)
    disputed = Response.objects.filter(submission_key=_slip_key(code, "/dispute")).exists()
    context = {
        "title": _("This code has been used"),
        "action": f"/s/{code}",
        "disputed": disputed or slip.expires_at <= timezone.now(),
    }
    return render_page("survey/responses/used.html", context)


# --- front page


@citizen_page("GET", "HEAD")
def front(request: HttpRequest) -> HttpResponseBase:
    """The bare address: what this is, fields for a code and a receipt code, and where staff sign in."""
    if set(code := normalise_code(request.GET.get("receipt", ""))[:20]) & set(ALPHABET):
        return HttpResponseRedirect(f"/r/{quote(code)}?lang={get_language()}", status=303)
    if set(code := normalise_code(request.GET.get("code", ""))[:SHOWN_WITH_CODE]) & set(ALPHABET):
        return HttpResponseRedirect(f"/s/{quote(code)}?lang={get_language()}", status=303)
    return render_page("survey/responses/front.html", {"title": _("Rate the service")})


@citizen_page("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
def lost(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Any address that is none."""
    return message_page("no-page", status=404, ask=True)


@citizen_page("GET", "HEAD")
def privacy(request: HttpRequest) -> HttpResponseBase:
    """What happens with an answer, in under 300 words."""
    return render_page("survey/responses/privacy.html", {"title": _("What happens with your answer")})
