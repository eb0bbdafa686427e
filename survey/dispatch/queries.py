"""Reads: which counter a code stands for."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet

from survey.agencies.models import Agency
from survey.common.tokens import ALPHABET
from survey.dispatch.models import CodeStatus, CounterCode


def find_code(code: str) -> CounterCode | None:
    """The code with its counter, office, agency and domain in one query; None when it was never issued."""
    if not set(code) <= set(ALPHABET):
        return None
    related = ("counter__office", "counter__agency", "counter__domain", "questionnaire")
    return CounterCode.objects.select_related(*related).filter(code=code).first()


def active_codes(agencies: QuerySet[Agency] | Iterable[Agency]) -> QuerySet[CounterCode]:
    """Codes in use at counters of these agencies, by office and counter number."""
    return (
        CounterCode.objects.select_related("counter__office", "counter__domain", "counter__agency")
        .filter(status=CodeStatus.ACTIVE, counter__agency__in=agencies)
        .order_by("counter__office__key", "counter__number")
    )
