"""Fifty keys, twenty parallel posts each: exactly fifty rows, on SQLite with one process, on
PostgreSQL with two.
"""

from __future__ import annotations

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.servers.citizens import open_poster, send
from tests.servers.conftest import ROOT, environment_for, manage, migrate, serve

KEYS, TIMES = 50, 20


def is_postgresql(environment: dict[str, str]) -> bool:
    return environment.get("DATABASE_URL", "").startswith("postgres")


def test_parallel_posts_store_each_key_once(installation: dict[str, str], tmp_path: Path) -> None:
    with serve(installation, tmp_path, workers=2 if is_postgresql(installation) else 1) as server:
        form = f"{server.url}/s/{installation['CODE']}"
        tickets = [open_poster(server.url, installation["CODE"]) for _ in range(KEYS)]

        def post(number: int) -> tuple[str, str]:
            ticket = tickets[number % KEYS]
            said = {"overall": str(1 + number % 5), "comment": "Tốt"}
            response = send(server.url, installation["CODE"], ticket, **said)
            assert response.status_code == 303, response.text
            return ticket, response.headers["Location"].split("?")[0]

        with ThreadPoolExecutor(16) as pool:
            receipts = set(pool.map(post, range(KEYS * TIMES)))
        assert len(receipts) == KEYS, "every key always shows the same receipt"
        counted = (
            "from survey.models import Response, Comment; print(Response.objects.count(), "
            "Comment.objects.count())"
        )
        assert server.python(counted) == f"{KEYS} {KEYS}"
        for charset in ("hex", "base64", "idna", "undefined", "*=bogus''%41"):
            kind = f"application/x-www-form-urlencoded; charset={charset}"
            body = f"ticket={tickets[0]}&overall=5"
            for method in ("GET", "POST"):
                address = form + "?lang=%41%ff"
                answer = requests.request(
                    method, address, data=body, headers={"Content-Type": kind}, timeout=30
                )
                assert answer.status_code == 200, (method, charset)
        assert "Error" not in server.log.read_text(encoding="utf-8")


@pytest.mark.slow
def test_parallel_revisions_are_all_kept_in_order(
    installation: dict[str, str], tmp_path: Path
) -> None:
    with serve(installation, tmp_path, workers=2 if is_postgresql(installation) else 1) as server:
        form = f"{server.url}/s/{installation['CODE']}"
        hidden = re.compile(r'type="hidden" name="([^"]+)" value="([^"]*)"')
        first = dict(hidden.findall(requests.get(form, timeout=30).text))
        sent = requests.post(form, data={**first, "overall": "4"}, timeout=30)
        full = sent.url.partition("/more")[0] + "/full"

        def run(level: int) -> int:
            page = requests.get(full, timeout=30)
            for code in ("A1", "B1", "C1", "D1", "E1"):
                data = {**dict(hidden.findall(page.text)), code: str(level)}
                page = requests.post(full, data=data, timeout=60)
            return page.status_code

        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(run, [1, 2, 3, 4, 5, 1, 2, 3])) == {200}
        rows = (
            "from survey.models import Response; "
            "print(*sorted(Response.objects.values_list('revision', flat=True)))"
        )
        revisions = [int(number) for number in server.python(rows).split()]
        assert revisions == list(range(len(revisions)))
        assert len(revisions) > 8, (
            "parts that say something else than what is stored are revisions, every one"
        )


def test_a_killed_server_has_kept_every_answer_it_acknowledged(
    installation: dict[str, str], tmp_path: Path
) -> None:
    acknowledged = 0
    with serve(installation, tmp_path) as server:
        code = installation["CODE"]
        for number in range(30):
            ticket = open_poster(server.url, code)
            acknowledged += send(server.url, code, ticket).status_code == 303
            if number == 20:
                import psutil

                for child in psutil.Process(server.process.pid).children(recursive=True):
                    child.kill()
                server.process.kill()
                break
    count = "from survey.models import Response; print(Response.objects.count())"
    assert (
        manage(installation, "shell", "--no-imports", "-c", count).strip()
        == str(acknowledged)
        == "21"
    )


def test_sqlite_refuses_a_second_server_process(tmp_path: Path) -> None:
    environment = environment_for(tmp_path, None)
    migrate(environment)
    code = (
        "import survey.wsgi, subprocess, sys;"
        "command = [sys.executable, '-c', 'import survey.wsgi'];"
        "print(subprocess.run(command, capture_output=True, text=True).stderr);"
        "print('every page is loaded:', 'survey.console.urls' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Another server process" in done.stdout
    assert "PostgreSQL" in done.stdout
    assert "every page is loaded: True" in done.stdout


@pytest.mark.parametrize(("workers", "refused"), [("1", False), ("2", True)])
def test_the_start_up_check_refuses_several_workers_on_sqlite(
    tmp_path: Path, workers: str, refused: bool
) -> None:
    environment = {**environment_for(tmp_path, None), "GRANIAN_WORKERS": workers}
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--database", "default"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode != 0) is refused
    assert ("survey.E001" in done.stderr) is refused
