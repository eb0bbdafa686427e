"""CPU and SQL of every page of staff with the whole country's agencies. `python -m
benchmarks.console [answers]`

Pages are asked for in the process, so without the server; each one twice, the second is told.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
import uuid
from datetime import datetime, timedelta
from typing import Any, Final

from benchmarks.machine import describe

ANSWERS: Final = 1_000_000
BATCH: Final = 20_000
AIM_SECONDS, AIM_SQL = 0.15, 30
PAGES: Final = (
    "/staff/",
    "/staff/today",
    "/staff/alerts",
    "/staff/periods",
    "/staff/periods?period={quarter}",
    "/staff/comments",
    "/staff/comments?q=cho+lau&topic=waiting",
    "/staff/topics",
    "/staff/imports",
    "/staff/imports/totals",
    "/staff/messages/settings",
    "/staff/questionnaires/assign",
    "/staff/pictures",
    "/staff/codes",
    "/staff/codes?q=xa",
    "/staff/presence",
    "/staff/ballots",
    "/staff/calls",
    "/staff/improvements",
    "/staff/cases",
    "/staff/messages",
    "/staff/dossiers",
    "/staff/totals",
    "/staff/languages",
    "/staff/questionnaires",
    "/staff/versions/1",
    "/staff/places",
    "/staff/places/1",
    "/staff/agencies",
    "/staff/agencies?q=my tho",
    "/staff/agencies/{agency}",
    "/staff/approvals",
    "/staff/people",
    "/staff/people/invite",
    "/staff/set-up",
    "/staff/audit",
)


def fill(answers: int) -> dict[str, Any]:
    """The country's units, 500 counters with codes, answers, 10,000 entries in the trail."""
    from django.utils import timezone

    from survey.access.posters import issue_code
    from survey.accounts.models import AuditEvent, Role, User
    from survey.agencies.models import Agency, Counter, Office
    from survey.agencies.reorganisation import load_units
    from survey.agencies.services import ensure_domains
    from survey.questionnaires.queries import published_short_form
    from survey.questionnaires.services import ensure_library
    from survey.responses.models import Response

    now = timezone.now()
    load_units()
    ensure_domains()
    ensure_library(now=now)
    communes = list(Agency.objects.filter(versions__kind="commune", versions__valid_to=None))
    offices = Office.objects.bulk_create(
        Office(key=f"o{place}", name=f"Trung tâm xã {place}") for place in range(100)
    )
    counters = Counter.objects.bulk_create(
        Counter(office=office, agency=communes[place], number=number)
        for place, office in enumerate(offices)
        for number in range(1, 6)
    )
    for counter in counters:
        issue_code(counter=counter, now=now)
    version: Any = published_short_form()
    month = now.date().replace(day=1)
    for start in range(0, answers, BATCH):
        Response.objects.bulk_create(
            _answer(place, communes, version, month, now)
            for place in range(start, min(start + BATCH, answers))
        )
    admin = User.objects.create_user(
        username="bench", role=Role.OPERATOR, is_superuser=True, is_staff=True
    )
    AuditEvent.objects.bulk_create(
        AuditEvent(at=now - timedelta(minutes=place), user=admin, action="sign-in")
        for place in range(10_000)
    )
    _fill_totals(communes, month, now)
    _fill_comments(answers)
    return {"user": admin, "agency": communes[7].pk, "agencies": Agency.objects.count()}


def _fill_totals(communes: list[Any], month: Any, now: datetime) -> None:
    """Every commune's dossiers of the last six months in three domains."""
    from survey.agencies.models import ProcedureDomain
    from survey.transactions.models import MonthlyTotal, TotalsImport

    source = TotalsImport.objects.create(
        file_name="t.csv", sha256="", rows=0, imported_by=None, imported_at=now
    )
    months = [(month - timedelta(days=30 * back)).replace(day=1) for back in range(1, 7)]
    MonthlyTotal.objects.bulk_create(
        (
            MonthlyTotal(
                agency=commune,
                domain=domain,
                channel="counter",
                month=past,
                completed=100,
                on_time=90,
                source=source,
            )
            for commune in communes
            for domain in ProcedureDomain.objects.all()[:3]
            for past in dict.fromkeys(months)
        ),
        batch_size=BATCH,
    )


def _fill_comments(answers: int) -> None:
    """One answer in twenty with words, ready to be read."""
    from survey.responses.models import Comment, Response
    from survey.responses.reading import ReadableComment

    rows = Response.objects.order_by("pk")[: answers // 20]
    made = Comment.objects.bulk_create(
        (Comment(submission=row, question="comment", text="Tôi chờ lâu") for row in rows),
        batch_size=BATCH,
    )
    ReadableComment.objects.bulk_create(
        (
            ReadableComment(
                comment=comment,
                agency_id=comment.submission.agency_id,
                ripe=True,
                told=True,
                text=comment.text,
                folded="toi cho lau",
                topics=" waiting ",
            )
            for comment in made
        ),
        batch_size=BATCH,
    )


def _answer(place: int, communes: list[Any], version: Any, month: Any, now: datetime) -> Any:
    from survey.responses.models import Response

    key = uuid.uuid4()
    return Response(
        id=key,
        response=key,
        submission_key=key.hex,
        receipt_hash=key.hex,
        version_id=version,
        answers={"overall": 1 + place % 5},
        agency=communes[place % len(communes)],
        channel="counter",
        evidence="E2",
        language="vi",
        month=month,
        answered_hour=now,
    )


def measure(page: str, client: Any) -> tuple[float, int, int]:
    """CPU seconds, statements and kilobytes of the second showing of a page."""
    from django.db import connection

    client.get(page)
    statements: list[str] = []

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        statements.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        client.get(page)
    began = time.process_time()
    answer = client.get(page)
    spent = time.process_time() - began
    assert answer.status_code == 200, (page, answer.status_code)
    return spent, len(statements), len(answer.content) // 1024


def main(answers: int) -> None:
    print(describe())
    with tempfile.TemporaryDirectory(prefix="hailong-console-") as folder:
        os.environ |= {"HAILONG_VAR": folder, "SECOND_FACTOR": "0", "LOG_LEVEL": "ERROR"}
        os.environ["DJANGO_SETTINGS_MODULE"] = "survey.settings"
        import django

        django.setup()
        from django.core.management import call_command
        from django.test import Client
        from django.test.utils import override_settings

        call_command("migrate", verbosity=0)
        facts = fill(answers)
        print(f"{facts['agencies']} agencies of all times, {answers} answers")
        client = Client()
        client.force_login(facts["user"], backend="survey.accounts.sign_in.StaffBackend")
        with override_settings(ALLOWED_HOSTS=["*"]):
            for page in PAGES:
                day = datetime.now()  # noqa: DTZ005  (which quarter it is here)
                quarter = f"{day.year}-Q{(day.month + 2) // 3}"
                address = page.format(agency=facts["agency"], quarter=quarter)
                seconds, statements, size = measure(address, client)
                over = seconds > AIM_SECONDS or statements > AIM_SQL
                print(
                    f"  {page}: {seconds:.3f} s, {statements} SQL, {size} kB"
                    + (" (over the aim)" if over else "")
                )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ANSWERS)
