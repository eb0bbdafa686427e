"""Answers while officials ask for more pages than the server can make, with and without shedding.
`python -m benchmarks.overload [seconds]`

Requests are sent at a fixed rate whether or not earlier ones came back, each stamped with the
moment it was sent, as the proxy does; without stamps nothing is shed. One process, SQLite.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import numpy as np

from benchmarks.machine import describe
from tests.servers.conftest import SEED, Server, environment_for, manage, serve

SECONDS = 20
STAFF_PER_SECOND = 400
ANSWERS_PER_SECOND = 5
DRAIN_SECONDS = 90
CUT_OFF = 0
"""In place of a status: the server's queue of connections was full."""
TICKET = re.compile(rb'name="ticket" value="([^"]+)"')
SIGN_IN = """
from django.test import Client
from survey.accounts.models import Role, User
user = User.objects.create_user(username="bench", role=Role.ANALYST)
client = Client()
client.force_login(user)
print(client.cookies["sessionid"].value)
"""


@dataclass
class Told:
    """Statuses and seconds of what was asked."""

    seconds: list[float] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    def show(self, name: str) -> str:
        """Shares of the statuses and quantiles of the time."""
        half, most = np.quantile(self.seconds, [0.5, 0.99]) if self.seconds else (0.0, 0.0)
        counts = {status: self.statuses.count(status) for status in sorted(set(self.statuses))}
        return f"{name}: {counts}, median {half:.2f} s, 99 % within {most:.2f} s"


class Crowd:
    """Clients of one server."""

    def __init__(self, server: Server, code: str, session: str, *, stamped: bool) -> None:
        where = urlsplit(server.url)
        self.host, self.port = where.hostname or "", where.port or 0
        self.code, self.session, self.stamped = code, session, stamped
        self.staff, self.answers = Told(), Told()

    async def run(self, seconds: float) -> None:
        """Ask for so long, then wait for what is outstanding."""
        tasks: list[asyncio.Task[None]] = []
        began = time.monotonic()
        while (passed := time.monotonic() - began) < seconds:
            if len(tasks) < passed * (STAFF_PER_SECOND + ANSWERS_PER_SECOND):
                every = STAFF_PER_SECOND // ANSWERS_PER_SECOND + 1
                ask = self._answer() if len(tasks) % every == 0 else self._look()
                tasks.append(asyncio.create_task(ask))
            else:
                await asyncio.sleep(0.005)
        await asyncio.wait(tasks, timeout=DRAIN_SECONDS)

    async def _look(self) -> None:
        began = time.monotonic()
        status, _page = await self._send("GET", "/staff/", "", f"Cookie: sessionid={self.session}")
        self.staff.statuses.append(status)
        self.staff.seconds.append(time.monotonic() - began)

    async def _answer(self) -> None:
        _status, page = await self._send("GET", f"/s/{self.code}", "", "")
        if found := TICKET.findall(page):
            data = {"ticket": found[0].decode(), "lang": "vi", "overall": "4"}
            began = time.monotonic()
            status, _page = await self._send("POST", f"/s/{self.code}", urlencode(data), "")
            self.answers.seconds.append(time.monotonic() - began)
            self.answers.statuses.append(status)
        else:
            self.answers.statuses.append(CUT_OFF)

    async def _send(self, method: str, path: str, body: str, more: str) -> tuple[int, bytes]:
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.host}", "Connection: close"]
        lines += [f"X-Request-Start: t={time.time():.3f}"] if self.stamped else []
        lines += [f"Content-Length: {len(body)}"] if body else []
        lines += ["Content-Type: application/x-www-form-urlencoded"] if body else []
        lines += [more] if more else []
        try:
            content = await self._exchange(("\r\n".join(lines) + "\r\n\r\n" + body).encode())
        except OSError:
            return CUT_OFF, b""
        return int(content[9:12] or b"0"), content

    async def _exchange(self, request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection(self.host, self.port)
        try:
            writer.write(request)
            return await reader.read()
        finally:
            writer.close()


def run(*, stamped: bool, seconds: float) -> None:
    """One server, one crowd."""
    with tempfile.TemporaryDirectory(prefix="hailong-bench-") as folder:
        environment = environment_for(Path(folder), None)
        manage(environment, "migrate", "--verbosity", "0")
        code = manage(environment, "shell", "--no-imports", "-c", SEED).split()[0]
        hosts = {**environment, "ALLOWED_HOSTS": "testserver"}
        session = manage(hosts, "shell", "--no-imports", "-c", SIGN_IN).split()[0]
        with serve(environment, Path(folder)) as server:
            crowd = Crowd(server, code, session, stamped=stamped)
            asyncio.run(crowd.run(seconds))
    print("with shedding:" if stamped else "without shedding:")
    print(f"  {crowd.answers.show('answers')}")
    print(f"  {crowd.staff.show('pages of staff')}")


def main(seconds: float) -> None:
    """Both, in one run."""
    print(describe())
    print(f"{STAFF_PER_SECOND} pages of staff and {ANSWERS_PER_SECOND} answers a second")
    run(stamped=False, seconds=seconds)
    run(stamped=True, seconds=seconds)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS)
