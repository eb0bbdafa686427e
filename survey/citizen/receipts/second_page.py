"""The second page: the rating is stored, and what may be added to it is asked."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from survey.citizen.onward import SECOND_FIELD, SECOND_PAGE_TTL
from survey.citizen.pages import citizen_page, render_page
from survey.citizen.questions import error_list, questions_data
from survey.citizen.receipts.additions import (
    add_answers,
    holds_anything,
    load_short_form,
    parse_additions,
)
from survey.citizen.receipts.guard import (
    Receipt,
    can_escalate,
    mark_in,
    redirect_to_receipt,
    with_receipt,
)
from survey.citizen.wishes import link_query
from survey.common.languages import SWITCH
from survey.common.tokens import TicketError, group_code, read_ticket
from survey.questionnaires.queries import wordings
from survey.responses.answers import HELPED, Parsed
from survey.responses.flags import Flag
from survey.responses.models import COMMENT_DAYS

HANDOVER = "handover"
"""Value of the button that stores the page and goes on to the hotline."""


@citizen_page("GET", "HEAD", "POST")
@with_receipt(within_days=COMMENT_DAYS, too_late="too-late-words")
def second_page(request: HttpRequest, receipt: Receipt) -> HttpResponseBase:
    """Reasons, words, who helped: a revision of the rating that is stored already."""
    if request.method == "POST" and SWITCH not in request.POST:
        return _take(request, receipt)
    if not _may_open(request, receipt):
        return redirect_to_receipt(receipt)
    return _page(request, receipt, parse_additions(request, receipt, _asked(receipt)), quiet=True)


def _may_open(request: HttpRequest, receipt: Receipt) -> bool:
    """What is asked shows whether the rating was low: to nobody but who has just sent it."""
    sent = request.POST.get(SECOND_FIELD, "") or request.GET.get(SECOND_FIELD, "")
    try:
        read_ticket(sent, f"more/{receipt.code}", timezone.now(), SECOND_PAGE_TTL)
    except TicketError:
        return False
    return True


def _asked(receipt: Receipt) -> list[Any]:
    questions = load_short_form(receipt).second_page.values()
    return [question for question in questions if question.applies(receipt.row.answers)]


def _take(request: HttpRequest, receipt: Receipt) -> HttpResponse:
    """Store what was added. A page that came too late to be shown again is stored all the same."""
    asked = list(load_short_form(receipt).second_page.values())
    parsed = parse_additions(request, receipt, asked)
    if parsed.errors and _may_open(request, receipt):
        return _page(request, receipt, parsed)
    mark = ""
    if not parsed.errors and holds_anything(parsed):
        recorded = add_answers(receipt, request, parsed)
        mark = "&noted=1" if recorded.row.comments.exists() else "&added=1"
    if request.POST.get("next") == HANDOVER and can_escalate(receipt):
        return HttpResponseRedirect(receipt.address("/handover"), status=303)
    return redirect_to_receipt(receipt, mark)


def _page(
    request: HttpRequest, receipt: Receipt, parsed: Parsed, *, quiet: bool = False
) -> HttpResponse:
    errors = {} if quiet else parsed.errors
    texts = wordings(load_short_form(receipt).version_id, get_language() or "vi")
    questions = questions_data(_asked(receipt), texts, parsed.sent, errors)
    opened = request.POST.get(SECOND_FIELD, "") or request.GET.get(SECOND_FIELD, "")
    context = {
        "title": _("Thank you"),
        "questions": questions,
        "errors": error_list(questions, errors),
        "action": f"/r/{receipt.code}/more",
        "nonce": request.POST.get("ticket") or uuid.uuid4().hex,
        "pass": opened,
        "keep": f"&{SECOND_FIELD}={opened}",
        "mark": mark_in(request, receipt),
        "helped": HELPED,
        "helped_sent": HELPED in parsed.sent.get("assisted", ()),
        "handover": can_escalate(receipt),
        "receipt": group_code(receipt.code),
        "receipt_page": f"/r/{receipt.code}?{link_query()}",
        "no_code": (receipt.row.marks or {}).get("flag") == Flag.NO_CODE,
        "switch": True,
    }
    status = 422 if context["errors"] else 200
    return render_page("survey/citizen/second_page.html", context, status=status)
