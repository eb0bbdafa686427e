"""Reads: the response behind a receipt, and the rows of a period that count."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from survey.common.periods import Period
from survey.common.tokens import keyed_hashes, receipt_hashes
from survey.responses.answers import name_facts
from survey.responses.models import DAY_PURPOSE, AnswerDay, Response

MIN_ANSWERS_SHOWN: Final = 10


# Written by hand, as the landing of a code is: every page of a receipt begins with it. A newer
# revision takes its place only under another receipt: one under this may come in at any moment.
_BY_RECEIPT: Final = """
    SELECT r.*, EXISTS (
        SELECT 1 FROM survey_response n WHERE n.response = r.response
        AND n.revision > r.revision AND n.receipt_hash NOT IN ({0})
    ) AS superseded
    FROM survey_response r WHERE r.receipt_hash IN ({0})
    ORDER BY r.revision DESC LIMIT 1
"""


def find_response(receipt: str) -> Response | None:
    """The revision that counts of a receipt's response; None also when another receipt has taken
    its place.
    """
    hashes = receipt_hashes(receipt)
    places = ", ".join(["%s"] * len(hashes))
    found = list(Response.objects.raw(_BY_RECEIPT.format(places), [*hashes, *hashes]))
    return found[0] if found and not vars(found[0])["superseded"] else None


def answered_on(receipt: str) -> date | None:
    """The day an answer by link was given: kept under a hash only its receipt leads to, as the row
    keeps the month.
    """
    found = AnswerDay.objects.filter(key_hash__in=keyed_hashes(DAY_PURPOSE, receipt))
    return found.values_list("day", flat=True).first()


def find_facts(receipt: str) -> dict[str, str]:
    """What the event of the dossier told of an answer by link, under the names questions are asked
    by; ``unknown`` for every other answer.
    """
    found = AnswerDay.objects.filter(key_hash__in=keyed_hashes(DAY_PURPOSE, receipt)).first()
    return name_facts(found.timing, found.applicant) if found else name_facts("", "")


def latest_for_update(row: Response) -> Response:
    """The newest revision of a response; until the transaction ends others who call this wait. Who
    does not, like a part of the further questions, is told apart by the number of the revision.
    """
    rows = Response.objects.filter(response=row.response)
    first = rows.filter(revision=0)
    if connection.features.has_select_for_update:
        first.select_for_update().first()
    return rows.order_by("-revision").first() or row


def newest_revision(row: Response) -> Response:
    """The newest revision of a response as it is now."""
    return Response.objects.filter(response=row.response).order_by("-revision").first() or row


def is_recorded(submission_key: str) -> bool:
    """Whether a submission key has been used."""
    return Response.objects.filter(submission_key=submission_key).exists()


def counted_in(period: Period) -> QuerySet[Response]:
    """Latest revisions of the responses of a period."""
    newer = Response.objects.filter(
        response=OuterRef("response"), revision__gt=OuterRef("revision")
    )
    return Response.objects.filter(month__range=(period.first, period.last)).filter(~Exists(newer))


def snapshot_rows(period: Period) -> Iterator[tuple[Any, ...]]:
    """(agency, domain, channel, evidence, hour, language, month, answers, marks, counter),
    streamed, sorted by cell.

    Inside a cell by what was answered: when and in which order rows came is not told, and two
    copies are alike.
    """
    return (
        counted_in(period)
        .order_by(
            "agency__key",
            "domain__code",
            "channel",
            "evidence",
            "month",
            "language",
            "answers",
            "marks",
            "pk",
        )
        .values_list(
            "agency__key",
            "domain__code",
            "channel",
            "evidence",
            "answered_hour",
            "language",
            "month",
            "answers",
            "marks",
            "counter_id",
        )
        .iterator(chunk_size=5000)
    )
