"""Who is asked: registered numbers of staff and agents, and the sample of each agency and domain,
drawn and logged.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from django.conf import settings
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

from survey.common.periods import first_of_month
from survey.messaging.models import PhoneLedger, SampleDraw, SamplingRule
from survey.transactions.models import DossierEvent
from survey.transactions.queries import completed_in

WINDOW: Final = timedelta(days=30)
MANY_DOSSIERS: Final = 5
"""A number behind so many dossiers in thirty days is hardly a citizen's own."""


def draw(*, event: DossierEvent, now: datetime) -> SampleDraw:
    """Decide about one stored event by a seeded hash of its code, and keep the decision."""
    rule = _find_rule(event)
    seed = rule.seed if rule else settings.SECRET_KEY
    digest = sha256(f"{seed}/{event.province}/{event.dossier_code}".encode()).digest()
    number = int.from_bytes(digest[:8], "big") / 2**64
    probability = settings.SMS_SAMPLING if rule is None else _probability(rule, event)
    made = {"rule": rule, "probability": probability, "number": number, "drawn_at": now}
    return SampleDraw.objects.get_or_create(event=event, defaults=made)[0]


def _find_rule(event: DossierEvent) -> SamplingRule | None:
    fits = Q(agency=event.agency_id) | Q(agency=None), Q(domain=event.domain_id) | Q(domain=None)
    narrow = Case(When(agency=None, then=Value(0)), default=Value(2)) + Case(
        When(domain=None, then=Value(0)), default=Value(1)
    )
    return SamplingRule.objects.filter(*fits).order_by(narrow.desc()).first()


def _probability(rule: SamplingRule, event: DossierEvent) -> float:
    """A number a month becomes a share of what the last full month brought; without one, everybody
    is asked.
    """
    if rule.monthly is None:
        return float(rule.share or 0.0)
    before = first_of_month(
        first_of_month(timezone.localtime(event.happened_at).date()) - timedelta(days=1)
    )
    expected = completed_in(before, rule.agency_id, rule.domain_id)
    return min(1.0, rule.monthly / expected) if expected else 1.0


def note_dossier(*, number: str, agency_id: int, now: datetime) -> None:
    """Count a dossier behind a number (its hash) in a window of thirty days."""
    row, _made = PhoneLedger.objects.get_or_create(
        phone_hash=number, defaults={"counted_since": now}
    )
    mine = PhoneLedger.objects.filter(pk=row.pk)
    mine.filter(counted_since__lte=now - WINDOW).update(counted_since=now, dossiers=0)
    mine.update(dossiers=F("dossiers") + 1)
    mine.filter(dossiers__gte=MANY_DOSSIERS).update(agency=agency_id)
