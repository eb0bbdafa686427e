"""Sums of how far invitations got: no link, no number, no row of one person."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone

from survey.common.tallies import increment
from survey.messaging.models import FunnelCount


def count_step(*, agency_id: int, step: str, now: datetime, by: int = 1) -> None:
    """Add to a day's sum of an agency."""
    increment(
        FunnelCount, "count", by, agency_id=agency_id, day=timezone.localtime(now).date(), step=step
    )
