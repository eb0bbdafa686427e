"""Writes: what waits becomes entries of the log, the log becomes files with a signed head.

Entries are sealed in batches of at least ``LEAST`` or at the end of a day, in random order. Answers
by link keep no day in their row: theirs wait for a night on which so many have come, or for the
first night of a later month, so that a place in the log does not tell the day. A killed process
leaves entries that are whole, and files that the next run completes; a head is signed only over
what goes on from the last one.
"""

from __future__ import annotations

import base64
import logging
import secrets
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from survey.common.locks import hold_lock
from survey.common.periods import first_of_month
from survey.integrity.entries import Subject, read_others, read_responses, write_entry
from survey.integrity.heads import (
    LedgerFault,
    check_last_look,
    ledger_folder,
    note_look,
    publish_head,
)
from survey.integrity.models import LedgerHead, LedgerLeaf
from survey.integrity.proofs import TileNodes
from survey.integrity.tiles import LogTiles, TileError, write_tile
from survey.responses.models import MONTH_ONLY, Response
from survey.scorecards.bridge.notes import NoteError, Signer, open_signer, sign_note

log = logging.getLogger(__name__)
LEAST: Final = 64
SALT_BYTES: Final = 32
FRESH: Final = timedelta(days=2)
"""What came within is sealed by day; all else by night."""
AT_ONCE: Final = 2000
"""Entries a transaction: of a first sealing of many years no citizen waits for all."""


def seal_entries(now: datetime, *, is_day_over: bool = False, is_whole: bool = False) -> int:
    """Make entries of what waits, and publish the log; how many are new.

    ``is_day_over``: also fewer than ``LEAST``; ``is_whole`` as in ``publish_log``.
    """
    with hold_lock("ledger"):
        if not is_whole:
            check_last_look()
        made = _seal(now, is_day_over=is_day_over)
        publish_log(now, is_whole=is_whole)
    return made


def seal_day(now: datetime) -> None:
    """The night's part: whatever waits, but the few answers by link; the whole log is looked at."""
    seal_entries(now, is_day_over=True, is_whole=True)


def _seal(now: datetime, *, is_day_over: bool) -> int:
    """Rows never change, so they are read before a transaction begins: on SQLite one keeps citizens
    waiting.
    """
    waiting = Response.objects.filter(leaf=None)
    if not is_day_over:
        # Every ten minutes: whatever else waits among the answers of years is found by night.
        waiting = waiting.filter(answered_hour__gte=now - FRESH)
    others = [*read_responses(waiting.exclude(evidence__in=MONTH_ONLY)), *_waiting_others()]
    links = [*read_responses(waiting.filter(evidence__in=MONTH_ONLY))] if is_day_over else []
    chosen = others if is_day_over or len(others) >= LEAST else []
    if len(links) >= LEAST:
        chosen += links
    elif is_day_over and timezone.localdate(now).day == 1:
        # At any other moment a late change of one would be sealed alone, and tell its day.
        month = f"{first_of_month(timezone.localdate(now)):%Y-%m}"
        chosen += [one for one in links if one.period < month]
    secrets.SystemRandom().shuffle(chosen)
    last = LedgerLeaf.objects.aggregate(last=Max("index"))["last"]
    start = 0 if last is None else last + 1
    leaves: list[LedgerLeaf] = []
    for subject in chosen:
        leaf = _make_leaf(start + len(leaves), subject)
        if leaf is not None:
            leaves.append(leaf)
    for first in range(0, len(leaves), AT_ONCE):
        with transaction.atomic():
            LedgerLeaf.objects.bulk_create(leaves[first : first + AT_ONCE], batch_size=1000)
    return len(leaves)


def _waiting_others() -> list[Subject]:
    there = set(LedgerLeaf.objects.filter(response=None).values_list("kind", "subject"))
    return [one for one in read_others(there) if (one.kind, one.key) not in there]


