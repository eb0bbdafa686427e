"""An empty SQLite installation with all tables, made once for every state of the code: the
migrations take ten seconds and tests ask for many.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
KEPT_SECONDS: Final = 86_400
DATABASE: Final = "hailong.sqlite3"


@cache
def migrated_database() -> Path:
    """The file of a database that ``manage.py migrate`` made, for this code on this machine."""
    folder = Path(tempfile.gettempdir()) / f"hailong-migrated-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    wanted = folder / f"{_digest()}.sqlite3"
    # Several processes of one run of the tests ask at once.
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not wanted.exists():
            _forget_old(folder)
            _make(folder, wanted)
        os.utime(wanted)
    return wanted


def copy_migrated_database(folder: Path) -> None:
    """Put the database where an installation in ``folder`` looks for it."""
    shutil.copyfile(migrated_database(), folder / DATABASE)
    (folder / DATABASE).chmod(0o600)


def _digest() -> str:
    total = hashlib.sha256(sys.version.encode())
    files = [*(ROOT / "survey").rglob("*.py"), *(ROOT / "survey").rglob("*.sql")]
    for path in sorted([*files, ROOT / "requirements.lock"]):
        total.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return total.hexdigest()[:32]


def _forget_old(folder: Path) -> None:
    for path in folder.glob("*.sqlite3"):
        with suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > KEPT_SECONDS:
                path.unlink()


def _make(folder: Path, wanted: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder) as place:
        plain = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"}
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
            cwd=ROOT,
            env={**plain, "DJANGO_SETTINGS_MODULE": "survey.settings", "HAILONG_VAR": place},
            check=True,
        )
        # Whole in one file, whatever still stands in the log of the database.
        source, target = sqlite3.connect(Path(place) / DATABASE), sqlite3.connect(f"{place}/whole")
        source.backup(target)
        source.close()
        target.close()
        # Code that was changed meanwhile may have made another database than its name says.
        assert wanted.stem == _digest(), "the code was changed while its database was made"
        Path(place, "whole").replace(wanted)
