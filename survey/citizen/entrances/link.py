"""The page behind a link that was sent for one dossier: evidence class E3, used once by the final
POST only.
"""

from __future__ import annotations

from functools import partial

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone

from survey.citizen.entrances import Found
from survey.citizen.form_context import FormContext, TicketCheck
from survey.citizen.onward import redirect_onward
from survey.citizen.pages import message_page, typed_code
from survey.citizen.short_form import lookup_pass_field, record, sent_ticket, was_opened_in_time
from survey.citizen.wishes import link_query
from survey.common.tokens import (
    Ticket,
    TicketError,
    derive_ticket,
    read_ticket,
)
from survey.messaging.queries import LinkLanding, find_link
from survey.messaging.tallies import count_step
from survey.responses.answers import Parsed, name_facts
from survey.responses.models import Evidence
from survey.responses.queries import is_recorded
from survey.responses.services import AnswerPlace, note_day


def ticket_of_link(token: str, secret: str | None = None) -> Ticket:
    """Submission key and receipt of a link: another hash of the token than the invitation keeps."""
    return derive_ticket(f"link/{token}", secret)


def find(request: HttpRequest, code: str) -> Found:
    """The form of a link; GET and HEAD change nothing, however often they come."""
    link = find_link(code, timezone.now())
    if link is None:
        return message_page("unknown-link", status=404, ask=True, typed=typed_code(request))
    ticket = ticket_of_link(code, link.secret)
    if is_recorded(ticket.key) and not was_opened_in_time(request, f"link/{link.code}"):
        # The second tap of a slow network and the second visit get the same receipt.
        seen = "again" if request.method == "POST" else "seen"
        return HttpResponseRedirect(f"/r/{ticket.receipt}?{link_query()}&{seen}=1", status=303)
    if link.expired and not _opened_in_time(request, link):
        return message_page("expired-link", status=410, ask=True)
    if link.version_id is None:
        return message_page("closed", status=410)
    return _form_context(link, link.version_id, ticket)


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
def _save(link: LinkLanding, context: FormContext, ticket: Ticket, parsed: Parsed) -> HttpResponse:
    """Store the answer, and count it in the day's sum of its agency: the row itself keeps no
    day.
    """
    recorded = record(context, ticket, parsed)
    if not recorded.repeated:
        now = timezone.now()
        note_day(receipt=ticket.receipt, now=now, timing=link.timing, applicant=link.applicant)
        count_step(agency_id=link.agency_id, step="finished", now=now)
        if parsed.answers.get("overall"):
            count_step(agency_id=link.agency_id, step="valid", now=now)
    return redirect_onward(ticket, recorded, parsed)


def _form_context(link: LinkLanding, version_id: int, ticket: Ticket) -> FormContext:
    return FormContext(
        action=f"/s/{link.code}",
        office=link.office,
        counter=link.counter,
        place=AnswerPlace(agency_id=link.agency_id, domain_id=link.domain_id),
        channel=link.channel,
        evidence=Evidence.SMS,
        version_id=version_id,
        ticket_scope=f"link/{link.code}",
        link=f"/s/{link.code}",
        hidden_fields=lookup_pass_field(link.code),
        metadata={"applicant": link.counted_as} if link.counted_as else {},
        facts=name_facts(link.timing, link.applicant),
        # The ticket is the link's own: no page of it grows too old.
        check_ticket=lambda context, _text, _now: TicketCheck(ticket, context),
        save=partial(_save, link),
    )
