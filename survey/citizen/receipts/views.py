"""What a receipt code gives a right to: change, complete, add or erase words, hand over. It never
shows an answer.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _

from survey.access.print.qr import printed_domain
from survey.citizen.feedback import agency_feedback
from survey.citizen.form_context import FormContext
from survey.citizen.onward import is_whole, redirect_to_second_page
from survey.citizen.pages import (
    citizen_page,
    message_page,
    render_page,
)
from survey.citizen.receipts.full_form import FullFormWizard, factor_forms
from survey.citizen.receipts.guard import (
    Receipt,
    can_escalate,
    mark_in,
    redirect_to_receipt,
    revise,
    with_receipt,
)
from survey.citizen.receipts.page_state import STATE_TTL, StateError, version_of_page
from survey.citizen.short_form import lookup_pass_field, serve_form
from survey.common.tokens import Ticket, group_code
from survey.questionnaires.content import Answers, Form
from survey.questionnaires.queries import extension_id, is_alternative, load_form
from survey.responses.answers import Parsed
from survey.responses.cases import find_case, has_words
from survey.responses.flags import Flag
from survey.responses.models import CHANGE_DAYS, COMMENT_DAYS, Response
from survey.responses.parts import open_part
from survey.responses.services import AnswerPlace, Recorded, on_newest_revision


@citizen_page("GET", "HEAD")
@with_receipt()
def thanks(request: HttpRequest, receipt: Receipt) -> HttpResponseBase:
    """Thank-you page: what can still be done, and what the agency did with earlier answers."""
    begun = receipt.row.base_version_id is not None
    changeable, wordable = receipt.within(CHANGE_DAYS), receipt.within(COMMENT_DAYS)
    further = _further_form(receipt.row) if changeable else None
    unanswered = further is not None and open_part(further, receipt.row.answers) is not None
    case = find_case(receipt.row)
    context = {
        "title": _("Thank you"),
        "receipt": group_code(receipt.code),
        "site": printed_domain(),
        "mark": mark_in(request, receipt),
        "begun": begun,
        "full": receipt.address("/full") if further is not None and unanswered else None,
        "further_count": len(further.questions) if further else 0,
        "change": receipt.address("/change") if changeable else None,
        "comment": receipt.address("/comment") if wordable else None,
        "erase": receipt.address("/erase") if wordable and has_words(receipt.row) else None,
        "handover": receipt.address("/handover") if can_escalate(receipt) else None,
        "proof": receipt.address("/proof"),
        "case": group_code(case.code) if case else "",
        "case_page": receipt.address("/case"),
        "no_code": (receipt.row.marks or {}).get("flag") == Flag.NO_CODE,
        "behind": case is not None and case.behind,
        "offer_handover": case is None or case.behind,
        "feedback": agency_feedback(receipt.row.agency_id, timezone.now()),
    }
    return render_page("survey/citizen/thanks.html", context)


def _further_form(row: Response) -> Form | None:
    """The form with the further questions: the version a response began it in, else the one
    in use.
    """
    version_id = row.version_id if row.base_version_id else extension_id(row.version_id)
    return None if version_id is None else load_form(version_id)


@citizen_page("GET", "HEAD", "POST")
@with_receipt()
def full_form(request: HttpRequest, receipt: Receipt) -> HttpResponseBase:
    """The full form, one factor a page."""
    form = _further_form(receipt.row)
    if form is None:
        return message_page("closed", status=410)
    form = _as_opened(request, form)
    if not receipt.within(CHANGE_DAYS, request):
        return message_page("too-late", status=410, onward=receipt.address())
    wizard = FullFormWizard.as_view(
        factor_forms(form), form=form, receipt=receipt.code, row=receipt.row
    )
    try:
        return wizard(request)  # type: ignore[no-any-return]
    except StateError as error:
        reason = "state-expired" if error.expired else "state-broken"
        return message_page(reason, status=400, again=receipt.address("/full"))


def _as_opened(request: HttpRequest, form: Form) -> Form:
    """The version a page was opened with, also when a newer one was published since."""
    asked = version_of_page(request) if request.method == "POST" else None
    if asked is None or asked == form.version_id:
        return form
    since = timezone.now() - STATE_TTL
    return load_form(asked) if is_alternative(asked, form.version_id, since) else form


@citizen_page("GET", "HEAD", "POST")
@with_receipt(within_days=CHANGE_DAYS, too_late="too-late")
def change(request: HttpRequest, receipt: Receipt) -> HttpResponseBase:
    """The short form once more, empty; the last answer counts."""
    context = _changing(receipt)
    return serve_form(request, context, cached=False)


def _save(receipt: Receipt, _context: FormContext, ticket: Ticket, parsed: Parsed) -> HttpResponse:
    sent = parsed.answers

    def change_newest(row: Response) -> Recorded:
        # Parts of the further questions and marks that came in since the page was opened stay.
        latest = replace(receipt, row=row)
        parsed.answers = {**_answers_kept(latest), **sent}
        return revise(latest, replace(ticket, receipt=receipt.code), parsed)

    recorded = on_newest_revision(receipt.row, change_newest)
    if recorded.repeated or is_whole(recorded.row, parsed):
        return redirect_to_receipt(receipt, "&again=1" if recorded.repeated else "&changed=1")
    return redirect_to_second_page(receipt.code, "&changed=1")


def _answers_kept(receipt: Receipt) -> Answers:
    """What does not hang on the rating stays when that is changed: for whom the dossier was."""
    form = load_form(receipt.row.base_version_id or receipt.row.version_id)
    return {
        code: receipt.row.answers[code]
        for code, question in form.second_page.items()
        if code in receipt.row.answers and not question.depends_on_answers
    }


def _changing(receipt: Receipt) -> FormContext:
    row = receipt.row
    return FormContext(
        action=f"/r/{receipt.code}/change",
        office=str(row.office or row.agency),
        counter=str(row.counter or ""),
        counter_name_is_vietnamese=bool(row.counter and row.counter.name),
        place=AnswerPlace(agency_id=row.agency_id),
        channel=row.channel,
        evidence=row.evidence,
        version_id=row.base_version_id or row.version_id,
        ticket_scope=f"change/{receipt.code}",
        hidden_fields=lookup_pass_field(receipt.code),
        facts=receipt.facts,
        notice=_("Please answer once more. This answer takes the place of the one before."),
        save=partial(_save, receipt),
    )
