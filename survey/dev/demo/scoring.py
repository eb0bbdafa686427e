"""Scoring of the demonstration: departments finished with an appeal and published, communes under
way. Figures are made up, the same on every run, and go through the real services.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
from django.utils import timezone

from survey.accounts.models import Role, User
from survey.common.periods import Period
from survey.scorecards.bridge.frameworks import Framework, framework_text
from survey.scorecards.frameworks.models import FrameworkFile
from survey.scorecards.frameworks.services import publish_framework, save_framework
from survey.scorecards.rounds.declaring import Line, hand_over, save_lines
from survey.scorecards.rounds.gaps import find_gaps, may_declare
from survey.scorecards.rounds.models import AGENCY_STAGES, AgencyScoring, ScoringRound, Stage
from survey.scorecards.rounds.queries import framework_scored_by
from survey.scorecards.rounds.services import Deadlines, open_round, publish_round

SEED: Final = 2027
DEPARTMENTS: Final = "hai-cap-so"
COMMUNES: Final = "hai-cap-xa"
STAGES_OF_COMMUNES: Final = (Stage.SELF, Stage.SELF, Stage.APPRAISAL, Stage.ANSWER)
"""Where communes have come to, in turns."""
WRITERS: Final = (Stage.SELF, Stage.APPRAISAL, Stage.ANSWER, Stage.SECOND)


@dataclass(frozen=True)
class _People:
    """Who signs: one head stands for all of them, the demonstration has no more accounts."""

    head: User
    appraiser: User

    def writer(self, stage: str) -> User:
        return self.head if stage in AGENCY_STAGES else self.appraiser


def load_scoring(*, finished: Period, running: Period, now: datetime) -> None:
    """Both rounds of a finished quarter, and one of the running quarter nobody has begun; once."""
    if ScoringRound.objects.exists():
        return
    people = _People(
        head=User.objects.filter(role=Role.AGENCY_HEAD).order_by("pk")[0],
        appraiser=User.objects.filter(role=Role.ANALYST).order_by("pk")[0],
    )
    rng = np.random.default_rng(SEED)
    ahead = (14, 28, 35, 45)
    departments = _publish(DEPARTMENTS, people.appraiser, now)
    closed = _open(departments, finished, people, now, days=(-20, -14, -9, -4))
    for scoring in closed.scorings.all():
        _run(scoring, Stage.CLOSED, people, now - timedelta(days=21), rng)
    publish_round(
        scoring_round=closed,
        decision="215/QĐ-UBND",
        decided_on=timezone.localdate(now),
        minutes="Hội đồng thẩm định thống nhất kết quả chấm điểm của các sở, ban, ngành.",
        now=now,
    )
    _open(departments, running, people, now, days=ahead)
    communes = _publish(COMMUNES, people.appraiser, now)
    begun = _open(communes, finished, people, now, days=ahead)
    for number, scoring in enumerate(begun.scorings.all()):
        _run(scoring, STAGES_OF_COMMUNES[number % len(STAGES_OF_COMMUNES)], people, now, rng)


def _open(
    framework: FrameworkFile,
    period: Period,
    people: _People,
    now: datetime,
    days: tuple[int, int, int, int],
) -> ScoringRound:
    due = [timezone.localdate(now) + timedelta(days=ahead) for ahead in days]
    return open_round(
        framework=framework,
        period=period,
        deadlines=Deadlines(*due),
        by=people.appraiser,
        now=now + timedelta(days=min(0, days[0] - 7)),
    )


def _publish(name: str, by: User, now: datetime) -> FrameworkFile:
    """A shipped framework as the province's own, in force since the two-tier model."""
    text = framework_text(name).replace("valid_from = 2026-01-01", "valid_from = 2025-07-01")
    return publish_framework(framework=save_framework(text=text, by=by, now=now), now=now)


def _run(
    scoring: AgencyScoring, until: str, people: _People, now: datetime, rng: np.random.Generator
) -> None:
    """Take one agency through the stages until one of them, which it leaves unfinished."""
    framework = framework_scored_by(scoring.scoring_round)
    for stage in WRITERS:
        lines = _write(framework, scoring, stage, rng)
        if stage == until:
            lines = dict(list(lines.items())[: len(lines) // 2])
        by = people.writer(stage)
        save_lines(scoring=scoring, stage=stage, lines=lines, by=by, now=now)
        if stage == until:
            return
        scoring = hand_over(scoring=scoring, stage=stage, by=by, now=now)


def _write(
    framework: Framework, scoring: AgencyScoring, stage: str, rng: np.random.Generator
) -> dict[str, Line]:
    """What is declared in a stage: figures, one corrected and answered, the rest explained."""
    entries = list(scoring.entries.all())
    open_lines = [c for c in framework.leaves(scoring.kind) if may_declare(c, stage)]
    if stage == Stage.SELF:
        return {line.code: Line(_figures(line, rng)) for line in open_lines}
    known = {entry.criterion: entry.declared for entry in entries}
    corrected = next(line.code for line in open_lines if line.input == "ratio")
    if stage == Stage.ANSWER:
        more = {**known[corrected], "part": known[corrected]["whole"]}
        return {corrected: Line(more, "Bổ sung văn bản chứng minh đã hoàn thành.")}
    found = {}
    if stage == Stage.APPRAISAL:
        less = {**known[corrected], "part": str(int(known[corrected]["part"]) * 9 // 10)}
        found[corrected] = Line(less, "Một số nội dung chưa có tài liệu kiểm chứng.")
    gaps = find_gaps(framework, scoring, entries)
    return found | {
        code: Line(known[code], "Theo số liệu và tài liệu kiểm chứng của đơn vị.")
        for code in gaps
        if code not in found and code in known
    }


def _figures(criterion: Any, rng: np.random.Generator) -> dict[str, str]:
    if criterion.input == "choice":
        return {"option": criterion.options[int(rng.random() < 0.1)].code}
    if criterion.input == "ratio":
        whole = int(rng.integers(20, 120))
        return {"part": str(whole - int(rng.binomial(whole, 0.06))), "whole": str(whole)}
    return {"number": str(int(rng.integers(0, 3)))}
