"""Breaks the order in which answers by link were written: it would join them to the messages they
answer.

SQLite gives every answer a random place when it is inserted (migration 0006). PostgreSQL keeps a
row where it was put and tells the transaction that put it there, so the rows of answers by link are
written anew in random order, all of a batch in one transaction. Nothing in a row changes; the
database refuses anything else (migrations 0002 and 0006).
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction
from django.utils import timezone

from survey.common.periods import first_of_month
from survey.responses.models import COMMENT_DAYS, MONTH_ONLY, AnswerDay, Comment, Response

AT_ONCE: Final = 5000


def shuffle_answers(now: datetime) -> int:
    """Write the answers by link of this month and the last one anew in random order; returns how
    many.

    Also erases days of answers nobody has rights by any more, and, on SQLite, empties the
    write-ahead log.
    """
    today = timezone.localtime(now).date()
    AnswerDay.objects.filter(day__lt=today - timedelta(days=COMMENT_DAYS + 1)).delete()
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return 0
    since = first_of_month(first_of_month(today) - timedelta(days=1))
    recent = Response.objects.filter(evidence__in=MONTH_ONLY, month__gte=since)
    moved = _rewrite("survey_response", list(recent.values_list("pk", flat=True)))
    _rewrite(
        "survey_comment",
        list(Comment.objects.filter(submission__in=recent).values_list("pk", flat=True)),
    )
    return moved


def _rewrite(table: str, keys: list[Any]) -> int:
    """Give rows a new place: the same values, in one transaction, in random order; then what stood
    there goes.
    """
    secrets.SystemRandom().shuffle(keys)
    for start in range(0, len(keys), AT_ONCE):
        with transaction.atomic(), connection.cursor() as cursor:
            for key in keys[start : start + AT_ONCE]:
                cursor.execute(f"UPDATE {table} SET id = id WHERE id = %s", [key])  # noqa: S608  (our own names)
    if keys and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute(f"VACUUM {table}")
    return len(keys)
