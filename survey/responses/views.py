"""Citizen pages: parse, call one service or query, render."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from survey.common.tokens import Ticket, TicketError, issue_ticket, normalise_code, read_ticket, spaced
from survey.dispatch.models import CodeStatus, CounterCode
from survey.dispatch.queries import find_code
from survey.questionnaires.queries import extension_of, form_of, published_version
from survey.responses.answers import WHOLE_FORM, Parsed, parse
from survey.responses.models import Evidence, Response
from survey.responses.pages import cached_short_form, citizen_page, message_page, render_page, short_form
from survey.responses.queries import latest_by_receipt
from survey.responses.services import Place, Submission, record_response
from survey.responses.storage import StateError
from survey.responses.wizard import FullFormWizard, factor_forms
from survey.transactions.models import Channel

TECHNICAL: Final = frozenset({"ticket", "lang"})
REVISION_DAYS: Final = 7


@citizen_page("GET", "HEAD", "POST")
def short(request: HttpRequest, code: str) -> HttpResponseBase:
    """The short form of a counter: GET shows it, POST records the answer once."""
    found = find_code(normalise_code(code))
    if found is None:
        return message_page(request, "unknown", status=404)
    if found.status != CodeStatus.ACTIVE:
        return message_page(request, found.status, status=410)
    version = published_version(found.questionnaire.code)
    if version is None or found.counter.closed_on is not None:
        return message_page(request, "closed", status=410)
    if request.method == "POST":
        return _submit(request, found, version.pk)
    return HttpResponse(cached_short_form(found, version.pk, issue_ticket(found.code, timezone.now())))


def _submit(request: HttpRequest, code: CounterCode, version_id: int) -> HttpResponse:
    form = form_of(version_id)
    parsed = parse(request.POST, form.questions.values(), TECHNICAL)
    try:
        tickets = request.POST.getlist("ticket")
        ticket = read_ticket(tickets[0] if len(tickets) == 1 else "", code.code, timezone.now())
    except TicketError:
        # Forged, missing or old: the answers are kept on the page and a new ticket is given to send them with.
        parsed.errors[WHOLE_FORM] = _(
            "This page has been open for too long. Your answers are still here: please send them again."
        )
        return _again(code, version_id, parsed, issue_ticket(code.code, timezone.now()))
    if parsed.errors:
        return _again(code, version_id, parsed, tickets[0])
    recorded = record_response(submission=_submission(code, version_id, ticket, parsed))
    mark = "&again=1" if recorded.changed else ""
    return HttpResponseRedirect(f"/r/{ticket.receipt}?lang={get_language()}{mark}", status=303)


def _again(code: CounterCode, version_id: int, parsed: Parsed, ticket: str) -> HttpResponse:
    page = short_form(code, version_id, ticket=ticket, sent=parsed.sent, errors=parsed.errors)
    return HttpResponse(page, status=422)


def _submission(code: CounterCode, version_id: int, ticket: Ticket, parsed: Parsed) -> Submission:
    counter = code.counter
    return Submission(
        ticket=ticket,
        form=form_of(version_id),
        answers=parsed.answers,
        place=Place(
            agency_id=counter.agency_id, office_id=counter.office_id, counter_id=counter.pk, domain_id=counter.domain_id
        ),
        channel=Channel.COUNTER,
        evidence=Evidence.POSTER,
        language=get_language() or "vi",
        now=timezone.now(),
    )


@citizen_page("GET", "HEAD")
def receipt(request: HttpRequest, code: str) -> HttpResponseBase:
    """Thank-you page of a receipt: never shows the answers."""
    row = latest_by_receipt(code)
    if row is None:
        return message_page(request, "no-receipt", status=404)
    context = {
        "title": _("Thank you"),
        "receipt": spaced(normalise_code(code)),
        "repeated": "again" in request.GET,
        "complete": row.revision > 0,
        "full": None if row.revision else _full_address(row, code),
        "office": row.counter.office if row.counter else None,
    }
    return render_page("survey/responses/thanks.html", context)


def _full_address(row: Response, code: str) -> str | None:
    if not _open_for_changes(row) or extension_of(row.version.questionnaire.code) is None:
        return None
    return f"/r/{normalise_code(code)}/full?lang={get_language()}"


def _open_for_changes(row: Response) -> bool:
    return timezone.now() - row.answered_hour < timedelta(days=REVISION_DAYS)


@citizen_page("GET", "HEAD", "POST")
def full(request: HttpRequest, code: str) -> HttpResponseBase:
    """The full form, one factor a page."""
    row = latest_by_receipt(code)
    if row is None:
        return message_page(request, "no-receipt", status=404)
    start = row.version.extends.code if row.version.extends else row.version.questionnaire.code
    version = extension_of(start)
    if version is None:
        return message_page(request, "closed", status=410)
    if not _open_for_changes(row):
        return message_page(request, "too-late", status=410)
    form = form_of(version.pk)
    wizard = FullFormWizard.as_view(factor_forms(form), form=form, receipt=normalise_code(code), base=row)
    try:
        return wizard(request)  # type: ignore[no-any-return]
    except StateError as error:
        reason = "state-expired" if error.expired else "state-broken"
        return message_page(request, reason, status=400, again=f"{request.path}?lang={get_language()}")


@citizen_page("GET", "HEAD")
def front(request: HttpRequest) -> HttpResponseBase:
    """The bare address: what this is, and where staff sign in."""
    return render_page("survey/responses/front.html", {"title": _("Rate the service")})


@citizen_page("GET", "HEAD")
def privacy(request: HttpRequest) -> HttpResponseBase:
    """What happens with an answer, in under 300 words."""
    return render_page("survey/responses/privacy.html", {"title": _("What happens with your answer")})
