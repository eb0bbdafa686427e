"""No more answers count as given at a counter in an hour than the counter can have served."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import connection

from survey.access.models import KioskUse, ScreenUse
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
    """Answers that can count in the hour before a moment: by its dossiers, or a fixed number
    without a feed.
    """
    events = DossierEvent.objects.filter(
        agency_id=counter.agency_id, channel=Channel.COUNTER, happened_at__lte=at
    )
    if counter.domain_id:
        events = events.filter(domain_id=counter.domain_id)
    if not events.filter(happened_at__gt=at - timedelta(days=1)).exists():
        return WITHOUT_FEED
    dossiers = events.filter(happened_at__gt=at - WINDOW).values("dossier_code").distinct().count()
    return int(dossiers * PER_TRANSACTION + FREE)


def places_left(counter: Counter, at: datetime) -> int:
    """How many more answers count as given at a counter in every hour around a moment, on all its
    devices together.

    Locks the counter; call inside a transaction. Tablets send later and in any order: an hour that
    ends after the moment is held to the bound as much as the one before it.
    """
    rows = Counter.objects.filter(pk=counter.pk)
    (rows.select_for_update() if connection.features.has_select_for_update else rows).get()
    slot = slot_of(at)
    used = _uses(counter, slot)
    ends = [slot, *(other for other in used if other > slot)]
    return min(
        most_in_an_hour(counter, at if end == slot else end + SLOT)
        - sum(count for other, count in used.items() if end - WINDOW < other <= end)
        for end in ends
    )


def _uses(counter: Counter, slot: datetime) -> dict[datetime, int]:
    """Answers counted at the screens and tablets of a counter, by slot, less than an hour before or
    after.
    """
    near = {"slot__gt": slot - WINDOW, "slot__lt": slot + WINDOW}
    found: dict[datetime, int] = {}
    for uses in (
        ScreenUse.objects.filter(screen__counter=counter),
        KioskUse.objects.filter(counter=counter),
    ):
        for other, count in uses.filter(**near).values_list("slot", "count"):
            found[other] = found.get(other, 0) + count
    return found
