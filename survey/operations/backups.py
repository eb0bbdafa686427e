"""Writes: backups of database and data folder, sealed, and whole or not there at all.

``FOLDER/20261127T020000Z/`` holds ``database.age``, ``files.age`` and ``manifest.json`` (sizes,
checksums, rows of each table, newest head of the log). PostgreSQL's own log of changes is kept
beside it by ``pg_receivewal`` in ``FOLDER/wal`` and sealed segment by segment. Keys are never in.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from django.conf import settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from survey.common.durable_files import replace_file
from survey.environment import read_database
from survey.integrity.models import LedgerHead
from survey.operations.sealing import BackupError, hash_file, seal_file

VERSION: Final = 1
STAMP: Final = "%Y%m%dT%H%M%SZ"
KEPT: Final = timedelta(days=35)
"""Erased data is gone from every backup by then."""
MANIFEST: Final = "manifest.json"
PARTS: Final = ("database.age", "files.age")
SEGMENT: Final = 24
"""Letters of the name of a whole segment."""
ADDED_TO: Final = (
    "survey_response",
    "survey_ledgerleaf",
    "survey_ledgerhead",
    "survey_auditevent",
    "survey_approvaldecision",
    "survey_edition",
)
SECRETS: Final = ("SECRET_KEY", "SECRET_KEY_OLD", "PHONE_KEY", "PHONE_HASH_KEY")
"""Keys that may stand in files of the machine (``NAME_FILE``)."""
NOT_FILES: Final = (
    "*.sqlite3*",
    "*.key",
    ".*.draft",
    "static",
    "demo",
    "last-*.json",
    "prometheus",
    "exports",
)
"""What of the data folder is no part: the database, keys, what is made again or soon forgotten."""


def make_backup(folder: Path, recipient: str, now: datetime) -> Path:
    """Back up database and files; old ones go once this one is there.

    Raises
    ------
    BackupError
        Something could not be read or written; nothing half-made stays.
    """
    target = folder / now.astimezone(UTC).strftime(STAMP)
    if target.exists():
        raise BackupError(f"{target} is there already")
    with _alone(folder):
        for left in folder.glob(".making-*"):
            shutil.rmtree(left)  # of a backup that was killed: it lies open
        with TemporaryDirectory(dir=folder, prefix=".making-") as temporary:
            work, draft = Path(temporary), Path(temporary) / "backup"
            draft.mkdir()
            known = _describe(now)
            # Files first: of a log that was sealed meanwhile the database knows more, which
            # publishing mends; files that know more than the database would stop the log.
            _seal_tar(_copy_files(work), draft / "files.age", work, recipient)
            _seal_tar(_copy_database(work), draft / "database.age", work, recipient)
            manifest = {**known, "files": {name: _measure(draft / name) for name in PARTS}}
            (draft / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
            draft.rename(target)
        _seal_whole(folder, recipient)
        _forget_old(folder, now)
    write_mark("last-backup.json", now, {"backup": target.name})
    return target


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One at a time in a folder of backups."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def write_mark(name: str, now: datetime, more: dict[str, Any]) -> None:
    """What readiness looks at."""
    path = Path(settings.VAR_DIR) / name
    replace_file(path, json.dumps({"at": now.isoformat(), **more}).encode())


def count_rows() -> dict[str, int]:
    """Table -> rows, of those rows are only added to: whatever happens until the copy is restored,
    it has as many, or more.
    """
    with connection.cursor() as cursor:
        found = {}
        for table in ADDED_TO:
            cursor.execute(f'SELECT count(*) FROM "{table}"')  # noqa: S608  (our own names)
            found[table] = int(cursor.fetchone()[0])
    return found


def _describe(now: datetime) -> dict[str, Any]:
    head = LedgerHead.objects.order_by("-size").first()
    applied = MigrationRecorder.Migration.objects.filter(app="survey").order_by("-name").first()
    return {
        "version": VERSION,
        "at": now.isoformat(),
        "database": connection.vendor,
        "name": str(connection.settings_dict["NAME"]),
        "migration": applied.name if applied else "",
        "rows": count_rows(),
        "head": head.note if head else "",
    }


def _measure(path: Path) -> dict[str, Any]:
    return {"sha256": hash_file(path), "size": path.stat().st_size}


def _copy_database(work: Path) -> Path:
    folder = work / "database"
    folder.mkdir()
    if connection.vendor == "sqlite":
        _copy_sqlite(folder / "hailong.sqlite3")
    else:
        address, told = _read_address()
        target = str(folder / "data")
        run_tool("pg_basebackup", "-d", address, "-D", target, "-c", "fast", environment=told)
        run_tool("pg_verifybackup", str(folder / "data"))
    return folder


def _copy_sqlite(target: Path) -> None:
    """SQLite's own online copy, checked by a connection that knows the functions of our
    constraints.
    """
    # A connection of its own: inside a transaction SQLite would wait for itself.
    source = sqlite3.connect(f"file:{connection.settings_dict['NAME']}?mode=ro", uri=True)
    copy = sqlite3.connect(target)
    try:
        source.backup(copy)
    finally:
        copy.close()
        source.close()
    with connection.cursor() as cursor:
        cursor.execute("ATTACH DATABASE %s AS copied", [str(target)])
        try:
            cursor.execute("PRAGMA copied.integrity_check")
            told = cursor.fetchone()[0]
        finally:
            cursor.execute("DETACH DATABASE copied")
    if told != "ok":
        raise BackupError(f"the copy of the database is damaged: {told}")


def _read_address() -> tuple[str, dict[str, str]]:
    """The database as PostgreSQL's tools take it, and what they are told by the environment: a
    password on a command line is everybody's.
    """
    known: dict[str, Any] = connection.settings_dict
    if settings.BACKUP_DATABASE_URL:
        known = read_database(settings.BACKUP_DATABASE_URL)
    names = {"host": "HOST", "port": "PORT", "user": "USER"}
    parts = [f"{name}={_quote(known[key])}" for name, key in names.items() if known.get(key)]
    password = str(known.get("PASSWORD") or "")
    return " ".join(parts), {"PGPASSWORD": password} if password else {}


def _quote(value: object) -> str:
    text = str(value).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{text}'"


def run_tool(name: str, *arguments: str, environment: dict[str, str] | None = None) -> None:
    """Run a program of PostgreSQL (from ``PG_BIN``, or the path).

    Raises
    ------
    BackupError
        It is not there, or failed; its words are told.
    """
    program = shutil.which(name, path=settings.PG_BIN or None)
    if program is None:
        raise BackupError(f"{name} is not installed: set PG_BIN to PostgreSQL's folder of programs")
    done = subprocess.run(  # noqa: S603
        [program, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **(environment or {})},
    )
    if done.returncode:
        raise BackupError(f"{name}: {done.stderr.strip()[-500:]}")


def _copy_files(work: Path) -> Path:
    folder = work / "files"
    shutil.copytree(
        settings.VAR_DIR,
        folder,
        ignore=lambda at, names: shutil.ignore_patterns(*NOT_FILES)(at, names) | _inside(at, work),
    )
    return folder


def _inside(at: str, work: Path) -> set[str]:
    """A folder of backups that lies in the data folder is no part of itself."""
    backups = work.parent.resolve()
    here = Path(at).resolve()
    return {backups.relative_to(here).parts[0]} if here in backups.parents else set()


def _seal_tar(folder: Path, target: Path, work: Path, recipient: str) -> None:
    packed = work / "packed.tar.gz"
    with tarfile.open(packed, "w:gz", compresslevel=3) as tar:
        tar.add(folder, arcname=".")
    shutil.rmtree(folder)
    seal_file(packed, target, recipient)
    packed.unlink()


def seal_keys(folder: Path, backups: Path, recipient: str, now: datetime) -> Path:
    """The keys of the data folder, sealed into a folder that is not that of the backups.

    Raises
    ------
    BackupError
        Both are one folder, or one inside the other: keys and data would be stolen together.
    """
    one, two = folder.resolve(), backups.resolve()
    if one == two or one in two.parents or two in one.parents:
        raise BackupError(f"{folder}: keys belong elsewhere than the backups in {backups}")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = folder / f"keys-{now.astimezone(UTC).strftime(STAMP)}.age"
    with TemporaryDirectory() as temporary:
        packed = Path(temporary) / "keys.tar.gz"
        with tarfile.open(packed, "w:gz") as tar:
            for path in sorted(Path(settings.VAR_DIR).glob("*.key")):
                tar.add(path, arcname=path.name)
            for name in SECRETS:
                if path_of := os.environ.get(f"{name}_FILE"):
                    tar.add(path_of, arcname=name)
        seal_file(packed, target, recipient)
    return target


def seal_segments(folder: Path, recipient: str) -> int:
    """Seal whole segments ``pg_receivewal`` has written; the one it writes stays as it is."""
    with _alone(folder):
        return _seal_whole(folder, recipient)


def _seal_whole(folder: Path, recipient: str) -> int:
    sealed = 0
    for path in sorted((folder / "wal").glob("[0-9A-F]*")):
        if len(path.name) == SEGMENT:
            draft = path.with_name(f".{path.name}.age")
            seal_file(path, draft, recipient)
            with draft.open("rb") as file:
                os.fsync(file.fileno())  # what is sealed is the only copy from here on
            draft.rename(path.with_name(f"{path.name}.age"))
            path.unlink()
            sealed += 1
    return sealed


def list_backups(folder: Path) -> Iterator[Path]:
    """Backups by their time, the newest last; what was left half-made is none."""
    for path in sorted(folder.glob("[0-9]*Z")):
        if (path / MANIFEST).is_file():
            yield path


def _forget_old(folder: Path, now: datetime) -> None:
    for path in list(list_backups(folder))[:-1]:
        if now - datetime.strptime(path.name, STAMP).replace(tzinfo=UTC) > KEPT:
            shutil.rmtree(path)
    oldest = now.timestamp() - KEPT.total_seconds()
    for path in (folder / "wal").glob("*.age"):
        if path.stat().st_mtime < oldest:
            path.unlink()
