"""Reads: whether this installation can take answers, and what somebody should look at.

``down``: no request should come here. ``warn``: it works, and somebody has to do something today.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from survey.accounts.models import AuditEvent
from survey.common.periods import first_of_month
from survey.integrity.heads import LOOKED_AT
from survey.integrity.models import LedgerHead
from survey.messaging.outbox.models import MessageState, OutboxMessage
from survey.responses.models import Response
from survey.responses.spool import UNREADABLE, count_spooled, spool_folder

OK: Final = "ok"
WARN: Final = "warn"
DOWN: Final = "down"
_RANK: Final = (OK, WARN, DOWN)
GIB: Final = 2**30
DISK_WARN: Final = 2 * GIB
DISK_DOWN: Final = GIB // 4
CLOCK_WARN: Final = timedelta(seconds=5)
LEDGER_WARN: Final = timedelta(hours=36)
QUEUE_WARN: Final = timedelta(minutes=30)
TASKS_WARN: Final = timedelta(minutes=15)
BACKUP_WARN: Final = timedelta(hours=26)
DRILL_WARN: Final = timedelta(days=30)
RESTORED: Final = "restored.json"
"""Mark of a restore that waits to be accepted by two people."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at. ``told`` is for an operator, in English as all of the logs."""

    name: str
    state: str
    told: str


def run_checks(now: datetime) -> list[Check]:
    """Everything, the database first: without it the rest is not asked."""
    found = [_check("database", _check_database, now)]
    if found[0].state == DOWN:
        looks = (("disk", _check_disk), ("spool", _check_spool))
        return [*found, *(_check(name, look, now) for name, look in looks)]
    return found + [_check(name, look, now) for name, look in _LOOKS]


def worst(checks: list[Check]) -> str:
    """The state of all together."""
    return max((check.state for check in checks), key=_RANK.index, default=OK)


Told = tuple[str, str]


def _check(name: str, look: Callable[[datetime], Told], now: datetime) -> Check:
    try:
        return Check(name, *look(now))
    except (DatabaseError, OSError, ValueError) as error:
        state = DOWN if name in ("database", "migrations") else WARN
        return Check(name, state, f"{type(error).__name__}: {str(error)[:200]}")


def _check_database(_now: datetime) -> Told:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return OK, connection.vendor


def _check_migrations(_now: datetime) -> Told:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        return DOWN, f"{len(missing)} migrations are not applied: run manage.py migrate"
    return OK, "all applied"


def _check_disk(_now: datetime) -> Told:
    Path(settings.VAR_DIR).mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(settings.VAR_DIR).free
    told = f"{free / GIB:.1f} GiB free under {settings.VAR_DIR}"
    return (DOWN if free < DISK_DOWN else WARN if free < DISK_WARN else OK), told


def _check_clock(now: datetime) -> Told:
    """Against the database's server, and against what was written: codes of screens live 15
    seconds, and an answer counts in the month of its day.
    """
    newest = AuditEvent.objects.order_by("-at").values_list("at", flat=True).first()
    if newest is not None and newest - now > CLOCK_WARN:
        return WARN, f"it was set back: something happened at {newest:%Y-%m-%d %H:%M} UTC"
    if connection.vendor != "postgresql":
        return OK, "the database has no clock of its own"
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        theirs = cursor.fetchone()[0]
    apart = abs(theirs - timezone.now())
    return (WARN if apart > CLOCK_WARN else OK), f"{apart.total_seconds():.1f} s apart"


def _check_ledger(now: datetime) -> Told:
    head = LedgerHead.objects.order_by("-size").first()
    told = f"{head.size} entries, signed {head.made_at:%Y-%m-%d %H:%M}" if head else "no head yet"
    look = read_mark(LOOKED_AT)
    if look and look.get("fault"):
        return WARN, f"{told}; the last look at all entries found: {str(look['fault'])[:200]}"
    # The night's look seals all there is: after a fresh one the answers are not looked through,
    # which takes seconds where there are millions.
    if look and now - datetime.fromisoformat(str(look["at"])) < LEDGER_WARN:
        return OK, told
    oldest = _find_unsealed(now)
    if oldest is not None:
        return WARN, f"{told}; an answer of {oldest:%Y-%m-%d %H:%M} is not sealed"
    return (WARN, f"{told}; not looked through since {look['at'][:16]}") if look else (OK, told)


