"""The further questions part by part: every part is stored when one goes on, so that leaving loses
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from django.conf import settings
from django.utils import timezone
from django.utils.translation import get_language

from survey.common.tokens import Ticket, keyed_hash
from survey.questionnaires.content import Answer, Answers, Form
from survey.questionnaires.kinds import KINDS
from survey.questionnaires.queries import load_form
from survey.responses.answers import imply_facts
from survey.responses.models import Comment, Response
from survey.responses.queries import newest_revision
from survey.responses.services import (
    AnswerPlace,
    Further,
    RevisedMeanwhileError,
    Submission,
    record_response,
)


def _answered(form: Form, answers: Mapping[str, object]) -> list[bool]:
    """Per part whether an answer to it is stored; a part of texts alone, which no row keeps, is
    never open.
    """
    return [
        any(question.code in answers for question in questions)
        or all(KINDS[question.kind].separate for question in questions)
        for questions in form.factors.values()
    ]


def open_part(form: Form, answers: Mapping[str, object]) -> str | None:
    """The first part without an answer; None when the last one is answered: who skipped one meant
    to.
    """
    answered = _answered(form, answers)
    if not answered or answered[-1]:
        return None
    return list(form.factors)[answered.index(False)]


def store_part(
    *, row: Response, form: Form, sent: Answers, dropped: frozenset[str], key: str
) -> None:
    """Store the answers to one part as a revision; nothing is written when they are stored already.

    ``dropped`` are questions answered before on the same page and not any more; every other answer
    stays. ``key`` says which page they came from: the same page sent twice at one moment is one
    revision. ``row`` was read a moment ago: nothing is locked, the database refuses the number of a
    revision that another page has taken meanwhile, and the part is put onto that one.
    """
    while True:
        try:
            return _store_onto(row, form, sent, dropped, key)
        except RevisedMeanwhileError:
            row = newest_revision(row)


def _store_onto(
    row: Response, form: Form, sent: Answers, dropped: frozenset[str], key: str
) -> None:
    first = load_form(row.base_version_id or row.version_id)
    kept = _levels(row, form, sent, dropped)
    applying = {code: value for code, value in sent.items() if form.questions[code].applies(kept)}
    texts = _new_texts(row, form, applying)
    before = {code: value for code, value in row.answers.items() if code in form.questions}
    if kept == before and not texts:
        return
    submission = _submission(row, first, keyed_hash("submission", f"{key}/{row.revision}"))
    record_response(
        submission=replace(submission, further=Further(form, kept | texts)),
        revises=row,
        anew=True,
    )


def _levels(row: Response, form: Form, sent: Answers, dropped: frozenset[str]) -> Answers:
    """What the row will hold of this form; an answer whose condition is gone goes with it."""
    merged = {
        code: value
        for code, value in row.answers.items()
        if code in form.questions and code not in dropped
    }
    merged |= {
        code: value for code, value in sent.items() if not KINDS[form.questions[code].kind].separate
    }
    return {code: value for code, value in merged.items() if form.questions[code].applies(merged)}


def _new_texts(row: Response, form: Form, sent: Answers) -> dict[str, Answer]:
    """Texts of this part that are not kept already."""
    texts = {
        code: value for code, value in sent.items() if KINDS[form.questions[code].kind].separate
    }
    if not texts:
        return {}
    known = Comment.objects.filter(submission__response=row.response, question__in=texts)
    kept = set(known.values_list("question", "text"))
    return {code: value for code, value in texts.items() if (code, value) not in kept}


def _submission(row: Response, first: Form, key: str) -> Submission:
    return Submission(
        ticket=Ticket(key, "", row.receipt_hash),
        form=first,
        answers={code: value for code, value in row.answers.items() if code in first.questions},
        place=AnswerPlace(agency_id=row.agency_id),
        channel=row.channel,
        evidence=row.evidence,
        language=get_language() or settings.LANGUAGE_CODE,
        now=timezone.now(),
        marks=row.marks or {},
        facts=imply_facts(first, row.answers),
    )
