"""Writes: dossiers drawn for another body to call, and what people said.

Who is called is settled by the first head of the log signed after the announcement: nobody who
announces can know or choose it, and everybody can draw again. Agencies the rules flagged are always
in; others come by lot. The telephone number is not here: the caller finds it in the case system
under the dossier's code. What came of a call is a sum; an answer goes the way of all answers, as
class E4, without its hour and channel, and only says of which check it is.
"""

from __future__ import annotations

import logging
from collections import Counter
from datetime import date, datetime
from hashlib import sha256
from typing import Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from survey.accounts.approvals import work_apart
from survey.accounts.models import User
from survey.agencies.models import Agency
from survey.common.locks import hold_lock
from survey.common.periods import last_day, parse_period
from survey.common.tokens import issue_ticket, read_ticket
from survey.integrity.gathering import PROVEN
from survey.integrity.models import (
    BackCheck,
    BackCheckCall,
    BackCheckUnit,
    IntegrityFlag,
    LedgerHead,
)
from survey.integrity.running import is_complete
from survey.questionnaires.content import Answers
from survey.questionnaires.queries import load_form
from survey.responses.answers import AnswersRefused
from survey.responses.models import Evidence, Response
from survey.responses.queries import counted_in
from survey.responses.services import AnswerPlace, Submission, record_response
from survey.transactions.models import Channel, DossierEvent
from survey.transactions.queries import closed_between

log = logging.getLogger(__name__)
LEAST_CALLS: Final = 10
MOST_CALLS: Final = 200
"""36 calls find one false answer in ten, 186 one in fifty, with 95 % chance."""
MOST_BY_LOT: Final = 50
SATISFIED: Final = 4
MARK: Final = "back_check"
PRESSED: Final = "pressed"
SCOPE: Final = "back-check"


class Outcome(models.TextChoices):
    """What came of a call: names of the sums of a unit."""

    UNREACHED = "unreached", gettext_lazy("not reached in three tries")
    REFUSED = "refused", gettext_lazy("does not want to answer")
    DENIED = "denied", gettext_lazy("says there was no such dossier")
    ANSWERED = "answered", gettext_lazy("has answered")


LOOKED_INTO: Final = (IntegrityFlag.Level.REVIEW, IntegrityFlag.Level.QUARANTINE)


def announce_check(
    *, month: date, per_agency: int, by_lot: int, by: User, now: datetime
) -> BackCheck:
    """Say that a month's dossiers will be drawn; the next head of the log draws them.

    Raises
    ------
    ValidationError
        The month is not over, or was announced before.
    """
    if not is_complete(month, timezone.localdate(now)):
        raise ValidationError(
            {"month": _("A month is looked at from the third day of the next one on.")}
        )
    try:
        with transaction.atomic():
            return BackCheck.objects.create(
                month=month,
                per_agency=per_agency,
                by_lot=by_lot,
                announced_by=by,
                announced_at=now,
            )
    except IntegrityError as error:
        raise ValidationError({"month": _("This month has a check already.")}) from error


def draw_checks(now: datetime) -> int:
    """Draw every announced check the log has gone on since; how many were. The night's part."""
    drawn = 0
    with hold_lock("back-checks"):
        for check in BackCheck.objects.filter(seed=""):
            heads = LedgerHead.objects.filter(made_at__gt=check.announced_at)
            head = heads.order_by("size").first()
            if head is None:
                continue
            try:
                _draw(check, f"{head.size}:{head.root}", now)
            except Exception:  # of one month; the others are drawn all the same
                log.exception("the call-back check of %s was not drawn", check)
            else:
                drawn += 1
    return drawn


