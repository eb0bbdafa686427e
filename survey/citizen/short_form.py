"""Renders and records the short form, whichever entrance it came from.

An entrance finds something by a code and makes a ``FormContext`` of it: what the page says, what is
stored with the answer, how the page's ticket is checked and who keeps the answer. Everything else
is the same for all of them and stands here, ``submit`` above all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from survey.citizen.assets import recording_of_question
from survey.citizen.form_context import FormContext, TicketCheck
from survey.citizen.kept_pages import fill_page
from survey.citizen.onward import SECOND_FIELD, redirect_onward
from survey.citizen.page_messages import message
from survey.citizen.pages import base_context, render_page
from survey.citizen.questions import error_list, questions_data
from survey.citizen.wishes import link_query
from survey.common.languages import SWITCH
from survey.common.outage import OUTAGES, is_out, note_outage
from survey.common.throttling import CONFIRM_FIELD, issue_pass
from survey.common.tokens import (
    TICKET_TTL,
    Ticket,
    TicketError,
    group_code,
    issue_ticket,
    read_ticket,
)
from survey.questionnaires.content import Form
from survey.questionnaires.queries import is_alternative, load_form, wordings
from survey.responses.answers import ASSISTED, WHOLE_FORM, Parsed, helped_by, parse
from survey.responses.models import Evidence
from survey.responses.queries import is_recorded
from survey.responses.services import Recorded, Submission, record_response
from survey.responses.spool import keep_submission

KEPT: Final = 202
"""Status of an answer that was taken and is not stored yet."""
FORM: Final = "form"
"""Name of the field that says which version of the questionnaire a page was made of."""
TECHNICAL: Final = frozenset(
    {"ticket", "lang", "assisted", "dispute", "next", FORM, CONFIRM_FIELD, SECOND_FIELD, SWITCH}
)


def lookup_pass_field(code: str) -> dict[str, str]:
    """The field by which a form behind a personal code is taken whoever else fails at the same
    address.
    """
    return {CONFIRM_FIELD: issue_pass(code, shown=True)}


def form_page(
    context: FormContext,
    *,
    ticket: str,
    sent: Mapping[str, Sequence[str]],
    errors: Mapping[str, str],
) -> str:
    """The whole short form as HTML."""
    form, texts = (
        load_form(context.version_id),
        wordings(context.version_id, get_language() or settings.LANGUAGE_CODE),
    )
    asked = [
        question
        for code, question in form.questions.items()
        if code in form.first_page or code in errors
    ]
    questions = questions_data(asked, texts, sent, errors)
    data = {
        "title": texts["title"],
        "intro": texts["intro"],
        "context": context,
        "questions": questions,
        "errors": error_list(questions, errors),
        "ticket": ticket,
        "hidden": context.hidden_fields.items(),
        "sound": recording_of_question(texts.get("question.overall", ""), get_language() or ""),
        "carried": _carried(form, sent, errors),
        "switch": True,
    }
    return render_to_string("survey/citizen/short.html", base_context(**data))


def _carried(
    form: Form, sent: Mapping[str, Sequence[str]], errors: Mapping[str, str]
) -> list[tuple[str, str]]:
    """What a page opened before the form had two sent along: it is not lost when it comes back."""
    names = [code for code in (*form.second_page, "assisted") if code not in errors]
    return [(name, value) for name in names for value in sent.get(name, ()) if value]


def kept_form(request: HttpRequest, context: FormContext) -> HttpResponse:
    """The empty form with a fresh ticket, rendered once per entrance and language."""
    # The names are part of the key: a renamed office shows at once in every process.
    key = (
        context.action,
        context.version_id,
        link_query(),
        context.office,
        context.counter,
        context.twin.name if context.twin else "",
        context.notice,
        context.improvements_url,
    )
    return fill_page(
        request,
        key,
        lambda marks: form_page(context, ticket=marks["ticket"], sent={}, errors={}),
        {"ticket": issue_ticket(context.ticket_scope, timezone.now())},
    )


def render_form(
    context: FormContext, ticket: str = "", parsed: Parsed | None = None
) -> HttpResponse:
    """The form, with what was sent and what is wrong with it."""
    parsed = parsed or Parsed()
    page = form_page(context, ticket=ticket, sent=parsed.sent, errors=parsed.errors)
    return HttpResponse(page, status=422 if parsed.errors else 200)


def parse_post(request: HttpRequest, context: FormContext) -> Parsed:
    """What was sent, checked."""
    questions = load_form(context.version_id).questions.values()
    parsed = parse(request.POST, questions, TECHNICAL, context.facts)
    helped = request.POST.getlist("assisted")
    parsed.sent["assisted"] = helped
    if len(helped) > 1 or not set(helped) <= ASSISTED:
        parsed.errors[WHOLE_FORM] = _(
            "This form holds fields that do not belong to it. Please scan the code again."
        )
    return parsed


def as_opened(request: HttpRequest, context: FormContext, now: datetime) -> FormContext:
    """The entrance with the form the page was opened with: one that was replaced a moment ago is
    still taken.
    """
    asked = request.POST.get(FORM, "")
    if (
        not (asked.isascii() and asked.isdigit() and len(asked) < 12)
        or int(asked) == context.version_id
    ):
        return context
    place = (context.place.office_id, context.place.domain_id)
    usable = is_alternative(int(asked), context.version_id, now - TICKET_TTL, place)
    return replace(context, version_id=int(asked)) if usable else context


def sent_ticket(request: HttpRequest) -> str:
    """The one ticket that was sent; empty for none or several."""
    tickets = request.POST.getlist("ticket")
    return tickets[0] if len(tickets) == 1 else ""


def was_opened_in_time(request: HttpRequest, scope: str) -> bool:
    """Whether what is sent was written on a page that was opened while it could be: it is taken,
    with a mark.
    """
    if request.method != "POST":
        return False
    try:
        read_ticket(sent_ticket(request), scope, timezone.now())
    except TicketError:
        return False
    return True


def check_page_ticket(context: FormContext, text: str, now: datetime) -> TicketCheck:
    """The ticket of an ordinary page; one that grew too old still finds what it stored."""
    try:
        return TicketCheck(read_ticket(text, context.ticket_scope, now), context)
    except TicketError as error:
        known = error.ticket is not None and is_recorded(error.ticket.key)
        return TicketCheck(error.ticket if known else None, context, repeated=known)


def save_answer(context: FormContext, ticket: Ticket, parsed: Parsed) -> HttpResponse:
    """Store the answer, and on to its receipt; while the database is gone, on the disk."""
    submission = make_submission(context, ticket, parsed)
    # Whether any other answer is allowed only the database knows.
    may_keep = context.evidence == Evidence.POSTER
    if may_keep and is_out() and keep_submission(submission):
        return _kept_page(ticket)
    try:
        recorded = record_response(submission=submission)
    except OUTAGES as error:
        if note_outage(error) and may_keep and keep_submission(submission):
            return _kept_page(ticket)
        raise
    return redirect_onward(ticket, recorded, parsed)


def _kept_page(ticket: Ticket) -> HttpResponse:
    title, text = message("kept")
    context = {"title": title, "text": text, "receipt": group_code(ticket.receipt)}
    return render_page("survey/citizen/kept.html", context, status=KEPT)


def serve_form(request: HttpRequest, context: FormContext, *, cached: bool = True) -> HttpResponse:
    """The form behind a code: shown, or taken once."""
    if request.method == "POST":
        return submit(request, context)
    if cached:
        return kept_form(request, context)
    return render_form(context, issue_ticket(context.ticket_scope, timezone.now()))


def submit(request: HttpRequest, context: FormContext) -> HttpResponse:
    """Take what was sent, or show the page again: in another language, with a new ticket, or with
    what is wrong.
    """
    now = timezone.now()
    context = as_opened(request, context, now)
    parsed, text = parse_post(request, context), sent_ticket(request)
    check = (context.check_ticket or check_page_ticket)(context, text, now)
    if check.ticket is None:
        return renew_page(request, check.context, parsed, check.notice)
    if not check.repeated and (page := redisplay(request, context, parsed, text)) is not None:
        return page
    return (check.context.save or save_answer)(check.context, check.ticket, parsed)


def renew_page(
    request: HttpRequest, context: FormContext, parsed: Parsed, notice: str = ""
) -> HttpResponse:
    """The page once more with a new ticket, for one that was forged, missing or old: the answers
    stay on it.
    """
    if SWITCH in request.POST:
        parsed.errors.clear()
    else:
        parsed.errors[WHOLE_FORM] = notice or _(
            "This page has been open for too long. Your answers are still here: please send them "
            "again."
        )
    return render_form(context, issue_ticket(context.ticket_scope, timezone.now()), parsed)


def redisplay(
    request: HttpRequest, context: FormContext, parsed: Parsed, ticket: str = ""
) -> HttpResponse | None:
    """The page again, in another language or with errors; None when there is something to
    record.
    """
    if SWITCH in request.POST:
        parsed.errors.clear()
    elif not parsed.errors:
        return None
    return render_form(context, ticket, parsed)


def record(context: FormContext, ticket: Ticket, parsed: Parsed) -> Recorded:
    """Store the answer once."""
    return record_response(submission=make_submission(context, ticket, parsed))


def make_submission(context: FormContext, ticket: Ticket, parsed: Parsed) -> Submission:
    """What is stored of an answer."""
    marks = {**context.metadata, **helped_by(parsed.sent.get("assisted", ()))}
    return Submission(
        ticket=ticket,
        form=load_form(context.version_id),
        answers=parsed.answers,
        place=context.place,
        channel=context.channel,
        evidence=context.evidence,
        language=get_language() or "vi",
        now=timezone.now(),
        marks=marks,
        facts=context.facts,
    )
