"""What a receipt code gives a right to: change, complete, add or erase words, hand over. It never shows an answer."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from survey.access.print.qr import printed_domain
from survey.common.tokens import Ticket, issue_ticket, keyed_hash, normalise_code, spaced
from survey.questionnaires.content import Form
from survey.questionnaires.queries import extension_id, form_of, wordings
from survey.responses.answers import Parsed, helped_by, parse
from survey.responses.cases import case_of, erase_words, handler_of, open_case
from survey.responses.entrance import TECHNICAL, Entrance, show, shown_for, take_with_ticket
from survey.responses.feedback import told_of
from survey.responses.models import Comment, Evidence, Response
from survey.responses.pages import citizen_page, error_list, message_page, questions_data, render_page
from survey.responses.parts import open_part
from survey.responses.queries import answered_on, latest_for_update, response_of
from survey.responses.services import Further, Place, Recorded, Submission, record_response
from survey.responses.storage import StateError
from survey.responses.wizard import FullFormWizard, factor_forms

MARKS: Final = ("again", "seen", "erased", "nothing", "changed", "noted", "handed")
"""What a page has just done, told once on the thank-you page."""
CHANGE_DAYS: Final = 7
WORD_DAYS: Final = 30


@dataclass(frozen=True)
class _Open:
    """A receipt that exists, and what may still be done with it."""

    code: str
    row: Response
    """The revision that counts; no page shows what was answered in it."""

    def within(self, days: int, request: HttpRequest | None = None) -> bool:
        """Whether the first answer is not older than this; of answers by link whole days are counted.

        What ``request`` sends may come a day later, as long as a page lives: what was opened in time is taken.
        """
        days += request is not None and request.method == "POST"
        if self.row.evidence == Evidence.SMS:
            first = answered_on(self.code)
            return first is not None and timezone.localdate() - first <= timedelta(days=days)
        return timezone.now() - self.row.answered_hour < timedelta(days=days)

    def address(self, page: str = "", mark: str = "") -> str:
        """Address of a page of this receipt."""
        return f"/r/{self.code}{page}?lang={get_language()}{mark}"


def _find(code: str) -> _Open | None:
    row = response_of(code)
    return None if row is None else _Open(normalise_code(code), row)


def _back(found: _Open, mark: str = "") -> HttpResponse:
    return HttpResponseRedirect(found.address(mark=mark), status=303)


def _handable(found: _Open) -> bool:
    return found.within(WORD_DAYS) and handler_of(found.row.agency_id) is not None


def _holds(mark: str, row: Response) -> bool:
    """Whether what an address says was done is so: anybody can type it, and the history keeps it."""
    if mark in ("erased", "nothing", "noted"):
        return Comment.objects.filter(submission__response=row.response).exists() is (mark == "noted")
    return mark != "changed" or row.revision > 0


@citizen_page("GET", "HEAD")
def receipt(request: HttpRequest, code: str) -> HttpResponseBase:
    """Thank-you page: what can still be done, and what the agency did with earlier answers."""
    found = _find(code)
    if found is None:
        return message_page("no-receipt", status=404, onward=f"/?lang={get_language()}")
    begun = found.row.base_version_id is not None
    changeable, wordable = found.within(CHANGE_DAYS), found.within(WORD_DAYS)
    further = _further_form(found.row) if changeable else None
    unanswered = further is not None and open_part(further, found.row.answers) is not None
    case = case_of(found.row)
    context = {
        "title": _("Thank you"),
        "receipt": spaced(found.code),
        "site": printed_domain(),
        "mark": next((name for name in MARKS if name in request.GET and _holds(name, found.row)), ""),
        "begun": begun,
        "full": found.address("/full") if unanswered else None,
        "change": found.address("/change") if changeable else None,
        "comment": found.address("/comment") if wordable else None,
        "erase": f"/r/{found.code}/erase" if wordable else None,
        "handover": found.address("/handover") if _handable(found) else None,
        "case": case.code if case else "",
        "behind": case is not None and case.is_behind(found.row),
        "told": told_of(found.row.agency_id, timezone.now()),
    }
    return render_page("survey/responses/thanks.html", context)


def _further_form(row: Response) -> Form | None:
    """The form with the further questions: the version a response began it in, else the one in use."""
    version_id = row.version_id if row.base_version_id else extension_id(row.version_id)
    return None if version_id is None else form_of(version_id)


@citizen_page("GET", "HEAD", "POST")
def full(request: HttpRequest, code: str) -> HttpResponseBase:
    """The full form, one factor a page."""
    found = _find(code)
    if found is None:
        return message_page("no-receipt", status=404, onward=f"/?lang={get_language()}")
    form = _further_form(found.row)
    if form is None:
        return message_page("closed", status=410)
    if not found.within(CHANGE_DAYS, request):
        return message_page("too-late", status=410, onward=found.address())
    wizard = FullFormWizard.as_view(factor_forms(form), form=form, receipt=found.code, row=found.row)
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
    if not found.within(CHANGE_DAYS, request):
        return message_page("too-late", status=410, onward=found.address())
    at = _changing(found)
    if request.method != "POST":
        return show(at, issue_ticket(at.seal, timezone.now()))
    taken = take_with_ticket(request, at)
    if isinstance(taken, HttpResponse):
        return taken
    ticket, parsed = taken
    recorded = _revise(found, replace(ticket, receipt=found.code), parsed)
    return _back(found, "&again=1" if recorded.repeated else "&changed=1")


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


def _revise(found: _Open, ticket: Ticket, parsed: Parsed) -> Recorded:
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
    # The receipt stays the one the answer was stored under, whichever key it was made with.
    submission = replace(submission, ticket=replace(ticket, lookup=row.receipt_hash))
    return record_response(submission=submission, revises=row, anew=True)


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
    if not found.within(WORD_DAYS, request):
        return message_page("too-late-words", status=410, onward=found.address())
    form = form_of(found.row.base_version_id or found.row.version_id)
    asked = [question for question in form.questions.values() if question.kind == "short-text"]
    parsed = parse(request.POST, asked, TECHNICAL)
    sent = request.method == "POST" and "switch" not in request.POST
    if sent and not parsed.errors and not parsed.answers:
        parsed.errors[asked[0].code if asked else ""] = _("You have not written anything yet.")
    if sent and not parsed.errors:
        _add_words(found, request, parsed)
        return _back(found, "&noted=1")
    errors = parsed.errors if sent else {}
    texts = wordings(form.version_id, get_language() or "vi")
    questions = questions_data(asked, texts, parsed.sent, errors)
    context = {
        "title": _("Add a comment"),
        "questions": questions,
        "errors": error_list(questions, errors),
        "action": f"/r/{found.code}/comment",
        "back": found.address(),
        "nonce": request.POST.get("ticket") or uuid.uuid4().hex,
        "switch": True,
    }
    return render_page("survey/responses/comment.html", context, status=422 if context["errors"] else 200)


@transaction.atomic
def _add_words(found: _Open, request: HttpRequest, parsed: Parsed) -> None:
    """A revision with the words and the answers of this moment: one that changes levels meanwhile is not undone."""
    row = latest_for_update(found.row)
    form = form_of(row.base_version_id or row.version_id)
    kept = {code: value for code, value in row.answers.items() if code in form.questions}
    words = "\n".join(str(text) for text in parsed.answers.values())
    ticket = Ticket(_key_of_words(found, request, words), found.code, row.receipt_hash)
    _revise(_Open(found.code, row), ticket, Parsed(answers={**kept, **parsed.answers}))


def _key_of_words(found: _Open, request: HttpRequest, words: str) -> str:
    """The same words sent twice from one page are stored once; other words are other words."""
    return keyed_hash("submission", f"words/{found.code}/{request.POST.get('ticket', '')}/{words}")


@citizen_page("GET", "HEAD", "POST")
def erase(request: HttpRequest, code: str) -> HttpResponseBase:
    """Erase all words of a rating; the levels stay. GET asks, POST does."""
    found = _find(code)
    if found is None:
        return message_page("no-receipt", status=404, onward=f"/?lang={get_language()}")
    if not found.within(WORD_DAYS, request):
        return message_page("too-late-words", status=410, onward=found.address())
    if request.method == "POST":
        erased = erase_words(row=found.row, now=timezone.now())
        return _back(found, "&erased=1" if erased else "&nothing=1")
    return render_page(
        "survey/responses/erase.html",
        {"title": _("Erase my comments"), "action": f"/r/{found.code}/erase", "case": case_of(found.row) is not None},
    )


@citizen_page("GET", "HEAD", "POST")
def handover(request: HttpRequest, code: str) -> HttpResponseBase:
    """Hand a rating over to a unit above the rated one, by a consent of its own."""
    found = _find(code)
    if found is None:
        return message_page("no-receipt", status=404, onward=f"/?lang={get_language()}")
    if handler_of(found.row.agency_id) is None:
        return message_page("no-handler", status=410, onward=found.address())
    if not found.within(WORD_DAYS, request):
        return message_page("too-late-words", status=410, onward=found.address())
    agreed = request.POST.get("consent") == "yes"
    if request.method == "POST" and agreed:
        open_case(row=found.row, now=timezone.now())
        return _back(found, "&handed=1")
    refused = request.method == "POST" and "switch" not in request.POST
    context = {
        "title": _("Have somebody look into it"),
        "action": f"/r/{found.code}/handover",
        "back": found.address(),
        "refused": refused,
        "switch": True,
    }
    return render_page("survey/responses/handover.html", context, status=422 if refused else 200)
