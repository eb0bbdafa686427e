"""A receipt: what may still be done with an answer, and the revision that does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property, wraps
from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import get_language

from survey.citizen.pages import View, message_page, typed_code
from survey.citizen.wishes import link_query
from survey.common.tokens import Ticket, TicketError, issue_ticket, normalise_code, read_ticket
from survey.questionnaires.queries import load_form
from survey.responses.answers import Parsed, helped_by, imply_facts, name_facts
from survey.responses.cases import find_handler, note_addition
from survey.responses.models import COMMENT_DAYS, Comment, Evidence, Response
from survey.responses.queries import answered_on, find_facts, find_response
from survey.responses.services import AnswerPlace, Further, Recorded, Submission, record_response

MARKS: Final = ("again", "seen", "erased", "nothing", "changed", "noted", "added")
"""What a page has just done, told once on the thank-you page."""

ERASED_SHOWN_FOR: Final = timedelta(minutes=30)
"""How long the page after an erasure may be loaded again and still say so."""


@dataclass(frozen=True)
class Receipt:
    """A receipt that exists, and what may still be done with it."""

    code: str
    row: Response
    """The revision that counts; no page shows what was answered in it."""

    @cached_property
    def facts(self) -> dict[str, str]:
        """What the event of the dossier told; everything unknown for answers without a link."""
        is_link = self.row.evidence == Evidence.SMS
        return find_facts(self.code) if is_link else name_facts("", "")

    def within(self, days: int, request: HttpRequest | None = None) -> bool:
        """Whether the first answer is not older than this; of answers by link whole days are
        counted.

        What ``request`` sends may come a day later, as long as a page lives: what was opened in
        time is taken.
        """
        days += request is not None and request.method == "POST"
        if self.row.evidence == Evidence.SMS:
            first = answered_on(self.code)
            return first is not None and timezone.localdate() - first <= timedelta(days=days)
        return timezone.now() - self.row.answered_hour < timedelta(days=days)

    def address(self, page: str = "", mark: str = "") -> str:
        """Address of a page of this receipt."""
        return f"/r/{self.code}{page}?{link_query()}{mark}"


def find_receipt(code: str) -> Receipt | None:
    row = find_response(code)
    return None if row is None else Receipt(normalise_code(code), row)


def with_receipt(
    *, within_days: int | None = None, too_late: str = ""
) -> Callable[[Callable[[HttpRequest, Receipt], HttpResponseBase]], View]:
    """A page of a receipt: it exists, and what the page does is still allowed; said kindly where
    not.

    ``too_late`` names the message for a receipt that is older than ``within_days``.
    """

    def decorate(view: Callable[[HttpRequest, Receipt], HttpResponseBase]) -> View:
        @wraps(view)
        def inner(request: HttpRequest, code: str) -> HttpResponseBase:
            receipt = find_receipt(code)
            if receipt is None:
                return message_page("no-receipt", status=404, ask=True, typed=typed_code(request))
            if within_days is not None and not receipt.within(within_days, request):
                return message_page(too_late, status=410, onward=receipt.address())
            return view(request, receipt)

        return inner

    return decorate


def redirect_to_receipt(receipt: Receipt, mark: str = "") -> HttpResponse:
    return HttpResponseRedirect(receipt.address(mark=mark), status=303)


def can_escalate(receipt: Receipt) -> bool:
    return receipt.within(COMMENT_DAYS) and find_handler(receipt.row.agency_id) is not None


def prove_erased(receipt: Receipt) -> str:
    """What the page after an erasure is told by: nothing stored shows that there were words."""
    return issue_ticket(f"erased/{receipt.code}", timezone.now())


def _note_is_true(mark: str, value: str, receipt: Receipt) -> bool:
    """Whether what an address says was done is so: anybody can type it, and the history
    keeps it.
    """
    if mark in ("erased", "nothing", "noted"):
        words = Comment.objects.filter(submission__response=receipt.row.response).exists()
        return words is (mark == "noted") and (mark != "erased" or _proves(value, receipt))
    return mark not in ("changed", "added") or receipt.row.revision > 0


def _proves(value: str, receipt: Receipt) -> bool:
    try:
        read_ticket(value, f"erased/{receipt.code}", timezone.now(), ERASED_SHOWN_FOR)
    except TicketError:
        return False
    return True


def mark_in(request: HttpRequest, receipt: Receipt) -> str:
    """What the page before has just done, as far as it is so."""
    asked = ((name, request.GET[name]) for name in MARKS if name in request.GET)
    named = (name for name, value in asked if _note_is_true(name, value, receipt))
    return next(named, "")


def revise(receipt: Receipt, ticket: Ticket, parsed: Parsed) -> Recorded:
    """A new revision: new answers to the short form, the answers to the further questions stay."""
    row = receipt.row
    first = load_form(row.base_version_id or row.version_id)
    further = None
    if row.base_version_id:
        rest = load_form(row.version_id)
        further = Further(
            rest, {code: value for code, value in row.answers.items() if code in rest.questions}
        )
    submission = Submission(
        ticket=ticket,
        form=first,
        answers=parsed.answers,
        place=AnswerPlace(agency_id=row.agency_id),
        channel=row.channel,
        evidence=row.evidence,
        language=get_language() or "vi",
        now=timezone.now(),
        further=further,
        marks={**_marks_left(row, parsed), **helped_by(parsed.sent.get("assisted", ()))},
        facts={**imply_facts(first, row.answers), **receipt.facts},
    )
    # The receipt stays the one the answer was stored under, whichever key it was made with.
    submission = replace(submission, ticket=replace(ticket, lookup=row.receipt_hash))
    recorded = record_response(submission=submission, revises=row, anew=True)
    if not recorded.repeated:
        note_addition(row)
    return recorded


def _marks_left(row: Response, parsed: Parsed) -> dict[str, str]:
    """The marks of the answer before; who helped is asked anew with the question, not with a
    comment.
    """
    marks = dict(row.marks or {})
    if "assisted" in parsed.sent:
        marks.pop("assisted", None)
    return marks