def _find_unsealed(now: datetime) -> datetime | None:
    # Slips and posters come at once; links may wait for the first of a month, tablets for days.
    recent = first_of_month(first_of_month(timezone.localdate(now)) - timedelta(days=1))
    waiting = Response.objects.filter(
        leaf=None, month__gte=recent, evidence__in=("E0", "E2"), answered_hour__lt=now - LEDGER_WARN
    )
    return waiting.order_by().values_list("answered_hour", flat=True).first()


def _check_queue(now: datetime) -> Told:
    rows = OutboxMessage.objects.filter(state=MessageState.PENDING, due_at__lt=now)
    oldest = rows.order_by("due_at").values_list("due_at", flat=True).first()
    unknown = OutboxMessage.objects.filter(state=MessageState.UNKNOWN).count()
    told = f"{rows.count()} due, {unknown} unknown"
    late = oldest is not None and now - oldest > QUEUE_WARN
    return (WARN if late else OK), told


def _check_tasks(now: datetime) -> Told:
    rows = DBTaskResult.objects.filter(status=TaskResultStatus.READY, run_after__lt=now)
    oldest = rows.order_by("run_after").values_list("run_after", flat=True).first()
    if oldest is not None and now - oldest > TASKS_WARN:
        return WARN, f"a task waits since {oldest:%Y-%m-%d %H:%M}: is run_tasks running?"
    return OK, f"{rows.count()} waiting"


def _check_spool(_now: datetime) -> Told:
    """Answers this server kept while the database was gone, and those nobody could read."""
    folder = spool_folder()
    aside = sum(1 for _ in folder.glob(f"*{UNREADABLE}")) if folder.is_dir() else 0
    waiting = count_spooled()
    told = f"{waiting} answers wait on the disk, {aside} unreadable"
    return (WARN if waiting or aside else OK), told


def _check_backup(now: datetime) -> Told:
    return _check_mark("last-backup.json", BACKUP_WARN, now)


def _check_drill(now: datetime) -> Told:
    return _check_mark("last-restore-drill.json", DRILL_WARN, now)


def _check_restore(_now: datetime) -> Told:
    mark = read_mark(RESTORED)
    if mark is None:
        return OK, "nothing waits to be accepted"
    backup = mark.get("backup", "an unknown backup")
    return WARN, f"restored on {mark['at'][:16]} from {backup}: two people have to accept"


def _check_mark(name: str, longest: timedelta, now: datetime) -> Told:
    """What a backup or a drill left behind when it had succeeded."""
    mark = read_mark(name)
    if mark is None:
        return WARN, "never"
    at = datetime.fromisoformat(str(mark["at"])).astimezone(UTC)
    return (WARN if now - at > longest else OK), f"{at:%Y-%m-%d %H:%M}"


def read_mark(name: str) -> dict[str, Any] | None:
    """The mark of the last backup or drill; None where there is none."""
    path = Path(settings.VAR_DIR) / name
    if not path.is_file():
        return None
    mark = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(mark, dict) or "at" not in mark:
        raise ValueError(f"{path} is no mark of a backup")
    return mark


_LOOKS: Final[tuple[tuple[str, Callable[[datetime], Told]], ...]] = (
    ("migrations", _check_migrations),
    ("disk", _check_disk),
    ("spool", _check_spool),
    ("clock", _check_clock),
    ("ledger", _check_ledger),
    ("messages", _check_queue),
    ("tasks", _check_tasks),
    ("backup", _check_backup),
    ("restore drill", _check_drill),
    ("restore", _check_restore),
)
