"""What a receipt code gives a right to: change, complete, add or erase words, hand over. It never shows an answer."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from survey.common.tokens import Ticket, issue_ticket, keyed_hash, normalise_code, spaced
from survey.dispatch.qr import printed_domain
from survey.questionnaires.queries import extension_id, form_of, wordings
from survey.responses.answers import Parsed, helped_by, parse
from survey.responses.cases import Case, case_of, erase_words, handler_of, open_case
from survey.responses.entrance import TECHNICAL, Entrance, show, shown_for, take_with_ticket
from survey.responses.feedback import told_of
from survey.responses.models import Response
from survey.responses.pages import citizen_page, error_list, message_page, questions_data, render_page
from survey.responses.queries import response_of
from survey.responses.services import Further, Place, Submission, record_response
from survey.responses.storage import StateError
from survey.responses.wizard import FullFormWizard, factor_forms

CHANGE_DAYS: Final = 7
WORD_DAYS: Final = 30


@dataclass(frozen=True)
class _Open:
    """A receipt that exists, and what may still be done with it."""

    code: str
    row: Response
    """The revision that counts; no page shows what was answered in it."""

    def within(self, days: int) -> bool:
        """Whether the first answer is not older than this."""
        return timezone.now() - self.row.answered_hour < timedelta(days=days)

    def address(self, page: str = "", mark: str = "") -> str:
        """Address of a page of this receipt."""
        return f"/r/{self.code}{page}?lang={get_language()}{mark}"


def _find(code: str) -> _Open | None:
    row = response_of(code)
    return None if row is None else _Open(normalise_code(code), row)


def _back(found: _Open, mark: str = "") -> HttpResponse:
    return HttpResponseRedirect(found.address(mark=mark), status=303)


def _handable(found: _Open, case: Case | None) -> bool:
    return found.within(WORD_DAYS) and case is None and handler_of(found.row.agency_id) is not None


@citizen_page("GET", "HEAD")
def receipt(request: HttpRequest, code: str) -> HttpResponseBase:
    """Thank-you page: what can still be done, and what the agency did with earlier answers."""
    found = _find(code)
    if found is None:
        return message_page("no-receipt", status=404, onward=f"/?lang={get_language()}")
    complete = found.row.base_version_id is not None
    changeable, wordable = found.within(CHANGE_DAYS), found.within(WORD_DAYS)
    further = changeable and not complete and extension_id(found.row.version_id) is not None
    case = case_of(found.row)
    context = {
        "title": _("Thank you"),
        "receipt": spaced(found.code),
        "site": printed_domain(),
        "mark": next((name for name in ("again", "erased", "changed", "noted") if name in request.GET), ""),
        "complete": complete,
        "full": found.address("/full") if further else None,
        "change": found.address("/change") if changeable else None,
        "comment": found.address("/comment") if wordable else None,
        "erase": f"/r/{found.code}/erase" if wordable else None,
        "handover": found.address("/handover") if _handable(found, case) else None,
        "case": case.code if case else "",
        "told": told_of(found.row.agency_id, timezone.now()),
    }
    return render_page("survey/responses/thanks.html", context)


@citizen_page("GET", "HEAD", "POST")
def full(request: HttpRequest, code: str) -> HttpResponseBase:
    """The full form, one factor a page."""
    found = _find(code)
    if found is None:
        return message_page("no-receipt", status=404, onward=f"/?lang={get_language()}")
    version_id = extension_id(found.row.version_id)
    if version_id is None:
        return message_page("closed", status=410)
    if not found.within(CHANGE_DAYS):
        return message_page("too-late", status=410, onward=found.address())
    form = form_of(version_id)
    wizard = FullFormWizard.as_view(factor_forms(form), form=form, receipt=found.code, base=found.row.pk)
    try:
        return wizard(request)  # type: ignore[no-any-return]
    except StateError as error:
        reason = "state-expired" if error.expired else "state-broken"
        return message_page(reason, status=400, again=found.address("/full"))


@citizen_page("GET", "HEAD", "POST")
def change(request: HttpRequest, code: str) -> HttpResponseBase:
    """The short form once more, empty; the last answer counts."""
    found = _find(code)
    if found is None:
        return message_page("no-receipt", status=404, onward=f"/?lang={get_language()}")
    if not found.within(CHANGE_DAYS):
        return message_page("too-late", status=410, onward=found.address())
    at = _changing(found)
    if request.method != "POST":
        return show(at, issue_ticket(at.seal, timezone.now()))
    taken = take_with_ticket(request, at)
    if isinstance(taken, HttpResponse):
        return taken
    ticket, parsed = taken
    _revise(found, Ticket(key=ticket.key, receipt=found.code), parsed)
    return _back(found, "&changed=1")


def _changing(found: _Open) -> Entrance:
    row = found.row
    return Entrance(
        action=f"/r/{found.code}/change",
        office=str(row.office or row.agency),
        counter=str(row.counter or ""),
        named=bool(row.counter and row.counter.name),
        place=Place(agency_id=row.agency_id),
        channel=row.channel,
        evidence=row.evidence,
        version_id=row.base_version_id or row.version_id,
        seal=f"change/{found.code}",
        hidden=shown_for(found.code),
        notice=_("Please answer once more. What you answer now takes the place of what you answered before."),
    )


def _revise(found: _Open, ticket: Ticket, parsed: Parsed) -> None:
    """A new revision: new answers to the short form, the answers to the further questions stay."""
    row = found.row
    first = form_of(row.base_version_id or row.version_id)
    further = None
    if row.base_version_id:
        rest = form_of(row.version_id)
        further = Further(rest, {code: value for code, value in row.answers.items() if code in rest.questions})
    submission = Submission(
        ticket=ticket,
        form=first,
        answers=parsed.answers,
        place=Place(agency_id=row.agency_id),
        channel=row.channel,
        evidence=row.evidence,
        language=get_language() or "vi",
        now=timezone.now(),
        further=further,
        marks={**_marks_left(row, parsed), **helped_by(parsed.sent.get("assisted", ()))},
    )
    record_response(submission=submission, revises=row, anew=True)


def _marks_left(row: Response, parsed: Parsed) -> dict[str, str]:
    """The marks of the answer before; who helped is asked anew with the question, not with a comment."""
    marks = dict(row.marks or {})
    if "assisted" in parsed.sent:
        marks.pop("assisted", None)
    return marks


@citizen_page("GET", "HEAD", "POST")
def comment(request: HttpRequest, code: str) -> HttpResponseBase:
    """Add words to a rating, for thirty days."""
    found = _find(code)
    if found is None:
        return message_page("no-receipt", status=404, onward=f"/?lang={get_language()}")
    if not found.within(WORD_DAYS):
        return message_page("too-late-words", status=410, onward=found.address())
    row = found.row
    form = form_of(row.base_version_id or row.version_id)
    asked = [question for question in form.questions.values() if question.kind == "short-text"]
    parsed = parse(request.POST, asked, TECHNICAL)
    if request.method == "POST" and not parsed.errors and "switch" not in request.POST:
        if parsed.answers:
            kept = {code: value for code, value in row.answers.items() if code in form.questions}
            ticket = Ticket(key=_key_of_words(found, request), receipt=found.code)
            _revise(found, ticket, Parsed(answers={**kept, **parsed.answers}))
        return _back(found, "&noted=1")
    texts = wordings(form.version_id, get_language() or "vi")
    questions = questions_data(asked, texts, parsed.sent, parsed.errors if request.method == "POST" else {})
    context = {
        "title": _("Add a comment"),
        "questions": questions,
        "errors": error_list(questions, parsed.errors) if request.method == "POST" else [],
        "action": f"/r/{found.code}/comment",
        "nonce": request.POST.get("ticket") or uuid.uuid4().hex,
        "switch": True,
    }
    return render_page("survey/responses/comment.html", context, status=422 if context["errors"] else 200)


def _key_of_words(found: _Open, request: HttpRequest) -> str:
    return keyed_hash("submission", f"words/{found.code}/{request.POST.get('ticket', '')[:64]}")


@citizen_page("GET", "HEAD", "POST")
def erase(request: HttpRequest, code: str) -> HttpResponseBase:
    """Erase all words of a rating; the levels stay. GET asks, POST does."""
    found = _find(code)
    if found is None:
        return message_page("no-receipt", status=404, onward=f"/?lang={get_language()}")
    if not found.within(WORD_DAYS):
        return message_page("too-late-words", status=410, onward=found.address())
    if request.method == "POST":
        erase_words(row=found.row, now=timezone.now())
        return _back(found, "&erased=1")
    return render_page(
        "survey/responses/erase.html", {"title": _("Erase my comments"), "action": f"/r/{found.code}/erase"}
    )


@citizen_page("GET", "HEAD", "POST")
def handover(request: HttpRequest, code: str) -> HttpResponseBase:
    """Hand a rating over to a unit above the rated one, by a consent of its own."""
    found = _find(code)
    if found is None:
        return message_page("no-receipt", status=404, onward=f"/?lang={get_language()}")
    if handler_of(found.row.agency_id) is None:
        return message_page("no-handler", status=410, onward=found.address())
    if not found.within(WORD_DAYS):
        return message_page("too-late-words", status=410, onward=found.address())
    agreed = request.POST.get("consent") == "yes"
    if request.method == "POST" and agreed:
        open_case(row=found.row, now=timezone.now())
        return _back(found)
    refused = request.method == "POST" and "switch" not in request.POST
    context = {
        "title": _("Have somebody look into it"),
        "action": f"/r/{found.code}/handover",
        "back": found.address(),
        "refused": refused,
        "switch": True,
    }
    return render_page("survey/responses/handover.html", context, status=422 if refused else 200)
