"""PostgreSQL backed up while answers come in, killed, and restored by the runbook's commands."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from survey.operations.backups import list_backups
from tests.servers.clusters import Cluster, running_cluster, start_server
from tests.servers.conftest import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.postgresql]
WRITE = """
import sys, django
django.setup()
from django.utils import timezone
from survey.integrity.services import seal_day
from survey.responses.services import record_response
from tests.survey.factories import make_cast
cast = make_cast()
for number in range(100000):
    record_response(submission=cast.submission(f"a{number}", now=timezone.now()))
    # Acknowledged: whoever reads this line may say that it was stored.
    print(number + 1, flush=True)
    if number == 80:
        seal_day(timezone.now())
"""


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with running_cluster() as made:
        yield made


def read_unit(cluster: Cluster, wal: Path) -> tuple[list[str], list[str]]:
    """Arguments of the unit that keeps the log of changes: what makes its slot, what streams."""
    text = (ROOT / "deploy/systemd/hailong-wal.service").read_text()
    found = []
    for key in ("ExecStartPre", "ExecStart"):
        line = re.findall(rf"^{key}=/usr/bin/pg_receivewal (.*)$", text, re.MULTILINE)[0]
        words = line.replace("/var/backups/hailong/wal", str(wal)).split()
        place = words.index("service=hailong_backup")
        found.append([*words[:place], cluster.address(), *words[place + 1 :]])
    return found[0], found[1]


def read_last(path: Path) -> int:
    lines = path.read_text().split()
    return int(lines[-1]) if lines else 0


def wait_for(path: Path, count: int) -> None:
    end = time.monotonic() + 240
    while read_last(path) < count:
        assert time.monotonic() < end, "the writer did not get there"
        time.sleep(0.2)


def test_a_killed_database_is_restored_with_what_was_acknowledged(cluster: Cluster) -> None:
    """A backup during load, a kill -9 of every process, and the drill: nothing that was
    acknowledged a moment before the kill is lost.
    """
    wal, told = cluster.backups / "wal", cluster.root / "told"
    wal.mkdir(parents=True)
    slot, stream = read_unit(cluster, wal)
    assert cluster.tool("pg_receivewal", *slot).wait(60) == 0
    receiver = cluster.tool("pg_receivewal", *stream)
    with told.open("w") as out:
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITE], env=cluster.environment, stdout=out, cwd=ROOT
        )
    wait_for(told, 100)
    keys = cluster.root / "keys"
    made = cluster.manage(
        "make_backup", cluster.backups, "--to", cluster.recipient, "--keys", keys
    ).split()
    manifest = json.loads((Path(made[0]) / "manifest.json").read_text())
    assert manifest["database"] == "postgresql"
    at_backup = manifest["rows"]["survey_response"]
    # Sealed meanwhile: the rows know more of the log than the files that were backed up.
    cluster.manage("seal_ledger", "--day")
    wait_for(told, read_last(told) + 400)
    cluster.manage("make_backup", cluster.backups, "--to", cluster.recipient, "--segments")
    # What reached the receiver is safe; it confirms by flushing each change as it comes.
    acknowledged = read_last(told)
    time.sleep(1)
    cluster.kill()
    for process in (writer, receiver):
        process.kill()
        process.wait()
    written = read_last(told)
    drill = ["--identity", cluster.identity, "--keys", made[1]]
    if os.geteuid() == 0:
        drill += ["--user", "pgserver"]
    begun = time.monotonic()
    # The command itself needs a database: an empty one, as a new machine has.
    fresh = start_server(cluster.root / "fresh")
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "restore_drill", str(cluster.backups)]
        + [str(one) for one in drill],
        env={**cluster.environment, "DATABASE_URL": fresh.get_uri()},
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    seconds = time.monotonic() - begun
    mark = json.loads((cluster.var / "last-restore-drill.json").read_text())
    restored = mark["answers"]
    lost = written - restored
    sys.stdout.write(
        f"\n{at_backup} answers at the backup, {acknowledged} a second before the kill, {written} "
        f"at the end; at most {max(0, lost)} lost; drill {seconds:.0f} s\n"
    )
    assert restored >= acknowledged
    assert "ok: " in mark["ledger"]
    assert list(list_backups(cluster.backups))[-1].name == mark["backup"]
    assert not [path for path in wal.iterdir() if len(path.name) == 24], "whole segments are sealed"
