"""Backups of the embedded database by the commands, each a process of its own on a database of its
own: sealed, whole or not there, and every bad one is named. PostgreSQL's: tests/servers.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from survey.operations.backups import MANIFEST, STAMP, list_backups, seal_keys, seal_segments
from survey.operations.readiness import RESTORED
from survey.operations.sealing import BackupError, hash_file, make_identity
from tests.migrated import ROOT, copy_migrated_database

FILL = """
import django
django.setup()
from django.utils import timezone
from survey.integrity.services import seal_day
from survey.responses.services import record_batch
from tests.survey.factories import make_cast
cast, now = make_cast(), timezone.now()
record_batch(submissions=[cast.submission(f"a{k}", now=now) for k in range(70)])
seal_day(now)
"""


class Place:
    """A machine that makes backups: its data folder, where they go, and keys."""

    def __init__(self, root: Path) -> None:
        self.var, self.backups, self.keys = root / "var", root / "backups", root / "keys"
        self.into, self.identity = root / "into", root / "identity"
        text, self.recipient = make_identity()
        self.identity.write_text(f"# made for a test\n{text}\n")

    def run(self, *arguments: object, program: str = "") -> subprocess.CompletedProcess[str]:
        """``manage.py`` on this machine, or a program in its place."""
        command = ["-c", program] if program else [str(ROOT / "manage.py")]
        environment = {
            **os.environ,
            "HAILONG_VAR": str(self.var),
            "DJANGO_SETTINGS_MODULE": "survey.settings",
            "DEBUG": "1",
        }
        environment.pop("DATABASE_URL", None)
        return subprocess.run(
            [sys.executable, *command, *map(str, arguments)],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
            timeout=120,
        )

    def back_up(self, *more: object) -> Path:
        done = self.run("make_backup", self.backups, "--to", self.recipient, *more)
        assert done.returncode == 0, done.stderr
        return Path(done.stdout.split()[0])

    def restore(self, *more: object, identity: Path | None = None) -> str:
        """What the command says; empty the folder before by hand."""
        sent = ["--identity", identity or self.identity, "--into", self.into, *more]
        done = self.run("restore_backup", self.backups, *sent)
        return done.stdout + done.stderr

    def drill(self) -> str:
        keys = sorted(self.keys.glob("*.age"))[-1]
        sent = ["--identity", self.identity, "--keys", keys]
        done = self.run("restore_drill", self.backups, *sent)
        return done.stdout + done.stderr


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Seventy answers, sealed, and a backup of them with its keys."""
    place = Place(tmp_path_factory.mktemp("machine"))
    place.var.mkdir()
    copy_migrated_database(place.var)
    done = place.run(program=FILL)
    assert done.returncode == 0, done.stderr
    (place.var / "evidence").mkdir()
    (place.var / "evidence" / "a.pdf").write_bytes(b"%PDF evidence")
    place.back_up("--keys", place.keys)
    return place


@pytest.fixture
def filled(machine: Place, tmp_path: Path) -> Place:
    """A copy of the machine and its backup."""
    place = Place(tmp_path)
    for name in ("var", "backups", "keys"):
        shutil.copytree(getattr(machine, name), tmp_path / name)
    place.identity, place.recipient = machine.identity, machine.recipient
    return place


def newest(place: Place) -> Path:
    return list(list_backups(place.backups))[-1]


@pytest.mark.slow
def test_the_commands_back_up_and_restore_everything(filled: Place) -> None:
    source, keys = newest(filled), next(filled.keys.glob("*.age"))
    assert sorted(one.name for one in source.iterdir()) == ["database.age", "files.age", MANIFEST]
    secret = (filled.var / "ledger.key").read_bytes()
    for path in (*source.glob("*.age"), keys):
        content = path.read_bytes()
        assert content.startswith(b"age-encryption.org/v1\n")
        assert b"evidence" not in content
        assert secret not in content
    told = filled.restore()
    assert "database: " in told
    restored = sqlite3.connect(filled.into / "database" / "hailong.sqlite3")
    assert restored.execute("SELECT count(*) FROM survey_response").fetchone() == (70,)
    restored.close()
    assert (filled.into / "files" / "evidence" / "a.pdf").read_bytes() == b"%PDF evidence"
    assert (filled.into / "files" / "ledger" / "checkpoint").is_file()
    assert (filled.into / "files" / RESTORED).is_file(), "two people have to accept it"
    assert not list((filled.into / "files").glob("*.key")), "keys are never with the data"
    assert "log ok: 70 entries, 1 signed heads, 0 waiting" in filled.drill()
    mark = json.loads((filled.var / "last-restore-drill.json").read_text())
    assert mark["backup"] == source.name


