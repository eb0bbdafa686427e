"""What a receipt code gives a right to: change, complete, add or erase words, hand over. It never
shows an answer.
"""

from __future__ import annotations

from dataclasses import replace

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from survey.access.print.qr import printed_domain
from survey.common.tokens import issue_ticket, spaced
from survey.questionnaires.content import Form
from survey.questionnaires.queries import extension_id, form_of
from survey.responses.cases import case_of, handler_of, open_case
from survey.responses.entrance import Entrance, show, shown_for, take_with_ticket
from survey.responses.feedback import told_of
from survey.responses.models import Response
from survey.responses.pages import (
    citizen_page,
    message_page,
    render_page,
)
from survey.responses.parts import open_part
from survey.responses.receipts import (
    CHANGE_DAYS,
    COMMENT_DAYS,
    MARKS,
    Receipt,
    can_escalate,
    find_receipt,
    note_is_true,
    redirect_to_receipt,
    revise,
)
from survey.responses.services import Place
from survey.responses.storage import StateError
from survey.responses.wizard import FullFormWizard, factor_forms


@citizen_page("GET", "HEAD")
def receipt(request: HttpRequest, code: str) -> HttpResponseBase:
    """Thank-you page: what can still be done, and what the agency did with earlier answers."""
    found = find_receipt(code)
    if found is None:
        return message_page("no-receipt", status=404, onward=f"/?lang={get_language()}")
    begun = found.row.base_version_id is not None
    changeable, wordable = found.within(CHANGE_DAYS), found.within(COMMENT_DAYS)
    further = _further_form(found.row) if changeable else None
    unanswered = further is not None and open_part(further, found.row.answers) is not None
    case = case_of(found.row)
    context = {
        "title": _("Thank you"),
        "receipt": spaced(found.code),
        "site": printed_domain(),
        "mark": next(
            (name for name in MARKS if name in request.GET and note_is_true(name, found.row)), ""
        ),
        "begun": begun,
        "full": found.address("/full") if unanswered else None,
        "change": found.address("/change") if changeable else None,
        "comment": found.address("/comment") if wordable else None,
        "erase": f"/r/{found.code}/erase" if wordable else None,
        "handover": found.address("/handover") if can_escalate(found) else None,
        "case": case.code if case else "",
        "behind": case is not None and case.is_behind(found.row),
        "told": told_of(found.row.agency_id, timezone.now()),
    }
    return render_page("survey/responses/thanks.html", context)


def _further_form(row: Response) -> Form | None:
    """The form with the further questions: the version a response began it in, else the one
    in use.
    """
    version_id = row.version_id if row.base_version_id else extension_id(row.version_id)
    return None if version_id is None else form_of(version_id)


@citizen_page("GET", "HEAD", "POST")
def full(request: HttpRequest, code: str) -> HttpResponseBase:
    """The full form, one factor a page."""
    found = find_receipt(code)
    if found is None:
        return message_page("no-receipt", status=404, onward=f"/?lang={get_language()}")
    form = _further_form(found.row)
    if form is None:
        return message_page("closed", status=410)
    if not found.within(CHANGE_DAYS, request):
        return message_page("too-late", status=410, onward=found.address())
    wizard = FullFormWizard.as_view(
        factor_forms(form), form=form, receipt=found.code, row=found.row
    )
    try:
        return wizard(request)  # type: ignore[no-any-return]
    except StateError as error:
        reason = "state-expired" if error.expired else "state-broken"
        return message_page(reason, status=400, again=found.address("/full"))


@citizen_page("GET", "HEAD", "POST")
def change(request: HttpRequest, code: str) -> HttpResponseBase:
    """The short form once more, empty; the last answer counts."""
    found = find_receipt(code)
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
    recorded = revise(found, replace(ticket, receipt=found.code), parsed)
    return redirect_to_receipt(found, "&again=1" if recorded.repeated else "&changed=1")


def _changing(found: Receipt) -> Entrance:
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
        notice=_(
            "Please answer once more. What you answer now takes the place of what you answered "
            "before."
        ),
    )


@citizen_page("GET", "HEAD", "POST")
def handover(request: HttpRequest, code: str) -> HttpResponseBase:
    """Hand a rating over to a unit above the rated one, by a consent of its own."""
    found = find_receipt(code)
    if found is None:
        return message_page("no-receipt", status=404, onward=f"/?lang={get_language()}")
    if handler_of(found.row.agency_id) is None:
        return message_page("no-handler", status=410, onward=found.address())
    if not found.within(COMMENT_DAYS, request):
        return message_page("too-late-words", status=410, onward=found.address())
    agreed = request.POST.get("consent") == "yes"
    if request.method == "POST" and agreed:
        open_case(row=found.row, now=timezone.now())
        return redirect_to_receipt(found, "&handed=1")
    refused = request.method == "POST" and "switch" not in request.POST
    context = {
        "title": _("Have somebody look into it"),
        "action": f"/r/{found.code}/handover",
        "back": found.address(),
        "refused": refused,
        "switch": True,
    }
    return render_page("survey/responses/handover.html", context, status=422 if refused else 200)
