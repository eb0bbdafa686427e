"""The changing code on a counter's screen: who opens it stands there now (E1)."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Final

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from survey.access.bounds import places_left
from survey.access.models import Screen
from survey.access.screens import check_code, find_screen, gives_codes, note_use
from survey.citizen.entrances import Found
from survey.citizen.form_context import FormContext, TicketCheck, with_flag
from survey.citizen.onward import redirect_onward
from survey.citizen.pages import message_page
from survey.citizen.short_form import record, save_answer
from survey.common.throttling import note_failure
from survey.common.tokens import TICKET_TTL, Ticket, TicketError, read_ticket
from survey.questionnaires.queries import find_first_form
from survey.responses.answers import Parsed
from survey.responses.flags import Flag
from survey.responses.models import Evidence
from survey.responses.queries import is_recorded
from survey.responses.services import AnswerPlace
from survey.transactions.models import Channel

PRESENCE_TTL: Final = timedelta(minutes=30)
"""How long a page opened from a screen proves that somebody stands there."""


def find(request: HttpRequest, code: str) -> Found:
    """GET with the code on the screen gives the form and a ticket; POST goes to the screen's number
    with the ticket.
    """
    now = timezone.now()
    screen = find_screen(code) if request.method == "POST" else check_code(code, now)
    if screen is None:
        note_failure(request)
        return message_page("old-screen", status=410, ask=True)
    version_id = find_first_form(
        office_id=screen.counter.office_id,
        domain_id=screen.counter.domain_id,
        today=timezone.localdate(now),
    )
    if version_id is None:
        return message_page("closed", status=410)
    return _form_context(screen, version_id)


def _form_context(screen: Screen, version_id: int) -> FormContext:
    counter = screen.counter
    return FormContext(
        action=f"/q/{screen.number}",
        office=counter.office.name,
        counter=str(counter),
        counter_name_is_vietnamese=bool(counter.name),
        place=AnswerPlace.at_counter(counter),
        channel=Channel.COUNTER,
        evidence=Evidence.SCREEN,
        version_id=version_id,
        ticket_scope=f"screen/{screen.number}",
        check_ticket=partial(_check_presence, screen),
        save=partial(_save, screen),
    )


def _check_presence(screen: Screen, context: FormContext, text: str, now: datetime) -> TicketCheck:
    """Presence lies in the page's ticket alone: it lasts minutes, ends with the opening hours, and
    no POST renews it.

    What comes later, or on a page nobody can tell the origin of, is kept as an open answer with a
    mark.
    """
    unproven = with_flag(
        context,
        Flag.UNPROVEN,
        evidence=Evidence.POSTER,
        ticket_scope=f"{context.ticket_scope}/open",
        save=save_answer,
    )
    ticket, present = _presence(text, context.ticket_scope, now)
    if ticket is None:
        notice = _(
            "We cannot tell whether you stand at this screen. Your answers are still here: send "
            "them again, and they "
            "are kept with a note; or scan the code that stands on the screen now."
        )
        return TicketCheck(None, unproven, notice)
    open_now = screen.is_open(now) and gives_codes(screen, now)
    return TicketCheck(ticket, context if present and open_now else unproven)


def _presence(text: str, scope: str, now: datetime) -> tuple[Ticket | None, bool]:
    """The ticket of a page, and whether it still proves that somebody stands at the screen."""
    try:
        return read_ticket(text, scope, now, PRESENCE_TTL), True
    except TicketError as error:
        if error.ticket is not None and (
            is_recorded(error.ticket.key) or _is_of_today(error.ticket, now)
        ):
            return error.ticket, False
    try:
        return read_ticket(text, f"{scope}/open", now), False
    except TicketError:
        return None, False


def _is_of_today(ticket: Ticket, now: datetime) -> bool:
    return ticket.issued is not None and now - ticket.issued <= TICKET_TTL


@transaction.atomic
def _save(screen: Screen, context: FormContext, ticket: Ticket, parsed: Parsed) -> HttpResponse:
    """More answers than the counter can have served are kept as open ones, marked."""
    now = timezone.now()
    room = places_left(screen.counter, now) > 0
    if not room:
        context = with_flag(context, Flag.OVER, evidence=Evidence.POSTER)
    recorded = record(context, ticket, parsed)
    if room and not recorded.repeated:
        note_use(screen, now)
    return redirect_onward(ticket, recorded, parsed)
