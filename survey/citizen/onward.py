"""Where a citizen goes on to when an answer is stored: the second page, or the receipt."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.http import HttpResponse, HttpResponseRedirect
from django.utils import timezone

from survey.citizen.wishes import link_query
from survey.common.tokens import Ticket, issue_ticket
from survey.questionnaires.queries import load_form
from survey.responses.answers import Parsed
from survey.responses.models import Response
from survey.responses.services import Recorded

SECOND_FIELD: Final = "t"
"""Name of the field with the right to a second page."""
SECOND_PAGE_TTL: Final = timedelta(minutes=30)


def is_whole(row: Response, parsed: Parsed) -> bool:
    """Whether what the second page asks was sent along, by a page opened before there were two."""
    asked_later = load_form(row.base_version_id or row.version_id).second_page
    return bool(set(parsed.answers) & set(asked_later)) or bool(parsed.sent.get("assisted"))


def redirect_onward(ticket: Ticket, recorded: Recorded, parsed: Parsed) -> HttpResponse:
    """On to the second page; to the receipt when it would ask nothing new, or when the answer had
    been stored before and was another.
    """
    if recorded.changed or is_whole(recorded.row, parsed):
        mark = "&again=1" if recorded.changed else ""
        return HttpResponseRedirect(f"/r/{ticket.receipt}?{link_query()}{mark}", status=303)
    return redirect_to_second_page(ticket.receipt)


def redirect_to_second_page(receipt: str, mark: str = "") -> HttpResponse:
    """The page of what may be added to an answer that has just been stored.

    What it asks depends on what was answered, so it opens for who has just sent, not for who holds
    the receipt: the pass in its address ends after ``SECOND_PAGE_TTL``.
    """
    opened = issue_ticket(f"more/{receipt}", timezone.now())
    address = f"/r/{receipt}/more?{link_query()}&{SECOND_FIELD}={opened}{mark}"
    return HttpResponseRedirect(address, status=303)
