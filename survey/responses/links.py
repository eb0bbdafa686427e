"""The page behind a link that was sent for one dossier: evidence class E3, used once by the final
POST only.
"""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from survey.common.once import Once
from survey.common.tokens import (
    Ticket,
    TicketError,
    issue_ticket,
    normalise_code,
    read_ticket,
    ticket_of,
)
from survey.messaging.queries import LinkLanding, find_link
from survey.messaging.services import opt_out
from survey.messaging.tallies import count_step
from survey.responses.answers import Parsed
from survey.responses.entrance import (
    Entrance,
    again,
    as_opened,
    read,
    record,
    sent_ticket,
    show,
    shown_for,
    thanks,
)
from survey.responses.models import Evidence
from survey.responses.pages import citizen_page, message_page, render_page
from survey.responses.queries import is_recorded
from survey.responses.services import Place, note_day

STEPS = ("opened", "started")
_TOLD = Once(50_000)
"""Steps of links told before: who holds a link adds one to a sum, however often the page says so.
"""


def ticket_of_link(token: str, secret: str | None = None) -> Ticket:
    """Submission key and receipt of a link: another hash of the token than the invitation keeps."""
    return ticket_of(f"link/{token}", secret)


def link_page(request: HttpRequest, token: str) -> HttpResponseBase:
    """Show the form of a link, or take its answer once; no cache keeps the page of a
    personal link.
    """
    response = _page(request, token)
    response.headers["Cache-Control"] = "no-store"
    return response


def _page(request: HttpRequest, token: str) -> HttpResponseBase:
    """GET and HEAD change nothing, however often they come."""
    link = find_link(token, timezone.now())
    if link is None:
        return message_page("unknown-link", status=404, ask=True)
    ticket = ticket_of_link(token, link.secret)
    if is_recorded(ticket.key):
        # The second tap of a slow network and the second visit get the same receipt.
        seen = "again" if request.method == "POST" else "seen"
        return HttpResponseRedirect(
            f"/r/{ticket.receipt}?lang={get_language()}&{seen}=1", status=303
        )
    if link.expired and not _opened_in_time(request, link):
        return message_page("expired-link", status=410, ask=True)
    if link.version_id is None:
        return message_page("closed", status=410)
    at = _at_link(link, link.version_id)
    if request.method != "POST":
        return show(at, issue_ticket(at.seal, timezone.now()))
    at = as_opened(request, at, timezone.now())
    parsed = read(request, at)
    page = again(request, at, parsed, sent_ticket(request))
    return page if page is not None else _record(link, at, ticket, parsed)


def _opened_in_time(request: HttpRequest, link: LinkLanding) -> bool:
    """Whether the page that is sent was opened before the link ended: what was begun in time is
    taken.
    """
    if request.method != "POST":
        return False
    try:
        issued = read_ticket(sent_ticket(request), f"link/{link.code}", timezone.now()).issued
    except TicketError:
        return False
    return issued is not None and issued <= link.expires_at


@transaction.atomic
def _record(link: LinkLanding, at: Entrance, ticket: Ticket, parsed: Parsed) -> HttpResponse:
    """Store the answer, and count it in the day's sum of its agency: the row itself keeps
    no day.
    """
    recorded = record(at, ticket, parsed)
    if not recorded.repeated:
        now = timezone.now()
        note_day(receipt=ticket.receipt, now=now)
        count_step(agency_id=link.agency_id, step="finished", now=now)
        if parsed.answers.get("overall"):
            count_step(agency_id=link.agency_id, step="valid", now=now)
    return thanks(ticket, recorded)


def _at_link(link: LinkLanding, version_id: int) -> Entrance:
    return Entrance(
        action=f"/s/{link.code}",
        office=link.office,
        counter=link.counter,
        place=Place(agency_id=link.agency_id, domain_id=link.domain_id),
        channel=link.channel,
        evidence=Evidence.SMS,
        version_id=version_id,
        seal=f"link/{link.code}",
        link=f"/s/{link.code}",
        hidden=shown_for(link.code),
    )


@citizen_page("GET", "HEAD", "POST")
def stop(request: HttpRequest, code: str) -> HttpResponseBase:
    """No more messages: GET shows a button, POST keeps the number's hash on the list of those not
    to be written to.
    """
    token = normalise_code(code)
    link = find_link(token, timezone.now())
    if link is None:
        return message_page("unknown-link", status=404, ask=True)
    if request.method == "POST":
        opt_out(token=token, now=timezone.now())
        onward = "" if link.expired else f"/s/{token}?lang={get_language()}"
        return message_page(
            "stopped",
            status=200,
            onward=onward,
            onward_text=_("Rate the service all the same"),
            call=False,
        )
    return render_page(
        "survey/responses/stop.html", {"title": _("No more messages"), "action": f"/s/{token}/stop"}
    )


@citizen_page("POST")
def step(request: HttpRequest, code: str) -> HttpResponseBase:
    """The page tells that a person has opened the link, or begun to answer: a sum per agency,
    nothing of the link.
    """
    token, what = normalise_code(code), request.POST.get("step", "")
    link = find_link(token, timezone.now())
    if (
        link is not None
        and what in STEPS
        and not link.expired
        and _TOLD.is_first(f"{what}/{token}")
    ):
        count_step(agency_id=link.agency_id, step=what, now=timezone.now())
    return HttpResponse(status=204)
