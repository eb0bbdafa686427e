"""Writes and reads: requests about personal data, with the deadlines of the decree."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from survey.agencies.calendar import read_holidays
from survey.common.periods import add_working_days
from survey.privacy.models import PrivacyRequest

RIGHTS: Final = Path(__file__).with_name("rights.toml")


@cache
def read_rights() -> dict[str, Any]:
    """Days by kind, as the decree gives them."""
    return tomllib.loads(RIGHTS.read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Deadlines:
    """Until when somebody is answered first, and until when it is done."""

    first_answer: date
    done: date


def find_deadlines(row: PrivacyRequest, holidays: frozenset[date]) -> Deadlines:
    """Both days of a request, with its extension."""
    rights = read_rights()
    days = rights["days"][row.kind]
    if row.by_processor:
        days = rights["days_with_contractor"].get(row.kind, days)
    working = rights["first_answer_working_days"]
    return Deadlines(
        add_working_days(row.received_on, working, holidays),
        row.received_on + timedelta(days=days + row.extended_days),
    )


@dataclass(frozen=True)
class RequestLine:
    """A request with its deadlines, as it stands on a day."""

    row: PrivacyRequest
    deadlines: Deadlines
    is_late: bool
    may_extend: bool


def list_requests(rows: Iterable[PrivacyRequest], today: date) -> list[RequestLine]:
    """Requests with what is late of them."""
    holidays = read_holidays()
    lines = []
    for row in rows:
        ends = find_deadlines(row, holidays)
        unanswered = row.answered_on is None and row.closed_on is None
        late = (unanswered and today > ends.first_answer) or (
            row.closed_on is None and today > ends.done
        )
        extends = row.closed_on is None and not row.extended_days and today <= ends.done
        lines.append(RequestLine(row, ends, late, extends))
    return lines


def _open(pk: int) -> PrivacyRequest:
    row = PrivacyRequest.objects.select_for_update().get(pk=pk)
    if row.closed_on is not None:
        raise ValidationError(_("This request is closed."))
    return row


@transaction.atomic
def note_first_answer(*, row: PrivacyRequest, today: date) -> None:
    """Write down that the person was told that it came and what follows.

    Raises
    ------
    ValidationError
        They were told before, or it is closed.
    """
    row = _open(row.pk)
    if row.answered_on is not None:
        raise ValidationError(_("The first answer has been noted already."))
    row.answered_on = today
    row.save(update_fields=["answered_on"])


@transaction.atomic
def extend_request(*, row: PrivacyRequest, days: int, because: str, today: date) -> None:
    """Take more days, once, with a reason, before the days are over.

    Raises
    ------
    ValidationError
        It was extended before, is late or closed, or the days are too many.
    """
    row = _open(row.pk)
    longest = read_rights()["longest_extension_days"]
    if row.extended_days:
        raise ValidationError(_("It has been extended already: once is what the decree allows."))
    if today > find_deadlines(row, read_holidays()).done:
        raise ValidationError(_("Its days are over: it can no longer be extended."))
    if not 1 <= days <= longest:
        raise ValidationError(_("Between 1 and %(days)s days.") % {"days": longest})
    row.extended_days, row.extended_because = days, because
    row.save(update_fields=["extended_days", "extended_because"])


@transaction.atomic
def close_request(*, row: PrivacyRequest, outcome: str, answer: str, today: date) -> None:
    """End a request with what was done; the address of the answer is no longer needed.

    Raises
    ------
    ValidationError
        It is closed.
    """
    row = _open(row.pk)
    row.outcome, row.answer, row.closed_on, row.reply_to = outcome, answer, today, ""
    row.answered_on = row.answered_on or today
    row.save()
