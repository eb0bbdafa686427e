"""What a caller told hotline 1022: the same question in the same words, a class of its own."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from django.conf import settings

from survey.common.tokens import Ticket, TicketError, read_ticket
from survey.questionnaires.content import Answers
from survey.questionnaires.queries import load_form
from survey.responses.models import Evidence
from survey.responses.services import AnswerPlace, Recorded, Submission, record_response

SCOPE: Final = "call"


def read_call_ticket(text: str, operator: int, now: datetime) -> Ticket | None:
    """The ticket of an operator's page; None when it is not theirs or too old."""
    try:
        return read_ticket(text, f"{SCOPE}/{operator}", now)
    except TicketError:
        return None


def record_call(
    *,
    ticket: Ticket,
    version_id: int,
    agency_id: int,
    channel: str,
    answers: Answers,
    now: datetime,
) -> Recorded:
    """Store what a caller answered, once per page however often it is sent.

    Nothing says who called, and the row does not say which operator wrote it down.
    """
    submission = Submission(
        ticket=ticket,
        form=load_form(version_id),
        answers=answers,
        place=AnswerPlace(agency_id=agency_id),
        channel=channel,
        evidence=Evidence.VOICE,
        language=settings.LANGUAGE_CODE,
        now=now,
    )
    return record_response(submission=submission)
