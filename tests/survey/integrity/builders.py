"""Witnesses, an authority for time stamps and rows behind the application's back, for tests."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, Final

from django.db import connection
from django.utils import timezone

from survey.accounts.models import Role, User
from survey.agencies.models import Agency
from survey.integrity import witness as program
from survey.integrity.models import (
    BackCheck,
    BackCheckCall,
    BackCheckUnit,
    IntegrityFlag,
    IntegrityRun,
)
from survey.integrity.tiles import LogTiles, write_tile
from tests.survey.factories import Cast

PROGRAM = Path(program.__file__)


def write_log(folder: Path, entries: Iterable[bytes]) -> None:
    """The tiles of a log of these entries."""
    log = LogTiles()
    for entry in entries:
        for name, content in log.add(entry):
            write_tile(folder, name, content)
    for name, content in log.last_tiles():
        write_tile(folder, name, content)


def by_owner(statement: str, values: tuple[Any, ...] = ()) -> None:
    """Raw SQL of who owns the database: no trigger and no key stands in the way."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            triggers = cursor.fetchall()
            for name, _sql in triggers:
                cursor.execute(f'DROP TRIGGER "{name}"')
            cursor.execute("PRAGMA defer_foreign_keys = ON")
            cursor.execute(statement, values)
            for _name, sql in triggers:
                cursor.execute(sql)
        else:
            cursor.execute("SET session_replication_role = replica")
            cursor.execute(statement, values)
            cursor.execute("SET session_replication_role = DEFAULT")


@dataclass
class RunningWitness:
    """A witness as its body runs it: a process of its own."""

    name: str
    key: str
    address: str
    process: subprocess.Popen[str]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


def start_witness(folder: Path, name: str, log_key: str, port: int = 0) -> RunningWitness:
    """Start the stand-alone program, and read from it its key and where it listens."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, str(PROGRAM), "--name", name, "--key", str(folder / "key")]
    command += ["--state", str(folder / "state"), "--log", log_key]
    command += ["--listen", f"127.0.0.1:{port}"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=folder
    )
    assert process.stdout is not None
    key = process.stdout.readline().strip()
    where = process.stdout.readline().strip().removeprefix("listening on ")
    return RunningWitness(name, key, f"http://{where}", process)


def write_policy(witnesses: list[RunningWitness], log_key: str, least: int) -> str:
    """A policy by which so many of these have to sign."""
    lines = [f"log {log_key}"]
    lines += [f"witness W{n} {one.key} {one.address}" for n, one in enumerate(witnesses)]
    names = " ".join(f"W{n}" for n in range(len(witnesses)))
    return "\n".join([*lines, f"group bodies {least} {names}", "quorum bodies"]) + "\n"


AUTHORITY = """
[ca]
default_ca = tsa
[tsa]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
[tsa_config1]
[req]
distinguished_name = name
[name]
[ext]
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[ca_ext]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign
"""


def _openssl(*arguments: str, content: bytes = b"") -> bytes:
    return subprocess.run(
        ["openssl", *arguments], input=content, capture_output=True, check=True
    ).stdout


@contextmanager
def run_authority(folder: Path) -> Iterator[str]:
    """A time stamp authority of openssl behind HTTP; its root is ``folder/ca.pem``."""
    folder.mkdir()
    config = folder / "openssl.cnf"
    config.write_text(AUTHORITY.format(folder=folder))
    (folder / "serial").write_text("01\n")
    for name, subject in (("ca", "/CN=Test root"), ("tsa", "/CN=Test authority")):
        _openssl("genrsa", "-out", str(folder / f"{name}.key"), "2048")
        asked = ["req", "-new", "-key", str(folder / f"{name}.key"), "-subj", subject]
        _openssl(*asked, "-config", str(config), "-out", str(folder / f"{name}.csr"))
    signed = ["x509", "-req", "-days", "30", "-extfile", str(config)]
    _openssl(
        *signed, "-in", f"{folder}/ca.csr", "-signkey", f"{folder}/ca.key",
        "-extensions", "ca_ext", "-out", f"{folder}/ca.pem",
    )  # fmt: skip
    _openssl(
        *signed, "-in", f"{folder}/tsa.csr", "-CA", f"{folder}/ca.pem", "-CAkey",
        f"{folder}/ca.key", "-CAcreateserial", "-extensions", "ext", "-out", f"{folder}/tsa.pem",
    )  # fmt: skip

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            (folder / "asked").write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
            _openssl(
                "ts", "-reply", "-queryfile", f"{folder}/asked", "-out", f"{folder}/answer",
                "-config", str(config), "-section", "tsa",
            )  # fmt: skip
            answer = (folder / "answer").read_bytes()
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


NO_FACTS: Final = {"version": 1, "facts": []}


def flagged(agency: Agency, month: date = date(2026, 7, 1), **more: Any) -> IntegrityFlag:
    """A flag of an agency, with a finding of every way to draw one."""
    run = IntegrityRun.objects.create(
        month=month, rules_version=1, rules_sha256="0" * 64, facts=NO_FACTS, made_at=timezone.now()
    )
    findings = [
        {"rule": rule, "unit": agency.key, "value": 5.0, "p": 0.001, "fired": True, **extra}
        for rule, extra in DRAWN.items()
    ]
    return IntegrityFlag.objects.create(
        **{
            "run": run,
            "agency": agency,
            "month": month,
            "level": "quarantine",
            "families": 4,
            "findings": findings,
            **more,
        }
    )


def drawn_check(cast: Cast, month: date = date(2026, 7, 1), calls: int = 3) -> BackCheck:
    """A check another body announced, with some dossiers of one agency drawn."""
    announcer = User.objects.create_user(
        username="announcer", role=Role.PROVINCE_ADMIN, body="Sở Nội vụ"
    )
    check = BackCheck.objects.create(
        month=month,
        per_agency=calls,
        by_lot=1,
        announced_by=announcer,
        announced_at=timezone.now(),
        seed="12:" + "a" * 64,
        drawn_at=timezone.now(),
    )
    unit = BackCheckUnit.objects.create(
        check_of=check, agency=cast.land, cause="lot", dossiers=40, counted=60, satisfied=50
    )
    for place in range(1, calls + 1):
        BackCheckCall.objects.create(unit=unit, place=place, dossier_code=f"H20.01-{place:04d}")
    return check


DRAWN: Final[dict[str, dict[str, Any]]] = {
    "F1": {"inputs": {"count": 18, "mean": 3.2, "deviation": 0.7}, "discovery": True},
    "F2": {"inputs": {"count": 21, "size": 160, "median": 0.08, "tau": 0.01}},
    "F3": {"inputs": {"count": 90, "size": 150, "count_before": 300, "size_before": 900}},
    "F4": {
        "inputs": {"top_counter": 80, "size_counter": 90, "top_link": 20, "size_link": 60},
    },
    "F5": {"inputs": {"mean": 4.9, "mean_before": 4.1, "size": 90, "size_before": 400}},
    "F6": {"inputs": {"count": 12, "size": 60, "expected": 0.25}},
    "F9": {"inputs": {"count": 40, "size": 360, "share": 0.008}},
    "F10": {"inputs": {"table": [30, 20, 5, 95]}},
    "H8": {"inputs": {"count": 3}, "p": None},
    "X1": {"inputs": {"count": 3}},
}
"""X1 is a rule of a version nobody has any more."""