@transaction.atomic
def _draw(check: BackCheck, seed: str, now: datetime) -> None:
    answers, dossiers = _count_answers(check.month), _read_dossiers(check.month)
    flagged = set(
        IntegrityFlag.objects.filter(
            current=True, month=check.month, level__in=LOOKED_INTO
        ).values_list("agency_id", flat=True)
    )
    keys = dict(Agency.objects.filter(pk__in=dossiers).values_list("pk", "key"))
    others = [pk for pk in keys if pk not in flagged and pk in answers]
    others.sort(key=lambda pk: order_in_draw(seed, keys[pk]))
    chosen = {pk: BackCheckUnit.Cause.FLAG for pk in keys if pk in flagged}
    chosen |= dict.fromkeys(others[: check.by_lot], BackCheckUnit.Cause.LOT)
    for pk, cause in sorted(chosen.items()):
        n, satisfied = answers.get(pk, (0, 0))
        unit = BackCheckUnit.objects.create(
            check_of=check,
            agency_id=pk,
            cause=cause,
            dossiers=len(dossiers[pk]),
            counted=n,
            satisfied=satisfied,
        )
        codes = sorted(dossiers[pk], key=lambda code: order_in_draw(seed, code))
        BackCheckCall.objects.bulk_create(
            BackCheckCall(unit=unit, place=place, dossier_code=code)
            for place, code in enumerate(codes[: check.per_agency], start=1)
        )
    check.seed, check.drawn_at = seed, now
    check.save(update_fields=["seed", "drawn_at"])


def order_in_draw(seed: str, name: str) -> str:
    """Where an agency (by key) or a dossier (by code) stands: the lowest are drawn first."""
    return sha256(f"{seed}|{name}".encode()).hexdigest()


def _read_dossiers(month: date) -> dict[int, set[str]]:
    """Agency -> codes of the dossiers a case system told as completed in a month."""
    found: dict[int, set[str]] = {}
    rows = closed_between(month, last_day(month)).filter(kind=DossierEvent.Kind.RETURNED)
    for agency, code in rows.values_list("agency_id", "dossier_code"):
        found.setdefault(agency, set()).add(code)
    return found


def _count_answers(month: date) -> dict[int, tuple[int, int]]:
    """Agency -> (presence-proven answers of a month, of these satisfied), as they stand last."""
    return sum_levels(counted_in(parse_period(f"{month:%Y-%m}")).filter(evidence__in=PROVEN))


def sum_levels(rows: QuerySet[Response]) -> dict[int, tuple[int, int]]:
    """Agency -> (answers to the overall question, of these satisfied)."""
    n: Counter[int] = Counter()
    satisfied: Counter[int] = Counter()
    for agency, level in rows.values_list("agency_id", "answers__overall").iterator():
        if isinstance(level, int) and level >= 1:
            n[agency] += 1
            satisfied[agency] += level >= SATISFIED
    return {agency: (n[agency], satisfied[agency]) for agency in n}


def may_call(check: BackCheck, user: User) -> bool:
    """Whether somebody works for another body than who announced the check, by others' word and
    since before it was.
    """
    return work_apart(check.announced_by, user, check.announced_at)


@transaction.atomic
def record_outcome(
    *,
    call: BackCheckCall,
    outcome: Outcome,
    answers: Answers,
    pressed: bool,
    version_id: int,
    by: User,
    now: datetime,
) -> None:
    """Add what came of a call to its unit, once, and forget the call; an answer goes the way of all
    answers.

    Raises
    ------
    ValidationError
        It has been stored before, the caller is of the body that announced the check, or an answer
        is not allowed by the questionnaire.
    """
    if not may_call(call.unit.check_of, by):
        raise ValidationError(_("Somebody from another body has to make these calls."))
    gone, _by_table = BackCheckCall.objects.filter(pk=call.pk).delete()
    if not gone:
        raise ValidationError(_("What came of this call has been stored already."))
    BackCheckUnit.objects.filter(pk=call.unit_id).update(**{outcome.value: F(outcome.value) + 1})
    if outcome != Outcome.ANSWERED:
        return
    submission = Submission(
        ticket=read_ticket(issue_ticket(SCOPE, now), SCOPE, now),
        form=load_form(version_id),
        answers=answers,
        place=AnswerPlace(agency_id=call.unit.agency_id),
        # The same of all: by its own an answer could be told from the others.
        channel=Channel.COUNTER,
        evidence=Evidence.AUDIT,
        language=settings.LANGUAGE_CODE,
        now=now,
        marks={MARK: str(call.unit.check_of_id), PRESSED: "yes" if pressed else "no"},
    )
    try:
        record_response(submission=submission)
    except AnswersRefused as error:
        raise ValidationError(str(error)) from error
