"""A rating handed over to hotline 1022: asked for, and what happens next."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext as _

from survey.citizen.pages import citizen_page, message_page, render_page
from survey.citizen.receipts.guard import Receipt, can_escalate, redirect_to_receipt, with_receipt
from survey.citizen.short_form import lookup_pass_field
from survey.common.languages import SWITCH
from survey.common.tokens import group_code
from survey.responses.cases import find_case, find_handler, open_case
from survey.responses.models import COMMENT_DAYS


@citizen_page("GET", "HEAD", "POST")
@with_receipt()
def escalate(request: HttpRequest, receipt: Receipt) -> HttpResponseBase:
    """Hand a rating over to a unit above the rated one, by a consent of its own."""
    if find_handler(receipt.row.agency_id) is None:
        return message_page("no-handler", status=410, onward=receipt.address())
    if not receipt.within(COMMENT_DAYS, request):
        return message_page("too-late-words", status=410, onward=receipt.address())
    sent = request.method == "POST" and SWITCH not in request.POST
    agreed = request.POST.get("consent") == "yes"
    if sent and agreed:
        open_case(row=receipt.row, now=timezone.now())
        return HttpResponseRedirect(receipt.address("/case"), status=303)
    context = {
        "title": _("Send a report to hotline 1022"),
        "action": f"/r/{receipt.code}/handover",
        "back": receipt.address(),
        "working_days": settings.CASE_WORKING_DAYS,
        "refused": sent,
        "errors": sent,
        "agreed": agreed,
        "hidden": lookup_pass_field(receipt.code).items(),
        "switch": True,
    }
    return render_page("survey/citizen/handover.html", context, status=422 if sent else 200)


@citizen_page("GET", "HEAD")
@with_receipt()
def case_page(request: HttpRequest, receipt: Receipt) -> HttpResponseBase:
    """What was handed over: its code, what happens next, and by when."""
    case = find_case(receipt.row)
    if case is None:
        return redirect_to_receipt(receipt)
    context = {
        "title": _("Sent to hotline 1022"),
        "code": group_code(case.code),
        "due_on": case.due_on(),
        "closed": case.closed_on is not None,
        "behind": case.behind,
        "working_days": settings.CASE_WORKING_DAYS,
        "comment": receipt.address("/comment") if receipt.within(COMMENT_DAYS) else None,
        "handover": receipt.address("/handover") if can_escalate(receipt) else None,
        "receipt_page": receipt.address(),
    }
    return render_page("survey/citizen/case.html", context)
