"""Editions of a round: the points that were published, and corrections of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from survey.accounts.models import User
from survey.common.periods import parse_period
from survey.common.text import check_words
from survey.common.version import software_version
from survey.scorecards.bridge.frameworks import FigureError, compute_scorecard
from survey.scorecards.rounds.models import (
    AgencyScore,
    AgencyScoring,
    ScoreEdition,
    ScoreEntry,
    ScoringRound,
    Stage,
)
from survey.scorecards.rounds.queries import (
    COUNTED_INPUTS,
    framework_scored_by,
    released_edition,
)
from survey.scorecards.rounds.results import Row, compute_rows, edition_rows


@dataclass(frozen=True)
class Correction:
    """What has to be another figure in a published round."""

    scoring: AgencyScoring
    criterion: str
    declared: Mapping[str, str]
    reason: str


def make_score_edition(*, scoring_round: ScoringRound, reason: str, now: datetime) -> ScoreEdition:
    """Keep the points of a published round; the caller's transaction holds them together."""
    framework = framework_scored_by(scoring_round)
    scorings = scoring_round.scorings.select_related("agency").order_by("name", "pk")
    rows = compute_rows(framework, scorings.prefetch_related("entries", "hand_overs"))
    before = scoring_round.editions.first()
    made = ScoreEdition.objects.create(
        scoring_round=scoring_round,
        number=before.number + 1 if before else 1,
        reason=reason,
        about=_describe_sources(scoring_round),
        changes=find_changes(edition_rows(before), rows) if before else [],
        made_at=now,
    )
    AgencyScore.objects.bulk_create(
        AgencyScore(edition=made, agency_id=row["agency"], row=row) for row in rows
    )
    return made


def _describe_sources(scoring_round: ScoringRound) -> dict[str, Any]:
    index = released_edition(parse_period(scoring_round.period))
    return {
        "period": scoring_round.period,
        "framework": scoring_round.framework.code,
        "framework_version": scoring_round.framework.version,
        "framework_sha256": scoring_round.framework.sha256,
        "method": index.method if index else None,
        "method_sha256": index.method_sha256 if index else None,
        "snapshot_sha256": index.snapshot_sha256 if index else None,
        "software": software_version(),
        "decision": scoring_round.decision,
        "decided_on": scoring_round.decided_on.isoformat() if scoring_round.decided_on else None,
    }


def find_changes(before: list[Row], after: list[Row]) -> list[dict[str, Any]]:
    """Agencies whose total is another one, with both."""
    old = {row["agency"]: row["total"] for row in before}
    return [
        {
            "agency": row["agency"],
            "name": row["name"],
            "before": old.get(row["agency"]),
            "after": row["total"],
        }
        for row in after
        if old.get(row["agency"]) != row["total"]
    ]


@transaction.atomic
def correct_scores(*, correction: Correction, by: User | None, now: datetime) -> ScoreEdition:
    """Enter another figure in a published round; the result is its next edition.

    Raises
    ------
    ValidationError
        The round is not published, the line is counted by the system or is none, the figure
        cannot be used, or nothing changes by it.
    """
    scoring = AgencyScoring.objects.select_for_update().get(pk=correction.scoring.pk)
    scoring_round = scoring.scoring_round
    if scoring_round.published_at is None:
        raise ValidationError(_("The results of this round have not been published."))
    # Rounds published before there were editions get their first one now.
    before = scoring_round.editions.first() or make_score_edition(
        scoring_round=scoring_round, reason="", now=scoring_round.published_at
    )
    check_correction(correction)
    reason = check_words(correction.reason)
    ScoreEntry.objects.create(
        scoring=scoring,
        criterion=correction.criterion,
        stage=Stage.CLOSED,
        declared=dict(correction.declared),
        note=reason[:2000],
        made_by=by,
        made_at=now,
    )
    made = make_score_edition(scoring_round=scoring_round, reason=reason, now=now)
    if edition_rows(made) == edition_rows(before):
        raise ValidationError(_("Nothing changes by this figure."))
    return made


def check_correction(correction: Correction) -> None:
    """Whether a corrected figure can be used.

    Raises
    ------
    ValidationError
        The line is counted by the system or is none, or the figure cannot be used.
    """
    framework = framework_scored_by(correction.scoring.scoring_round)
    leaves = {line.code: line for line in framework.leaves(correction.scoring.kind)}
    line = leaves.get(correction.criterion)
    if line is None or line.input in COUNTED_INPUTS:
        raise ValidationError(_("Choose a criterion people declare."))
    if not check_words(correction.reason):
        raise ValidationError(_("Please give a reason."))
    try:
        card = compute_scorecard(
            framework, {correction.criterion: correction.declared}, correction.scoring.kind
        )
    except FigureError as error:
        raise ValidationError(_("This figure cannot be used.")) from error
    if correction.criterion in card.missing:
        raise ValidationError(_("The figure is not complete."))
