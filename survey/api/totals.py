"""Totals of a program: checked as a file of theirs is, stored once for an ``Idempotency-Key``."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import IntegrityError, OperationalError, transaction
from django.utils import timezone
from django.utils.translation import override

from survey.accounts.api_keys import ApiKey
from survey.api.models import ApiCall
from survey.api.problems import ApiRefusal
from survey.api.schemas import TotalIn
from survey.transactions.models import MonthlyTotal
from survey.transactions.reading import COLUMNS, FileError
from survey.transactions.services import ImportRefused, check_totals, replaced_by, store_totals

REMEMBERED: Final = timedelta(days=30)
_AGAIN: Final = "Something else was storing the same months. Nothing was stored; send it again."


class _SentBefore(Exception):
    """Another request with this key came first."""


def store_once(key: ApiKey, idempotency_key: str, rows: Sequence[TotalIn]) -> dict[str, Any]:
    """Store totals, all or none; what was sent before under the same key is answered alike.

    Raises
    ------
    ApiRefusal
        Rows are wrong (422), the key was used for other rows (409), or something else was storing
        (503): then nothing was stored.
    """
    content = _as_file(rows)
    sha256 = hashlib.sha256(content).hexdigest()
    calls = ApiCall.objects.filter(key=key, idempotency_key=idempotency_key)
    if before := calls.first():
        return _repeat(before, sha256)
    # Checked before the transaction begins: on SQLite a transaction keeps citizens waiting.
    totals = _check(content, key)
    try:
        with transaction.atomic():
            call = _begin(key, idempotency_key, sha256)
            went = sum(item.before for item in replaced_by(totals))
            made = store_totals(
                totals=totals,
                content=content,
                file_name=_file_name(key),
                by=key.owner,
                now=call.made_at,
            )
            answer = {"rows": made.rows, "replaced": went, "sha256": made.sha256}
            call.status, call.answer = 200, answer
            call.save(update_fields=["status", "answer"])
    except _SentBefore:
        return _repeat(calls.get(), sha256)
    except (IntegrityError, OperationalError) as error:
        raise ApiRefusal(503, _AGAIN, retry=5) from error
    return answer


def _begin(key: ApiKey, idempotency_key: str, sha256: str) -> ApiCall:
    try:
        with transaction.atomic():
            return ApiCall.objects.create(
                key=key,
                idempotency_key=idempotency_key,
                request_sha256=sha256,
                made_at=timezone.now(),
            )
    except IntegrityError as error:
        raise _SentBefore from error


def _repeat(before: ApiCall, sha256: str) -> dict[str, Any]:
    if before.request_sha256 != sha256:
        raise ApiRefusal(409, "This Idempotency-Key was used for another request.")
    answer: dict[str, Any] = before.answer
    return answer


def _as_file(rows: Sequence[TotalIn]) -> bytes:
    """The rows as the file the import reads: one way in, one set of checks."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows([getattr(row, name) for name in COLUMNS] for row in rows)
    return text.getvalue().encode(errors="replace")


def _file_name(key: ApiKey) -> str:
    return f"api-{key.name}.csv"


def _check(content: bytes, key: ApiKey) -> list[MonthlyTotal]:
    try:
        # Faults are told in English here, whatever the account's language.
        with override("en"):
            return check_totals(
                content=content, file_name=_file_name(key), today=timezone.localdate()
            )
    except ImportRefused as refusal:
        errors = [
            # No field holds a line break: the row of the file is the row that was sent.
            {"field": f"rows[{fault.row - 2}].{fault.column}", "message": fault.message}
            for fault in refusal.faults
        ]
        raise ApiRefusal(422, "Nothing was stored.", errors) from refusal
    except FileError as error:
        raise ApiRefusal(422, str(error)) from error


def forget_calls(now: datetime) -> int:
    """Delete what was answered a month ago: nobody repeats a request that long; how many."""
    gone, _each = ApiCall.objects.filter(made_at__lt=now - REMEMBERED).delete()
    return gone
