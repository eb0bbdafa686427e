"""The page behind a code on a receipt slip: evidence class E2, one answer for one transaction."""

from __future__ import annotations

from dataclasses import replace

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from survey.access.models import Slip
from survey.access.slips import find_slip, note_dispute
from survey.common.tokens import Ticket, issue_ticket, read_ticket, ticket_of
from survey.questionnaires.queries import published_short_form
from survey.responses.answers import Parsed
from survey.responses.entrance import (
    Entrance,
    as_opened,
    record,
    sent_ticket,
    show,
    shown_for,
    take_with_ticket,
    thanks,
    was_open,
)
from survey.responses.models import Evidence, Response
from survey.responses.pages import message_page, render_page
from survey.responses.queries import response_of
from survey.responses.services import Place, mark_response


def slip_page(request: HttpRequest, code: str) -> HttpResponseBase:
    """Show the form of a slip, or take its answer once; who finds the code used may say that it was
    not them.
    """
    found, version_id = find_slip(code), published_short_form()
    if found is None:
        if response_of(code) is not None:
            return HttpResponseRedirect(f"/r/{code}?lang={get_language()}", status=303)
        return message_page("unknown", status=404, ask=True)
    if version_id is None:
        return message_page("closed", status=410)
    slip, secret = found
    first = Response.objects.filter(submission_key=slip_key(code, secret)).first()
    disputing = "dispute" in request.POST
    at = _at_slip(slip, code, version_id, disputed=disputing and first is not None)
    # What was opened in time is taken, also when the slip ended while it was written.
    in_time = slip.expires_at > timezone.now() or _opened_before(request, at, slip)
    if not in_time and (first is None or disputing):
        return message_page("expired-slip", status=410, ask=True)
    if first is not None and not disputing:
        return _used(request, slip, secret, at)
    if request.method != "POST" or (disputing and "ticket" not in request.POST):
        return show(at, issue_ticket(at.seal, timezone.now()))
    at = as_opened(request, at, timezone.now())
    taken = take_with_ticket(request, at)
    return (
        taken if isinstance(taken, HttpResponse) else _record_slip(slip, secret, at, first, *taken)
    )


def _opened_before(request: HttpRequest, at: Entrance, slip: Slip) -> bool:
    if not was_open(request, at.seal):
        return False
    issued = read_ticket(sent_ticket(request), at.seal, timezone.now()).issued
    return issued is not None and issued <= slip.expires_at


def slip_key(code: str, secret: str, again: str = "") -> str:
    """All that hangs on a slip is derived under the key the slip was issued with."""
    return ticket_of(f"slip/{code}{again}", secret).key


def _at_slip(slip: Slip, code: str, version_id: int, *, disputed: bool) -> Entrance:
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
        hidden={**shown_for(code), **({"dispute": "1"} if disputed else {})},
        notice=_(
            "Your rating is kept beside the one that was sent before. Nobody can tell which is "
            "yours: neither counts."
        )
        if disputed
        else "",
        marks={"flag": "disputed"} if disputed else {},
    )


def _names(slip: Slip) -> tuple[str, str]:
    if slip.counter:
        return slip.counter.office.name, str(slip.counter)
    return str(slip.agency), _("the service you used")


@transaction.atomic
def _record_slip(
    slip: Slip, secret: str, at: Entrance, first: Response | None, ticket: Ticket, parsed: Parsed
) -> HttpResponse:
    """The key hangs on the slip, the receipt on the page: who only knows the slip cannot change the
    answer.
    """
    code = at.action.rpartition("/")[2]
    disputed = at.marks.get("flag") == "disputed"
    mine = replace(ticket, key=slip_key(code, secret, "/dispute" if disputed else ""))
    recorded = record(at, mine, parsed)
    if recorded.repeated and not recorded.own(mine.receipt):
        return message_page("used-slip", status=409, onward=f"/s/{code}?lang={get_language()}")
    if disputed and first is not None:
        # Neither of the two counts until somebody has looked into it; both keep their receipts.
        mark_response(row=first, flag="disputed", key=slip_key(code, secret, "/contested"))
        note_dispute(slip=slip, now=timezone.now())
    return thanks(mine, recorded)


def _used(request: HttpRequest, slip: Slip, secret: str, at: Entrance) -> HttpResponseBase:
    """A second visit, or the second tap of a slow network; who has not rated yet may say
    so, once.
    """
    if request.method == "POST":
        taken = take_with_ticket(request, at)
        return (
            taken
            if isinstance(taken, HttpResponse)
            else _record_slip(slip, secret, at, None, *taken)
        )
    code = at.action.rpartition("/")[2]
    disputed = Response.objects.filter(submission_key=slip_key(code, secret, "/dispute")).exists()
    context = {
        "title": _("This code has been used"),
        "action": at.action,
        "disputed": disputed or slip.expires_at <= timezone.now(),
    }
    return render_page("survey/responses/used.html", context)
