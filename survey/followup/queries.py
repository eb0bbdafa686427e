"""Reads: what an account sees, what waits for it, what is late, what nobody has begun."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from survey.accounts.models import User
from survey.accounts.permissions import may
from survey.agencies.models import AgencyKind, AgencyVersion
from survey.agencies.queries import visible_agencies
from survey.common.numbers import share_in_percent
from survey.followup.kinds import KINDS
from survey.followup.models import Addressee, FollowUp, FollowUpStep
from survey.followup.states import ENDED, MOVES, WITH_THE_AGENCY, Side, State

ESCALATED_AFTER_DAYS: Final = 15
"""So many days past its last day a matter is on the list of the province's leaders."""
IDLE_DAYS: Final = 30
"""After so many days without a step of the agency, nothing has been done."""
WORK_OF_THE_AGENCY: Final = tuple(key for key, kind in KINDS.items() if "report" in kind.moves)
WITH_A_LAST_DAY: Final = (*WORK_OF_THE_AGENCY, "inspection")


def visible_follow_ups(user: User) -> QuerySet[FollowUp]:
    """Matters of the agencies in the account's scope, and documents sent to them."""
    rows = FollowUp.objects.select_related("agency", "owner", "parent")
    if user.sees_province:
        return rows
    scope = visible_agencies(user)
    sent = Addressee.objects.filter(follow_up=OuterRef("pk"), agency__in=scope)
    return rows.filter(Q(agency__in=scope) | Exists(sent))


def is_of_agency(user: User, row: FollowUp) -> bool:
    """Whether an account acts for the agency the matter is about."""
    return may(user, "work-follow-up") and user.agency_id == row.agency_id


def manages(user: User) -> bool:
    """Whether an account acts for the province."""
    return may(user, "manage-follow-up")


def possible_moves(user: User, row: FollowUp) -> list[str]:
    """Names of the moves an account can take now, in the order of the buttons."""
    sides = {Side.EITHER} if is_of_agency(user, row) or manages(user) else set()
    if is_of_agency(user, row):
        sides.add(Side.AGENCY)
    if manages(user):
        sides.add(Side.PROVINCE)
    return [
        name
        for name in MOVES
        if name in row.spec.moves
        and State(row.state) in row.spec.find_sources(name)
        and row.spec.find_side(name) in sides
    ]


def late_follow_ups(rows: QuerySet[FollowUp], day: date) -> QuerySet[FollowUp]:
    """Of these, what is past its last day and has not been reported."""
    late = rows.filter(kind__in=WITH_A_LAST_DAY, state__in=WITH_THE_AGENCY, due_on__lt=day)
    return late.filter(holds_others=False)


def escalated_follow_ups(rows: QuerySet[FollowUp], day: date) -> QuerySet[FollowUp]:
    """Of these, what has been late for so long that the province's leaders see it."""
    return late_follow_ups(rows, day - timedelta(days=ESCALATED_AFTER_DAYS - 1))


def idle_follow_ups(rows: QuerySet[FollowUp], day: date) -> QuerySet[FollowUp]:
    """Of these, the agency's work in which it has done nothing for a month after it was opened."""
    done = FollowUpStep.objects.filter(follow_up=OuterRef("pk"), of_agency=True)
    before = day - timedelta(days=IDLE_DAYS)
    waiting = rows.filter(
        kind__in=WORK_OF_THE_AGENCY, state__in=WITH_THE_AGENCY, holds_others=False
    )
    return waiting.filter(~Exists(done), opened_at__date__lt=before)


@dataclass(frozen=True)
class WorkProgress:
    """Work given to agencies in a year, and what is still open from before."""

    total: int
    done: int
    late: int
    escalated: int
    idle: int
    late_agencies: tuple[tuple[int, int], ...]
    """(agency, its overdue matters), the most first."""

    @property
    def percent(self) -> Decimal:
        """Share done."""
        return share_in_percent(self.done, self.total)


def work_progress(rows: QuerySet[FollowUp], day: date) -> WorkProgress:
    """How far the work among these rows is on a day."""
    work = rows.filter(kind__in=WORK_OF_THE_AGENCY, holds_others=False)
    work = work.filter(Q(opened_at__year=day.year) | ~Q(state__in=ENDED))
    late = late_follow_ups(rows, day)
    by_agency = late.order_by().values_list("agency_id").annotate(n=Count("pk"))
    return WorkProgress(
        total=work.count(),
        done=work.filter(state__in=ENDED).count(),
        late=late.count(),
        escalated=escalated_follow_ups(rows, day).count(),
        idle=idle_follow_ups(rows, day).count(),
        late_agencies=tuple(by_agency.order_by("-n", "agency_id")),
    )


def own_follow_ups(user: User) -> QuerySet[FollowUp]:
    """What waits for this account: named as owner, its agency's turn, or to be checked."""
    rows = visible_follow_ups(user)
    wanted = Q(owner=user) & ~Q(state__in=ENDED)
    if may(user, "confirm-reading"):
        wanted |= Q(pk__in=unread_documents(user).values("pk"))
    if may(user, "work-follow-up"):
        turn = Q(kind__in=WORK_OF_THE_AGENCY, state__in=WITH_THE_AGENCY)
        wanted |= Q(agency=user.agency_id or 0) & turn
    if manages(user):
        wanted |= Q(state__in=(State.REPORTED, State.CHECKED))
        wanted |= Q(kind="initiative", state=State.PLANNED)
    return rows.filter(wanted, holds_others=False)


def events_behind(agency: int | None, first: date, last: date) -> list[FollowUp]:
    """Events of an agency and of the province whose days touch a span, the earliest first."""
    tops = AgencyVersion.objects.filter(kind=AgencyKind.PROVINCE).values("agency")
    rows = FollowUp.objects.filter(kind="event")
    rows = rows.filter(Q(agency=agency or 0) | Q(agency__in=tops))
    found = [row for row in rows if _touches(row, first, last)]
    return sorted(found, key=lambda row: str(row.details["begins_on"]))


def _touches(row: FollowUp, first: date, last: date) -> bool:
    begins = str(row.details["begins_on"])
    ends = str(row.details.get("ends_on") or begins)
    return begins <= last.isoformat() and ends >= first.isoformat()


def unread_documents(user: User) -> QuerySet[FollowUp]:
    """Documents in force that were sent to the account's agency and it has not confirmed."""
    sent = Addressee.objects.filter(follow_up=OuterRef("pk"), agency=user.agency_id or 0)
    unread = sent.exclude(readings__reader=user)
    return FollowUp.objects.filter(Exists(unread), kind="document", state=State.DOING)
