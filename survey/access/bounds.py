"""No more answers count as given at a counter in an hour than the counter can have served."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import connection
from django.db.models import F, Q

from survey.access.models import KioskUse, ScreenUse
from survey.agencies.models import Counter
from survey.transactions.models import Channel, DossierEvent

SLOT: Final = timedelta(minutes=10)
WINDOW: Final = timedelta(minutes=60)
FREE: Final = 5
"""Answers an hour at each counter beside what its dossiers allow."""
PER_TRANSACTION: Final = 1.5
WITHOUT_FEED: Final = 20
"""Answers an hour at each counter where no case system tells of transactions as they happen."""
LIVE_DELAY: Final = timedelta(hours=1)
"""A feed that tells later, as one from a file at night, says nothing about this hour."""
FEED_SILENCE: Final = timedelta(days=3)
"""After a weekend a feed is still believed to be there."""


def find_slot(moment: datetime) -> datetime:
    """The ten minutes a moment lies in."""
    seconds = int(SLOT.total_seconds())
    return datetime.fromtimestamp(int(moment.timestamp()) // seconds * seconds, tz=moment.tzinfo)


def most_in_an_hour(counters: Sequence[Counter], at: datetime) -> int:
    """Answers that can count at counters of one agency and domain in the hour before a moment: by
    their dossiers, or a fixed number where none are told as they happen.
    """
    events = DossierEvent.objects.filter(
        agency_id=counters[0].agency_id, channel=Channel.COUNTER, happened_at__lte=at
    )
    domains = {counter.domain_id for counter in counters}
    if None not in domains:
        events = events.filter(domain_id__in=domains)
    live = events.filter(
        happened_at__gt=at - FEED_SILENCE, received_at__lte=F("happened_at") + LIVE_DELAY
    )
    if not live.exists():
        return WITHOUT_FEED * len(counters)
    dossiers = events.filter(happened_at__gt=at - WINDOW).values("dossier_code").distinct().count()
    return int(dossiers * PER_TRANSACTION + FREE * len(counters))


def places_left(counter: Counter, at: datetime) -> int:
    """How many more answers count as given at a counter in every hour around a moment, on all
    devices of the agency's counters of this domain together.

    Locks these counters; call inside a transaction. Tablets send later and in any order: an hour
    that ends after the moment is held to the bound as much as the one before it.
    """
    counters = _share_dossiers(counter)
    slot = find_slot(at)
    used = _uses(counters, slot)
    ends = [slot, *(other for other in used if other > slot)]
    return min(
        most_in_an_hour(counters, at if end == slot else end + SLOT)
        - sum(count for other, count in used.items() if end - WINDOW < other <= end)
        for end in ends
    )


def _share_dossiers(counter: Counter) -> list[Counter]:
    """Counters the same dossiers can be seen at, locked in one order: of the domain, or of all."""
    rows = Counter.objects.filter(agency_id=counter.agency_id)
    if counter.domain_id is not None:
        rows = rows.filter(domain_id=counter.domain_id)
    rows = rows.filter(Q(closed_on=None) | Q(pk=counter.pk)).order_by("pk")
    return list(rows.select_for_update() if connection.features.has_select_for_update else rows)


def _uses(counters: Sequence[Counter], slot: datetime) -> dict[datetime, int]:
    """Answers counted at the screens and tablets of counters, by slot, less than an hour before or
    after.
    """
    near = {"slot__gt": slot - WINDOW, "slot__lt": slot + WINDOW}
    found: dict[datetime, int] = {}
    for uses in (
        ScreenUse.objects.filter(screen__counter__in=counters),
        KioskUse.objects.filter(counter__in=counters),
    ):
        for other, count in uses.filter(**near).values_list("slot", "count"):
            found[other] = found.get(other, 0) + count
    return found
