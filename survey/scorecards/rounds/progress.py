"""How far running rounds are: lines with a figure, evidence that was demanded and is there, who has
not begun. Counted by the database: no scorecard is computed for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import QuerySet

from survey.common.numbers import share_in_percent
from survey.scorecards.bridge.frameworks import Framework
from survey.scorecards.rounds.gaps import may_declare
from survey.scorecards.rounds.models import (
    AGENCY_STAGES,
    AgencyScoring,
    Evidence,
    ScoreEntry,
    ScoringRound,
    Stage,
)
from survey.scorecards.rounds.queries import framework_scored_by


@dataclass(frozen=True)
class Progress:
    """A running round over the agencies looked at."""

    scoring_round: ScoringRound
    lines: int
    """Lines the agencies score themselves."""
    filled: int
    demanded: int
    """Lines with a figure that demand evidence."""
    proven: int
    """Of these, lines with a file."""
    unbegun: tuple[str, ...]
    """Agencies in self-scoring without a single figure."""
    waiting: int
    """Agencies whose own turn it is."""

    @property
    def filled_percent(self) -> Decimal:
        """Share of lines with a figure."""
        return share_in_percent(self.filled, self.lines)

    @property
    def proven_percent(self) -> Decimal:
        """Share of lines that demand evidence and have it."""
        return share_in_percent(self.proven, self.demanded)


def read_progress(scorings: QuerySet[AgencyScoring]) -> list[Progress]:
    """Of every round among these scorings, the latest first."""
    found: dict[int, list[AgencyScoring]] = {}
    rounds: dict[int, ScoringRound] = {}
    for scoring in scorings.select_related("scoring_round__framework").order_by("name", "pk"):
        found.setdefault(scoring.scoring_round_id, []).append(scoring)
        rounds[scoring.scoring_round_id] = scoring.scoring_round
    return [_count(rounds[pk], found[pk]) for pk in sorted(found, reverse=True)]


def _count(scoring_round: ScoringRound, scorings: list[AgencyScoring]) -> Progress:
    framework = framework_scored_by(scoring_round)
    own = {kind: _self_scored(framework, kind) for kind in {row.kind for row in scorings}}
    lines = {(row.pk, code) for row in scorings for code in own[row.kind]}
    filled = _filled_lines(scorings) & lines
    demanded = {(pk, code) for pk, code in filled if framework.by_code[code].evidence}
    begun = {pk for pk, _code in filled}
    return Progress(
        scoring_round=scoring_round,
        lines=len(lines),
        filled=len(filled),
        demanded=len(demanded),
        proven=len(_proven_lines(scorings) & demanded),
        unbegun=tuple(r.name for r in scorings if r.stage == Stage.SELF and r.pk not in begun),
        waiting=sum(row.stage in AGENCY_STAGES for row in scorings),
    )


def _self_scored(framework: Framework, kind: str) -> list[str]:
    return [c.code for c in framework.leaves(kind) if may_declare(c, Stage.SELF)]


def _filled_lines(scorings: Iterable[AgencyScoring]) -> set[tuple[int, str]]:
    """(scoring, criterion) of lines the agency's newest entry gives a figure for."""
    rows = ScoreEntry.objects.filter(
        scoring__in=[row.pk for row in scorings], stage__in=AGENCY_STAGES
    )
    newest = {
        (pk, code): declared
        for pk, code, declared in rows.order_by("pk").values_list(
            "scoring_id", "criterion", "declared"
        )
    }
    return {place for place, declared in newest.items() if declared}


def _proven_lines(scorings: Iterable[AgencyScoring]) -> set[tuple[int, str]]:
    """(scoring, criterion) of lines with a file."""
    rows = Evidence.objects.filter(scoring__in=[row.pk for row in scorings])
    return set(rows.order_by().values_list("scoring_id", "criterion").distinct())
