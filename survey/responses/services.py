"""The only way in: ``record_response`` stores a submission exactly once, whichever entrance it came
by.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeVar

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from survey.agencies.models import Counter
from survey.common.outage import require_room
from survey.common.periods import first_of_month
from survey.common.tokens import Ticket, keyed_hash, receipt_hashes
from survey.questionnaires.content import Answers, Form
from survey.questionnaires.kinds import KINDS
from survey.responses.answers import check
from survey.responses.flags import Flag
from survey.responses.models import DAY_PURPOSE, MONTH_ONLY, AnswerDay, Comment, Response
from survey.responses.queries import latest_for_update

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class AnswerPlace:
    """Whom the answer is about and where it was given; taken from the code, never asked."""

    agency_id: int
    office_id: int | None = None
    counter_id: int | None = None
    domain_id: int | None = None

    @classmethod
    def at_counter(cls, counter: Counter) -> AnswerPlace:
        """A counter, the agency responsible there and its procedure domain."""
        return cls(
            agency_id=counter.agency_id,
            office_id=counter.office_id,
            counter_id=counter.pk,
            domain_id=counter.domain_id,
        )


@dataclass(frozen=True)
class Further:
    """Answers to the form that extends the first one, as far as they were given."""

    form: Form
    answers: Answers


@dataclass(frozen=True, kw_only=True)
class Submission:
    """One submission before it is stored."""

    ticket: Ticket
    form: Form
    answers: Answers
    place: AnswerPlace
    channel: str
    evidence: str
    language: str
    now: datetime
    further: Further | None = None
    marks: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)
    """What the event told; it decides what may be answered, and is not stored in the row."""
    month: date | None = None
    """The month it counts in, where that is not the month it was given in."""


class RevisedMeanwhileError(Exception):
    """Another page has made the next revision since."""


@dataclass(frozen=True)
class Recorded:
    """The stored row. ``repeated``: the key had been used before; ``changed``: with other answers
    than now.
    """

    row: Response
    repeated: bool = False
    changed: bool = False

    def own(self, receipt: str) -> bool:
        """Whether a receipt is the one the row was stored under."""
        return self.row.receipt_hash in receipt_hashes(receipt)


def _prepare(submission: Submission) -> tuple[Response, list[Comment]]:
    """Check a submission and make its rows, unsaved."""
    facts = submission.facts
    check(submission.form, submission.answers, facts)
    kept, texts = _apart(submission.form, submission.answers)
    latest = submission.form
    if submission.further is not None:
        latest = submission.further.form
        # It is stored part by part: what is required of a later part is asked when that part is
        # sent.
        check(latest, submission.further.answers, facts, whole=False)
        more, further_texts = _apart(latest, submission.further.answers)
        kept, texts = kept | more, texts | further_texts
    local = timezone.localtime(submission.now)
    month = submission.month or first_of_month(local.date())
    hour = local.replace(minute=0, second=0, microsecond=0)
    if submission.evidence in MONTH_ONLY:
        hour = hour.replace(day=1, hour=12)
    row = Response(
        id=uuid.uuid4(),
        response=uuid.uuid4(),
        submission_key=submission.ticket.key,
        receipt_hash=submission.ticket.lookup,
        version_id=latest.version_id,
        base_version_id=submission.form.version_id if submission.further else None,
        answers=kept,
        **vars(submission.place),
        channel=submission.channel,
        evidence=submission.evidence,
        language=submission.language,
        month=month,
        answered_hour=hour,
        marks=dict(submission.marks) or None,
    )
    return row, [Comment(submission=row, question=code, text=text) for code, text in texts.items()]


def _apart(form: Form, answers: Answers) -> tuple[Answers, dict[str, str]]:
    """Answers that stay in the row, and texts that are kept in a table of their own."""
    separate = {code for code in answers if KINDS[form.questions[code].kind].separate}
    kept = {code: value for code, value in answers.items() if code not in separate}
    return kept, {code: str(answers[code]) for code in separate}


def record_response(
    *, submission: Submission, revises: Response | None = None, anew: bool = False
) -> Recorded:
    """Store a submission, or return the row its key stored before.

    ``revises`` is the newest row of an earlier response: the new one becomes the next revision of
    just that row, keeps where and when the first was given, and carries its answers on. ``anew``:
    it replaces the answers instead, under its own receipt.

    Raises
    ------
    AnswersRefused
        If an answer is not allowed by the version; nothing is stored.
    NoRoomError
        If the disk of an embedded database is as good as full.
    RevisedMeanwhileError
        If ``revises`` is not the newest any more; nothing is stored. See ``on_newest_revision``.
    """
    require_room()
    row, comments = _prepare(submission)
    if revises is not None:
        _continue(row, revises, anew)
    try:
        _insert(row, comments)
    except IntegrityError as error:
        # The database decides, never an "if": the same key, or another page took this revision.
        before = Response.objects.filter(submission_key=row.submission_key).first()
        if before is not None:
            return Recorded(before, repeated=True, changed=before.answers != row.answers)
        _raise_if_revised(row, error)
        raise
    return Recorded(row)


def on_newest_revision(row: Response, change: Callable[[Response], T]) -> T:
    """What ``change`` returns for the newest revision of a response; done again, all of it, when
    another page has made the next one meanwhile.
    """
    while True:
        try:
            with transaction.atomic():
                return change(latest_for_update(row))
        except RevisedMeanwhileError:
            continue


def _raise_if_revised(row: Response, error: IntegrityError) -> None:
    taken = Response.objects.filter(response=row.response, revision=row.revision)
    if row.revision and taken.exists():
        raise RevisedMeanwhileError from error


def _insert(row: Response, comments: Sequence[Comment]) -> None:
    if not comments and not connection.in_atomic_block:
        # One statement is a transaction of its own; nearly all answers are stored by it.
        row.save(force_insert=True)
    else:
        _insert_together(row, comments)


@transaction.atomic
def _insert_together(row: Response, comments: Sequence[Comment]) -> None:
    row.save(force_insert=True)
    for comment in comments:
        comment.save(force_insert=True)


def note_day(*, receipt: str, now: datetime, timing: str = "", applicant: str = "") -> None:
    """Keep the day of an answer by link, and what the event told, where only its receipt leads."""
    day = timezone.localtime(now).date()
    AnswerDay.objects.get_or_create(
        key_hash=keyed_hash(DAY_PURPOSE, receipt),
        defaults={"day": day, "timing": timing, "applicant": applicant},
    )


def mark_response(*, row: Response, flag: Flag, key: str) -> Response:
    """A revision that changes nothing but a mark; the same key marks once."""
    return on_newest_revision(row, lambda latest: _mark(latest, flag, key))


def _mark(latest: Response, flag: Flag, key: str) -> Response:
    copy = {
        field.attname: getattr(latest, field.attname)
        for field in Response._meta.concrete_fields
        if field.attname not in ("id", "revision", "submission_key", "marks")
    }
    marks = {**(latest.marks or {}), "flag": flag}
    fresh = Response(
        id=uuid.uuid4(), revision=latest.revision + 1, submission_key=key, marks=marks, **copy
    )
    try:
        _insert(fresh, [])
    except IntegrityError as error:
        before = Response.objects.filter(submission_key=key).first()
        if before is None:
            _raise_if_revised(fresh, error)
            raise
        return before
    return fresh


def _continue(row: Response, base: Response, anew: bool) -> None:
    row.response, row.revision = base.response, base.revision + 1
    row.agency_id, row.office_id, row.counter_id, row.domain_id = (
        base.agency_id,
        base.office_id,
        base.counter_id,
        base.domain_id,
    )
    row.channel, row.evidence, row.month = base.channel, base.evidence, base.month
    # The time of the first answer stays: it decides how long changes are taken.
    row.answered_hour = base.answered_hour
    if anew:
        return
    row.receipt_hash = base.receipt_hash
    row.marks = {**(base.marks or {}), **(row.marks or {})} or None
    row.answers = {**base.answers, **row.answers}
    if base.version_id != row.version_id:
        row.base_version_id = base.version_id
    else:
        row.base_version_id = base.base_version_id


@transaction.atomic
def record_batch(*, submissions: Iterable[Submission]) -> int:
    """Store many first submissions in one transaction (imports, demonstration data); same checks as
    one by one.
    """
    rows, comments = [], []
    for submission in submissions:
        row, texts = _prepare(submission)
        rows.append(row)
        comments += texts
    Response.objects.bulk_create(rows, batch_size=500)
    Comment.objects.bulk_create(comments, batch_size=500)
    return len(rows)
