"""Comments of a receipt: added, and erased for good."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from survey.citizen.pages import (
    citizen_page,
    render_page,
)
from survey.citizen.questions import error_list, questions_data
from survey.citizen.receipts.guard import (
    Receipt,
    redirect_to_receipt,
    revise,
    with_receipt,
)
from survey.citizen.short_form import TECHNICAL
from survey.common.tokens import Ticket, keyed_hash
from survey.questionnaires.queries import load_form, wordings
from survey.responses.answers import Parsed, parse
from survey.responses.cases import erase_comments, find_case
from survey.responses.models import COMMENT_DAYS
from survey.responses.queries import latest_for_update


@citizen_page("GET", "HEAD", "POST")
@with_receipt(within_days=COMMENT_DAYS, too_late="too-late-words")
def add_comment(request: HttpRequest, receipt: Receipt) -> HttpResponseBase:
    """Add words to a rating, for thirty days."""
    form = load_form(receipt.row.base_version_id or receipt.row.version_id)
    asked = [question for question in form.questions.values() if question.kind == "short-text"]
    parsed = parse(request.POST, asked, TECHNICAL)
    sent = request.method == "POST" and "switch" not in request.POST
    if sent and not parsed.errors and not parsed.answers:
        parsed.errors[asked[0].code if asked else ""] = _("You have not written anything yet.")
    if sent and not parsed.errors:
        _add_comment(receipt, request, parsed)
        return redirect_to_receipt(receipt, "&noted=1")
    errors = parsed.errors if sent else {}
    texts = wordings(form.version_id, get_language() or "vi")
    questions = questions_data(asked, texts, parsed.sent, errors)
    context = {
        "title": _("Add a comment"),
        "questions": questions,
        "errors": error_list(questions, errors),
        "action": f"/r/{receipt.code}/comment",
        "back": receipt.address(),
        "nonce": request.POST.get("ticket") or uuid.uuid4().hex,
        "switch": True,
    }
    return render_page(
        "survey/citizen/comment.html", context, status=422 if context["errors"] else 200
    )


@transaction.atomic
def _add_comment(receipt: Receipt, request: HttpRequest, parsed: Parsed) -> None:
    """A revision with the words and the answers of this moment: one that changes levels meanwhile
    is not undone.
    """
    row = latest_for_update(receipt.row)
    form = load_form(row.base_version_id or row.version_id)
    kept = {code: value for code, value in row.answers.items() if code in form.questions}
    words = "\n".join(str(text) for text in parsed.answers.values())
    ticket = Ticket(_comment_key(receipt, request, words), receipt.code, row.receipt_hash)
    revise(Receipt(receipt.code, row), ticket, Parsed(answers={**kept, **parsed.answers}))


def _comment_key(receipt: Receipt, request: HttpRequest, words: str) -> str:
    """The same words sent twice from one page are stored once; other words are other words."""
    return keyed_hash(
        "submission", f"words/{receipt.code}/{request.POST.get('ticket', '')}/{words}"
    )


@citizen_page("GET", "HEAD", "POST")
@with_receipt(within_days=COMMENT_DAYS, too_late="too-late-words")
def erase_comments_page(request: HttpRequest, receipt: Receipt) -> HttpResponseBase:
    """Erase all words of a rating; the levels stay. GET asks, POST does."""
    if request.method == "POST":
        erased = erase_comments(row=receipt.row, now=timezone.now())
        return redirect_to_receipt(receipt, "&erased=1" if erased else "&nothing=1")
    return render_page(
        "survey/citizen/erase.html",
        {
            "title": _("Erase my comments"),
            "action": f"/r/{receipt.code}/erase",
            "case": find_case(receipt.row) is not None,
        },
    )
