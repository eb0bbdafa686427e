"""Days on which things die: a database that is gone, servers killed again and again. What was
acknowledged is there, once.

BAD_DAYS_FULL=1 kills the web server 50 times and PostgreSQL 10 times during 20,000 answers, and
keeps 20,000 answers while the database is gone; it takes half an hour.
"""

from __future__ import annotations

import os
import random
import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psutil
import pytest
import requests

from tests.servers.citizens import TICKET, open_poster, send, wait_until
from tests.servers.clusters import Cluster, running_cluster
from tests.servers.conftest import (
    SEED,
    Server,
    environment_for,
    free_port,
    manage,
    migrate,
    serve,
)

FULL: Final = os.environ.get("BAD_DAYS_FULL") == "1"
KEPT: Final = 20_000 if FULL else 400
SUBMITS: Final = 20_000 if FULL else 2_500
WEB_KILLS, DATABASE_KILLS = (50, 10) if FULL else (6, 2)
CLIENTS: Final = 8
CODE_SHOWN: Final = re.compile(r'<strong class="code">([A-Z0-9-]+)</strong>')
COUNT: Final = (
    "from survey.models import Response; "
    "print(Response.objects.count(), Response.objects.values('submission_key').distinct().count())"
)


def open_posters(server: Server, code: str, count: int) -> list[str]:
    """Tickets of so many opened pages."""
    with ThreadPoolExecutor(CLIENTS) as pool:
        return list(pool.map(lambda _n: open_poster(server.url, code), range(count)))


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with running_cluster() as made:
        yield made


def settings_for(cluster: Cluster) -> dict[str, str]:
    environment = environment_for(cluster.var, cluster.server.get_uri())
    environment["CODE"] = manage(environment, "shell", "--no-imports", "-c", SEED).split()[0]
    return environment


@pytest.mark.slow
def test_answers_are_kept_while_the_database_is_gone_and_taken_in_once(
    cluster: Cluster, tmp_path: Path
) -> None:
    environment = settings_for(cluster)
    code = environment["CODE"]
    with serve(environment, tmp_path, workers=2) as server:
        tickets = open_posters(server, code, KEPT)
        cluster.kill()
        with ThreadPoolExecutor(8) as pool:
            told = list(pool.map(lambda ticket: send(server.url, code, ticket), tickets))
        assert {page.status_code for page in told} == {202}
        receipt = CODE_SHOWN.findall(told[0].text)[0].replace("-", "")
        assert "đã được giữ lại" in told[0].text
        opened = requests.get(f"{server.url}/s/{code}", timeout=60)
        assert opened.status_code == 200, "who scans the poster now can answer too"
        late = send(server.url, code, TICKET.findall(opened.text)[0])
        assert late.status_code == 202
        ready = requests.get(f"{server.url}/readyz", timeout=60)
        assert ready.status_code == 503
        assert ready.json()["checks"]["spool"]["detail"].startswith(f"{KEPT + 1} answers")
        assert send(server.url, code, tickets[0]).status_code == 202, "sent twice it is kept once"
        officials = requests.get(f"{server.url}/staff/", cookies={"sessionid": "x"}, timeout=60)
        assert officials.status_code == 503
        assert "chưa đọc và lưu được dữ liệu" in officials.text
        cluster.start_again()
        wait_until(lambda: not list((cluster.var / "spool").glob("*.answer")), seconds=900)
        assert server.python(COUNT) == f"{KEPT + 1} {KEPT + 1}"
        again = send(server.url, code, tickets[0])
        assert again.status_code == 303
        assert again.headers["Location"].startswith(f"/r/{receipt}"), "the code that was shown"
        assert requests.get(f"{server.url}/r/{receipt}", timeout=60).status_code == 200
        assert server.python(COUNT) == f"{KEPT + 1} {KEPT + 1}"
        server.manage("seal_ledger")
        assert server.manage("verify_ledger").startswith("ok")


@pytest.mark.slow
def test_who_comes_after_a_restart_of_the_database_is_stored_at_once(
    cluster: Cluster, tmp_path: Path
) -> None:
    """Each thread holds a connection from before, which no request has found dead yet."""
    environment = settings_for(cluster)
    code = environment["CODE"]
    with serve(environment, tmp_path, workers=2) as server:
        tickets = open_posters(server, code, 16)
        for _n in range(8):
            assert ask_as_program(server) == 401
            assert requests.get(f"{server.url}/ket-qua/", timeout=60).status_code == 200
        cluster.kill()
        cluster.start_again()
        assert [ask_as_program(server) for _n in range(8)] == [401] * 8
        for path in ("/ket-qua/", "/staff/", "/privacy"):
            seen = [requests.get(server.url + path, timeout=60).status_code for _n in range(6)]
            assert seen == [200] * 6, path
        told = [send(server.url, code, ticket).status_code for ticket in tickets]
        assert told == [303] * 16
        assert server.python(COUNT) == "16 16"


