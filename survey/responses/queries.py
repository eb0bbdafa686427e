"""Reads: the response behind a receipt, and the rows of a period that count."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from survey.common.periods import Period, month_of
from survey.common.tokens import receipt_hash
from survey.responses.models import Response

FEWEST_SHOWN: Final = 10


def response_of(receipt: str) -> Response | None:
    """The revision that counts of a receipt's response; None also when another receipt has taken its place."""
    hashed = receipt_hash(receipt)
    row = Response.objects.filter(receipt_hash=hashed).order_by("-revision").first()
    if row is None:
        return None
    # By another receipt only: a revision under this one may come in between the two reads.
    newer = Response.objects.filter(response=row.response, revision__gt=row.revision).exclude(receipt_hash=hashed)
    return None if newer.exists() else row


def is_recorded(submission_key: str) -> bool:
    """Whether a submission key has been used."""
    return Response.objects.filter(submission_key=submission_key).exists()


def answered_by_link(since: datetime) -> dict[int, dict[str, int]]:
    """Agency id -> answers by link since a month, and how many of them hold a level; ten and more, fewer are hidden."""
    rows = Response.objects.filter(evidence="E3", revision=0, month__gte=month_of(since.date()))
    counts = rows.values_list("agency").annotate(n=Count("pk"), valid=Count("pk", filter=Q(answers__overall__gte=1)))
    return {agency: {"finished": n, "valid": valid} for agency, n, valid in counts if n >= FEWEST_SHOWN}


def counted_in(period: Period) -> QuerySet[Response]:
    """Latest revisions of the responses of a period."""
    newer = Response.objects.filter(response=OuterRef("response"), revision__gt=OuterRef("revision"))
    return Response.objects.filter(month__range=(period.first, period.last)).filter(~Exists(newer))


def snapshot_rows(period: Period) -> Iterator[tuple[Any, ...]]:
    """(agency, domain, channel, evidence, hour, language, month, answers, marks), streamed, sorted by cell."""
    return (
        counted_in(period)
        .order_by("agency__key", "domain__code", "channel", "evidence", "pk")
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
        )
        .iterator(chunk_size=5000)
    )
