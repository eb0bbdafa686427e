"""Writes: a file is received, looked through and taken by the worker; taken back; forgotten."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override
from django_tasks import task

from survey.accounts.models import User
from survey.accounts.permissions import may
from survey.common.encryption import decrypt, encrypt
from survey.common.happenings import Event, tell
from survey.common.languages import staff_language
from survey.common.text import storable
from survey.imports.kinds import KINDS
from survey.imports.kinds.base import Checked, ImportKind, Stored, Upload
from survey.imports.kinds.events import EventsKind
from survey.imports.kinds.staff import StaffKind, mail_links
from survey.imports.models import RUNNING, FileImport, ImportState
from survey.responses.masking import mask_personal
from survey.transactions.reading import MAX_FILE_BYTES, FileError
from survey.transactions.services import Fault

KEPT_DAYS: Final = 7
"""A file nobody decided about is thrown away after this."""
log = logging.getLogger(__name__)


def receive_file(
    *,
    kind: ImportKind,
    content: bytes,
    file_name: str,
    options: Mapping[str, Any],
    by: User,
    now: datetime,
) -> FileImport:
    """Keep a file, sealed, and have it looked through.

    Raises
    ------
    ValidationError
        It is empty or too large.
    """
    if not content.strip():
        raise ValidationError(_("The file is empty."))
    if len(content) > MAX_FILE_BYTES:
        raise ValidationError(
            _("The file is larger than %(size)s MB. Split it by month.")
            % {"size": MAX_FILE_BYTES // 2**20}
        )
    forget_files(now)
    row = FileImport(
        kind=kind.key,
        options=dict(options),
        file_name=storable(file_name)[:200],
        sha256=sha256(content).hexdigest(),
        brought_by=by,
        brought_at=now,
    )
    row.content_sealed = encrypt(base64.b64encode(content).decode(), _about(row))
    with transaction.atomic():
        row.save()
        transaction.on_commit(lambda: check_file.enqueue(row.pk))
    return row


def _about(row: FileImport) -> str:
    return f"import {row.kind} {row.sha256}"


def _upload(row: FileImport, tell: Callable[[int], None] = lambda _rows: None) -> Upload:
    text = decrypt(row.content_sealed or b"", _about(row))
    return Upload(
        content=base64.b64decode(text),
        file_name=row.file_name,
        options=row.options,
        by=row.brought_by,
        now=row.taken_at or row.brought_at,
        today=timezone.localdate(),
        tell=tell,
    )


def _lock(pk: int) -> FileImport:
    found = FileImport.objects.select_for_update(of=("self",)).select_related("brought_by")
    return found.get(pk=pk)


@task()
def check_file(pk: int) -> None:
    """Look through a file and keep what was found; nothing of it is stored yet."""
    row = FileImport.objects.select_related("brought_by").get(pk=pk)
    if row.state != ImportState.CHECKING:
        return
    with override(staff_language(row.brought_by.language)):
        found, problem = _look_through(row)
    if row.kind == EventsKind.key:
        found.faults = [replace(fault, message=_clean(fault.message)) for fault in found.faults]
    with transaction.atomic():
        locked = _lock(pk)
        if locked.state != ImportState.CHECKING:
            return
        locked.found, locked.digest, locked.problem = found.as_json(), found.digest(), problem
        locked.state = ImportState.FAULTY if found.faults or problem else ImportState.READY
        if locked.state == ImportState.FAULTY:
            locked.content_sealed, locked.ended_at = None, timezone.now()
        locked.save()


def _look_through(row: FileImport) -> tuple[Checked, str]:
    try:
        return KINDS[row.kind].check(_upload(row)), ""
    except Exception as error:  # whatever it is, nobody may be left waiting
        return Checked(), _sentence(error)


def _sentence(error: Exception) -> str:
    """What the page says; a cell that is quoted may hold somebody's number."""
    if isinstance(error, ValidationError):
        return _clean(" ".join(error.messages))
    if isinstance(error, FileError):
        return _clean(str(error))
    log.error("a file was not processed", exc_info=error)
    return _("The file could not be processed. Please upload it again.")


def _clean(text: str) -> str:
    return storable(mask_personal(text))


@transaction.atomic
def take_file(*, row: FileImport, by: User, now: datetime) -> None:
    """Have a file taken that was looked through.

    Raises
    ------
    ValidationError
        Somebody else brought it, it has faults, or it was decided about.
    """
    locked = _lock(row.pk)
    if locked.brought_by_id != by.pk:
        raise ValidationError(_("Only the person who uploaded a file can import it."))
    stuck = locked.state == ImportState.STORING and locked.is_stuck(now)
    if locked.state != ImportState.READY and not stuck:
        raise ValidationError(_("This file is not waiting for a decision."))
    locked.state, locked.taken_at = ImportState.STORING, now
    locked.save(update_fields=["state", "taken_at"])
    transaction.on_commit(lambda: store_file.enqueue(locked.pk))


@task()
def store_file(pk: int) -> None:
    """Take a file: all of it or nothing, and nothing else than what was looked at."""
    row = FileImport.objects.select_related("brought_by").get(pk=pk)
    if row.state != ImportState.STORING:
        return
    with override(staff_language(row.brought_by.language)):
        try:
            _store(row)
        except Exception as error:
            taken = isinstance(error, IntegrityError)
            told = _("Something in the file has been taken meanwhile.") if taken else ""
            _fail(pk, told or _sentence(error))


