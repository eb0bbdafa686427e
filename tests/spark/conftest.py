"""A real standalone cluster: one master and two workers as processes on loopback, ended with the
session.
"""

from __future__ import annotations

import http.client
import json
import os
import secrets
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree, which
from typing import Any

import pytest

collect_ignore_glob = [] if os.environ.get("SPARK_TESTS") else ["test_*.py"]
JVM = "-XX:-UsePerfData -XX:+UseSerialGC -XX:TieredStopAtLevel=1"
# Workers die with the test run, even when it is killed.
GUARD = [setpriv, "--pdeathsig", "KILL"] if (setpriv := which("setpriv")) else []
LOGGING = """rootLogger.level = warn
rootLogger.appenderRef.e.ref = e
appender.e.type = Console
appender.e.name = e
appender.e.target = SYSTEM_ERR
appender.e.layout.type = PatternLayout
appender.e.layout.pattern = %d{HH:mm:ss} %p %c{1}: %m%n%ex
"""


class Cluster:
    """Master and workers with a secret of their own, everything in one temporary folder."""

    def __init__(self, folder: Path, workers: int) -> None:
        import pyspark

        self.folder, self.workers = folder, workers
        self.home = Path(pyspark.__file__).parent
        self.processes: list[subprocess.Popen[bytes]] = []
        for name in ("conf", "work", "local", "logs"):
            (folder / name).mkdir()
        (folder / "conf" / "log4j2.properties").write_text(LOGGING)
        defaults = f"spark.authenticate true\nspark.authenticate.secret {secrets.token_hex(16)}\n"
        (folder / "conf" / "spark-defaults.conf").write_text(defaults)
        self.environment = {
            "SPARK_HOME": str(self.home),
            "SPARK_CONF_DIR": str(folder / "conf"),
            "SPARK_LOCAL_DIRS": str(folder / "local"),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_LOCAL_HOSTNAME": "127.0.0.1",
            "SPARK_PUBLIC_DNS": "127.0.0.1",
            "SPARK_DAEMON_MEMORY": "256m",
            "SPARK_LAUNCHER_OPTS": JVM,
            "SPARK_DAEMON_JAVA_OPTS": f"{JVM} -Djava.io.tmpdir={folder / 'local'}",
        }

    def start(self) -> str:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self._run("master", "--port", "0", "--webui-port", str(port))
        self.status = f"http://127.0.0.1:{port}/json/"
        url = str(self._wait(lambda state: state["status"] == "ALIVE")["url"])
        for _ in range(self.workers):
            place = ["--work-dir", str(self.folder / "work"), url]
            self._run("worker", "--port", "0", "--webui-port", "0", "-c", "1", "-m", "1g", *place)
        self._wait(lambda state: state["aliveworkers"] == self.workers)
        return url

    def _run(self, kind: str, *arguments: str) -> None:
        command = [
            str(self.home / "bin" / "spark-class"),
            f"org.apache.spark.deploy.{kind}.{kind.title()}",
        ]
        environment = {k: v for k, v in os.environ.items() if "SPARK" not in k} | self.environment
        with (self.folder / "logs" / f"{len(self.processes)}-{kind}.log").open("wb") as log:
            process = subprocess.Popen(
                [*GUARD, *command, "--host", "127.0.0.1", *arguments],
                env=environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.processes.append(process)

    def _wait(self, ready: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        end = time.monotonic() + 90
        while time.monotonic() < end and all(process.poll() is None for process in self.processes):
            # Not up yet; for a moment the page answers with HTML.
            with suppress(OSError, ValueError, http.client.HTTPException):
                state: dict[str, Any] = json.load(direct.open(self.status, timeout=5))
                if ready(state):
                    return state
            time.sleep(0.1)
        raise RuntimeError(
            "\n".join(log.read_text(errors="replace") for log in (self.folder / "logs").glob("*"))
        )

    def stop(self) -> None:
        for process in reversed(self.processes):
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
            # Executors live in the group of their worker.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def running() -> Iterator[Cluster]:
    folder = Path(tempfile.mkdtemp(prefix="spark-"))
    cluster = Cluster(folder, workers=2)
    try:
        yield cluster
    finally:
        cluster.stop()
        rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def cluster() -> Iterator[str]:
    """Address of the cluster; the driver's settings are in the environment while it runs."""
    with running() as started:
        url = started.start()
        patch = pytest.MonkeyPatch()
        options = f"{JVM} -Djava.io.tmpdir={started.folder / 'local'}"
        submit = (
            f"--driver-memory 1g --conf spark.executor.memory=1g --driver-java-options "
            f"'{options}' pyspark-shell"
        )
        for name, value in {**started.environment, "PYSPARK_SUBMIT_ARGS": submit}.items():
            patch.setenv(name, value)
        yield url
        from analysis.counting.spark import stop

        stop()
        patch.undo()
