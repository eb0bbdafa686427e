"""Reads: the response behind a receipt, and the rows of a period that count."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from survey.common.periods import Period
from survey.common.tokens import receipt_hash
from survey.responses.models import Response


def latest_by_receipt(receipt: str) -> Response | None:
    """The latest revision of the response a receipt code belongs to."""
    rows = Response.objects.select_related("version__questionnaire", "counter__office", "agency")
    return rows.filter(receipt_hash=receipt_hash(receipt)).order_by("-revision").first()


def counted_in(period: Period) -> QuerySet[Response]:
    """Latest revisions of the responses of a period."""
    newer = Response.objects.filter(response=OuterRef("response"), revision__gt=OuterRef("revision"))
    return Response.objects.filter(month__range=(period.first, period.last)).filter(~Exists(newer))


def snapshot_rows(period: Period) -> Iterator[tuple[Any, ...]]:
    """(agency, domain, channel, evidence, language, month, answers), streamed, sorted by cell."""
    return (
        counted_in(period)
        .order_by("agency__key", "domain__code", "channel", "evidence", "pk")
        .values_list("agency__key", "domain__code", "channel", "evidence", "language", "month", "answers")
        .iterator(chunk_size=5000)
    )
