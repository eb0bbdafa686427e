"""The leaders' page: nine things at a glance, of the province or of the account's agency. From what
is stored; nothing is computed from answers here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final, cast

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from survey.accounts.models import User
from survey.accounts.permissions import may, requires
from survey.agencies.models import Agency
from survey.agencies.queries import agency_names, visible_agencies
from survey.common.numbers import format_number, share_in_percent
from survey.common.periods import parse_period
from survey.console.index_table import Axis, Line, build_line, choose_axis
from survey.console.layout import page, staff_page
from survey.followup.effects import compare_results, is_comparable, standing_editions
from survey.followup.inspections import list_risks
from survey.followup.models import FollowUp
from survey.followup.national import national_results
from survey.followup.queries import visible_follow_ups, work_progress
from survey.reports.figures import CHANGES, VERDICTS
from survey.scorecards.bridge.methods import read_target
from survey.scorecards.models import AgencyResult, Edition
from survey.scorecards.queries import find_overall
from survey.scorecards.rounds.progress import read_progress
from survey.scorecards.rounds.queries import count_dossiers, visible_rounds, visible_scorings
from survey.scorecards.rounds.results import edition_rows, read_points

PERIODS_SHOWN: Final = 8
NAMED: Final = 10
"""Agencies named in a list; the others are counted."""


@dataclass
class Figures:
    """What released figures say, latest period last."""

    edition: Edition | None = None
    axis: Axis | None = None
    lines: list[dict[str, Any]] = field(default_factory=list)
    years: list[dict[str, Any]] = field(default_factory=list)

    @property
    def newest(self) -> dict[str, Any] | None:
        """The last released period."""
        return self.lines[-1] if self.lines else None


@require_safe
@staff_page
@requires("see-overview")
def overview(request: HttpRequest) -> HttpResponse:
    """Progress, overdue, results, ranks, evidence, completion, years, trend, risk warnings."""
    user, day = cast("User", request.user), timezone.localdate()
    figures = _read_figures(user)
    running = visible_scorings(user).filter(scoring_round__published_at=None)
    context = {
        "work": _read_work(user, day) if may(user, "see-follow-up") else None,
        "figures": figures,
        "dossiers": _read_dossiers(user, figures.edition),
        "rounds": _read_scores(user),
        "standing": _read_standing(user, figures.edition),
        "progress": read_progress(running),
        "years": figures.years,
        "national": national_results(FollowUp.objects.filter(kind="external"))
        if user.sees_province
        else (),
        "risks": _read_risks(user, day) if may(user, "see-follow-up") else (),
    }
    return page(request, "overview.html", context)


def _read_work(user: User, day: date) -> dict[str, Any]:
    found = work_progress(visible_follow_ups(user), day)
    names = agency_names(Agency.objects.filter(pk__in=[pk for pk, _n in found.late_agencies]))
    late = [(names.get(pk, ""), n) for pk, n in found.late_agencies[:NAMED]]
    return {"found": found, "late": late, "more": max(0, len(found.late_agencies) - NAMED)}


def _read_figures(user: User) -> Figures:
    """The index of each released period that is as long as the last one, with its change."""
    editions = standing_editions()
    if not editions:
        return Figures()
    last = editions[-1]
    months = parse_period(last.period).months
    like = [one for one in editions if parse_period(one.period).months == months]
    results = _results(user, like)
    rows = {pk: find_overall(result) for pk, result in results.items()}
    axis = choose_axis([row for row in rows.values() if row], read_target(last.about))
    lines: list[dict[str, Any]] = []
    for edition in like:
        if edition.pk in results:
            lines.append(_describe(edition, results, axis, lines))
    return Figures(last, axis, lines[-PERIODS_SHOWN:], _compare_years(lines))


def _results(user: User, editions: list[Edition]) -> dict[int, AgencyResult]:
    """By edition the province's result, or that of the account's agency."""
    agency = None if user.sees_province else user.agency_id
    rows = AgencyResult.objects.filter(edition__in=[e.pk for e in editions], agency=agency)
    return {row.edition_id: row for row in rows}


def _describe(
    edition: Edition,
    results: Mapping[int, AgencyResult],
    axis: Axis,
    before: list[dict[str, Any]],
) -> dict[str, Any]:
    period, result = parse_period(edition.period), results[edition.pk]
    line: Line = build_line(find_overall(result), axis, label=period.title)
    earlier = before[-1] if before else None
    change = ""
    if earlier and is_comparable(earlier["edition"], edition):
        change = _tell_change(results[earlier["edition"].pk], result)
    return {"edition": edition, "period": period, "line": line, "change": change}


def _tell_change(first: AgencyResult, second: AgencyResult) -> str:
    shift = compare_results(first, second)
    return str(CHANGES[shift.verdict.value]) if shift else ""


def _compare_years(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The last periods beside the same ones of the year before, where both are released and were
    computed alike.
    """
    known = {line["period"].name: line for line in lines}
    found = []
    for line in lines[-PERIODS_SHOWN:]:
        name = line["period"].name
        before = known.get(f"{int(name[:4]) - 1}{name[4:]}")
        if before is not None and is_comparable(before["edition"], line["edition"]):
            found.append({"now": line, "before": before})
    return found