def _make_leaf(index: int, subject: Subject) -> LedgerLeaf | None:
    """None for a row nobody can have stored by our means: it must not keep all others out, stays
    without an entry, and ``verify_ledger`` names it.
    """
    salt = secrets.token_bytes(SALT_BYTES)
    try:
        entry = write_entry(subject, salt)
    except (ValueError, OverflowError):
        log.error("%s %s cannot be an entry of the log", subject.kind, subject.key)
        return None
    return LedgerLeaf(
        index=index,
        kind=subject.kind,
        response_id=subject.key if subject.is_response else None,
        subject=None if subject.is_response else subject.key,
        entry=entry,
        salt=salt,
    )


def publish_log(now: datetime, *, is_whole: bool = False) -> LedgerHead | None:
    """Write the files of the log and sign its head; None where nothing is new.

    It goes on from the last full bundle of files; ``is_whole``: from the first entry, so that every
    entry is looked at and every file that is missing written again.

    Raises
    ------
    LedgerFault
        The leaves are others than those a head was signed over, or fewer.
    TileError
        A file that never changes is another one.
    """
    if not is_whole:
        return _publish(now, is_whole=False)
    try:
        head = _publish(now, is_whole=True)
    except (LedgerFault, TileError) as error:
        note_look(now, f"{type(error).__name__} {error}")
        raise
    note_look(now)
    return head


def _publish(now: datetime, *, is_whole: bool) -> LedgerHead | None:
    before = LedgerHead.objects.order_by("-size").first()
    folder = ledger_folder()
    log_tiles = _find_start(folder, before, is_whole=is_whole)
    signer = ledger_signer(make=before is None)
    for entry in _read_entries(log_tiles.size):
        for name, content in log_tiles.add(entry):
            write_tile(folder, name, content)
    for name, content in log_tiles.last_tiles():
        write_tile(folder, name, content)
    head = before
    if log_tiles.size and (before is None or before.size != log_tiles.size):
        head = LedgerHead(size=log_tiles.size, root=log_tiles.root().hex(), note="", made_at=now)
        head.note = sign_note(write_checkpoint(signer.name, head.size, log_tiles.root()), signer)
        head.save(force_insert=True)
    if head is not None:
        publish_head(head, signer.verifier)
    return None if head is before else head


def _read_entries(start: int) -> Iterator[bytes]:
    rows = LedgerLeaf.objects.filter(index__gte=start).order_by("index")
    return map(bytes, rows.values_list("entry", flat=True).iterator(chunk_size=AT_ONCE))


def _find_start(folder: Path, before: LedgerHead | None, *, is_whole: bool) -> LogTiles:
    """The last full bundle, where files and entries lead to what was signed; else the beginning."""
    if before is None:
        return LogTiles()
    if not is_whole:
        with suppress(TileError):
            edge = TileNodes(folder, before.size).edge()
            if _find_root(LogTiles(edge), before.size) == before.root:
                return LogTiles(edge)
    if _find_root(LogTiles(), before.size) != before.root:
        raise LedgerFault(
            f"the first {before.size} entries are not those that were signed on "
            f"{before.made_at:%Y-%m-%d}: run verify_ledger"
        )
    return LogTiles()


def _find_root(log_tiles: LogTiles, size: int) -> str:
    """The root of so many entries; of all, where there are fewer."""
    for entry in islice(_read_entries(log_tiles.size), size - log_tiles.size):
        log_tiles.add(entry)
    return log_tiles.root().hex() if log_tiles.size == size else ""


def write_checkpoint(origin: str, size: int, root: bytes) -> str:
    """The three lines of a C2SP checkpoint."""
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"


def ledger_signer(*, make: bool = False) -> Signer:
    """The key of the log, readable by its owner only, kept apart from backups.

    Raises
    ------
    LedgerFault
        It is not there, and not to be made: heads were signed with it.
    """
    path = Path(settings.VAR_DIR) / "ledger.key"
    first = LedgerHead.objects.order_by("size").values_list("note", flat=True).first()
    host = urlsplit(settings.PUBLIC_URL).netloc
    origin = first.split("\n", 1)[0] if first else f"{host}/so-cai"
    if not path.exists() and not make:
        raise LedgerFault(f"{path} is not there: bring back the key the log was signed with")
    try:
        return open_signer(path, origin)
    except NoteError as error:
        raise LedgerFault(f"{path}: {error}") from error
