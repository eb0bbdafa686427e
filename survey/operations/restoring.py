"""Writes: a backup into an empty folder, and the proof that it can be used."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import psycopg
from django.conf import settings

from survey.operations.backups import MANIFEST, SEGMENT, list_backups, run_tool, write_mark
from survey.operations.restored import mark_restored
from survey.operations.sealing import BackupError, hash_file, open_file

PORT: Final = "54399"
START_SECONDS: Final = "3600"


@dataclass(frozen=True)
class Restored:
    """What lies in the folder: ``database`` is a cluster of PostgreSQL or a file of SQLite."""

    manifest: dict[str, Any]
    database: Path
    files: Path


@dataclass(frozen=True)
class DrillReport:
    """What a drill found; ``seconds`` from the sealed files to a database that answers."""

    backup: str
    rows: int
    answers: int
    ledger: str
    seconds: float


def restore_backup(
    folder: Path, identity: Path, into: Path, *, longest: timedelta | None = None, now: datetime
) -> Restored:
    """Open the newest backup into an empty folder; nothing is written over. Whoever goes on with it
    finds a mark in its files that two people have to accept.

    Raises
    ------
    BackupError
        There is none, it is older than ``longest``, a file is missing, cut off or damaged, or the
        key does not open it.
    """
    if into.exists() and any(into.iterdir()):
        raise BackupError(f"{into} is not empty: a backup is restored into an empty folder")
    source = next(iter(reversed(list(list_backups(folder)))), None)
    if source is None:
        raise BackupError(f"{folder} holds no backup")
    manifest = read_manifest(source)
    made = datetime.fromisoformat(manifest["at"])
    if longest is not None and now - made > longest:
        raise BackupError(f"{source}: the newest backup is of {made:%Y-%m-%d %H:%M}")
    into.mkdir(parents=True, exist_ok=True)
    for name in ("database", "files"):
        _unpack(source / f"{name}.age", into / name, identity)
    mark_restored(into / "files", manifest, source.name, now)
    if manifest["database"] == "sqlite":
        return Restored(manifest, into / "database" / "hailong.sqlite3", into / "files")
    data = into / "database" / "data"
    run_tool("pg_verifybackup", str(data))
    _prepare_recovery(folder, identity, into, data)
    return Restored(manifest, data, into / "files")


def read_manifest(source: Path) -> dict[str, Any]:
    """The manifest of a backup whose files are all there and whole.

    Raises
    ------
    BackupError
        Says which file is missing or damaged.
    """
    try:
        manifest: dict[str, Any] = json.loads((source / MANIFEST).read_text(encoding="utf-8"))
        files = dict(manifest["files"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupError(f"{source / MANIFEST} cannot be read: {error}") from error
    for name, known in files.items():
        path = source / name
        size = path.stat().st_size if path.is_file() else -1
        if size != known["size"]:
            told = "is missing" if size < 0 else f"has {size} bytes of {known['size']}"
            raise BackupError(f"{path} {told}")
        if hash_file(path) != known["sha256"]:
            raise BackupError(f"{path} is another one than its checksum")
    return manifest


def _unpack(sealed: Path, target: Path, identity: Path) -> None:
    with TemporaryDirectory(dir=target.parent) as temporary:
        packed = Path(temporary) / "packed.tar.gz"
        open_file(sealed, packed, identity)
        try:
            with tarfile.open(packed) as tar:
                tar.extractall(target, filter="data")
        except (tarfile.TarError, OSError, EOFError) as error:
            raise BackupError(f"{sealed}: {error}") from error


def _prepare_recovery(folder: Path, identity: Path, into: Path, data: Path) -> None:
    """Segments opened beside the data, and PostgreSQL told to follow them to their end."""
    segments = into / "wal"
    segments.mkdir()
    for path in sorted((folder / "wal").glob("*")):
        if path.suffix == ".age":
            open_file(path, segments / path.stem, identity)
        elif path.suffix in ("", ".partial") and len(path.stem) == SEGMENT:
            shutil.copyfile(path, segments / path.stem)
    _stand_alone(data)
    with (data / "postgresql.auto.conf").open("a", encoding="utf-8") as file:
        file.write(f'restore_command = \'cp "{segments}/%f" "%p"\'\n')
        file.write("recovery_target_timeline = 'latest'\n")
    (data / "recovery.signal").touch(mode=0o600)


def _stand_alone(data: Path) -> None:
    """Debian keeps these files elsewhere: without them the data do not start."""
    for name, text in (
        ("postgresql.conf", "# The server's own settings are not part of a backup.\n"),
        ("pg_hba.conf", "local all all trust\n"),
        ("pg_ident.conf", ""),
    ):
        if not (data / name).exists():
            (data / name).write_text(text, encoding="utf-8")


def drill_restore(
    folder: Path, identity: Path, keys: Path, now: datetime, *, user: str = ""
) -> DrillReport:
    """Restore the newest backup into an empty folder, start it, and compare: rows, the log against
    its files, keys. The mark readiness looks at is written when all of it holds.

    ``user``: whom PostgreSQL runs as, where root does the drill.

    Raises
    ------
    BackupError
        Something is missing or another one; nothing of the drill stays.
    """
    begun = time.monotonic()
    with TemporaryDirectory(prefix="restore-drill-") as temporary:
        into = Path(temporary) / "restored"
        restored = restore_backup(folder, identity, into, now=now)
        _unpack(keys, into / "keys", identity)
        for path in (into / "keys").glob("*.key"):
            shutil.copyfile(path, restored.files / path.name)
        with _serve(restored, into, user) as address:
            seconds = time.monotonic() - begun
            found = _compare_rows(restored, address)
            ledger = _verify_ledger(restored, address, into)
    source = list(list_backups(folder))[-1].name
    rows, answers = sum(found.values()), found["survey_response"]
    report = DrillReport(source, rows, answers, ledger, round(seconds, 1))
    write_mark("last-restore-drill.json", now, vars(report))
    return report


@contextmanager
def _serve(restored: Restored, into: Path, user: str) -> Iterator[str]:
    """The address of the restored database while it runs."""
    if restored.manifest["database"] == "sqlite":
        yield f"sqlite:///{restored.database}"
        return
    os.chmod(into.parent, 0o711)  # noqa: S103, PTH101  (another user's server reads below it)
    os.chmod(restored.database, 0o700)  # noqa: PTH101
    if user:
        for path in (into, *into.rglob("*")):
            shutil.chown(path, user)
    options = f"-k {into} -p {PORT} -c listen_addresses='' -c archive_mode=off"
    command = ["-D", str(restored.database), "-o", options, "-t", START_SECONDS, "-w"]
    _control(user, *command, "-l", str(into / "log"), "start")
    try:
        yield f"postgresql://postgres@/{restored.manifest['name']}?host={into}&port={PORT}"
    finally:
        _control(user, "-D", str(restored.database), "-m", "immediate", "stop")


def _control(user: str, *arguments: str) -> None:
    program = shutil.which("pg_ctl", path=settings.PG_BIN or None)
    if program is None:
        raise BackupError("pg_ctl is not installed: set PG_BIN to PostgreSQL's folder of programs")
    before = ["runuser", "-u", user, "--"] if user else []
    done = subprocess.run(  # noqa: S603
        [*before, program, *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        cwd="/",
    )
    if done.returncode:
        raise BackupError(f"pg_ctl: {done.stderr.strip()[-500:]}")


def _compare_rows(restored: Restored, address: str) -> dict[str, int]:
    """No table has fewer rows than when the backup was made; returns how many each has."""
    found = dict(_count(restored.manifest["rows"], address))
    for table, least in restored.manifest["rows"].items():
        if found[table] < least:
            raise BackupError(f"{table} has {found[table]} rows, {least} were backed up")
    return found


def _count(tables: dict[str, int], address: str) -> Iterator[tuple[str, int]]:
    if address.startswith("sqlite"):
        file = sqlite3.connect(address.removeprefix("sqlite:///"))
        for table in tables:
            yield table, file.execute(f'SELECT count(*) FROM "{table}"').fetchone()[0]  # noqa: S608
        file.close()
        return
    with psycopg.connect(address) as database:
        for table in tables:
            row = database.execute(f'SELECT count(*) FROM "{table}"').fetchone()  # noqa: S608
            yield table, row[0] if row else 0


def _verify_ledger(restored: Restored, address: str, into: Path) -> str:
    """The log of the restored rows goes on from the restored files, by the restored keys, and from
    the head that was signed when the backup was made.
    """
    (restored.files / "ledger-policy.txt").unlink(missing_ok=True)  # nobody is asked by a drill
    against = []
    if restored.manifest["head"]:
        (into / "head").write_text(restored.manifest["head"], encoding="utf-8")
        against = ["--against", str(into / "head")]
    # The rows may be newer than the files: what is missing there is written, if it goes on.
    _manage(restored, address, "seal_ledger", "--whole")
    return _manage(restored, address, "verify_ledger", *against).splitlines()[-1]


def _manage(restored: Restored, address: str, *arguments: str) -> str:
    left_out = ("DATABASE_URL_FILE", "LEDGER_TSA_URL")
    environment = {name: value for name, value in os.environ.items() if name not in left_out}
    environment |= {"DATABASE_URL": address, "HAILONG_VAR": str(restored.files)}
    done = subprocess.run(  # noqa: S603
        [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    told = (done.stdout + done.stderr).strip()
    if done.returncode:
        raise BackupError(f"the log does not hold in the restored copy: {told[-500:]}")
    return told
