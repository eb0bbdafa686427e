"""Comments of a receipt: added, and erased for good."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from survey.citizen.pages import (
    citizen_page,
    render_page,
)
from survey.citizen.questions import error_list, questions_data
from survey.citizen.receipts.additions import add_answers, load_short_form, parse_additions
from survey.citizen.receipts.guard import Receipt, prove_erased, redirect_to_receipt, with_receipt
from survey.citizen.short_form import lookup_pass_field
from survey.questionnaires.queries import wordings
from survey.responses.answers import Parsed
from survey.responses.cases import erase_comments, find_case
from survey.responses.models import COMMENT_DAYS


@citizen_page("GET", "HEAD", "POST")
@with_receipt(within_days=COMMENT_DAYS, too_late="too-late-words")
def add_comment(request: HttpRequest, receipt: Receipt) -> HttpResponseBase:
    """Add words to a rating, for thirty days."""
    form = load_short_form(receipt)
    asked = [question for question in form.questions.values() if question.kind == "short-text"]
    parsed = parse_additions(request, receipt, asked)
    sent = request.method == "POST" and "switch" not in request.POST
    if sent and not parsed.errors and not parsed.answers:
        parsed.errors[asked[0].code if asked else ""] = _("You have not written anything yet.")
    if sent and not parsed.errors:
        add_answers(receipt, request, parsed)
        return redirect_to_receipt(receipt, "&noted=1")
    if not sent:
        parsed.errors.clear()
    return comment_page(request, receipt, parsed)


def comment_page(request: HttpRequest, receipt: Receipt, parsed: Parsed) -> HttpResponse:
    """The field for words, with what was typed and what is wrong with it."""
    form = load_short_form(receipt)
    asked = [question for question in form.questions.values() if question.kind == "short-text"]
    texts = wordings(form.version_id, get_language() or "vi")
    questions = questions_data(asked, texts, parsed.sent, parsed.errors)
    context = {
        "title": _("Add a comment"),
        "questions": questions,
        "errors": error_list(questions, parsed.errors),
        "action": f"/r/{receipt.code}/comment",
        "back": receipt.address(),
        "nonce": request.POST.get("ticket") or uuid.uuid4().hex,
        "hidden": lookup_pass_field(receipt.code).items(),
        "switch": True,
    }
    return render_page(
        "survey/citizen/comment.html", context, status=422 if context["errors"] else 200
    )


@citizen_page("GET", "HEAD", "POST")
@with_receipt(within_days=COMMENT_DAYS, too_late="too-late-words")
def erase_comments_page(request: HttpRequest, receipt: Receipt) -> HttpResponseBase:
    """Erase all words of a rating; the levels stay. GET asks, POST does."""
    if request.method == "POST":
        erased = erase_comments(row=receipt.row, now=timezone.now())
        mark = f"&erased={prove_erased(receipt)}" if erased else "&nothing=1"
        return redirect_to_receipt(receipt, mark)
    return render_page(
        "survey/citizen/erase.html",
        {
            "title": _("Erase my comments"),
            "action": f"/r/{receipt.code}/erase",
            "back": receipt.address(),
            "case": (case := find_case(receipt.row)) is not None and case.closed_on is None,
        },
    )
