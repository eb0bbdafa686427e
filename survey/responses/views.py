"""Citizen pages: the short form by poster, screen and slip, and the front page. Parse, call one
service, render.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from survey.access.bounds import places_left
from survey.access.models import CodeStatus, Screen
from survey.access.posters import CODE_LENGTH
from survey.access.queries import Landing, check_characters, find_landing
from survey.access.screens import check_code, find_screen, note_use
from survey.access.slips import LENGTH as SLIP_LENGTH
from survey.access.slips import find_slip
from survey.common.guessing import note_failure
from survey.common.tokens import (
    RECEIPT_LENGTH,
    TICKET_LIFE,
    Ticket,
    TicketError,
    normalise_code,
    read_ticket,
)
from survey.messaging.queries import TOKEN_LENGTH
from survey.questionnaires.queries import published_short_form
from survey.responses.answers import Parsed
from survey.responses.entrance import (
    Entrance,
    again,
    as_opened,
    cached_page,
    marked,
    read,
    record,
    renewed,
    sent_ticket,
    take_with_ticket,
    thanks,
    was_open,
)
from survey.responses.feedback import told_of
from survey.responses.links import link_page
from survey.responses.models import Evidence
from survey.responses.pages import citizen_page, message_page, render_page
from survey.responses.queries import is_recorded, response_of
from survey.responses.services import Place
from survey.responses.slips import slip_page
from survey.transactions.models import Channel

LONGEST_TYPED: Final = 200
PRESENCE_LIFE: Final = timedelta(minutes=30)
"""How long a page opened from a screen proves that somebody stands there."""


@citizen_page("GET", "HEAD", "POST")
def short(request: HttpRequest, code: str) -> HttpResponseBase:
    """The short form behind a code: of a poster, a receipt slip or a message, by its length."""
    wanted = normalise_code(code)
    if len(wanted) == TOKEN_LENGTH:
        return link_page(request, wanted)
    if len(wanted) == SLIP_LENGTH:
        return slip_page(request, wanted)
    landing = find_landing(wanted, timezone.localdate())
    if landing is None:
        return message_page("unknown", status=404, ask=True)
    ended = landing.status == CodeStatus.REVOKED or not landing.open
    if landing.version_id is None or (ended and not was_open(request, landing.code)):
        return message_page(
            "revoked" if landing.status == CodeStatus.REVOKED else "closed", status=410, ask=True
        )
    at = _at_poster(landing, landing.version_id)
    if request.method != "POST":
        return HttpResponse(cached_page(at))
    at = as_opened(request, at, timezone.now())
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
    notice = _(
        "A newer poster hangs at this office. You may still answer here; your rating is kept with "
        "a note."
    )
    return marked(
        replace(at, place=replace(at.place, counter_id=None, domain_id=None)),
        "old-poster",
        notice=notice,
    )


@citizen_page("GET", "HEAD")
def bare(request: HttpRequest, code: str) -> HttpResponseBase:
    """An address that is only the code: on to the form."""
    wanted = normalise_code(code)
    if len(wanted) not in (CODE_LENGTH, SLIP_LENGTH, TOKEN_LENGTH):
        return message_page("no-page", status=404, ask=True)
    return HttpResponseRedirect(f"/s/{wanted}?lang={get_language()}", status=303)


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
        "form": f"/s/{landing.code}?lang={get_language()}"
        if landing.status == CodeStatus.ACTIVE
        else "",
    }
    return render_page("survey/responses/done.html", context)


# --- the changing code on a screen


@citizen_page("GET", "HEAD", "POST")
def screen(request: HttpRequest, code: str) -> HttpResponseBase:
    """GET with the code on the screen gives the form and a ticket; POST goes to the screen's number
    with the ticket.
    """
    now, wanted = timezone.now(), normalise_code(code)
    found = find_screen(wanted) if request.method == "POST" else check_code(wanted, now)
    version_id = published_short_form()
    if found is None:
        note_failure(request)
        return message_page("old-screen", status=410, ask=True)
    if version_id is None:
        return message_page("closed", status=410)
    at = _at_screen(found, version_id)
    if request.method != "POST":
        return HttpResponse(cached_page(at))
    return _take_at_screen(request, found, as_opened(request, at, now), now)


def _take_at_screen(
    request: HttpRequest, found: Screen, at: Entrance, now: datetime
) -> HttpResponse:
    """Presence lies in the page's ticket alone: it lasts minutes, ends with the opening hours, and
    no POST renews it.

    What comes later, or on a page nobody can tell the origin of, is kept as an open answer with a
    mark.
    """
    parsed, text = read(request, at), sent_ticket(request)
    ticket, present = _presence(text, at, now)
    unproven = marked(at, "unproven", evidence=Evidence.POSTER, seal=f"{at.seal}/open")
    if ticket is None:
        told = _(
            "We cannot tell whether you stand at this screen. Your answers are still here: send "
            "them again, and they "
            "are kept with a note; or scan the code that stands on the screen now."
        )
        return renewed(request, unproven, parsed, told)
    if (page := again(request, at, parsed, text)) is not None:
        return page
    if not present or not found.is_open(now):
        return thanks(ticket, record(unproven, ticket, parsed))
    return _count_at_screen(found, at, ticket, parsed)


def _presence(text: str, at: Entrance, now: datetime) -> tuple[Ticket | None, bool]:
    """The ticket of a page, and whether it still proves that somebody stands at the screen."""
    try:
        return read_ticket(text, at.seal, now, PRESENCE_LIFE), True
    except TicketError as error:
        if error.ticket is not None and (
            is_recorded(error.ticket.key) or _is_of_today(error.ticket, now)
        ):
            return error.ticket, False
    try:
        return read_ticket(text, f"{at.seal}/open", now), False
    except TicketError:
        return None, False


def _is_of_today(ticket: Ticket, now: datetime) -> bool:
    return ticket.issued is not None and now - ticket.issued <= TICKET_LIFE


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
def _count_at_screen(found: Screen, at: Entrance, ticket: Ticket, parsed: Parsed) -> HttpResponse:
    """More answers than the counter can have served are kept as open ones, marked."""
    now = timezone.now()
    room = places_left(found.counter, now) > 0
    if not room:
        at = marked(at, "over", evidence=Evidence.POSTER)
    recorded = record(at, ticket, parsed)
    if room and not recorded.repeated:
        note_use(found, now)
    return thanks(ticket, recorded)


@citizen_page("GET", "HEAD")
def front(request: HttpRequest) -> HttpResponseBase:
    """The bare address: what this is, fields for a code and a receipt code, and where staff sign
    in.

    Either code may be typed into either field, and whole addresses too.
    """
    for name in ("receipt", "code"):
        typed = request.GET.get(name, "")[:LONGEST_TYPED]
        if not (code := normalise_code(typed)):
            continue
        receipt = len(code) not in (CODE_LENGTH, TOKEN_LENGTH) and name == "receipt"
        if len(code) == RECEIPT_LENGTH:
            receipt = response_of(code) is not None or (
                name == "receipt" and find_slip(code) is None
            )
        return HttpResponseRedirect(
            f"/{'r' if receipt else 's'}/{code}?lang={get_language()}", status=303
        )
    return render_page("survey/responses/front.html", {"title": _("Rate the service")})


@citizen_page("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
def citizen_error(request: HttpRequest, status: int) -> HttpResponseBase:
    """Any address that is none, a request that cannot be read, and what fails on our side."""
    reason = {400: "unreadable", 403: "unreadable", 404: "no-page"}.get(status, "failed")
    return message_page(reason, status=status, ask=status == 404)


@citizen_page("GET", "HEAD")
def privacy(request: HttpRequest) -> HttpResponseBase:
    """What happens with an answer, in under 300 words."""
    return render_page(
        "survey/responses/privacy.html", {"title": _("What happens with your answer")}
    )
