"""A province with as many answers as are wanted, in PostgreSQL, for measuring.

The first ones go through the checks of the write path; all others are copies of these under keys of
their own, spread over twelve months, and come by COPY.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

MONTHS: Final = 12
SEED: Final = 18
COLUMNS: Final = (
    "version_id",
    "base_version_id",
    "answers",
    "agency_id",
    "office_id",
    "counter_id",
    "domain_id",
    "channel",
    "evidence",
    "language",
    "marks",
)
"""What a copy takes over; keys, month and hour are its own."""
COMMENTS: Final = 0.03
TOTALS: Final = """
INSERT INTO survey_monthlytotal
    (agency_id, domain_id, channel, month, completed, on_time, source_id)
SELECT agency_id, domain_id, channel, month, 3 * count(*), 2 * count(*), %s
FROM survey_response WHERE domain_id IS NOT NULL GROUP BY 1, 2, 3, 4
"""
ENTRIES: Final = """
INSERT INTO survey_ledgerleaf ("index", kind, response_id, entry, salt)
SELECT (SELECT count(*) FROM survey_ledgerleaf) + row_number() OVER () - 1, 'answer', id,
    substring(decode(md5(id::text) || md5('1' || id) || md5('2' || id), 'hex') FOR 46),
    decode(md5('3' || id) || md5('4' || id), 'hex')
FROM survey_response r
WHERE NOT EXISTS (SELECT FROM survey_ledgerleaf WHERE response_id = r.id)
"""


def found_province(answers: int, now: datetime) -> None:
    """Agencies, counters with codes, an operator, and so many answers through the checks."""
    from survey.accounts.models import Role, User
    from survey.dev.demo import generator, services
    from survey.dev.demo.province import build_province
    from survey.questionnaires.services import ensure_library

    ensure_library(now=now)
    agencies = build_province(now=now, progress=False)
    cells = {
        plan.key: list(generator.draw_cells(plan, SEED))
        for plan in generator.plans(agencies, SEED, total=answers)
    }
    services.load_responses(cells, services.demo_period(now), now, progress=False)
    User.objects.create_user(username="bench", role=Role.OPERATOR, is_superuser=True, is_staff=True)


@contextmanager
def in_a_hurry(cursor: Any) -> Iterator[None]:
    """A server that need not survive a power cut while it is filled; then as it was."""
    names = {"max_wal_size": "16GB", "full_page_writes": "off", "synchronous_commit": "off"}
    for name, value in names.items():
        cursor.execute(f"ALTER SYSTEM SET {name} = '{value}'")
    cursor.execute("SELECT pg_reload_conf()")
    yield
    for name in names:
        cursor.execute(f"ALTER SYSTEM RESET {name}")
    cursor.execute("SELECT pg_reload_conf()")
    cursor.execute("CHECKPOINT")


def months_until(today: date) -> list[date]:
    """The first days of the twelve months up to this one."""
    number = 12 * today.year + today.month - 1
    return [date(past // 12, past % 12 + 1, 1) for past in range(number - MONTHS + 1, number + 1)]


def copy_answers(cursor: Any, wanted: int, now: datetime) -> None:
    """Copies until there are so many answers, some with a comment; ``cursor`` of a superuser."""
    from survey.responses.models import Response

    missing = wanted - Response.objects.count()
    if missing <= 0:
        return
    patterns = list(Response.objects.filter(revision=0).values_list(*COLUMNS)[:20_000])
    rng = random.Random(wanted)
    commented: list[str] = []
    names = ("id", "response", "revision", "submission_key", "receipt_hash", "month")
    rows = _rows(patterns, missing, now, rng, commented)
    _copy(cursor, "survey_response", (*names, "answered_hour", *COLUMNS), rows)
    texts = ((rng.getrandbits(62), key, "comment", "Tôi chờ lâu quá") for key in commented)
    _copy(cursor, "survey_comment", ("id", "submission_id", "question", "text"), texts)


def _rows(
    patterns: list[tuple[Any, ...]],
    count: int,
    now: datetime,
    rng: random.Random,
    commented: list[str],
) -> Iterator[tuple[Any, ...]]:
    """Rows of ``survey_response``; ids of those that get a comment are left in ``commented``."""
    months = months_until(now.date())
    kept = [
        (evidence in ("E3", "E4"), tuple(map(_as_json, row)))
        for row in patterns
        for evidence in [row[COLUMNS.index("evidence")]]
    ]
    days = max(now.day - 1, 1)
    for _number in range(count):
        raw = os.urandom(80).hex()
        key = f"{raw[:12]}4{raw[13:16]}a{raw[17:32]}"
        is_month_only, values = rng.choice(kept)
        month = rng.choice(months)
        last = days if month == months[-1] else 28
        hour = datetime(month.year, month.month, 1, 5, tzinfo=UTC)
        if not is_month_only:
            hour += timedelta(days=rng.randrange(last), hours=rng.randrange(-4, 5))
        if rng.random() < COMMENTS:
            commented.append(key)
        yield (key, key, 0, raw[32:96], raw[96:160], month, hour, *values)


def _as_json(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, dict) else value


def _copy(cursor: Any, table: str, columns: Iterable[str], rows: Iterable[tuple[Any, ...]]) -> None:
    with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def find_place() -> tuple[Any, Any]:
    """The first counter, and the short form."""
    from survey.agencies.models import Counter
    from survey.questionnaires.queries import SHORT_FORM, load_form, published_version
    from survey.responses.services import AnswerPlace

    version: Any = published_version(SHORT_FORM)
    counter: Any = Counter.objects.order_by("pk").first()
    return AnswerPlace.at_counter(counter), load_form(version.pk)


def store_answer(seed: str, place: Any, form: Any) -> None:
    """One answer by a slip, through the write path."""
    from django.utils import timezone

    from survey.common.tokens import derive_ticket
    from survey.responses.services import Submission, record_response

    record_response(
        submission=Submission(
            ticket=derive_ticket(seed),
            form=form,
            answers={"overall": 5},
            place=place,
            channel="counter",
            evidence="E2",
            language="vi",
            now=timezone.now(),
        )
    )


def tell_totals(cursor: Any, now: datetime) -> None:
    """Three times as many finished dossiers as answers, by agency, domain, channel and month."""
    from survey.transactions.models import MonthlyTotal, TotalsImport

    MonthlyTotal.objects.all().delete()
    source = TotalsImport.objects.create(
        file_name="t.csv", sha256="", rows=0, imported_by=None, imported_at=now
    )
    cursor.execute(TOTALS, [source.pk])


def make_entries(cursor: Any) -> None:
    """Entries of the log of the usual size, with made-up commitments, for all answers without one:
    what sealing and verifying themselves cost is measured by ``benchmarks.ledger``.
    """
    cursor.execute(ENTRIES)
