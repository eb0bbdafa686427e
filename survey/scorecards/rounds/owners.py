"""Owners of criteria: the agencies a framework names for its lines (cơ quan chủ trì) appraise these
lines of every agency; those named beside them (cơ quan phối hợp) read along.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from survey.agencies.models import Agency
from survey.agencies.queries import versions_on
from survey.common.text import fold_accents
from survey.scorecards.bridge.frameworks import Framework, ScoredLine
from survey.scorecards.rounds.gaps import may_declare
from survey.scorecards.rounds.losses import find_owner
from survey.scorecards.rounds.models import (
    AGENCY_STAGES,
    STAGES,
    AgencyScoring,
    LineOwner,
    ScoreEntry,
    ScoringRound,
    Stage,
)
from survey.scorecards.rounds.queries import scorecard_at, stages_until

APPRAISING = (Stage.APPRAISAL, Stage.SECOND)


@dataclass(frozen=True)
class OwnedLines:
    """Codes of the lines an agency answers for in a round, and of those it reads along."""

    own: frozenset[str]
    shared: frozenset[str]

    @property
    def codes(self) -> frozenset[str]:
        """All of them."""
        return self.own | self.shared


@dataclass(frozen=True)
class OwnedLine:
    """One line of one agency, as its owner sees it."""

    scoring: AgencyScoring
    line: ScoredLine
    entries: list[ScoreEntry]
    told: Stage
    """Until which stage the reader may see."""
    is_told: bool
    """Whether the agency has signed it off: before that only whether a figure is there."""
    is_filled: bool
    is_checked: bool
    """Whether an appraiser has entered something in the appraisal that runs, or ran last."""


def named_owners(framework: Framework) -> list[str]:
    """Names of owners and co-owners of lines that people declare, in the order they come."""
    found: dict[str, None] = {}
    for criterion in framework.leaves():
        for name in (find_owner(framework, criterion.code), *_co_owners(framework, criterion.code)):
            if name:
                found[name] = None
    return list(found)


def _co_owners(framework: Framework, code: str) -> tuple[str, ...]:
    criterion = framework.by_code[code]
    above = _co_owners(framework, criterion.parent) if criterion.parent else ()
    return (*criterion.co_owners, *above)


def match_owners(framework: Framework, day: date) -> dict[str, Agency]:
    """Owners of which exactly one agency of the day bears the name."""
    names: dict[str, list[Agency]] = {}
    for version in versions_on(day):
        names.setdefault(_plain_name(version.name), []).append(version.agency)
    found = {}
    for name in named_owners(framework):
        agencies = names.get(_plain_name(name), [])
        if len(agencies) == 1:
            found[name] = agencies[0]
    return found


def _plain_name(name: str) -> str:
    """Names are written with UBND or in full, with uỷ or ủy."""
    return " ".join(fold_accents(name).replace("ubnd", "uy ban nhan dan").split())


def name_owners(
    *, scoring_round: ScoringRound, framework: Framework, agencies: Mapping[str, Agency | None]
) -> int:
    """Keep which agency is meant by each name; None takes the agency away. How many changed."""
    changed = 0
    before = {row.name: row for row in scoring_round.owners.all()}
    for name in named_owners(framework):
        if name not in agencies:
            continue
        agency, row = agencies[name], before.get(name)
        if agency is None:
            changed += row.delete()[0] if row else 0
        elif row is None or row.agency_id != agency.pk:
            LineOwner.objects.update_or_create(
                scoring_round=scoring_round, name=name, defaults={"agency": agency}
            )
            changed += 1
    return changed


def owned_lines(
    scoring_round: ScoringRound, framework: Framework, agency_id: int | None
) -> OwnedLines:
    """The lines of an agency in a round."""
    rows = scoring_round.owners.filter(agency=agency_id) if agency_id else ()
    names = {row.name for row in rows}
    leaves = [criterion.code for criterion in framework.leaves()] if names else []
    own = {code for code in leaves if find_owner(framework, code) in names}
    shared = {code for code in leaves if names.intersection(_co_owners(framework, code))}
    return OwnedLines(frozenset(own), frozenset(shared - own))


def told_stage(scoring: AgencyScoring, *, appraises: bool, itself: bool) -> Stage:
    """Until which stage a reader may see a scoring: what is being written is its writer's alone.

    ``appraises``: the reader answers for the line; ``itself``: the reader is the agency.
    """
    stage = Stage(scoring.stage)
    writes = itself if stage in AGENCY_STAGES else appraises and not itself
    if writes or stage not in (*AGENCY_STAGES, *APPRAISING) or stage == Stage.SELF:
        return stage
    return STAGES[STAGES.index(stage) - 1]


def read_owned(
    framework: Framework,
    scorings: Iterable[AgencyScoring],
    lines: OwnedLines,
    agency_id: int | None = None,
) -> dict[str, list[OwnedLine]]:
    """By code the line of every agency it applies to, in the order of the agencies, as far as the
    agency ``agency_id`` may see it. ``scorings`` with their entries and hand-overs.
    """
    found: dict[str, list[OwnedLine]] = {code: [] for code in lines.codes}
    for scoring in scorings:
        itself, entries = scoring.agency_id == agency_id, list(scoring.entries.all())
        cards: dict[Stage, dict[str, ScoredLine]] = {}
        for code in lines.codes:
            told = told_stage(scoring, appraises=code in lines.own, itself=itself)
            if told not in cards:
                card = scorecard_at(framework, scoring, entries, told)
                cards[told] = {line.criterion.code: line for line in card.lines}
            if code in cards[told]:
                own = [entry for entry in entries if entry.criterion == code]
                made = _read_line(scoring, cards[told][code], own, told, itself=itself)
                found[code].append(made)
    return found


def _read_line(
    scoring: AgencyScoring,
    line: ScoredLine,
    entries: list[ScoreEntry],
    told: Stage,
    *,
    itself: bool,
) -> OwnedLine:
    last = next((s for s in reversed(stages_until(told)) if s in APPRAISING), None)
    is_told = itself or scoring.stage != Stage.SELF
    return OwnedLine(
        scoring=scoring,
        line=line,
        entries=[one for one in entries if one.stage in stages_until(told)] if is_told else [],
        told=told,
        is_told=is_told,
        is_filled=line.state != "missing",
        is_checked=any(entry.stage == last for entry in entries),
    )


def may_appraise_owned(scoring: AgencyScoring, line: ScoredLine, agency_id: int | None) -> bool:
    """Whether the owner may write a line now; nobody appraises itself."""
    return (
        scoring.stage in APPRAISING
        and scoring.agency_id != agency_id
        and scoring.scoring_round.published_at is None
        and may_declare(line.criterion, scoring.stage)
    )


@dataclass(frozen=True)
class OwnerProgress:
    """How far an owner has come with its lines of all agencies."""

    name: str
    agency: Agency | None
    lines: int
    """Lines of agencies that are being appraised."""
    checked: int
    lost: Decimal


def owner_progress(
    scoring_round: ScoringRound, framework: Framework, scorings: Iterable[AgencyScoring]
) -> list[OwnerProgress]:
    """Of every named owner, those with most to do first."""
    codes = {c.code: find_owner(framework, c.code) for c in framework.leaves()}
    owners = {row.name: row.agency for row in scoring_round.owners.select_related("agency")}
    lines: dict[str, list[OwnedLine]] = {name: [] for name in codes.values() if name}
    every = OwnedLines(frozenset(codes), frozenset())
    for code, found in read_owned(framework, scorings, every).items():
        lines.get(codes[code], []).extend(found)
    made = [_make_progress(name, owners.get(name), found) for name, found in lines.items()]
    return sorted(made, key=lambda row: row.checked - row.lines)


def _make_progress(name: str, agency: Agency | None, lines: list[OwnedLine]) -> OwnerProgress:
    open_lines = [
        one
        for one in lines
        if one.scoring.stage in APPRAISING and may_declare(one.line.criterion, one.scoring.stage)
    ]
    lost = sum((one.line.lost or Decimal(0) for one in lines if one.is_told), Decimal(0))
    checked = sum(one.is_checked for one in open_lines)
    return OwnerProgress(name, agency, len(open_lines), checked, lost)
