"""Reads: scorecards as they stand, and the figures the product counted itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Final

from django.db.models import Q, QuerySet

from survey.accounts.models import User
from survey.agencies.models import Agency
from survey.agencies.queries import visible_agencies
from survey.common.periods import Period, parse_period
from survey.responses.cut_offs import find_cut_off
from survey.scorecards.archive import find_snapshot
from survey.scorecards.bridge.frameworks import (
    Framework,
    Scorecard,
    compute_scorecard,
    read_framework,
)
from survey.scorecards.bridge.snapshots import completed_dossiers
from survey.scorecards.models import AgencyResult, Edition
from survey.scorecards.queries import main_method
from survey.scorecards.rounds.models import STAGES, AgencyScoring, ScoreEntry, ScoringRound, Stage
from survey.transactions.models import Channel
from survey.transactions.queries import totals_in

Figures = dict[str, dict[str, str]]


def visible_rounds(user: User) -> QuerySet[ScoringRound]:
    """Rounds with an agency in the account's scope; all of them for accounts of the province."""
    rows = ScoringRound.objects.select_related("framework", "opened_by")
    rows = rows.order_by("-opened_at", "-pk")
    if user.sees_province:
        return rows
    return rows.filter(scorings__agency__in=visible_agencies(user)).distinct()


def owned_rounds(user: User) -> QuerySet[ScoringRound]:
    """Rounds in which the account's own agency answers for criteria, or reads along."""
    rows = ScoringRound.objects.select_related("framework").order_by("-opened_at", "-pk")
    return rows.filter(owners__agency=user.agency_id or 0).distinct()


def visible_scorings(user: User) -> QuerySet[AgencyScoring]:
    """Scorings of the agencies in the account's scope."""
    rows = AgencyScoring.objects.select_related("scoring_round__framework", "agency")
    return rows if user.sees_province else rows.filter(agency__in=visible_agencies(user))


def overdue_scorings(rows: QuerySet[AgencyScoring], day: date) -> QuerySet[AgencyScoring]:
    """Of these, the agencies that let the last day of their turn pass."""
    return rows.filter(
        Q(stage=Stage.SELF, scoring_round__self_due__lt=day)
        | Q(stage=Stage.ANSWER, scoring_round__answer_due__lt=day)
    )


def framework_scored_by(scoring_round: ScoringRound) -> Framework:
    """The framework of a round, as it was published."""
    return read_framework(scoring_round.framework.text)


def entries_until(
    entries: Iterable[ScoreEntry], stage: str, signed_at: datetime | None = None
) -> dict[str, ScoreEntry]:
    """By criterion what counts at the end of a stage: the newest entry of the latest stage. What
    the system counted after the stage was signed off is not part of it.
    """
    last = STAGES.index(Stage(stage))
    found: dict[str, ScoreEntry] = {}
    for entry in entries:
        if signed_at and entry.stage == Stage.COUNTED and entry.made_at > signed_at:
            continue
        place = STAGES.index(Stage(entry.stage))
        before = found.get(entry.criterion)
        if place <= last and (before is None or STAGES.index(Stage(before.stage)) <= place):
            found[entry.criterion] = entry
    return found


def scorecard_at(
    framework: Framework, scoring: AgencyScoring, entries: Iterable[ScoreEntry], stage: str
) -> Scorecard:
    """Points of an agency by what had been declared at the end of a stage."""
    signed = {row.stage: row.made_at for row in scoring.hand_overs.all()}
    last = Stage.SECOND if stage == Stage.CLOSED else stage
    declared = {
        code: entry.declared
        for code, entry in entries_until(entries, stage, signed.get(last)).items()
        if code in framework.by_code
    }
    return compute_scorecard(framework, declared, scoring.kind)


def shown_stage(scoring: AgencyScoring, *, appraises: bool) -> str:
    """The stage a reader sees: an appraisal that is not signed off is its writers' alone."""
    if appraises or scoring.stage not in (Stage.APPRAISAL, Stage.SECOND):
        return scoring.stage
    return STAGES[STAGES.index(Stage(scoring.stage)) - 1]


def stages_until(stage: str) -> tuple[Stage, ...]:
    """A stage and those before it."""
    return STAGES[: STAGES.index(Stage(stage)) + 1]


