"""No more answers count as given at a counter in an hour than the counter can have served."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from survey.agencies.models import Counter
from survey.transactions.models import Channel, DossierEvent

SLOT: Final = timedelta(minutes=10)
WINDOW: Final = timedelta(minutes=60)
FREE: Final = 5
PER_TRANSACTION: Final = 1.5
WITHOUT_FEED: Final = 20
"""Answers an hour that count where no case system tells of transactions."""


def slot_of(moment: datetime) -> datetime:
    """The ten minutes a moment lies in."""
    seconds = int(SLOT.total_seconds())
    return datetime.fromtimestamp(int(moment.timestamp()) // seconds * seconds, tz=moment.tzinfo)


def most_in_an_hour(counter: Counter, at: datetime) -> int:
    """Answers that can count in the hour before a moment: by its dossiers, or a fixed number without a feed."""
    events = DossierEvent.objects.filter(agency_id=counter.agency_id, channel=Channel.COUNTER, happened_at__lte=at)
    if counter.domain_id:
        events = events.filter(domain_id=counter.domain_id)
    if not events.filter(happened_at__gt=at - timedelta(days=1)).exists():
        return WITHOUT_FEED
    dossiers = events.filter(happened_at__gt=at - WINDOW).values("dossier_code").distinct().count()
    return int(dossiers * PER_TRANSACTION + FREE)
