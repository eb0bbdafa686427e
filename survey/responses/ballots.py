"""A box of paper ballots becomes answers when two people counted the same."""

from __future__ import annotations

from datetime import date, datetime, time
from enum import StrEnum

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from survey.access.ballots import LEVELS, BallotBatch, BallotCount, check_count
from survey.accounts.models import User
from survey.common.tokens import derive_ticket
from survey.questionnaires.queries import load_form, published_short_form
from survey.responses.cut_offs import counted_month
from survey.responses.models import Evidence
from survey.responses.services import AnswerPlace, Submission, record_response
from survey.transactions.models import Channel


class CountOutcome(StrEnum):
    """What became of a count."""

    FIRST = "first"
    """Kept; a second person has to count."""
    STORED = "stored"
    """The second person counted the same: every ballot is an answer now."""
    DIFFERS = "differs"
    """Kept; the two counts are not the same, nothing was stored."""
    CLOSED = "closed"
    """The batch had been stored before; nothing was changed."""


@transaction.atomic
def enter_count(
    *, batch: BallotBatch, by: User, levels: dict[str, int], opened_on: date, now: datetime
) -> CountOutcome:
    """Keep one person's count; store the answers when it agrees with another person's.

    Parameters
    ----------
    levels : ballots per level ``"1"`` to ``"5"`` and ``"blank"``.

    Raises
    ------
    ValidationError
        From ``check_count``; nothing is kept.
    """
    check_count(batch, levels, opened_on, timezone.localtime(now).date())
    batch = _locked(batch)
    if batch.stored_at is not None:
        return CountOutcome.CLOSED
    mine, _made = BallotCount.objects.update_or_create(
        batch=batch,
        by=by,
        defaults={"levels": levels, "opened_on": opened_on, "entered_at": now},
    )
    others = list(BallotCount.objects.filter(batch=batch).exclude(by=by))
    if not any(mine.agrees_with(other) for other in others):
        return CountOutcome.DIFFERS if others else CountOutcome.FIRST
    _store(batch, levels, opened_on, now)
    BallotBatch.objects.filter(pk=batch.pk).update(stored_at=now)
    return CountOutcome.STORED


def _locked(batch: BallotBatch) -> BallotBatch:
    rows = BallotBatch.objects.select_related("counter")
    if connection.features.has_select_for_update:
        rows = rows.select_for_update(of=("self",))
    return rows.get(pk=batch.pk)


def _store(batch: BallotBatch, levels: dict[str, int], opened_on: date, now: datetime) -> None:
    """One answer a ballot, under a key of its own: the same box never counts twice."""
    version = published_short_form()
    if version is None:
        raise ValidationError(_("No questionnaire is published."))
    form, number = load_form(version), 0
    # Noon of the day the box was opened: when a ballot was put in nobody knows.
    moment = min(timezone.make_aware(datetime.combine(opened_on, time(12))), now)
    month = counted_month(opened_on, timezone.localdate(now))
    for level in LEVELS:
        for _ballot in range(levels.get(level, 0)):
            number += 1
            submission = Submission(
                ticket=derive_ticket(f"ballot/{batch.code}/{number}"),
                form=form,
                answers={"overall": int(level)},
                place=AnswerPlace.at_counter(batch.counter),
                channel=Channel.COUNTER,
                evidence=Evidence.PAPER,
                language=settings.LANGUAGE_CODE,
                now=moment,
                month=month,
            )
            record_response(submission=submission)
