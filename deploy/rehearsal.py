#!/usr/bin/env python3
"""A day of a province on this machine: PostgreSQL, proxy, two web processes, dispatcher, tasks, a
simulated provider and a witness, from the files in this folder; then everything stops.

    make rehearsal

Citizens answer through the proxy while one web process after the other is replaced. At the end
every answer that was acknowledged is in the database once, the log is signed by the witness and
verifies. Prints what was done; status 1 and a sentence where something does not hold.
"""

from __future__ import annotations

import base64
import os
import re
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

import requests
import urllib3

from deploy.crowds import DRIPPING, IDLE, stand_in_the_way
from deploy.stage import Rehearsal, RehearsalError

ANSWERS: Final = int(os.environ.get("REHEARSAL_ANSWERS", "400"))
CROWDED_ANSWERS: Final = 40
LONGEST_IN_A_CROWD: Final = 10.0
"""Seconds from opening the form to the acknowledgement."""
SET_UP: Final = """
import django
django.setup()
from tests.survey.factories import make_cast
print(make_cast().code.code)
"""
COUNT: Final = """
import django
django.setup()
from survey.responses.models import Response
rows = Response.objects.filter(revision=0)
print(rows.count(), rows.values("receipt_hash").distinct().count())
"""


def answer(form: str) -> str:
    """One citizen: opens the form, answers, sends it again until it is acknowledged."""
    ticket = ""
    for _attempt in range(30):
        with suppress(requests.RequestException, IndexError):
            if not ticket:
                page = requests.get(form, timeout=20, verify=False)  # noqa: S501
                ticket = re.findall(r'name="ticket" value="([^"]+)"', page.text)[0]
            sent = requests.post(
                form,
                data={"ticket": ticket, "overall": "5", "lang": "vi"},
                timeout=20,
                verify=False,  # noqa: S501
                allow_redirects=False,
            )
            if sent.status_code == 303:
                return str(sent.headers["Location"].split("?")[0])
        time.sleep(0.3)
    raise RehearsalError("an answer was not taken in thirty attempts")


def run_day(day: Rehearsal) -> None:
    """The day, step by step."""
    began = time.monotonic()
    day.environment |= {
        "HAILONG_VAR": str(day.root / "var"),
        "SECRET_KEY": "rehearsal-" + "x" * 50,
        "DATABASE_URL": day.address("hailong_app"),
        "PUBLIC_URL": f"https://localhost:{day.ports['proxy']}",
        "DJANGO_SETTINGS_MODULE": "survey.settings",
        "TWILIO_API_BASE_URL": f"http://127.0.0.1:{day.ports['sms']}",
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
        "TWILIO_AUTH_TOKEN": "simulated",
        "TWILIO_SENDER_ID": "HAILONG",
        "PHONE_KEY": base64.b64encode(os.urandom(32)).decode(),
        "PHONE_HASH_KEY": base64.b64encode(os.urandom(32)).decode(),
        "BUFFERED_BY_PROXY": "1",
        "LOG_FORMAT": "json",
    }
    day.start_database()
    code = day.manage("-c", SET_UP)
    day.tell(f"database with owner, program and backup role; {time.monotonic() - began:.0f} s")
    day.start_web("web-1")
    day.start_web("web-2")
    proxied = day.start_proxy()
    day.start_others()
    base = f"https://localhost:{day.ports['proxy']}"
    if not proxied:
        base = f"http://127.0.0.1:{day.ports['web-1']}"
        day.tell("nginx is not installed: citizens come to one web process, nothing is replaced")
    day.tell(f"two web processes, dispatcher, tasks, provider; proxy: {proxied}")
    _answer_all(day, base, code, proxied)
    if proxied:
        _answer_in_a_crowd(day, base, code)
    _sign_and_verify(day)
    if proxied:
        _look_from_outside(base)
        day.tell("/metrics and /readyz are not there from outside, /healthz is")
    day.tell(f"the day is over after {time.monotonic() - began:.0f} s")


def _answer_all(day: Rehearsal, base: str, code: str, proxied: bool) -> None:
    with ThreadPoolExecutor(12) as pool:
        futures = [pool.submit(answer, f"{base}/s/{code}") for _number in range(ANSWERS)]
        if proxied:
            for name in ("web-1", "web-2"):
                day.replace_web(name)
                day.tell(f"{name} was replaced while {ANSWERS} citizens answered")
        receipts = [future.result() for future in futures]
    stored, distinct = map(int, day.manage("-c", COUNT).split())
    if not len(set(receipts)) == ANSWERS == stored == distinct:
        raise RehearsalError(f"{ANSWERS} acknowledged, {stored} stored, {distinct} different")
    day.tell(f"{ANSWERS} answers acknowledged, {stored} stored, none twice, none missing")


def _answer_in_a_crowd(day: Rehearsal, base: str, code: str) -> None:
    """Nobody waits for those who only stand in the way."""
    with stand_in_the_way(day.ports["proxy"], f"/s/{code}"):
        times = []
        for _number in range(CROWDED_ANSWERS):
            began = time.monotonic()
            answer(f"{base}/s/{code}")
            times.append(time.monotonic() - began)
    if max(times) > LONGEST_IN_A_CROWD:
        raise RehearsalError(f"an answer took {max(times):.1f} s beside idle connections")
    day.tell(
        f"{CROWDED_ANSWERS} answers beside {IDLE} idle connections and {DRIPPING} bodies that come "
        f"drop by drop: the longest took {max(times):.2f} s"
    )


def _sign_and_verify(day: Rehearsal) -> None:
    day.tell(f"sealed: {day.manage('seal_ledger', '--day')}")
    witness = day.start_witness()
    policy = day.root / "var" / "ledger-policy.txt"
    address = f"http://127.0.0.1:{day.ports['witness']}"
    policy.write_text(f"witness one {witness} {address}\nquorum one\n")
    day.manage("seal_ledger")
    told = day.manage("verify_ledger")
    if "under signatures of enough witnesses" not in told or not told.startswith("ok"):
        raise RehearsalError(f"the log does not verify: {told}")
    day.tell(f"verified: {told}")


def _look_from_outside(base: str) -> None:
    for path, wanted in (("/metrics", 404), ("/readyz", 404), ("/healthz", 200)):
        found = requests.get(base + path, timeout=20, verify=False).status_code  # noqa: S501
        if found != wanted:
            raise RehearsalError(f"{path} answers {found} from outside")


def main() -> int:
    """The day; 1 where something does not hold."""
    urllib3.disable_warnings()
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as temporary, ExitStack() as stack:
        root = Path(temporary)
        root.chmod(0o755)  # the server of the database runs as somebody else
        (root / "var").mkdir()
        day = Rehearsal(root, stack)
        try:
            run_day(day)
        except RehearsalError as error:
            day.tell(f"NOT HELD: {error}")
            for log in sorted(root.glob("*.log")):
                day.tell(f"--- {log.name}\n{log.read_text(errors='replace')[-1500:]}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