def _read_dossiers(user: User, edition: Edition | None) -> dict[str, Decimal | int] | None:
    """Completed dossiers of the last released period, and the share on time."""
    if edition is None:
        return None
    shares = count_dossiers(parse_period(edition.period), edition)
    if not user.sees_province:
        keys = set(visible_agencies(user).values_list("key", flat=True))
        shares = {key: share for key, share in shares.items() if key in keys}
    completed = sum(share.completed for share in shares.values())
    on_time = sum(share.on_time for share in shares.values())
    if not completed:
        return None
    return {"completed": completed, "on_time": share_in_percent(on_time, completed)}


def _read_scores(user: User) -> list[dict[str, Any]]:
    """Published rounds, the newest of each framework: agencies by class, lost points."""
    seen: set[str] = set()
    found = []
    for row in visible_rounds(user).exclude(published_at=None):
        edition = row.editions.first()
        if edition is None or row.framework.code in seen:
            continue
        seen.add(row.framework.code)
        agency = None if user.sees_province else user.agency_id
        points = [read_points(one) for one in edition_rows(edition, agency)]
        own = points[0] if points else None
        found.append({"row": row, "bands": _count_bands(points), "points": own})
    return found


def _count_bands(points: list[dict[str, Any]]) -> list[tuple[str, int]]:
    counts: dict[str, int] = {}
    for one in points:
        counts[one["band"] or ""] = counts.get(one["band"] or "", 0) + 1
    return list(counts.items())


def _read_standing(user: User, edition: Edition | None) -> dict[str, Any] | None:
    """Who is surely above or below the mean of its kind; of one agency its own verdict."""
    standing = edition.about.get("standing", {}) if edition else {}
    if edition is None or not standing:
        return None
    if not user.sees_province:
        own = standing.get(user.agency.key) if user.agency else None
        return _tell_own(own) if own else None
    names = dict(edition.results.exclude(agency=None).values_list("agency__key", "name"))
    sides: dict[int, list[str]] = {1: [], 0: [], -1: []}
    for key, one in standing.items():
        sides[one["verdict_mean"]].append(names.get(key, key))
    return {
        "compared": len(standing),
        "sides": [(VERDICTS[side], len(sides[side])) for side in (1, 0, -1)],
        "below": sorted(sides[-1])[:NAMED],
        "more": max(0, len(sides[-1]) - NAMED),
    }


def _tell_own(own: Mapping[str, Any]) -> dict[str, Any]:
    words = _("Expected rank %(rank)s (between %(low)s and %(high)s) of %(all)s, by the model.") % {
        "rank": format_number(own["expected_rank"], 0),
        "low": own["rank_low"],
        "high": own["rank_high"],
        "all": own["compared"],
    }
    return {"verdict": VERDICTS[own["verdict_mean"]], "words": words}


def _read_risks(user: User, day: date) -> list[Any]:
    own = None if user.sees_province else set(visible_agencies(user).values_list("pk", flat=True))
    risks = [risk for risk in list_risks(day) if risk.reasons]
    return [risk for risk in risks if own is None or risk.agency.pk in own][:NAMED]
