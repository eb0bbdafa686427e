"""Citizen pages: parse, call one service or query, render."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from survey.common.tokens import ALPHABET, Ticket, TicketError, issue_ticket, normalise_code, read_ticket, spaced
from survey.dispatch.models import CodeStatus
from survey.dispatch.qr import printed_domain
from survey.dispatch.queries import TOKEN_LENGTH, Landing, find_landing
from survey.questionnaires.queries import extension_id, form_of
from survey.responses.answers import WHOLE_FORM, Parsed, parse
from survey.responses.links import link_page
from survey.responses.models import Evidence
from survey.responses.pages import cached_short_form, citizen_page, form_page, message_page, render_page
from survey.responses.queries import ReceiptState, receipt_state
from survey.responses.services import Place, Submission, record_response
from survey.responses.storage import StateError
from survey.responses.wizard import FullFormWizard, factor_forms
from survey.transactions.models import Channel

TECHNICAL: Final = frozenset({"ticket", "lang"})
REVISION_DAYS: Final = 7


@citizen_page("GET", "HEAD", "POST")
def short(request: HttpRequest, code: str) -> HttpResponseBase:
    """The short form of a counter: GET shows it, POST records the answer once."""
    wanted = normalise_code(code)
    if len(wanted) == TOKEN_LENGTH:
        return link_page(request, wanted)
    landing = find_landing(wanted, timezone.localdate())
    if landing is None:
        return message_page("unknown", status=404)
    if landing.status != CodeStatus.ACTIVE:
        return message_page(landing.status, status=410)
    if landing.version_id is None or not landing.open:
        return message_page("closed", status=410)
    if request.method == "POST":
        return _submit(request, landing, landing.version_id)
    return HttpResponse(cached_short_form(landing, landing.version_id, issue_ticket(landing.code, timezone.now())))


def _submit(request: HttpRequest, landing: Landing, version_id: int) -> HttpResponse:
    form = form_of(version_id)
    parsed = parse(request.POST, form.questions.values(), TECHNICAL)
    try:
        tickets = request.POST.getlist("ticket")
        ticket = read_ticket(tickets[0] if len(tickets) == 1 else "", landing.code, timezone.now())
    except TicketError:
        # Forged, missing or old: the answers are kept on the page and a new ticket is given to send them with.
        parsed.errors[WHOLE_FORM] = _(
            "This page has been open for too long. Your answers are still here: please send them again."
        )
        return _again(landing, version_id, parsed, issue_ticket(landing.code, timezone.now()))
    if parsed.errors:
        return _again(landing, version_id, parsed, tickets[0])
    recorded = record_response(submission=_submission(landing, version_id, ticket, parsed))
    mark = "&again=1" if recorded.changed else ""
    return HttpResponseRedirect(f"/r/{ticket.receipt}?lang={get_language()}{mark}", status=303)


def _again(landing: Landing, version_id: int, parsed: Parsed, ticket: str) -> HttpResponse:
    page = form_page(landing, version_id, ticket=ticket, sent=parsed.sent, errors=parsed.errors)
    return HttpResponse(page, status=422)


def _submission(landing: Landing, version_id: int, ticket: Ticket, parsed: Parsed) -> Submission:
    return Submission(
        ticket=ticket,
        form=form_of(version_id),
        answers=parsed.answers,
        place=Place(
            agency_id=landing.agency_id,
            office_id=landing.office_id,
            counter_id=landing.counter_id,
            domain_id=landing.domain_id,
        ),
        channel=Channel.COUNTER,
        evidence=Evidence.POSTER,
        language=get_language() or "vi",
        now=timezone.now(),
    )


@citizen_page("GET", "HEAD")
def receipt(request: HttpRequest, code: str) -> HttpResponseBase:
    """Thank-you page of a receipt: never shows the answers."""
    state = receipt_state(code)
    if state is None:
        return message_page("no-receipt", status=404)
    context = {
        "title": _("Thank you"),
        "receipt": spaced(normalise_code(code)),
        "site": printed_domain(),
        "repeated": "again" in request.GET,
        "complete": state.revision > 0,
        "full": None if state.revision else _full_address(state, code),
    }
    return render_page("survey/responses/thanks.html", context)


def _full_address(state: ReceiptState, code: str) -> str | None:
    if not _open_for_changes(state) or extension_id(state.version_id) is None:
        return None
    return f"/r/{normalise_code(code)}/full?lang={get_language()}"


def _open_for_changes(state: ReceiptState) -> bool:
    return timezone.now() - state.first_hour < timedelta(days=REVISION_DAYS)


@citizen_page("GET", "HEAD", "POST")
def full(request: HttpRequest, code: str) -> HttpResponseBase:
    """The full form, one factor a page."""
    state = receipt_state(code)
    if state is None:
        return message_page("no-receipt", status=404)
    version_id = extension_id(state.version_id)
    if version_id is None:
        return message_page("closed", status=410)
    if not _open_for_changes(state):
        return message_page("too-late", status=410)
    form = form_of(version_id)
    wizard = FullFormWizard.as_view(factor_forms(form), form=form, receipt=normalise_code(code), base=state.response_id)
    try:
        return wizard(request)  # type: ignore[no-any-return]
    except StateError as error:
        reason = "state-expired" if error.expired else "state-broken"
        return message_page(reason, status=400, again=f"{request.path}?lang={get_language()}")


@citizen_page("GET", "HEAD")
def front(request: HttpRequest) -> HttpResponseBase:
    """The bare address: what this is, a field for a receipt code, and where staff sign in."""
    code = normalise_code(request.GET.get("receipt", ""))[:20]
    if set(code) & set(ALPHABET):
        return HttpResponseRedirect(f"/r/{quote(code)}?lang={get_language()}", status=303)
    return render_page("survey/responses/front.html", {"title": _("Rate the service")})


@citizen_page("GET", "HEAD")
def privacy(request: HttpRequest) -> HttpResponseBase:
    """What happens with an answer, in under 300 words."""
    return render_page("survey/responses/privacy.html", {"title": _("What happens with your answer")})
