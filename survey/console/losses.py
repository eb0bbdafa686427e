"""Staff pages of what a round tells: where points are lost and whose they are, its editions."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final, cast

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_safe

from survey.accounts.models import User
from survey.accounts.permissions import holds_role, may, requires
from survey.common.periods import parse_period
from survey.console.approvals import ask_for
from survey.console.layout import page, staff_page
from survey.console.scorecard_form import Field, criterion_fields
from survey.console.sensitive_actions import SENSITIVE_ACTIONS
from survey.scorecards.rounds.losses import (
    find_falls,
    find_low_years,
    find_zeros,
    lost_by_criterion,
    lost_by_owner,
    lost_by_served,
)
from survey.scorecards.rounds.models import AgencyScoring, ScoreEdition, ScoringRound
from survey.scorecards.rounds.queries import (
    COUNTED_INPUTS,
    framework_scored_by,
    rounds_before,
    visible_rounds,
    visible_scorings,
)
from survey.scorecards.rounds.results import Row, compute_rows, edition_rows, round_rows
from survey.scorecards.rounds.score_files import FORMATS, write_scores

LINES_SHOWN: Final = 200
YEARS_BACK: Final = 5


@require_safe
@staff_page
def losses(request: HttpRequest, pk: int) -> HttpResponse:
    """Lost points by criterion and by owner, zeros, gaps, falls, and what stays low for years."""
    user = cast("User", request.user)
    row = visible_rounds(user).filter(pk=pk).first()
    if row is None:
        raise Http404
    framework, rows = framework_scored_by(row), _visible_rows(user, row)
    earlier = [_visible_rows(user, one) for one in rounds_before(row)[:YEARS_BACK]]
    lost = lost_by_criterion(framework, rows)
    context = {
        "row": row,
        "period": parse_period(row.period),
        "losses": lost,
        "owners": lost_by_owner(lost),
        "served": lost_by_served(framework, lost),
        "zeros": find_zeros(framework, rows)[:LINES_SHOWN],
        "gaps": _find_gaps(rows),
        "falls": find_falls(framework, rows, earlier[0])[:LINES_SHOWN] if earlier else [],
        "low": find_low_years(framework, rows, earlier)[:LINES_SHOWN],
        "has_earlier": bool(earlier),
        "several": len(rows) > 1,
    }
    return page(request, "losses.html", context)


def _visible_rows(user: User, row: ScoringRound) -> list[Row]:
    """Rows of the agencies in the account's scope: of the newest edition, else as they stand."""
    if row.published_at is not None:
        own = set(visible_scorings(user).filter(scoring_round=row).values_list("agency", flat=True))
        return [one for one in round_rows(row) if one["agency"] in own]
    scorings = visible_scorings(user).filter(scoring_round=row)
    rows = scorings.prefetch_related("entries", "hand_overs").order_by("name", "pk")
    return compute_rows(framework_scored_by(row), rows, appraises=may(user, "appraise-scores"))


def _find_gaps(rows: list[Row]) -> list[dict[str, Any]]:
    """Agencies whose appraised points are others than their own, the widest gap first."""
    found = [
        {
            "name": row["name"],
            "own": Decimal(row["own_total"]),
            "total": Decimal(row["total"]),
            "gap": Decimal(row["total"]) - Decimal(row["own_total"]),
        }
        for row in rows
        if row["total"] is not None and Decimal(row["total"]) != Decimal(row["own_total"])
    ]
    return sorted(found, key=lambda line: -abs(line["gap"]))


@require_safe
@staff_page
def score_edition(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """An edition of a round as a file, with the agencies in the account's scope."""
    user = cast("User", request.user)
    found = ScoreEdition.objects.filter(pk=pk, scoring_round__in=visible_rounds(user)).first()
    if found is None or kind not in FORMATS:
        raise Http404
    rows = edition_rows(found)
    if not user.sees_province:
        scorings = visible_scorings(user).filter(scoring_round=found.scoring_round)
        own = set(scorings.values_list("agency", flat=True))
        rows = [row for row in rows if row["agency"] in own]
    content = write_scores(found, rows, kind)
    response = HttpResponse(content, content_type=FORMATS[kind])
    name = f"diem-{found.scoring_round.period}-ban-{found.number}.{kind}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
@requires("appraise-scores")
def correct(request: HttpRequest, pk: int, code: str) -> HttpResponse:
    """Ask that a published figure is corrected; another person decides."""
    user = cast("User", request.user)
    if not holds_role(user, "appraise-scores"):
        raise PermissionDenied
    rows = visible_scorings(user).exclude(scoring_round__published_at=None)
    scoring = rows.filter(pk=pk).first()
    if scoring is None:
        raise Http404
    leaves = framework_scored_by(scoring.scoring_round).leaves(scoring.kind)
    criterion = next((c for c in leaves if c.code == code), None)
    if criterion is None or criterion.input in COUNTED_INPUTS:
        raise Http404
    fields = criterion_fields(criterion, request.POST)
    if request.method == "POST":
        made = _ask(request, scoring, code, fields)
        if made is not None:
            return redirect("console:approval", pk=made)
    context = {
        "row": scoring,
        "criterion": criterion,
        "fields": fields,
        "reason": request.POST.get("reason", ""),
    }
    return page(
        request, "correction.html", context, status=422 if request.method == "POST" else 200
    )


def _ask(
    request: HttpRequest, scoring: AgencyScoring, code: str, fields: list[Field]
) -> int | None:
    prefix = f"{code}:"
    payload = {
        "scoring": scoring.pk,
        "criterion": code,
        "declared": {one.name.removeprefix(prefix): one.value for one in fields if one.value},
        "why": request.POST.get("reason", "")[:1000],
        "by": cast("User", request.user).pk,
    }
    made = ask_for(request, SENSITIVE_ACTIONS["correct-scores"], payload)
    return made.pk if made else None
