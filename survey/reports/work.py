"""Sections of a report that tell what is done: points, where they are lost, what is followed up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from survey.agencies.models import Agency
from survey.agencies.queries import agency_names
from survey.common.periods import Period
from survey.followup.inspections import SHARE_TO_INSPECT, inspected_share
from survey.followup.kinds import KINDS
from survey.followup.models import FollowUp, FollowUpStep
from survey.followup.queries import idle_follow_ups, late_follow_ups
from survey.followup.states import ENDED, State
from survey.reports.documents import Column, bullets, grid, paragraph
from survey.reports.figures import NOTHING, Block, number
from survey.scorecards.rounds.losses import lost_by_criterion, lost_by_owner
from survey.scorecards.rounds.models import ScoringRound
from survey.scorecards.rounds.queries import framework_scored_by
from survey.scorecards.rounds.results import Row, round_rows

MOST_LOSSES: Final = 15
MOST_LATE: Final = 30
VERDICTS: Final = ("better", "worse", "no-difference", "fixed", "not-fixed")


def tell_round(row: ScoringRound, agency: int | None = None) -> list[Block]:
    """Points of a published round, and where they were lost; of one agency, or of all."""
    rows = round_rows(row, agency)
    if not rows:
        return []
    losses = lost_by_criterion(framework_scored_by(row), rows)
    found: list[Block] = [paragraph(_tell_decision(row)), _points_table(rows)]
    if losses:
        lines = [
            [loss.code, loss.title, loss.owner or NOTHING, number(loss.lost), str(loss.zeros)]
            for loss in losses[:MOST_LOSSES]
        ]
        columns = [
            Column(_("Code"), share=2),
            Column(_("Criterion"), share=9),
            Column(_("Owner"), share=4),
            Column(_("Lost"), "right", 2),
            Column(_("At zero"), "right", 2),
        ]
        found.append(grid(_("Where points are lost"), columns, lines))
        owners = [
            f"{owner or _('nobody is named')}: {number(lost)}"
            for owner, lost, _n in lost_by_owner(losses)
        ]
        found.append(bullets(owners))
    return found


def _tell_decision(row: ScoringRound) -> str:
    day = row.decided_on.strftime("%d/%m/%Y") if row.decided_on else NOTHING
    return _("%(round)s; decision %(decision)s of %(day)s.") % {
        "round": row,
        "decision": row.decision,
        "day": day,
    }


def _points_table(rows: Sequence[Row]) -> Block:
    columns = [
        Column(_("No."), "right", 2),
        Column(_("Agency"), share=11),
        Column(_("Self-scored"), "right", 3),
        Column(_("Points"), "right", 3),
        Column(_("Maximum"), "right", 3),
        Column(_("Class"), share=4),
    ]
    lines = [
        [
            str(n),
            row["name"],
            number(row["own_total"]),
            number(row["total"]),
            number(row["maximum"]),
            row["band"] or NOTHING,
        ]
        for n, row in enumerate(rows, start=1)
    ]
    return grid(_("Points of the scorecard"), columns, lines)


def tell_work(period: Period, as_of: datetime, agency: int | None = None) -> list[Block]:
    """Findings, tasks and the rest as they stand at a moment: how many, what is overdue; what
    re-checks found since the period began, and the inspections of its year until it ended.
    """
    day = timezone.localdate(as_of)
    rows = FollowUp.objects.filter(opened_at__lte=as_of, holds_others=False)
    if agency is not None:
        rows = rows.filter(agency=agency)
    found: list[Block] = []
    counts = list(rows.values_list("kind", "state"))
    if counts:
        found.append(_counts_table(counts))
    if agency is None:
        found.append(bullets([_tell_inspections(min(day, period.last))]))
    found += _tell_late(rows, day)
    verdicts = _count_verdicts(rows, period.first)
    if verdicts:
        found.append(bullets(verdicts))
    return found


def _counts_table(counts: Sequence[tuple[str, str]]) -> Block:
    every, ended = (
        Counter(kind for kind, _s in counts),
        Counter(kind for kind, state in counts if state in ENDED),
    )
    checked = Counter(kind for kind, state in counts if state == State.CHECKED)
    lines = [
        [
            str(kind.label).capitalize(),
            str(every[key]),
            str(every[key] - ended[key] - checked[key]),
            str(checked[key]),
            str(ended[key]),
        ]
        for key, kind in KINDS.items()
        if every[key]
    ]
    columns = [
        Column(_("Kind"), share=5),
        Column(_("All"), "right", 2),
        Column(_("Under way"), "right", 2),
        Column(_("Wait for the re-check"), "right", 3),
        Column(_("Finished or stopped"), "right", 3),
    ]
    return grid(_("What is followed up"), columns, lines)


def _tell_inspections(day: date) -> str:
    share = inspected_share(day)
    return _(
        "Units inspected in %(year)s until %(day)s: %(done)s of %(units)s (%(share)s%%; at least "
        "%(wanted)s%%)."
    ) % {
        "year": day.year,
        "day": day.strftime("%d/%m/%Y"),
        "done": share.done,
        "units": share.units,
        "share": number(share.percent),
        "wanted": SHARE_TO_INSPECT,
    }


def _tell_late(rows: QuerySet[FollowUp], day: date) -> list[Block]:
    late = list(late_follow_ups(rows, day).order_by("due_on", "pk")[:MOST_LATE])
    idle = idle_follow_ups(rows, day).count()
    found: list[Block] = []
    names = agency_names(Agency.objects.filter(pk__in={row.agency_id for row in late}))
    if late:
        lines = [
            [
                row.title,
                names.get(row.agency_id, ""),
                row.due_on.strftime("%d/%m/%Y") if row.due_on else NOTHING,
            ]
            for row in late
        ]
        columns = [
            Column(_("What"), share=6),
            Column(_("Agency"), share=5),
            Column(_("Deadline"), share=2),
        ]
        found.append(grid(_("Overdue"), columns, lines))
    if idle:
        text = _("Without any action recorded for 30 days: %(count)s.") % {"count": idle}
        found.append(bullets([text]))
    return found


def _count_verdicts(rows: QuerySet[FollowUp], first: date) -> list[str]:
    steps = FollowUpStep.objects.filter(follow_up__in=rows, move="recheck")
    steps = steps.filter(made_at__date__gte=first)
    counts: Counter[Any] = Counter(
        data.get("verdict") for data in steps.values_list("data", flat=True)
    )
    words = {
        "better": _("Re-checks that found an improvement: %(count)s."),
        "worse": _("Re-checks that found it worse: %(count)s."),
        "no-difference": _("Re-checks that found no difference: %(count)s."),
        "fixed": _("Re-checks on the spot, put right: %(count)s."),
        "not-fixed": _("Re-checks on the spot, not put right: %(count)s."),
    }
    return [words[key] % {"count": counts[key]} for key in VERDICTS if counts[key]]
