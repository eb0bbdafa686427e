"""The page behind a code on a receipt slip: evidence class E2, one answer for one transaction."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext as _

from survey.access.models import Slip
from survey.access.slips import find_slip, note_dispute
from survey.citizen.entrances import Found
from survey.citizen.form_context import FormContext
from survey.citizen.onward import redirect_onward
from survey.citizen.pages import message_page, render_page, typed_code
from survey.citizen.short_form import (
    lookup_pass_field,
    record,
    render_form,
    sent_ticket,
    was_opened_in_time,
)
from survey.citizen.wishes import link_query
from survey.common.tokens import Ticket, derive_ticket, issue_ticket, read_ticket
from survey.questionnaires.queries import find_first_form
from survey.responses.answers import Parsed
from survey.responses.flags import Flag
from survey.responses.models import Evidence, Response
from survey.responses.queries import find_response
from survey.responses.services import AnswerPlace, mark_response


def find(request: HttpRequest, code: str) -> Found:
    """The form of a slip; who finds the code used may say that it was not them."""
    found = find_slip(code)
    if found is None:
        if find_response(code) is not None:
            return HttpResponseRedirect(f"/r/{code}?{link_query()}", status=303)
        return message_page("unknown", status=404, ask=True, typed=typed_code(request))
    slip, secret = found
    version_id = find_first_form(
        office_id=slip.counter.office_id if slip.counter else None,
        domain_id=slip.domain_id,
        today=timezone.localdate(),
    )
    if version_id is None:
        return message_page("closed", status=410)
    first = Response.objects.filter(submission_key=slip_key(code, secret)).first()
    disputing = "dispute" in request.POST
    context = _form_context(slip, code, version_id, secret, first=first if disputing else None)
    # What was opened in time is taken, also when the slip ended while it was written.
    in_time = slip.expires_at > timezone.now() or _opened_before(request, context, slip)
    if not in_time and (first is None or disputing):
        return message_page("expired-slip", status=410, ask=True)
    if first is not None and not disputing and request.method != "POST":
        return _used_page(slip, secret, context)
    if disputing and "ticket" not in request.POST:
        return render_form(context, issue_ticket(context.ticket_scope, timezone.now()))
    return context


def _opened_before(request: HttpRequest, context: FormContext, slip: Slip) -> bool:
    if not was_opened_in_time(request, context.ticket_scope):
        return False
    issued = read_ticket(sent_ticket(request), context.ticket_scope, timezone.now()).issued
    return issued is not None and issued <= slip.expires_at


def slip_key(code: str, secret: str, again: str = "") -> str:
    """All that hangs on a slip is derived under the key the slip was issued with."""
    return derive_ticket(f"slip/{code}{again}", secret).key


def _form_context(
    slip: Slip,
    code: str,
    version_id: int,
    secret: str,
    *,
    first: Response | None,
) -> FormContext:
    """``first`` is the answer somebody says is not theirs."""
    name, counter = _names(slip)
    disputed = first is not None
    notice = _(
        "Your rating is kept beside the one that was sent before. Nobody can tell which is "
        "yours: neither counts."
    )
    return FormContext(
        action=f"/s/{code}",
        office=name,
        counter=counter,
        counter_name_is_vietnamese=bool(slip.counter and slip.counter.name),
        place=AnswerPlace(
            agency_id=slip.agency_id,
            office_id=slip.counter.office_id if slip.counter else None,
            counter_id=slip.counter_id,
            domain_id=slip.domain_id,
        ),
        channel=slip.channel,
        evidence=Evidence.RECEIPT,
        version_id=version_id,
        ticket_scope=f"slip/{code}",
        hidden_fields={**lookup_pass_field(code), **({"dispute": "1"} if disputed else {})},
        notice=notice if disputed else "",
        metadata={"flag": Flag.DISPUTED} if disputed else {},
        save=partial(_save, slip, code, secret, first),
    )


def _names(slip: Slip) -> tuple[str, str]:
    if slip.counter:
        return slip.counter.office.name, str(slip.counter)
    return str(slip.agency), _("the service you used")


@transaction.atomic
def _save(
    slip: Slip,
    code: str,
    secret: str,
    first: Response | None,
    context: FormContext,
    ticket: Ticket,
    parsed: Parsed,
) -> HttpResponse:
    """The key hangs on the slip, the receipt on the page: who only knows the slip cannot change the
    answer.
    """
    mine = replace(ticket, key=slip_key(code, secret, "/dispute" if first else ""))
    recorded = record(context, mine, parsed)
    if recorded.repeated and not recorded.own(mine.receipt):
        return message_page("used-slip", status=409, onward=f"/s/{code}?{link_query()}")
    if first is not None:
        # Neither of the two counts until somebody has looked into it; both keep their receipts.
        mark_response(row=first, flag=Flag.DISPUTED, key=slip_key(code, secret, "/contested"))
        note_dispute(slip=slip, now=timezone.now())
    return redirect_onward(mine, recorded, parsed)


def _used_page(slip: Slip, secret: str, context: FormContext) -> HttpResponse:
    """A second visit; who has not rated yet may say so, once."""
    code = context.action.rpartition("/")[2]
    disputed = Response.objects.filter(submission_key=slip_key(code, secret, "/dispute")).exists()
    data = {
        "title": _("This code has been used"),
        "action": context.action,
        "disputed": disputed or slip.expires_at <= timezone.now(),
    }
    return render_page("survey/citizen/used.html", data)
