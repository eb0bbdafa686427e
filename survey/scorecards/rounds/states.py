"""How far a period has come: open, cut off, scoring, appraised, locked, published. No column says
so; it follows from what was done.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from survey.common.periods import Period
from survey.responses.cut_offs import CutOff
from survey.scorecards.rounds.models import AgencyScoring, ScoringRound, Stage


class PeriodState(models.TextChoices):
    """In this order."""

    OPEN = "open", pgettext_lazy("period", "open")
    CUT_OFF = "cut-off", pgettext_lazy("period", "cut off")
    SCORING = "scoring", pgettext_lazy("period", "being scored")
    APPRAISED = "appraised", pgettext_lazy("period", "appraised")
    LOCKED = "locked", pgettext_lazy("period", "locked")
    PUBLISHED = "published", pgettext_lazy("period", "published")


MEANING: Final = {
    PeriodState.OPEN: _("nothing is frozen yet"),
    PeriodState.CUT_OFF: _(
        "answers and dossier totals are frozen; late answers count in a later month"
    ),
    PeriodState.SCORING: _("agencies score themselves, or are being appraised"),
    PeriodState.APPRAISED: _(
        "every agency has been appraised once; answers and the second appraisal"
    ),
    PeriodState.LOCKED: _("every agency is closed: points wait for the decision"),
    PeriodState.PUBLISHED: _("decided by two people; corrections are new editions"),
}
_BEFORE_ANSWERS: Final = frozenset({Stage.SELF, Stage.APPRAISAL})


@dataclass(frozen=True)
class Step:
    """One state of a period: whether it was reached, and is the present one."""

    state: PeriodState
    reached: bool
    present: bool
    at: datetime | None = None

    @property
    def meaning(self) -> object:
        """What holds in it, a sentence."""
        return MEANING[self.state]


def round_state(scoring_round: ScoringRound, stages: Iterable[str]) -> PeriodState:
    """How far a round is, by the stages of its agencies."""
    if scoring_round.published_at is not None:
        return PeriodState.PUBLISHED
    counts = Counter(stages)
    if any(counts[stage] for stage in _BEFORE_ANSWERS) or not counts:
        return PeriodState.SCORING
    if counts.keys() == {Stage.CLOSED}:
        return PeriodState.LOCKED
    return PeriodState.APPRAISED


def read_steps(period: Period, cut_off: CutOff | None) -> list[Step]:
    """The states of a period in their order; of several rounds the one that is least far."""
    rounds = list(ScoringRound.objects.filter(period=period.name))
    stages: dict[int, list[str]] = {row.pk: [] for row in rounds}
    scorings = AgencyScoring.objects.filter(scoring_round__in=rounds).order_by()
    for pk, stage in scorings.values_list("scoring_round_id", "stage").distinct():
        stages[pk].append(stage)
    states = list(PeriodState)
    now = PeriodState.CUT_OFF if cut_off else PeriodState.OPEN
    if rounds:
        now = min((round_state(row, stages[row.pk]) for row in rounds), key=states.index)
    published = [row.published_at for row in rounds if row.published_at]
    times = {
        PeriodState.CUT_OFF: cut_off.made_at if cut_off else None,
        PeriodState.SCORING: min((row.opened_at for row in rounds), default=None),
        PeriodState.PUBLISHED: max(published, default=None),
    }
    return [_step(state, now, times.get(state), cut_off) for state in states]


def _step(
    state: PeriodState, now: PeriodState, at: datetime | None, cut_off: CutOff | None
) -> Step:
    states = list(PeriodState)
    reached = states.index(state) <= states.index(now)
    if state == PeriodState.CUT_OFF:
        # A round may be opened while its period still runs.
        reached = cut_off is not None
    return Step(state, reached, state == now, at if reached else None)