def due_on(scoring_round: ScoringRound, stage: str) -> date | None:
    """Until when a stage may be written; None when nobody writes."""
    return {
        Stage.SELF: scoring_round.self_due,
        Stage.APPRAISAL: scoring_round.appraisal_due,
        Stage.ANSWER: scoring_round.answer_due,
        Stage.SECOND: scoring_round.second_due,
    }.get(Stage(stage))


def rounds_before(scoring_round: ScoringRound) -> list[ScoringRound]:
    """Published rounds of the same framework, in whatever version, for earlier periods of the same
    length, the newest first.
    """
    own = parse_period(scoring_round.period)
    rows = ScoringRound.objects.filter(framework__code=scoring_round.framework.code)
    found = [
        row
        for row in rows.exclude(published_at=None).select_related("framework")
        if parse_period(row.period).months == own.months
        and parse_period(row.period).last < own.first
    ]
    return sorted(found, key=lambda row: parse_period(row.period).last, reverse=True)


@dataclass(frozen=True)
class DossierShares:
    """Completed dossiers of an agency in a period, of them on time, and online."""

    completed: int
    on_time: int
    online: int


def count_dossiers(period: Period, edition: Edition | None = None) -> Mapping[str, DossierShares]:
    """By key of the agency: those the figures of an edition rest on, else those a cut-off froze,
    else what is known now. Nothing where the frozen copy is not on this server: a figure nobody
    can check is none.
    """
    found: dict[str, DossierShares] = {}
    none = DossierShares(0, 0, 0)
    for agency, channel, completed, on_time in _dossiers(period, edition):
        before = found.get(agency, none)
        online = completed if channel == Channel.ONLINE else 0
        found[agency] = DossierShares(
            before.completed + completed, before.on_time + on_time, before.online + online
        )
    return found


def _dossiers(period: Period, edition: Edition | None) -> Iterable[tuple[str, str, int, int]]:
    frozen = edition if edition and not edition.is_preview else find_cut_off(period.name)
    if frozen is None:
        return [(row[0], row[2], row[4], row[5]) for row in totals_in(period)]
    folder = find_snapshot(frozen.snapshot_sha256)
    return _frozen_dossiers(folder) if folder else ()


@lru_cache(maxsize=8)
def _frozen_dossiers(folder: Path) -> list[tuple[str, str, int, int]]:
    """Read once: a folder is named by the checksum of what is in it."""
    return completed_dossiers(folder=folder)


def released_edition(period: Period) -> Edition | None:
    """The figures of a period that stand: released, by its main method, the newest."""
    rows = Edition.objects.filter(period=period.name, withdrawn_at=None).exclude(released_at=None)
    return rows.filter(method=main_method(period.name)).order_by("-released_at").first()


def published_indices(edition: Edition | None) -> dict[int, str]:
    """The satisfaction index of each agency of which presence-proven answers are enough to be
    scored; figures of open posters and of few answers are none.
    """
    if edition is None:
        return {}
    found = {}
    for result in AgencyResult.objects.filter(edition=edition).exclude(agency=None):
        row = next((row for row in result.rows if row["level"] == "overall"), None)
        if row and row["status"] == "published" and row["weighted_index"] is not None:
            found[result.agency_id or 0] = str(row["weighted_index"]).replace(".", ",")
    return found


COUNTED_INPUTS: Final = ("satisfaction_index", "on_time_rate", "online_share")


def counted_figures(
    framework: Framework, agencies: Iterable[Agency], period: Period
) -> dict[int, Figures]:
    """What the product knows of each agency by itself, by criterion; nothing where nothing is
    known: a figure that is not there is no 0.
    """
    edition = released_edition(period)
    indices, dossiers = published_indices(edition), count_dossiers(period, edition)
    wanted = [line for line in framework.leaves() if line.input in COUNTED_INPUTS]
    found: dict[int, Figures] = {}
    for agency in agencies:
        shares = dossiers.get(agency.key)
        known = {"satisfaction_index": indices.get(agency.pk)}
        if shares and shares.completed:
            known["on_time_rate"] = _percent(shares.on_time, shares.completed)
            known["online_share"] = _percent(shares.online, shares.completed)
        found[agency.pk] = {
            line.code: {"number": value} for line in wanted if (value := known.get(line.input))
        }
    return found


def _percent(part: int, whole: int) -> str:
    """Exact where it can be, with seven places else: rules compare it before it is rounded."""
    exact = (Decimal(100) * part / whole).quantize(Decimal("1e-7")).normalize()
    return f"{exact:f}".replace(".", ",")
