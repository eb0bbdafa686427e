"""Comments of a receipt: added, and erased for good."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from survey.common.tokens import Ticket, keyed_hash
from survey.questionnaires.queries import form_of, wordings
from survey.responses.answers import Parsed, parse
from survey.responses.cases import case_of, erase_words
from survey.responses.entrance import TECHNICAL
from survey.responses.pages import (
    citizen_page,
    error_list,
    message_page,
    questions_data,
    render_page,
)
from survey.responses.queries import latest_for_update
from survey.responses.receipts import (
    COMMENT_DAYS,
    Receipt,
    find_receipt,
    redirect_to_receipt,
    revise,
)


@citizen_page("GET", "HEAD", "POST")
def comment(request: HttpRequest, code: str) -> HttpResponseBase:
    """Add words to a rating, for thirty days."""
    found = find_receipt(code)
    if found is None:
        return message_page("no-receipt", status=404, onward=f"/?lang={get_language()}")
    if not found.within(COMMENT_DAYS, request):
        return message_page("too-late-words", status=410, onward=found.address())
    form = form_of(found.row.base_version_id or found.row.version_id)
    asked = [question for question in form.questions.values() if question.kind == "short-text"]
    parsed = parse(request.POST, asked, TECHNICAL)
    sent = request.method == "POST" and "switch" not in request.POST
    if sent and not parsed.errors and not parsed.answers:
        parsed.errors[asked[0].code if asked else ""] = _("You have not written anything yet.")
    if sent and not parsed.errors:
        _add_comment(found, request, parsed)
        return redirect_to_receipt(found, "&noted=1")
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
    return render_page(
        "survey/responses/comment.html", context, status=422 if context["errors"] else 200
    )


@transaction.atomic
def _add_comment(found: Receipt, request: HttpRequest, parsed: Parsed) -> None:
    """A revision with the words and the answers of this moment: one that changes levels meanwhile
    is not undone.
    """
    row = latest_for_update(found.row)
    form = form_of(row.base_version_id or row.version_id)
    kept = {code: value for code, value in row.answers.items() if code in form.questions}
    words = "\n".join(str(text) for text in parsed.answers.values())
    ticket = Ticket(_comment_key(found, request, words), found.code, row.receipt_hash)
    revise(Receipt(found.code, row), ticket, Parsed(answers={**kept, **parsed.answers}))


def _comment_key(found: Receipt, request: HttpRequest, words: str) -> str:
    """The same words sent twice from one page are stored once; other words are other words."""
    return keyed_hash("submission", f"words/{found.code}/{request.POST.get('ticket', '')}/{words}")


@citizen_page("GET", "HEAD", "POST")
def erase(request: HttpRequest, code: str) -> HttpResponseBase:
    """Erase all words of a rating; the levels stay. GET asks, POST does."""
    found = find_receipt(code)
    if found is None:
        return message_page("no-receipt", status=404, onward=f"/?lang={get_language()}")
    if not found.within(COMMENT_DAYS, request):
        return message_page("too-late-words", status=410, onward=found.address())
    if request.method == "POST":
        erased = erase_words(row=found.row, now=timezone.now())
        return redirect_to_receipt(found, "&erased=1" if erased else "&nothing=1")
    return render_page(
        "survey/responses/erase.html",
        {
            "title": _("Erase my comments"),
            "action": f"/r/{found.code}/erase",
            "case": case_of(found.row) is not None,
        },
    )
