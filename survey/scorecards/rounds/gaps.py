"""Which lines may be written when, and what keeps a stage from being signed off."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from survey.scorecards.bridge.frameworks import Framework, ScoredLine
from survey.scorecards.rounds.models import (
    AGENCY_STAGES,
    STAGES,
    AgencyScoring,
    ScoreEntry,
    Stage,
)
from survey.scorecards.rounds.queries import COUNTED_INPUTS, entries_until, scorecard_at


def may_declare(criterion: Any, stage: str) -> bool:
    """Whether a line may be written in a stage: by agencies what they score themselves, by
    appraisers everything the product does not count.
    """
    if criterion.input in COUNTED_INPUTS or stage == Stage.CLOSED:
        return False
    return criterion.self_scored or stage not in AGENCY_STAGES


def find_gaps(
    framework: Framework, scoring: AgencyScoring, entries: list[ScoreEntry]
) -> dict[str, Any]:
    """What keeps a stage from being signed off, by code of the criterion."""
    stage = scoring.stage
    card = scorecard_at(framework, scoring, entries, stage)
    now, faults = entries_until(entries, stage), {}
    history: dict[str, list[ScoreEntry]] = {}
    for one in sorted(entries, key=lambda row: STAGES.index(Stage(row.stage))):
        history.setdefault(one.criterion, []).append(one)
    for line in card.lines:
        code, criterion = line.criterion.code, line.criterion
        if line.state == "group" or not may_declare(criterion, stage):
            continue
        if line.state == "missing" and stage != Stage.ANSWER:
            faults[code] = _("The figure is missing.")
        elif not _is_explained(line, _unchanged(history.get(code, []), now.get(code)), stage):
            faults[code] = _("Explain why this is below the maximum, or why it was changed.")
    return faults


def _unchanged(earlier: list[ScoreEntry], entry: ScoreEntry | None) -> ScoreEntry | None:
    """The entry that says it: an appraiser's without a word of its own that only keeps a figure is
    the one it keeps, but never the answer of an agency: what became of that is said.
    """
    while entry is not None and entry.stage in (Stage.APPRAISAL, Stage.SECOND) and not entry.note:
        place = STAGES.index(Stage(entry.stage))
        before = [one for one in earlier if STAGES.index(Stage(one.stage)) < place]
        if not before or before[-1].declared != entry.declared:
            return entry
        if before[-1].stage == Stage.ANSWER:
            return entry
        entry = before[-1]
    return entry


def _is_explained(line: ScoredLine, entry: ScoreEntry | None, stage: str) -> bool:
    """Full points by a figure the agency declared itself need no explanation. An appraiser explains
    all else: less than the maximum, a line that does not apply, a ratio over nothing, a figure that
    was changed, and what was made of an answer. An agency explains its answers.
    """
    if entry is None or stage == Stage.SELF:
        return True
    if stage == Stage.ANSWER:
        return bool(entry.note) or entry.stage != Stage.ANSWER
    if entry.stage == Stage.SELF:
        return line.state == "scored" and line.measure is not None and not line.lost
    if entry.stage == Stage.ANSWER:
        return False
    return bool(entry.note) or not (line.lost or line.criterion.self_scored)
