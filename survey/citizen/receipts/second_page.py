"""The second page: the rating is stored, and what may be added to it is asked."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from survey.citizen.kept_pages import fill_page
from survey.citizen.onward import SECOND_FIELD, SECOND_PAGE_TTL
from survey.citizen.pages import base_context, citizen_page
from survey.citizen.questions import error_list, questions_data
from survey.citizen.receipts.additions import (
    add_answers,
    holds_anything,
    load_short_form,
    parse_additions,
)
from survey.citizen.receipts.comments import comment_page
from survey.citizen.receipts.guard import (
    Receipt,
    can_escalate,
    mark_in,
    redirect_to_receipt,
    with_receipt,
)
from survey.citizen.short_form import lookup_pass_field
from survey.citizen.wishes import link_query
from survey.common.languages import SWITCH
from survey.common.throttling import CONFIRM_FIELD
from survey.common.tokens import TICKET_TTL, TicketError, group_code, read_ticket
from survey.questionnaires.content import QuestionSpec
from survey.questionnaires.kinds import KINDS
from survey.questionnaires.queries import wordings
from survey.responses.answers import HELPED, NOBODY, WHOLE_FORM, Parsed
from survey.responses.flags import Flag
from survey.responses.models import COMMENT_DAYS

TEMPLATE: Final = "survey/citizen/second_page.html"
HANDOVER: Final = "handover"
"""Value of the button that stores the page and goes on to the hotline."""


@citizen_page("GET", "HEAD", "POST")
@with_receipt(within_days=COMMENT_DAYS, too_late="too-late-words")
def second_page(request: HttpRequest, receipt: Receipt) -> HttpResponseBase:
    """Reasons, words, who helped: a revision of the rating that is stored already."""
    if request.method == "POST" and SWITCH not in request.POST:
        return _take(request, receipt)
    if not _may_open(request, receipt, SECOND_PAGE_TTL):
        return redirect_to_receipt(receipt)
    parsed = parse_additions(request, receipt, _asked(request, receipt))
    return _page(request, receipt, parsed, quiet=True)


def _may_open(request: HttpRequest, receipt: Receipt, life: timedelta) -> bool:
    """What is asked shows whether the rating was low: to nobody but who has just sent it."""
    sent = request.POST.get(SECOND_FIELD, "") or request.GET.get(SECOND_FIELD, "")
    try:
        read_ticket(sent, f"more/{receipt.code}", timezone.now(), life)
    except TicketError:
        return False
    return True


def _asked(request: HttpRequest, receipt: Receipt) -> list[QuestionSpec]:
    """What the page asks. Who comes with the receipt alone is taken at his word where nothing
    depends on the rating, and nowhere else: what happens to the rest would tell it.
    """
    facts = receipt.facts
    questions = load_short_form(receipt).second_page.values()
    if _may_open(request, receipt, TICKET_TTL):
        known = {**receipt.row.answers, **facts}
        return [question for question in questions if question.applies(known)]
    return [q for q in questions if not q.depends_on_answers and q.applies(facts)]


def _take(request: HttpRequest, receipt: Receipt) -> HttpResponse:
    """Store what was added; a page that came too late to be shown again gets its words back on the
    page of comments.
    """
    asked = _asked(request, receipt)
    left_out = set(load_short_form(receipt).second_page) - {question.code for question in asked}
    parsed = parse_additions(request, receipt, asked, ignored=left_out)
    shown_again = _may_open(request, receipt, SECOND_PAGE_TTL)
    if parsed.errors and shown_again:
        return _page(request, receipt, parsed)
    mark = _store(request, receipt, parsed, asked) if WHOLE_FORM not in parsed.errors else ""
    if parsed.errors and not shown_again:
        return comment_page(request, receipt, parsed)
    if request.POST.get("next") == HANDOVER and can_escalate(receipt):
        return HttpResponseRedirect(receipt.address("/handover"), status=303)
    return redirect_to_receipt(receipt, mark)


def _store(
    request: HttpRequest, receipt: Receipt, parsed: Parsed, asked: Sequence[QuestionSpec]
) -> str:
    """Store what is there and take away what is ticked no more; returns the mark of what was
    done.
    """
    choices = [question.code for question in asked if not KINDS[question.kind].separate]
    dropped = {code for code in choices if not parsed.sent.get(code)}
    unhelped = not parsed.sent.get("assisted") and "assisted" in (receipt.row.marks or {})
    if unhelped:
        parsed.sent["assisted"] = [NOBODY]
    if not holds_anything(parsed) and not dropped & set(receipt.row.answers):
        return ""
    add_answers(receipt, request, parsed, dropped=dropped)
    written = any(
        KINDS[question.kind].separate for question in asked if question.code in parsed.answers
    )
    return "&noted=1" if written else "&added=1" if parsed.answers else ""


def _page(
    request: HttpRequest, receipt: Receipt, parsed: Parsed, *, quiet: bool = False
) -> HttpResponse:
    errors = {} if quiet else parsed.errors
    asked, form = _asked(request, receipt), load_short_form(receipt)
    mark, handover = mark_in(request, receipt), can_escalate(receipt)
    no_code = (receipt.row.marks or {}).get("flag") == Flag.NO_CODE
    words = {
        "code": receipt.code,
        "grouped": group_code(receipt.code),
        "nonce": request.POST.get("ticket") or uuid.uuid4().hex,
        "opened": request.POST.get(SECOND_FIELD, "") or request.GET.get(SECOND_FIELD, ""),
        "pass": lookup_pass_field(receipt.code)[CONFIRM_FIELD],
    }

    def render(words: Mapping[str, str]) -> str:
        texts = wordings(form.version_id, get_language() or "vi")
        questions = questions_data(asked, texts, parsed.sent, errors)
        context = {
            "title": _("Thank you"),
            "questions": questions,
            "errors": error_list(questions, errors),
            "action": f"/r/{words['code']}/more",
            "nonce": words["nonce"],
            "pass": words["opened"],
            "keep": f"&{SECOND_FIELD}={words['opened']}",
            "mark": mark,
            "helped": HELPED,
            "helped_sent": HELPED in parsed.sent.get("assisted", ()),
            "handover": handover,
            "receipt": words["grouped"],
            "receipt_page": f"/r/{words['code']}?{link_query()}",
            "no_code": no_code,
            "hidden": [(CONFIRM_FIELD, words["pass"])],
            "switch": True,
        }
        return render_to_string(TEMPLATE, base_context(**context))

    if request.method == "POST":
        return HttpResponse(render(words), status=422 if errors else 200)
    codes = tuple(question.code for question in asked)
    key = (TEMPLATE, form.version_id, codes, mark, handover, no_code, link_query())
    return fill_page(request, key, render, words)
