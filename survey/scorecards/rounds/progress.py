"""How far running rounds are: lines with a figure, evidence that was demanded and is there, who has
not begun. Counted by the database: no scorecard is computed for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, QuerySet

from survey.common.numbers import share_in_percent
from survey.scorecards.bridge.frameworks import Framework
from survey.scorecards.rounds.declaring import may_declare
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
    filled = _count_lines(scorings, {code for codes in own.values() for code in codes})
    wanted = {code for codes in own.values() for code in codes if framework.by_code[code].evidence}
    return Progress(
        scoring_round=scoring_round,
        lines=sum(len(own[row.kind]) for row in scorings),
        filled=sum(filled.values()),
        demanded=sum(_count_lines(scorings, wanted).values()),
        proven=_count_proven(scorings, wanted),
        unbegun=tuple(r.name for r in scorings if r.stage == Stage.SELF and r.pk not in filled),
        waiting=sum(row.stage in AGENCY_STAGES for row in scorings),
    )


def _self_scored(framework: Framework, kind: str) -> list[str]:
    return [c.code for c in framework.leaves(kind) if may_declare(c, Stage.SELF)]


def _count_lines(scorings: Iterable[AgencyScoring], codes: Iterable[str]) -> Mapping[int, int]:
    """Number of a scoring -> lines somebody wrote a figure for."""
    rows = ScoreEntry.objects.filter(
        scoring__in=[row.pk for row in scorings], criterion__in=list(codes)
    )
    rows = rows.exclude(stage=Stage.COUNTED).exclude(declared={})
    counted = rows.order_by().values_list("scoring_id")
    return dict(counted.annotate(n=Count("criterion", distinct=True)))


def _count_proven(scorings: Iterable[AgencyScoring], codes: Iterable[str]) -> int:
    rows = Evidence.objects.filter(
        scoring__in=[row.pk for row in scorings], criterion__in=list(codes)
    )
    return rows.order_by().values("scoring_id", "criterion").distinct().count()
