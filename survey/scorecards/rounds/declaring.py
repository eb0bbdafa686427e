"""Declaring figures and handing over, stage by stage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
    compute_scorecard,
)
from survey.scorecards.rounds.evidence import UploadedEvidence, keep_evidence
from survey.scorecards.rounds.gaps import find_gaps, may_declare
from survey.scorecards.rounds.models import (
    AGENCY_STAGES,
    STAGES,
    AgencyScoring,
    HandOver,
    ScoreEntry,
    Stage,
)
from survey.scorecards.rounds.queries import (
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


STALE: Final = gettext_lazy(
    "Somebody else has saved this line since you opened the page. Look at it again."
)


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
    seen: int | None = None,
    confirmed: bool = False,
) -> int:
    """Keep what was written, and files of evidence; the number of lines and files that are new.
    All of it or nothing. ``seen`` is the newest entry the writer's page knew: nobody writes over a
    line somebody else has saved since. ``confirmed``: the writer has checked these lines, which is
    kept of a figure that stays as it was too.

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
        before = entries_until(entries, stage)
        lines = _check_lines(framework, locked, lines)
        _check_seen(before, lines, stage, seen)
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
            if _is_new(before.get(code), line, stage, confirmed=confirmed)
        ]
        ScoreEntry.objects.bulk_create(made)
        if confirmed:
            _check_confirmed(framework, locked, [*entries, *made], lines)
        kept = keep_evidence(
            scoring=locked,
            files={code: file for code, file in (files or {}).items() if code in lines},
            by=by,
            now=now,
        )
    return len(made) + kept


def _check_confirmed(
    framework: Framework, scoring: AgencyScoring, entries: list[ScoreEntry], codes: Iterable[str]
) -> None:
    """Who says a line is checked leaves nothing about it open."""
    gaps = find_gaps(framework, scoring, entries)
    faults = {code: gaps[code] for code in codes if code in gaps}
    if faults:
        raise ValidationError(faults)


def _is_new(before: ScoreEntry | None, line: Line, stage: str, *, confirmed: bool = False) -> bool:
    """Whether a line says something else than before; what was noted in an earlier stage is not
    this one's note, nor its check.
    """
    if confirmed and (before is None or before.stage != stage):
        return True
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


def _check_lines(
    framework: Framework, scoring: AgencyScoring, lines: Mapping[str, Line]
) -> dict[str, Line]:
    """The lines with cleaned explanations."""
    open_lines = {c.code: c for c in framework.leaves(scoring.kind)}
    faults: dict[str, Any] = {}
    checked = {}
    for code, line in lines.items():
        criterion = open_lines.get(code)
        if criterion is None or not may_declare(criterion, scoring.stage):
            faults[code] = _("This line cannot be changed now.")
            continue
        try:
            checked[code] = Line(line.declared, check_words(line.note))
            compute_scorecard(framework, {code: line.declared}, scoring.kind)
        except FigureError as error:
            faults[code] = str(FIGURE_FAULTS[error.kind])
        except ValidationError as error:
            faults[code] = error.messages[0]
    if faults:
        raise ValidationError(faults)
    return checked


def _check_seen(
    before: Mapping[str, ScoreEntry], lines: Mapping[str, Line], stage: str, seen: int | None
) -> None:
    faults: dict[str, Any] = {
        code: str(STALE)
        for code, line in lines.items()
        if seen is not None
        and (entry := before.get(code)) is not None
        and entry.pk > seen
        and _is_new(entry, line, stage)
    }
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
        return _sign_off(locked, stage, by, now)


def close_overdue(*, scoring: AgencyScoring, stage: str, by: User, now: datetime) -> AgencyScoring:
    """Pass an agency's stage on that it left lying past its last day, with what it declared.

    Raises
    ------
    ValidationError
        It is another stage's turn, or there is time left.
    """
    with transaction.atomic():
        locked = AgencyScoring.objects.select_for_update().get(pk=scoring.pk)
        due = due_on(locked.scoring_round, stage)
        if locked.stage != stage or stage not in AGENCY_STAGES or due is None:
            raise ValidationError(_("It is no agency's turn here."))
        if timezone.localdate(now) <= due:
            raise ValidationError(
                _("The agency has time until %(day)s.") % {"day": due.strftime("%d/%m/%Y")}
            )
        return _sign_off(locked, stage, by, now)


def _sign_off(scoring: AgencyScoring, stage: str, by: User, now: datetime) -> AgencyScoring:
    framework = framework_scored_by(scoring.scoring_round)
    card = scorecard_at(framework, scoring, scoring.entries.all(), stage)
    HandOver.objects.create(
        scoring=scoring, stage=stage, points=card.total, made_by=by, made_at=now
    )
    scoring.stage = STAGES[STAGES.index(Stage(stage)) + 1]
    scoring.save(update_fields=["stage"])
    return scoring
