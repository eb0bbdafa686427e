"""Staff page of the scorecard of one agency: to read, or to fill in by whose turn it is."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from survey.accounts.models import User
from survey.accounts.permissions import holds_role, may
from survey.console.kept_files import send_kept_file
from survey.console.layout import page, staff_page
from survey.console.owned import send_owned_evidence
from survey.console.scorecard_form import (
    count_filled,
    count_sections,
    read_files,
    read_lines,
    show_lines,
)
from survey.scorecards.rounds.declaring import STALE, close_overdue, hand_over, save_lines
from survey.scorecards.rounds.models import AGENCY_STAGES, AgencyScoring, Evidence, Stage
from survey.scorecards.rounds.queries import (
    due_on,
    framework_scored_by,
    scorecard_at,
    shown_stage,
    stages_until,
    visible_scorings,
)


def may_write(user: User, row: AgencyScoring) -> bool:
    """Whether it is this account's turn: the head of the agency itself, or the appraisers."""
    if row.stage == Stage.CLOSED:
        return False
    if row.stage in AGENCY_STAGES:
        return may(user, "score-own") and user.agency_id == row.agency_id
    return may(user, "appraise-scores")


@require_http_methods(["GET", "HEAD", "POST"])
@staff_page
def scorecard(request: HttpRequest, pk: int) -> HttpResponse:
    """The lines of one agency: to read, or to fill in by whose turn it is."""
    user = cast("User", request.user)
    row = visible_scorings(user).filter(pk=pk).first()
    if row is None:
        raise Http404
    if request.method != "POST":
        return _scorecard_page(request, row)
    if "lapse" in request.POST and may(user, "appraise-scores"):
        return _pass_on_overdue(request, row)
    if not may_write(user, row):
        raise PermissionDenied
    sent = read_lines(framework_scored_by(row.scoring_round), row, request.POST)
    stage = request.POST.get("stage", "")
    try:
        count = save_lines(
            scoring=row,
            stage=stage,
            lines=sent,
            by=user,
            now=timezone.now(),
            files=read_files(sent, request.FILES),
            seen=_read_seen(request),
        )
        if "hand-over" in request.POST:
            hand_over(scoring=row, stage=stage, by=user, now=timezone.now())
            messages.success(request, _("“%(name)s” has been handed over.") % {"name": row})
        else:
            messages.success(request, _("Lines saved: %(count)s.") % {"count": count})
    except ValidationError as error:
        return _scorecard_page(request, row, 422, sent=sent, error=error)
    return redirect("console:scorecard", pk=row.pk)


def _read_seen(request: HttpRequest) -> int:
    """The newest entry the page knew; a page that does not say has seen nothing."""
    seen = request.POST.get("seen", "")
    return int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 18 else 0


def _pass_on_overdue(request: HttpRequest, row: AgencyScoring) -> HttpResponse:
    stage, user = request.POST.get("stage", ""), cast("User", request.user)
    try:
        close_overdue(scoring=row, stage=stage, by=user, now=timezone.now())
    except ValidationError as error:
        return _scorecard_page(request, row, 422, error=error)
    messages.success(request, _("“%(name)s” has been handed over.") % {"name": row})
    return redirect("console:scorecard", pk=row.pk)


@require_safe
@staff_page
def evidence(request: HttpRequest, pk: int) -> FileResponse:
    """A file of evidence, to be saved: never opened inside the page; of an appraisal that is not
    signed off yet, for its writers alone.
    """
    user = cast("User", request.user)
    rows = Evidence.objects.filter(pk=pk, scoring__in=visible_scorings(user))
    found = rows.select_related("scoring").first()
    if found is None:
        return send_owned_evidence(request, pk)
    shown = shown_stage(found.scoring, appraises=may(user, "appraise-scores"))
    if found.stage not in stages_until(shown):
        raise Http404
    return send_kept_file(name=found.name, suffix=found.suffix, sha256=found.sha256)


def _scorecard_page(
    request: HttpRequest,
    row: AgencyScoring,
    status: int = 200,
    *,
    sent: dict[str, Any] | None = None,
    error: ValidationError | None = None,
) -> HttpResponse:
    framework = framework_scored_by(row.scoring_round)
    user, today = cast("User", request.user), timezone.localdate()
    appraises = may(user, "appraise-scores")
    shown = shown_stage(row, appraises=appraises)
    until = stages_until(shown)
    entries = list(row.entries.filter(stage__in=until).select_related("made_by"))
    card = scorecard_at(framework, row, entries, shown)
    own = scorecard_at(framework, row, entries, Stage.SELF)
    faults = _faults_by_line(error)
    stale = {code for code in faults if sent and code in sent and _is_stale(faults[code])}
    writable, due = may_write(user, row), due_on(row.scoring_round, row.stage)
    context = {
        "row": row,
        "seen": max((entry.pk for entry in entries), default=0),
        "overdue": appraises and row.stage in AGENCY_STAGES and due is not None and today > due,
        "card": card,
        "lines": show_lines(
            framework=framework,
            scoring=row,
            entries=entries,
            evidence=list(row.evidence.filter(stage__in=until)),
            cards=(card, own),
            writable=writable,
            sent={code: line for code, line in (sent or {}).items() if code not in stale},
            faults=faults,
        ),
        "faults": [faults[""]] if "" in faults else [],
        "faulty": [code for code in faults if code],
        "filled": count_filled(framework, row, card),
        "sections": count_sections(framework, row, card),
        "turn": _describe_turn(row),
        "hand_overs": row.hand_overs.select_related("made_by"),
        "writable": writable,
        "correctable": holds_role(user, "appraise-scores")
        and row.scoring_round.published_at is not None,
        "own_turn": row.stage in AGENCY_STAGES,
    }
    return page(request, "scorecard.html", context, status=status)


def _is_stale(fault: str) -> bool:
    return fault == str(STALE)


def _describe_turn(row: AgencyScoring) -> str:
    stage, due = str(row.get_stage_display()), due_on(row.scoring_round, row.stage)
    told = _("Stage: %(stage)s.") % {"stage": stage}
    if due is None:
        return told
    until = _("It can be worked on until %(day)s.") % {"day": due.strftime("%d/%m/%Y")}
    return f"{told} {until}"


def _faults_by_line(error: ValidationError | None) -> dict[str, str]:
    if error is None:
        return {}
    if not hasattr(error, "error_dict"):
        return {"": error.messages[0]}
    return {code: found[0] for code, found in error.message_dict.items()}
