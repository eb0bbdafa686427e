"""The product through PgBouncer, by the file that is shipped; a pool of transactions is refused."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg
import pytest

from tests.servers.citizens import open_poster, send, wait_until
from tests.servers.clusters import Cluster, running_cluster
from tests.servers.conftest import ROOT, SEED, Server, environment_for, free_port, manage, serve

ANSWERS: Final = 200
COUNT: Final = "from survey.models import Response; print(Response.objects.count())"
SCOPE: Final = """
from django.db import connection, connections
from survey.agencies.scope import set_scope
from survey.models import Counter
set_scope([Counter.objects.first().agency_id])
other = connections.create_connection("default")
with other.cursor() as cursor:
    cursor.execute("SELECT COALESCE(current_setting('hailong.scope', true), '')")
    print(repr(cursor.fetchone()[0]))
connection.close()
with connection.cursor() as cursor:
    cursor.execute("SELECT COALESCE(current_setting('hailong.scope', true), '')")
    print(repr(cursor.fetchone()[0]))
"""


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    if shutil.which("pgbouncer") is None:
        message = "there is no PgBouncer: run `make test-slow`"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    with running_cluster() as made:
        yield made


@contextmanager
def pooled(cluster: Cluster, mode: str = "session") -> Iterator[dict[str, str]]:
    """PgBouncer before a cluster, with this machine's places in the shipped file."""
    text = (ROOT / "deploy/postgresql/pgbouncer.ini").read_text()
    folder, port = cluster.root / "pool", free_port()
    folder.mkdir()
    folder.chmod(0o777)
    info = cluster.server.get_postmaster_info()
    for old, new in (
        (
            "host=/var/run/postgresql port=5432 dbname=hailong",
            f"host={info.socket_dir} dbname=postgres",
        ),
        ("/var/run/postgresql", str(folder)),
        ("/var/log/postgresql", str(folder)),
        ("listen_port = 6432", f"listen_port = {port}"),
        ("auth_type = peer", "auth_type = any"),
        ("pool_mode = session", f"pool_mode = {mode}"),
        ("[databases]\nhailong = ", "[databases]\nhailong = user=postgres "),
    ):
        assert old in text, old
        text = text.replace(old, new)
    file = folder / "pgbouncer.ini"
    file.write_text(text)
    file.chmod(0o644)
    account = cluster.server.system_user if os.geteuid() == 0 else None
    process = subprocess.Popen(["pgbouncer", str(file)], user=account)
    environment = environment_for(cluster.var, f"postgresql://postgres@127.0.0.1:{port}/hailong")
    try:
        wait_until(lambda: takes_connections(environment["DATABASE_URL"]), seconds=30)
        yield environment
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(folder)


def takes_connections(address: str) -> bool:
    try:
        psycopg.connect(address, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def answer(server: Server, code: str) -> int:
    return send(server.url, code, open_poster(server.url, code)).status_code


@pytest.mark.slow
def test_answers_and_scopes_go_through_a_pool_of_sessions(cluster: Cluster, tmp_path: Path) -> None:
    with pooled(cluster) as environment:
        code = manage(environment, "shell", "--no-imports", "-c", SEED).split()[0]
        manage(environment, "check", "--database", "default")
        with serve(environment, tmp_path, workers=2) as server:
            with ThreadPoolExecutor(8) as pool:
                told = list(pool.map(lambda _n: answer(server, code), range(ANSWERS)))
            assert set(told) == {303}
            assert server.python(COUNT) == str(ANSWERS)
            # The next client of the session has no limit left over, nor has another beside it.
            assert server.python(SCOPE).split() == ["''", "''"]


@pytest.mark.slow
def test_a_pool_of_transactions_is_refused(cluster: Cluster) -> None:
    refused = pytest.raises(AssertionError, match=r"survey\.E007")
    with pooled(cluster, "transaction") as environment, refused:
        manage(environment, "check", "--database", "default")
