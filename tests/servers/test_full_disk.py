"""A disk that fills up under a running server: it stops taking answers before anything breaks, and
goes on when there is room.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
import requests

from survey.common.outage import BELIEVED_SECONDS
from tests.servers.citizens import open_poster, send
from tests.servers.conftest import SEED, environment_for, migrate, serve

SIZE: Final = "256m"
COUNT: Final = "from survey.models import Response; print(Response.objects.count())"


@pytest.fixture
def disk() -> Iterator[Path]:
    """A small disk of one test's own."""
    folder = Path(tempfile.mkdtemp(prefix="hailong-disk-"))
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=700", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        folder.rmdir()
        pytest.skip("this account may not mount a disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)
    folder.rmdir()


def leave(disk: Path, free: int) -> Path:
    """Fill it up to so many bytes."""
    filler = disk / "filler"
    filler.unlink(missing_ok=True)
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(disk).free - free)
    return filler


@pytest.mark.slow
def test_a_disk_that_fills_up_stops_answers_kindly_and_breaks_nothing(disk: Path) -> None:
    environment = environment_for(disk, None)
    migrate(environment)
    with serve(environment, Path("/tmp")) as server:
        code = server.python(SEED).split()[0]
        assert send(server.url, code, open_poster(server.url, code)).status_code == 303
        filler = leave(disk, 50 * 2**20)
        ticket = open_poster(server.url, code)
        told = send(server.url, code, ticket)
        assert told.status_code == 503
        assert 'name="overall" value="4"' in told.text, "what was sent stays on the page"
        assert server.python(COUNT) == "1"
        filler = leave(disk, 0)
        assert send(server.url, code, open_poster(server.url, code)).status_code == 503
        assert requests.get(f"{server.url}/readyz", timeout=60).status_code == 503
        assert requests.get(f"{server.url}/staff/", timeout=60).status_code in (200, 503)
        filler.unlink()
        time.sleep(BELIEVED_SECONDS + 0.5)
        assert send(server.url, code, ticket).status_code == 303
        assert server.python(COUNT) == "2"
        server.manage("seal_ledger", "--day")
        assert server.manage("verify_ledger").startswith("ok")
    with sqlite3.connect(disk / "db.sqlite3") as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
