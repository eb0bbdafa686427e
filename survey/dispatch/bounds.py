"""No more answers count as given at a counter in an hour than the counter can have served."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from survey.agencies.models import Counter
from survey.transactions.models import Channel, DossierEvent

SLOT: Final = timedelta(minutes=10)
WINDOW: Final = timedelta(minutes=60)
FREE: Final = 5
PER_TRANSACTION: Final = 1.5
WITHOUT_FEED: Final = 20
"""Answers an hour that count where no case system tells of transactions."""


class OpeningHours(models.Model):
    """When the counter of a device is open: at other times nobody can have stood there."""

    opens = models.TimeField(_("opens"), default=time(7, 0))
    closes = models.TimeField(_("closes"), default=time(17, 30))
    days = models.CharField(_("days of the week, 1 = Monday"), max_length=7, default="12345")

    class Meta:
        abstract = True

    def opens_at(self, moment: datetime) -> bool:
        """Whether the counter is open at a moment, in local time."""
        local = timezone.localtime(moment)
        return str(local.isoweekday()) in self.days and self.opens <= local.time() < self.closes


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