def ask_as_program(server: Server) -> int:
    """With a key nobody has: the database is asked for it."""
    key = {"Authorization": f"Bearer hl_{'0' * 40}"}
    return requests.get(f"{server.url}/api/v1/editions", headers=key, timeout=60).status_code


@dataclass
class Crowd:
    """Clients that send again until they are told; what each was told stays."""

    address: str
    code: str
    stop: threading.Event = field(default_factory=threading.Event)
    acknowledged: list[str] = field(default_factory=list)

    def run(self, count: int) -> None:
        """At least so many answers, and more until the killing is over."""
        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(self._keep_answering, [count] * CLIENTS))

    def _keep_answering(self, count: int) -> None:
        while len(self.acknowledged) < count or not self.stop.is_set():
            self._answer()

    def _answer(self) -> None:
        ticket = ""
        while True:
            with suppress(requests.RequestException, IndexError):
                if not ticket:
                    ticket = open_poster(self.address, self.code)
                told = send(self.address, self.code, ticket, overall="5")
                if told.status_code in (202, 303):
                    self.acknowledged.append(ticket)
                    return
            time.sleep(0.1)


def kill_tree(server: Server) -> None:
    """As a machine that is switched off: no process of it may say goodbye."""
    root = psutil.Process(server.process.pid)
    for process in [*root.children(recursive=True), root]:
        with suppress(psutil.NoSuchProcess):
            process.kill()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_killed_again_and_again_nothing_acknowledged_is_missing_or_doubled(
    kind: str, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        cluster = None
        if kind == "postgresql":
            cluster = stack.enter_context(running_cluster())
            environment = settings_for(cluster)
        else:
            folder = tmp_path / "var"
            folder.mkdir()
            environment = environment_for(folder, None)
            migrate(environment)
            shown = manage(environment, "shell", "--no-imports", "-c", SEED)
            environment["CODE"] = shown.split()[0]
        port = free_port()
        crowd = Crowd(f"http://127.0.0.1:{port}", environment["CODE"])
        clients = threading.Thread(target=crowd.run, args=(SUBMITS,))
        clients.start()
        kills = ["web"] * WEB_KILLS + ["database"] * (DATABASE_KILLS if cluster else 0)
        random.Random(18).shuffle(kills)
        workers = 2 if cluster else 1
        while kills:
            with serve(environment, tmp_path, workers=workers, port=port) as server:
                while kills:
                    time.sleep(random.uniform(0.1, 0.8))
                    if kills.pop() == "web":
                        kill_tree(server)
                        break
                    assert cluster is not None
                    cluster.kill()
                    time.sleep(1)
                    cluster.start_again()
        crowd.stop.set()
        with serve(environment, tmp_path, workers=workers, port=port) as server:
            clients.join(timeout=1200)
            assert not clients.is_alive()
            folder = Path(environment["HAILONG_VAR"])
            wait_until(lambda: not list((folder / "spool").glob("*.answer")), seconds=600)
            assert len(crowd.acknowledged) >= SUBMITS
            rows, keys = server.python(COUNT).split()
            assert rows == keys, "doubled"
            stored = server.python(
                "from survey.models import Response; "
                "print(*Response.objects.values_list('submission_key', flat=True))"
            ).split()
            told = tmp_path / "acknowledged"
            told.write_text("\n".join(crowd.acknowledged))
            wanted = server.python(KEYS_OF.format(crowd.code, str(told))).split()
            assert set(wanted) <= set(stored), "acknowledged and missing"
            assert len(stored) == len(crowd.acknowledged), "nobody's answer came from nowhere"
            server.manage("seal_ledger")
            assert server.manage("verify_ledger").startswith("ok")


KEYS_OF: Final = """
from pathlib import Path
from django.utils import timezone
from survey.common.tokens import read_ticket
for text in Path({1!r}).read_text().split():
    print(read_ticket(text, {0!r}, timezone.now()).key)
"""
