"""What hangs on an agency: what moves when it is merged, split or ended, and what stays with it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _

from survey.accounts.approvals import Payload
from survey.agencies.models import Agency
from survey.agencies.queries import versions_on
from survey.scorecards.models import AgencyResult
from survey.transactions.models import MonthlyTotal

REORGANISING: Final = ("merge-agencies", "split-agency", "dissolve-agency")
Counts = list[tuple[str, int]]


@dataclass(frozen=True)
class AgencyUses:
    """Counts of what moves with an agency, and of what stays under its name."""

    agency: Agency
    moves: Counts
    stays: Counts


def count_uses(agency: Agency) -> AgencyUses:
    """As of today. Dossiers and released figures stay with the old agency: its series ends, a new
    one begins, and pages that look back map the one to the other.
    """
    below = versions_on(timezone.localdate()).filter(parent=agency)
    months = MonthlyTotal.objects.filter(agency=agency).order_by().values("month").distinct()
    released = AgencyResult.objects.filter(
        agency=agency, edition__released_at__isnull=False, edition__withdrawn_at=None
    )
    periods = released.order_by().values("edition__period").distinct()
    return AgencyUses(
        agency,
        [
            (_("open counters"), agency.counters.filter(closed_on=None).count()),
            (_("accounts"), agency.staff.filter(is_active=True).count()),
            (_("agencies below it"), below.count()),
        ],
        [
            (_("months with dossiers"), months.count()),
            (_("periods with released figures"), periods.count()),
        ],
    )


def preview_reorganisation(action: str, payload: Payload) -> list[AgencyUses]:
    """For who decides about a merger, a split or an end; nothing for other requests."""
    if action not in REORGANISING:
        return []
    wanted: Collection[int] = payload["agencies"]
    ending = list(wanted)[:1] if action == "dissolve-agency" else wanted
    return [count_uses(agency) for agency in Agency.objects.filter(pk__in=ending).order_by("key")]
