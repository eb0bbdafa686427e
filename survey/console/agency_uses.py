"""What hangs on an agency: what moves when it is merged, split or ended, what has to be moved
before, and what stays with it.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from survey.accounts.approvals import ApprovalRequest
from survey.agencies.models import Agency
from survey.agencies.queries import versions_on
from survey.scorecards.models import AgencyResult
from survey.transactions.models import MonthlyTotal

Counts = list[tuple[str, int]]


@dataclass(frozen=True)
class AgencyUses:
    """Counts under what happens to them, in the order they are told."""

    agency: Agency
    parts: list[tuple[str, Counts]]


def count_uses(agency: Agency, *, ends_alone: bool = False) -> AgencyUses:
    """As of today; ``ends_alone``: nobody takes its place.

    Dossiers and released figures stay with the old agency: its series ends, a new one begins, and
    pages that look back map the one to the other.
    """
    counters = (_("open counters"), agency.counters.filter(closed_on=None).count())
    accounts = (_("accounts"), agency.staff.count())
    below = versions_on(timezone.localdate()).filter(parent=agency).count()
    parts = [(_("Has to be moved before"), [(_("agencies below it"), below)])] if below else []
    figures = _count_figures(agency)
    stays = _("Stays with the old agency, and its series ends")
    if ends_alone:
        parts += [(_("Is closed"), [counters]), (stays, [accounts, *figures])]
    else:
        moves = _("Moves to the agency that takes its place")
        parts += [(moves, [counters, accounts]), (stays, figures)]
    return AgencyUses(agency, parts)


def _count_figures(agency: Agency) -> Counts:
    months = MonthlyTotal.objects.filter(agency=agency).order_by().values("month").distinct()
    released = AgencyResult.objects.filter(
        agency=agency, edition__released_at__isnull=False, edition__withdrawn_at=None
    )
    periods = released.order_by().values("edition__period").distinct()
    return [
        (_("months with dossiers"), months.count()),
        (_("periods with released figures"), periods.count()),
    ]


def preview_reorganisation(request: ApprovalRequest) -> list[AgencyUses]:
    """For who decides about a merger, a split or an end; nothing for other requests."""
    wanted = list(request.payload.get("agencies", []))
    if request.action not in ("merge-agencies", "split-agency", "dissolve-agency"):
        return []
    ends_alone = request.action == "dissolve-agency" and len(wanted) == 1
    ending = wanted[:1] if request.action == "dissolve-agency" else wanted
    agencies = Agency.objects.filter(pk__in=ending).order_by("key")
    return [count_uses(agency, ends_alone=ends_alone) for agency in agencies]
