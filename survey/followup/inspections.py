"""The year's inspections: the share of units inspected, and where to look first and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from django.db.models import Max, Q, QuerySet
from django.utils.translation import gettext as _

from survey.agencies.models import Agency, AgencyVersion
from survey.agencies.queries import mapped_to, versions_on
from survey.common.numbers import share_in_percent
from survey.common.periods import parse_period
from survey.followup.effects import standing_editions
from survey.followup.models import FollowUp, FollowUpStep
from survey.followup.queries import idle_follow_ups, late_follow_ups
from survey.followup.states import State
from survey.scorecards.rounds.queries import count_dossiers

SHARE_TO_INSPECT: Final = 30
"""Percent of units a province inspects in a year."""
ON_TIME_TARGET: Final = 95


@dataclass(frozen=True)
class InspectedShare:
    """Units inspected in the year of a day, of all that are in force."""

    done: int
    planned: int
    units: int

    @property
    def percent(self) -> Decimal:
        """The share with two places; 0 where there is no unit."""
        return share_in_percent(self.done, self.units)

    @property
    def still_needed(self) -> int:
        """Units to inspect until the share is reached."""
        return max(0, -(-SHARE_TO_INSPECT * self.units // 100) - self.done)


def inspected_units(day: date) -> list[AgencyVersion]:
    """Units an inspection plan is about: everything below the top of the province."""
    return list(versions_on(day).exclude(parent=None).order_by("kind", "unit_code", "name"))


def inspected_share(day: date) -> InspectedShare:
    """How many units were inspected in this year, and how many more are planned."""
    units = {version.agency_id for version in inspected_units(day)}
    done, planned = _inspected_in(day), _planned(day.year)
    return InspectedShare(len(done & units), len(planned & units), len(units))


def _inspected_in(day: date) -> set[int]:
    """Agencies inspected in the year of a day until then, and those that go on with their tasks."""
    first = date(day.year, 1, 1)
    done = FollowUpStep.objects.filter(move="carry-out", made_at__date__range=(first, day))
    rows = FollowUp.objects.filter(kind="inspection", state=State.CLOSED, steps__in=done)
    agencies = Agency.objects.filter(pk__in=rows.values("agency"))
    heirs = mapped_to(agencies, day)
    return {heir.agency.pk for found in heirs.values() for heir in found}


def _planned(year: int) -> set[int]:
    rows = inspections_in(year).filter(state__in=(State.PLANNED, State.DOING))
    return set(rows.values_list("agency_id", flat=True))


def inspections_in(year: int) -> QuerySet[FollowUp]:
    """Inspections planned for a year, or carried out in it."""
    carried = FollowUpStep.objects.filter(move="carry-out", made_at__year=year)
    rows = FollowUp.objects.filter(kind="inspection")
    return rows.filter(Q(due_on__year=year) | Q(pk__in=carried.values("follow_up")))


@dataclass(frozen=True)
class Risk:
    """A unit not inspected this year, and what speaks for going there."""

    agency: Agency
    name: str
    reasons: tuple[str, ...]
    planned: bool
    last_year: int | None


def list_risks(day: date) -> list[Risk]:
    """Units not inspected this year, those with most reasons first; names in order within."""
    done, planned, last = _inspected_in(day), _planned(day.year), _last_inspections()
    reasons = _find_reasons(day)
    found = [
        Risk(
            version.agency,
            version.name,
            tuple(reasons.get(version.agency_id, ())),
            version.agency_id in planned,
            last.get(version.agency_id),
        )
        for version in inspected_units(day)
        if version.agency_id not in done
    ]
    return sorted(found, key=lambda risk: (-len(risk.reasons), risk.last_year or 0))


def _last_inspections() -> dict[int, int]:
    """Agency -> year of its last inspection."""
    steps = FollowUpStep.objects.filter(move="carry-out", follow_up__kind="inspection")
    rows = steps.order_by().values_list("follow_up__agency_id").annotate(at=Max("made_at"))
    return {agency: at.year for agency, at in rows}


def _find_reasons(day: date) -> Mapping[int, list[str]]:
    found: dict[int, list[str]] = {}
    for agency, words in (*_low_indices(), *_late_dossiers(), *_open_work(day)):
        found.setdefault(agency, []).append(words)
    return found


def _low_indices() -> list[tuple[int, str]]:
    """Agencies surely below the mean of their kind, by the verdicts the edition keeps."""
    editions = standing_editions()
    standing = editions[-1].about.get("standing", {}) if editions else {}
    low = [key for key, line in standing.items() if line["verdict_mean"] < 0]
    words = _("satisfaction surely below the mean of its kind")
    return [(pk, words) for pk in Agency.objects.filter(key__in=low).values_list("pk", flat=True)]


def _late_dossiers() -> list[tuple[int, str]]:
    """Agencies below 95 % on time in the last released period."""
    editions = standing_editions()
    if not editions:
        return []
    shares = count_dossiers(parse_period(editions[-1].period), editions[-1])
    keys = dict(Agency.objects.filter(key__in=shares).values_list("key", "pk"))
    words = _("fewer than 95% of dossiers on time")
    return [
        (keys[key], words)
        for key, share in shares.items()
        if key in keys and share.completed
        if 100 * share.on_time < ON_TIME_TARGET * share.completed
    ]


def _open_work(day: date) -> list[tuple[int, str]]:
    """Agencies with overdue work, and with work they have not begun."""
    rows = FollowUp.objects.all()
    late = Counter(late_follow_ups(rows, day).values_list("agency_id", flat=True))
    idle = Counter(idle_follow_ups(rows, day).values_list("agency_id", flat=True))
    told = [(agency, _("overdue: %(count)s") % {"count": n}) for agency, n in late.items()]
    return told + [
        (agency, _("no action recorded: %(count)s") % {"count": n}) for agency, n in idle.items()
    ]
