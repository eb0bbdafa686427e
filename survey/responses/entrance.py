"""The short form from any entrance: shown, shown again in another language, taken once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from survey.common.guessing import PRESSED, pass_for
from survey.common.languages import SWITCH
from survey.common.tokens import TICKET_LIFE, Ticket, TicketError, issue_ticket, read_ticket
from survey.questionnaires.queries import form_of, is_alternative, wordings
from survey.responses.answers import ASSISTED, WHOLE_FORM, Parsed, helped_by, parse
from survey.responses.models import Response
from survey.responses.pages import base_context, error_list, questions_data
from survey.responses.queries import is_recorded
from survey.responses.services import Place, Recorded, Submission, record_response

FORM: Final = "form"
"""Name of the field that says which version of the questionnaire a page was made of."""
TECHNICAL: Final = frozenset({"ticket", "lang", "assisted", "dispute", FORM, PRESSED, SWITCH})


@dataclass(frozen=True, kw_only=True)
class Entrance:
    """Where an answer comes in: what the page says about it, and what is stored with the answer.

    ``seal`` binds tickets to this entrance; ``replaces`` is the response an answer takes the place
    of.
    """

    action: str
    office: str
    counter: str
    place: Place
    channel: str
    evidence: str
    version_id: int
    seal: str = ""
    foot: str = ""
    link: str = ""
    did: str = ""
    named: bool = False
    """The counter bears a name of its own, which is Vietnamese in every language of the page."""
    kiosk: bool = False
    notice: str = ""
    hidden: Mapping[str, str] = field(default_factory=dict)
    marks: Mapping[str, str] = field(default_factory=dict)
    replaces: Response | None = None


def shown_for(code: str) -> dict[str, str]:
    """The field by which a form behind a personal code is taken whoever else fails at the same
    address.
    """
    return {PRESSED: pass_for(code, shown=True)}


def form_page(
    at: Entrance, *, ticket: str, sent: Mapping[str, Sequence[str]], errors: Mapping[str, str]
) -> str:
    """The whole short form as HTML."""
    form, texts = (
        form_of(at.version_id),
        wordings(at.version_id, get_language() or settings.LANGUAGE_CODE),
    )
    questions = questions_data(list(form.questions.values()), texts, sent, errors)
    context = {
        "title": texts["title"],
        "intro": texts["intro"],
        "at": at,
        "questions": questions,
        "errors": error_list(questions, errors),
        "ticket": ticket,
        "hidden": at.hidden.items(),
        "assisted": [
            (value, label, value in sent.get("assisted", ())) for value, label in ASSISTED.items()
        ],
        "switch": True,
        "home": settings.LANGUAGE_CODE,
    }
    template = "kiosk" if at.kiosk else "short"
    return render_to_string(f"survey/responses/{template}.html", base_context(**context))


_pages: dict[tuple[str, ...], tuple[bytes, bytes]] = {}
MOST_PAGES: Final = 4096
TICKET_MARK: Final = "~ticket~"


def cached_page(at: Entrance) -> bytes:
    """The empty form with a fresh ticket put into page bytes that are rendered once per entrance
    and language.
    """
    # The names are part of the key: a renamed office shows at once in every process.
    key = (
        at.action,
        str(at.version_id),
        get_language() or "",
        at.office,
        at.counter,
        at.foot,
        at.notice,
        at.did,
    )
    if key not in _pages:
        page = form_page(at, ticket=TICKET_MARK, sent={}, errors={})
        before, _mark, after = page.partition(TICKET_MARK)
        if len(_pages) >= MOST_PAGES:
            _pages.clear()
        _pages[key] = before.encode(), after.encode()
    before_bytes, after_bytes = _pages[key]
    return before_bytes + issue_ticket(at.seal, timezone.now()).encode() + after_bytes


def show(at: Entrance, ticket: str = "", parsed: Parsed | None = None) -> HttpResponse:
    """The form, with what was sent and what is wrong with it."""
    parsed = parsed or Parsed()
    page = form_page(at, ticket=ticket, sent=parsed.sent, errors=parsed.errors)
    return HttpResponse(page, status=422 if parsed.errors else 200)


def read(request: HttpRequest, at: Entrance) -> Parsed:
    """What was sent, checked."""
    parsed = parse(request.POST, form_of(at.version_id).questions.values(), TECHNICAL)
    helped = request.POST.getlist("assisted")
    parsed.sent["assisted"] = helped
    if len(helped) > 1 or not set(helped) <= set(ASSISTED):
        parsed.errors[WHOLE_FORM] = _(
            "This form holds fields that do not belong to it. Please scan the code again."
        )
    return parsed


def as_opened(request: HttpRequest, at: Entrance, now: datetime) -> Entrance:
    """The entrance with the form the page was opened with: one that was replaced a moment ago is
    still taken.
    """
    asked = request.POST.get(FORM, "")
    if not (asked.isascii() and asked.isdigit() and len(asked) < 12) or int(asked) == at.version_id:
        return at
    usable = is_alternative(int(asked), at.version_id, now - TICKET_LIFE)
    return replace(at, version_id=int(asked)) if usable else at


def sent_ticket(request: HttpRequest) -> str:
    """The one ticket that was sent; empty for none or several."""
    tickets = request.POST.getlist("ticket")
    return tickets[0] if len(tickets) == 1 else ""


def was_open(request: HttpRequest, seal: str) -> bool:
    """Whether what is sent was written on a page that was opened while it could be: it is taken,
    with a mark.
    """
    if request.method != "POST":
        return False
    try:
        read_ticket(sent_ticket(request), seal, timezone.now())
    except TicketError:
        return False
    return True


def take_with_ticket(request: HttpRequest, at: Entrance) -> HttpResponse | tuple[Ticket, Parsed]:
    """The ticket of the page and what was sent, or the page again: other language, old ticket, or
    errors.
    """
    now, text = timezone.now(), sent_ticket(request)
    parsed = read(request, at)
    try:
        ticket = read_ticket(text, at.seal, now)
    except TicketError as error:
        if error.ticket is not None and is_recorded(error.ticket.key):
            # A day-old page that is sent once more: it finds what it stored.
            return error.ticket, parsed
        return renewed(request, at, parsed)
    if (page := again(request, at, parsed, text)) is not None:
        return page
    return ticket, parsed


def renewed(request: HttpRequest, at: Entrance, parsed: Parsed, told: str = "") -> HttpResponse:
    """The page once more with a new ticket, for one that was forged, missing or old: the answers
    stay on it.
    """
    if SWITCH in request.POST:
        parsed.errors.clear()
    else:
        parsed.errors[WHOLE_FORM] = told or _(
            "This page has been open for too long. Your answers are still here: please send them "
            "again."
        )
    return show(at, issue_ticket(at.seal, timezone.now()), parsed)


def again(
    request: HttpRequest, at: Entrance, parsed: Parsed, ticket: str = ""
) -> HttpResponse | None:
    """The page again, in another language or with errors; None when there is something to
    record.
    """
    if SWITCH in request.POST:
        parsed.errors.clear()
    elif not parsed.errors:
        return None
    return show(at, ticket, parsed)


def record(at: Entrance, ticket: Ticket, parsed: Parsed) -> Recorded:
    """Store the answer once."""
    marks = {**at.marks, **helped_by(parsed.sent.get("assisted", ()))}
    submission = Submission(
        ticket=ticket,
        form=form_of(at.version_id),
        answers=parsed.answers,
        place=at.place,
        channel=at.channel,
        evidence=at.evidence,
        language=get_language() or "vi",
        now=timezone.now(),
        marks=marks,
    )
    return record_response(submission=submission, revises=at.replaces, anew=at.replaces is not None)


def thanks(ticket: Ticket, recorded: Recorded) -> HttpResponse:
    """On to the receipt."""
    mark = "&again=1" if recorded.changed else ""
    return HttpResponseRedirect(f"/r/{ticket.receipt}?lang={get_language()}{mark}", status=303)


def marked(at: Entrance, flag: str, **more: object) -> Entrance:
    """The same entrance with a rule's mark on its answers."""
    return replace(at, marks={**at.marks, "flag": flag}, **more)  # type: ignore[arg-type]
