"""Declaring figures and handing over, stage by stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from survey.accounts.models import User
from survey.common.text import check_words
from survey.scorecards.bridge.frameworks import (
    FigureError,
    Framework,
    ScoredLine,
    compute_scorecard,
)
from survey.scorecards.rounds.evidence import UploadedEvidence, keep_evidence
from survey.scorecards.rounds.models import (
    AGENCY_STAGES,
    STAGES,
    AgencyScoring,
    HandOver,
    ScoreEntry,
    Stage,
)
from survey.scorecards.rounds.queries import (
    COUNTED_INPUTS,
    due_on,
    entries_until,
    framework_scored_by,
    scorecard_at,
)

FIGURE_FAULTS: Final = {
    "number": gettext_lazy("This is not a number."),
    "negative": gettext_lazy("This is less than 0."),
    "option": gettext_lazy("This is none of the answers."),
    "field": gettext_lazy("This figure does not belong to the criterion."),
    "more": gettext_lazy("A part cannot be more than the whole."),
    "not_applicable": gettext_lazy("This criterion applies to every agency."),
}


def may_declare(criterion: Any, stage: str) -> bool:
    """Whether a line may be written in a stage: by agencies what they score themselves, by
    appraisers everything the product does not count.
    """
    if criterion.input in COUNTED_INPUTS or stage == Stage.CLOSED:
        return False
    return criterion.self_scored or stage not in AGENCY_STAGES


@dataclass(frozen=True)
class Line:
    """What somebody wrote for one line."""

    declared: Mapping[str, str]
    note: str = ""


def save_lines(
    *,
    scoring: AgencyScoring,
    stage: str,
    lines: Mapping[str, Line],
    by: User,
    now: datetime,
    files: Mapping[str, UploadedEvidence] | None = None,
) -> int:
    """Keep what was written, and files of evidence; the number of lines and files that are new.
    All of it or nothing.

    Raises
    ------
    ValidationError
        By code of the criterion; under ``""`` what concerns the whole: another stage, too late.
    """
    with transaction.atomic():
        locked = AgencyScoring.objects.select_for_update().get(pk=scoring.pk)
        _check_turn(locked, stage, timezone.localdate(now))
        framework = framework_scored_by(locked.scoring_round)
        entries = list(locked.entries.all())
        _check_lines(framework, locked, lines)
        before = entries_until(entries, stage)
        made = [
            ScoreEntry(
                scoring=locked,
                criterion=code,
                stage=stage,
                declared=dict(line.declared),
                note=line.note,
                made_by=by,
                made_at=now,
            )
            for code, line in lines.items()
            if _is_new(before.get(code), line, stage)
        ]
        ScoreEntry.objects.bulk_create(made)
        kept = keep_evidence(
            scoring=locked,
            files={code: file for code, file in (files or {}).items() if code in lines},
            by=by,
            now=now,
        )
    return len(made) + kept


def _is_new(before: ScoreEntry | None, line: Line, stage: str) -> bool:
    """Whether a line says something else than before; what was noted in an earlier stage is not
    this one's note.
    """
    declared = before.declared if before else {}
    note = before.note if before and before.stage == stage else ""
    return declared != dict(line.declared) or note != line.note


def _check_turn(scoring: AgencyScoring, stage: str, today: date) -> None:
    if scoring.stage != stage:
        raise ValidationError(
            _("Meanwhile the scoring has moved on to: %(stage)s. Nothing was saved.")
            % {"stage": scoring.get_stage_display()}
        )
    due = due_on(scoring.scoring_round, stage)
    if due is None or today > due:
        raise ValidationError(
            _("This could be done until %(day)s. Ask the Department of Home Affairs for more time.")
            % {"day": due.strftime("%d/%m/%Y") if due else "–"}
        )


def _check_lines(framework: Framework, scoring: AgencyScoring, lines: Mapping[str, Line]) -> None:
    open_lines = {c.code: c for c in framework.leaves(scoring.kind)}
    faults: dict[str, Any] = {}
    for code, line in lines.items():
        criterion = open_lines.get(code)
        if criterion is None or not may_declare(criterion, scoring.stage):
            faults[code] = _("This line cannot be changed now.")
            continue
        try:
            check_words(line.note)
            compute_scorecard(framework, {code: line.declared}, scoring.kind)
        except FigureError as error:
            faults[code] = str(FIGURE_FAULTS[error.kind])
        except ValidationError as error:
            faults[code] = error.messages[0]
    if faults:
        raise ValidationError(faults)


def hand_over(*, scoring: AgencyScoring, stage: str, by: User, now: datetime) -> AgencyScoring:
    """Sign a stage off and pass the scoring on; the points it had then are kept.

    Raises
    ------
    ValidationError
        Something is missing: a figure, or the explanation of a figure an appraiser changed or of
        points below the maximum.
    """
    with transaction.atomic():
        locked = AgencyScoring.objects.select_for_update().get(pk=scoring.pk)
        _check_turn(locked, stage, timezone.localdate(now))
        framework = framework_scored_by(locked.scoring_round)
        entries = list(locked.entries.all())
        faults = find_gaps(framework, locked, entries)
        if faults:
            raise ValidationError(faults)
        card = scorecard_at(framework, locked, entries, stage)
        HandOver.objects.create(
            scoring=locked, stage=stage, points=card.total, made_by=by, made_at=now
        )
        locked.stage = STAGES[STAGES.index(Stage(stage)) + 1]
        locked.save(update_fields=["stage"])
    return locked


def find_gaps(
    framework: Framework, scoring: AgencyScoring, entries: list[ScoreEntry]
) -> dict[str, Any]:
    """What keeps a stage from being signed off, by code of the criterion."""
    stage = scoring.stage
    card = scorecard_at(framework, scoring, entries, stage)
    now, faults = entries_until(entries, stage), {}
    for line in card.lines:
        code, criterion = line.criterion.code, line.criterion
        if line.state == "group" or not may_declare(criterion, stage):
            continue
        if line.state == "missing":
            faults[code] = _("The figure is missing.")
        elif stage not in AGENCY_STAGES and not _is_explained(line, now.get(code)):
            faults[code] = _("Explain why this is below the maximum, or why it was changed.")
    return faults


def _is_explained(line: ScoredLine, entry: ScoreEntry | None) -> bool:
    """Points below the maximum are explained by an appraiser, and so is a figure an appraiser wrote
    over the agency's own.
    """
    if entry is None or entry.stage in AGENCY_STAGES:
        return not line.lost
    return bool(entry.note) or not (line.lost or line.criterion.self_scored)