@transaction.atomic
def _fail(pk: int, problem: str) -> None:
    row = FileImport.objects.filter(pk=pk, state=ImportState.STORING)
    if row.update(
        state=ImportState.FAILED,
        problem=problem,
        content_sealed=None,
        ended_at=timezone.now(),
    ):
        _tell_end(row.model.objects.get(pk=pk))


def _tell_end(row: FileImport) -> None:
    rows = row.rows_done if row.state == ImportState.DONE else 0
    tell(Event.IMPORT, file=row.pk, kind=row.kind, state=row.state, rows=rows)


def _store(row: FileImport) -> None:
    kind = KINDS[row.kind]
    if not (row.brought_by.is_open(timezone.localdate()) and may(row.brought_by, kind.permission)):
        raise ValidationError(_("The person who uploaded this file may no longer import it."))
    if not kind.in_one:
        done = kind.store(_upload(row, _progress(row)), None)
        with transaction.atomic():
            if (locked := _lock(row.pk)).state == ImportState.STORING:
                _keep(locked, done)
        return
    # Read before the transaction begins: on SQLite a transaction keeps citizens waiting.
    found = kind.check(_upload(row))
    if found.faults or found.digest() != row.digest:
        _look_again(row, found)
        return
    upload = _upload(row)
    prepared = kind.prepare(upload)
    with transaction.atomic():
        locked = _lock(row.pk)
        if locked.state == ImportState.STORING:
            _keep(locked, kind.store(upload, prepared))


@transaction.atomic
def _look_again(taken: FileImport, found: Checked) -> None:
    """What was read is no longer true: the new preview has to be read."""
    row = _lock(taken.pk)
    if row.state != ImportState.STORING:
        return
    row.found, row.digest = found.as_json(), found.digest()
    row.state = ImportState.FAULTY if found.faults else ImportState.READY
    row.problem = _("Something changed since this file was checked. Please look at it again.")
    row.save(update_fields=["found", "digest", "state", "problem"])


def _progress(row: FileImport) -> Callable[[int], None]:
    def tell(rows: int) -> None:
        FileImport.objects.filter(pk=row.pk).update(rows_done=rows)

    return tell


def _keep(row: FileImport, done: Stored) -> None:
    row.stored, row.state, row.ended_at = done.thing, ImportState.DONE, timezone.now()
    row.rows_done, row.content_sealed, row.problem = row.found["rows"], None, ""
    if done.told:
        row.told_sealed = encrypt(json.dumps(done.told), _about(row))
    row.save()
    _tell_end(row)


@transaction.atomic
def discard_file(*, row: FileImport, by: User, now: datetime) -> None:
    """Throw away a file that was not taken.

    Raises
    ------
    ValidationError
        Somebody else brought it, or it was decided about.
    """
    locked = _lock(row.pk)
    waits = locked.state == ImportState.READY or locked.is_stuck(now)
    if locked.brought_by_id != by.pk or not waits:
        raise ValidationError(_("This file is not waiting for a decision."))
    locked.state, locked.content_sealed, locked.ended_at = ImportState.CANCELLED, None, now
    locked.save()


@transaction.atomic
def undo_file(*, row: FileImport, now: datetime) -> None:
    """Take back what a file stored, where nothing stands on it yet.

    Raises
    ------
    ValidationError
        It was used, taken back before, or is of a kind that cannot be.
    """
    locked = _lock(row.pk)
    if locked.state != ImportState.DONE:
        raise ValidationError(_("Only an imported file can be undone, and once."))
    KINDS[locked.kind].undo(locked.stored, now)
    locked.state, locked.told_sealed = ImportState.UNDONE, None
    locked.save()


def tell_once(*, row: FileImport, by: User) -> list[list[str]]:
    """What is shown once, to who brought the file: links go by mail where that is possible.

    Raises
    ------
    ValidationError
        It was shown, or somebody else brought the file.
    """
    with transaction.atomic():
        locked = _lock(row.pk)
        if locked.told_sealed is None or locked.brought_by_id != by.pk:
            raise ValidationError(_("The links have been shown already."))
        told: list[list[str]] = json.loads(decrypt(locked.told_sealed, _about(locked)))
        locked.told_sealed = None
        locked.save(update_fields=["told_sealed"])
    # Outside: a slow mail server keeps nobody waiting, and no mail goes twice.
    return mail_links(locked.stored, told) if locked.kind == StaffKind.key else told


def read_faults(row: FileImport) -> list[Fault]:
    """The faults found in a file."""
    return [Fault(**fault) for fault in row.found.get("faults", [])]


def forget_files(now: datetime) -> int:
    """Throw away what nobody decided about in time; returns how many."""
    old = FileImport.objects.filter(brought_at__lt=now - timedelta(days=KEPT_DAYS))
    waiting = old.filter(state__in=(ImportState.READY, *RUNNING))
    gone = waiting.update(state=ImportState.CANCELLED, content_sealed=None, ended_at=now)
    old.exclude(told_sealed=None).update(told_sealed=None)
    return gone
