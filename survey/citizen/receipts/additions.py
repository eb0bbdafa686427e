"""What is added to an answer that is stored: reasons, words, that somebody helped."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import replace

from django.http import HttpRequest

from survey.citizen.receipts.guard import Receipt, revise
from survey.citizen.short_form import TECHNICAL
from survey.common.tokens import Ticket, keyed_hash
from survey.questionnaires.content import Answers, Form, QuestionSpec
from survey.questionnaires.queries import load_form
from survey.responses.answers import HELPED, Parsed, parse
from survey.responses.models import Comment, Response
from survey.responses.services import Recorded, on_newest_revision


def load_short_form(receipt: Receipt) -> Form:
    """The form a response began with."""
    return load_form(receipt.row.base_version_id or receipt.row.version_id)


def parse_additions(
    request: HttpRequest,
    receipt: Receipt,
    questions: Iterable[QuestionSpec],
    ignored: Collection[str] = (),
) -> Parsed:
    """What was sent, checked; what depends on the rating is asked of the rating that is stored.
    ``ignored`` are questions that may come and are not read.
    """
    known = {**receipt.row.answers, **receipt.facts}
    parsed = parse(request.POST, questions, {*TECHNICAL, *ignored}, known)
    if request.POST.get("assisted") == HELPED:
        parsed.sent["assisted"] = [HELPED]
    return parsed


def holds_anything(parsed: Parsed) -> bool:
    """Whether there is something to store."""
    return bool(parsed.answers) or bool(parsed.sent.get("assisted"))


def add_answers(
    receipt: Receipt, request: HttpRequest, parsed: Parsed, dropped: Collection[str] = ()
) -> Recorded:
    """A revision with what is added and the answers of this moment: one that changes levels
    meanwhile is not undone, and what no longer applies to them is left out.

    ``dropped`` are questions whose answers are taken back.
    """
    return on_newest_revision(
        receipt.row, lambda row: _add_onto(replace(receipt, row=row), request, parsed, dropped)
    )


def _add_onto(
    receipt: Receipt, request: HttpRequest, parsed: Parsed, dropped: Collection[str]
) -> Recorded:
    row = receipt.row
    questions = load_form(row.base_version_id or row.version_id).questions
    kept = {
        code: value
        for code, value in row.answers.items()
        if code in questions and code not in dropped
    }
    merged = {**kept, **_unless_stored(row, parsed.answers)}
    known = {**merged, **receipt.facts}
    applying = {code: value for code, value in merged.items() if questions[code].applies(known)}
    ticket = Ticket(_key(receipt, request, parsed), receipt.code, row.receipt_hash)
    helped = {name: value for name, value in parsed.sent.items() if name == "assisted"}
    return revise(receipt, ticket, Parsed(answers=applying, sent=helped))


def _unless_stored(row: Response, answers: Answers) -> Answers:
    """Without words that stand there already: the page before them may be sent once more."""
    written = Comment.objects.filter(submission__response=row.response)
    kept = list(written.values_list("question", "text"))
    return {code: value for code, value in answers.items() if (code, value) not in kept}


def _key(receipt: Receipt, request: HttpRequest, parsed: Parsed) -> str:
    """The same sent twice from one page is stored once; something else is something else."""
    added = json.dumps([parsed.answers, parsed.sent.get("assisted")], sort_keys=True)
    page = request.POST.get("ticket", "")
    return keyed_hash("submission", f"words/{receipt.code}/{page}/{added}")
