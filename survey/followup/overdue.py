"""What the night does with matters: reminders, escalations, and what goes to a successor."""

from __future__ import annotations

from datetime import date, datetime

from django.utils import timezone

from survey.agencies.queries import mapped_to, versions_on
from survey.followup.models import FollowUp
from survey.followup.queries import ESCALATED_AFTER_DAYS, late_follow_ups
from survey.followup.states import ENDED, WITH_THE_AGENCY
from survey.followup.steps import StepSaid, keep_step


def remind_overdue(now: datetime) -> int:
    """Keep a step in what is past its last day: once as a reminder, once as an escalation; how
    many.
    """
    day, made = timezone.localdate(now), 0
    for row in late_follow_ups(FollowUp.objects.all(), day).prefetch_related("steps"):
        due_on = row.due_on or day
        days, taken = (day - due_on).days, _moves_since(row, due_on)
        wanted = ["remind", "escalate"] if days >= ESCALATED_AFTER_DAYS else ["remind"]
        for move in wanted:
            if move not in taken:
                keep_step(row, move, StepSaid(data={"days": days}), None, now)
                made += 1
    return made


def _moves_since(row: FollowUp, day: date) -> set[str]:
    """Steps after a day, with the steps read before."""
    return {s.move for s in row.steps.all() if timezone.localdate(s.made_at) > day}


def hand_over_matters(now: datetime) -> int:
    """Open matters of agencies that have ended go to the agency that goes on with their tasks; how
    many.
    """
    day = timezone.localdate(now)
    gone = FollowUp.objects.exclude(state__in=ENDED).exclude(
        agency__in=versions_on(day).values("agency")
    )
    heirs = mapped_to({row.agency for row in gone.select_related("agency")}, day)
    made = 0
    for row in gone:
        found = heirs.get(row.agency, [])
        if found:
            before = str(row.agency)
            row.agency, row.owner = found[0].agency, None
            row.save(update_fields=["agency", "owner"])
            keep_step(row, "hand-over", StepSaid(data={"from": before}), None, now)
            made += 1
    return made


def is_escalated(row: FollowUp) -> bool:
    """Whether it went to the leaders since its last day passed and is still with the agency."""
    if row.due_on is None or row.state not in WITH_THE_AGENCY:
        return False
    return "escalate" in _moves_since(row, row.due_on)