@pytest.mark.slow
def test_a_backup_in_the_data_folder_is_no_part_of_itself(filled: Place) -> None:
    filled.backups = filled.var / "backups"
    source = filled.back_up()
    source.rename(source.with_name((datetime.now(UTC) - timedelta(days=1)).strftime(STAMP)))
    filled.back_up()
    assert "database: " in filled.restore()
    assert not (filled.into / "files" / "backups").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lambda source: (source / "database.age").unlink(), "database.age is missing"),
        (lambda source: (source / "files.age").write_bytes(b""), "files.age has 0 bytes of"),
        (lambda source: cut(source / "database.age"), "database.age has"),
        (lambda source: flip(source / "database.age"), "is another one than its checksum"),
        (lambda source: (source / MANIFEST).write_text("{"), "manifest.json cannot be read"),
        (lambda source: (source / MANIFEST).write_text("{}"), "manifest.json cannot be read"),
        (lambda source: shutil.rmtree(source), "holds no backup"),
    ],
)
def test_bad_backups_are_named_and_restore_nothing(
    filled: Place, harm: Callable[[Path], Any], told: str
) -> None:
    harm(newest(filled))
    found = filled.restore()
    assert told in found
    assert "nothing can be used" in found
    assert not (filled.into / "database").exists()


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-9] ^= 1
    path.write_bytes(content)


@pytest.mark.slow
def test_a_forged_checksum_does_not_help_a_damaged_file(filled: Place) -> None:
    """Whoever can write the manifest cannot write what opens."""
    source = newest(filled)
    flip(source / "database.age")
    manifest = json.loads((source / MANIFEST).read_text())
    manifest["files"]["database.age"]["sha256"] = hash_file(source / "database.age")
    (source / MANIFEST).write_text(json.dumps(manifest))
    assert "does not open with this key, or is damaged" in filled.restore()


@pytest.mark.slow
def test_wrong_keys_old_backups_and_full_folders_are_refused(filled: Place) -> None:
    other = filled.into.with_name("other")
    other.write_text(make_identity()[0])
    assert "does not open with this key" in filled.restore(identity=other)
    shutil.rmtree(filled.into)
    other.write_text("nonsense")
    assert "is no identity" in filled.restore(identity=other)
    shutil.rmtree(filled.into)
    assert "the newest backup is of" in filled.restore("--longest-days", "0")
    filled.into.mkdir(exist_ok=True)
    (filled.into / "something").touch()
    assert "is not empty" in filled.restore()
    done = filled.run("make_backup", filled.backups, "--to", "age1nonsense")
    assert "no backup was made: 'age1nonsense' is no recipient" in done.stderr


def test_a_backup_that_fails_leaves_nothing(filled: Place) -> None:
    """The files cannot be read: nothing half-made stays, and the one before is still there."""
    before = sorted(filled.backups.iterdir())
    (filled.var / "evidence" / "b.pdf").symlink_to("/proc/nothing/here")
    done = filled.run("make_backup", filled.backups, "--to", filled.recipient)
    assert done.returncode == 1
    assert "no backup was made" in done.stderr
    assert sorted(filled.backups.iterdir()) == before


@pytest.mark.slow
def test_a_drill_that_finds_fewer_rows_or_another_log_leaves_no_mark(filled: Place) -> None:
    source = newest(filled)
    manifest = json.loads((source / MANIFEST).read_text())
    manifest["rows"]["survey_response"] = 71
    (source / MANIFEST).write_text(json.dumps(manifest))
    assert "survey_response has 70 rows, 71 were backed up" in filled.drill()
    (tile,) = (filled.var / "ledger" / "tile" / "0").rglob("70")
    flip(tile)
    shutil.rmtree(source)
    filled.back_up()
    assert "the log does not hold in the restored copy" in filled.drill()
    assert not (filled.var / "last-restore-drill.json").exists()


@pytest.mark.slow
def test_old_backups_go_once_a_new_one_is_there(filled: Place) -> None:
    source = newest(filled)
    for days in (80, 40, 34):
        name = (datetime.now(UTC) - timedelta(days=days)).strftime(STAMP)
        shutil.copytree(source, filled.backups / name)
    shutil.rmtree(source)
    filled.back_up()
    kept = list(list_backups(filled.backups))
    assert len(kept) == 2
    assert kept[0].name == name


def test_keys_belong_elsewhere(tmp_path: Path) -> None:
    backups = tmp_path / "backups"
    for folder in (backups, backups / "keys", tmp_path):
        with pytest.raises(BackupError, match="keys belong elsewhere"):
            seal_keys(folder, backups, make_identity()[1], datetime.now(UTC))


def test_whole_segments_are_sealed_and_the_one_that_is_written_stays(tmp_path: Path) -> None:
    wal = tmp_path / "wal"
    wal.mkdir(parents=True)
    (wal / f"{'0' * 23}1").write_bytes(b"whole")
    (wal / f"{'0' * 23}2.partial").write_bytes(b"part")
    (wal / "00000002.history").write_bytes(b"1")
    recipient = make_identity()[1]
    assert seal_segments(tmp_path, recipient) == 1
    assert {path.name for path in wal.iterdir()} == {
        "00000002.history",
        f"{'0' * 23}1.age",
        f"{'0' * 23}2.partial",
    }
    assert seal_segments(tmp_path, recipient) == 0


def test_a_new_key_is_made_once_and_wrong_arguments_are_told(tmp_path: Path) -> None:
    place = Place(tmp_path)
    path = tmp_path / "new"
    done = place.run("make_backup", "--new-key", path)
    assert done.stdout.startswith("age1"), done.stderr
    assert path.stat().st_mode & 0o777 == 0o600
    assert "keys are not written over" in place.run("make_backup", "--new-key", path).stderr
    assert "name a folder" in place.run("make_backup", place.backups).stderr
