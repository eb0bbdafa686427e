"""Writes: what is older than its days is erased, and how much is told."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import Model, Q, QuerySet

from survey.access.models import KioskUse, ScreenUse
from survey.accounts.models import StaffSession
from survey.common.durable_files import erase_drafts
from survey.common.periods import first_of_month
from survey.integrity.models import BackCheckCall, IntegrityRun
from survey.messaging.outbox.models import MessageEvent, OutboxMessage
from survey.privacy.models import PrivacyRequest, RetentionRun
from survey.privacy.schedule import load_schedule
from survey.responses.cases import Case
from survey.responses.models import AnswerDay, Comment
from survey.responses.spool import erase_aside

log = logging.getLogger(__name__)
Keep = Callable[[datetime], int]


def apply_schedule(now: datetime) -> RetentionRun:
    """Erase whatever is older than the schedule says; each kind by itself, so that a fault of one
    keeps none of the others.

    Raises
    ------
    ScheduleError
        The province's own file cannot be read: nothing is erased by guessing.
    """
    erased = {}
    for entry in load_schedule():
        try:
            with transaction.atomic():
                erased[entry.code] = RULES[entry.code](now - timedelta(days=entry.days))
        except Exception:
            log.exception("what is kept too long of %s was not erased", entry.code)
    return RetentionRun.objects.create(made_at=now, erased=erased)


def keep_to_schedule(now: datetime) -> None:
    """The night's part."""
    apply_schedule(now)


def _delete(rows: QuerySet[Any]) -> int:
    """Number of rows of the kind itself that went."""
    model: type[Model] = rows.model
    _total, by_table = rows.delete()
    return by_table.get(model._meta.label, 0)


def _erase_phones(before: datetime) -> int:
    """Numbers and texts of messages that were settled are gone already; what a dead dispatcher left
    goes here.
    """
    rows = OutboxMessage.objects.filter(not_after__lt=before)
    rows = rows.exclude(to_sealed=None, body_sealed=None)
    return rows.update(to_sealed=None, body_sealed=None)


def _erase_minutes(before: datetime) -> int:
    screens = _delete(ScreenUse.objects.filter(slot__lt=before))
    return screens + _delete(KioskUse.objects.filter(slot__lt=before))


def _strip_facts(before: datetime) -> int:
    """Ten minutes out of the facts of old checks; returns how many checks had some."""
    stripped = 0
    for run in IntegrityRun.objects.filter(made_at__lt=before).iterator():
        rows = run.facts.get("facts", [])
        if any(row.get("slots") for row in rows):
            for row in rows:
                row["slots"] = []
            run.save(update_fields=["facts"])
            stripped += 1
    return stripped


def _erase_comments(before: datetime) -> int:
    month = first_of_month(before.date())
    return _delete(Comment.objects.filter(submission__month__lt=month))


def _erase_cases(before: datetime) -> int:
    ended = Q(closed_on__lt=before.date()) | Q(withdrawn_on__lt=before.date())
    return Case.objects.filter(ended).exclude(text="", reasons=[]).update(text="", reasons=[])


def _erase_drawn_codes(before: datetime) -> int:
    return _delete(BackCheckCall.objects.filter(unit__check_of__drawn_at__lt=before))


def _erase_requests(before: datetime) -> int:
    rows = PrivacyRequest.objects.filter(closed_on__lt=before.date()).exclude(about="", answer="")
    return rows.update(about="", answer="", reply_to="", extended_because="")


def _erase_files(before: datetime) -> int:
    left = erase_drafts(Path(settings.VAR_DIR), before.timestamp())
    return erase_aside(before) + left


RULES: Final[Mapping[str, Keep]] = {
    "phones": _erase_phones,
    "message-events": lambda before: _delete(MessageEvent.objects.filter(at__lt=before)),
    "answer-days": lambda before: _delete(AnswerDay.objects.filter(day__lt=before.date())),
    "device-minutes": _erase_minutes,
    "integrity-minutes": _strip_facts,
    "comments": _erase_comments,
    "cases": _erase_cases,
    "back-check-codes": _erase_drawn_codes,
    "privacy-requests": _erase_requests,
    "unreadable-answers": _erase_files,
    "sessions": lambda before: _delete(StaffSession.objects.filter(expire_date__lt=before)),
}
"""Every entry of the schedule has its rule, and every rule an entry (a test holds it)."""
