"""Opening a round, deadlines, publication."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from survey.accounts.models import User
from survey.agencies.queries import versions_on
from survey.common.periods import Period, parse_period
from survey.scorecards.bridge.frameworks import Framework
from survey.scorecards.frameworks.models import FrameworkFile, FrameworkState
from survey.scorecards.frameworks.services import frameworks_in_force
from survey.scorecards.rounds.editions import make_score_edition
from survey.scorecards.rounds.group_survey import ended_surveys, group_figures
from survey.scorecards.rounds.models import (
    AgencyScoring,
    ScoreEntry,
    ScoringRound,
    Stage,
)
from survey.scorecards.rounds.owners import match_owners, name_owners
from survey.scorecards.rounds.queries import (
    counted_figures,
    entries_until,
    framework_scored_by,
)


@dataclass(frozen=True)
class Deadlines:
    """Last days of the four stages."""

    self_due: date
    appraisal_due: date
    answer_due: date
    second_due: date

    def check(self) -> None:
        """Each is later than the one before.

        Raises
        ------
        ValidationError
            They are not in order.
        """
        days = [self.self_due, self.appraisal_due, self.answer_due, self.second_due]
        if any(later <= earlier for earlier, later in pairwise(days)):
            raise ValidationError(_("Each stage has to end after the one before it."))


def open_round(
    *, framework: FrameworkFile, period: Period, deadlines: Deadlines, by: User, now: datetime
) -> ScoringRound:
    """Open the scoring of every agency a framework applies to, enter what is counted already, and
    find the owners of its criteria.

    Raises
    ------
    ValidationError
        The framework is not published, is not in force at the end of the period, applies to
        nobody, or has been opened for it.
    """
    deadlines.check()
    _check_framework(framework, period)
    try:
        with transaction.atomic():
            made = ScoringRound.objects.create(
                framework=framework,
                period=period.name,
                opened_by=by,
                opened_at=now,
                **vars(deadlines),
            )
            _enter_agencies(made, period, now)
            scored_by = framework_scored_by(made)
            found = match_owners(scored_by, period.last)
            name_owners(scoring_round=made, framework=scored_by, agencies=found)
    except IntegrityError as error:
        raise ValidationError(
            _("A round of this framework is open for this period already.")
        ) from error
    return made


def _check_framework(framework: FrameworkFile, period: Period) -> None:
    if framework.state != FrameworkState.PUBLISHED:
        raise ValidationError(_("Only a published framework can be used."))
    _check_version(framework, period)
    ended = framework.valid_to is not None and framework.valid_to < period.last
    if framework.valid_from > period.last or ended:
        raise ValidationError(
            _("This framework is not in force on %(day)s, when the period ends.")
            % {"day": period.last.strftime("%d/%m/%Y")}
        )


def _check_version(framework: FrameworkFile, period: Period) -> None:
    """Of the versions of one framework the one in force at the end of the period scores."""
    for kind in framework.kinds or [""]:
        for row in frameworks_in_force(kind, period.last):
            if row.code == framework.code and row.pk != framework.pk:
                raise ValidationError(
                    _("On %(day)s version %(version)s of this framework is in force.")
                    % {"day": period.last.strftime("%d/%m/%Y"), "version": row.version}
                )
            if row.pk == framework.pk:
                break


def _enter_agencies(scoring_round: ScoringRound, period: Period, now: datetime) -> None:
    framework = framework_scored_by(scoring_round)
    kinds = framework.applies_to
    versions = versions_on(period.last).order_by("name")
    versions = versions.filter(kind__in=kinds) if kinds else versions
    if not versions:
        raise ValidationError(_("There is no agency this framework applies to."))
    AgencyScoring.objects.bulk_create(
        AgencyScoring(
            scoring_round=scoring_round,
            agency=version.agency,
            name=version.name,
            kind=version.kind,
        )
        for version in versions
    )
    enter_counted(scoring_round=scoring_round, period=period, now=now)


def enter_counted(*, scoring_round: ScoringRound, period: Period, now: datetime) -> int:
    """Enter what the product counts itself, of scorings that are not closed; the number of new
    entries. Figures that stay as they were make none.
    """
    framework = framework_scored_by(scoring_round)
    with transaction.atomic():
        # Nobody hands over meanwhile: what is signed off is what stands there.
        open_ones = scoring_round.scorings.exclude(stage=Stage.CLOSED).order_by("pk")
        list(open_ones.select_for_update().values_list("pk"))
        return _enter_counted(framework, open_ones, period, now)


def _enter_counted(
    framework: Framework, open_ones: QuerySet[AgencyScoring], period: Period, now: datetime
) -> int:
    rows = list(open_ones.select_related("agency").prefetch_related("entries"))
    figures = counted_figures(framework, [row.agency for row in rows], period)
    told = group_figures(rows[0].scoring_round, framework, now) if rows else {}
    for agency, lines in told.items():
        figures.setdefault(agency, {}).update(lines)
    applied = {kind: {c.code for c in framework.leaves(kind)} for kind in {r.kind for r in rows}}
    made = []
    for row in rows:
        known = entries_until(row.entries.all(), Stage.COUNTED)
        for code, declared in figures[row.agency_id].items():
            before = known.get(code)
            if code in applied[row.kind] and (before is None or before.declared != declared):
                made.append(
                    ScoreEntry(
                        scoring=row,
                        criterion=code,
                        stage=Stage.COUNTED,
                        declared=declared,
                        made_at=now,
                    )
                )
    ScoreEntry.objects.bulk_create(made)
    return len(made)


def count_ended_surveys(now: datetime) -> int:
    """Enter what groups said in rounds whose links take no more answers; how many entries."""
    made = 0
    for row in ended_surveys(timezone.localdate(now)):
        made += enter_counted(scoring_round=row, period=parse_period(row.period), now=now)
    return made


def change_deadlines(*, scoring_round: ScoringRound, deadlines: Deadlines) -> ScoringRound:
    """Give more time, or less.

    Raises
    ------
    ValidationError
        They are not in order, or the round has been published.
    """
    deadlines.check()
    rows = ScoringRound.objects.filter(pk=scoring_round.pk, published_at=None)
    if not rows.update(**vars(deadlines)):
        raise ValidationError(_("The results of this round have been published."))
    scoring_round.refresh_from_db()
    return scoring_round


def publish_round(
    *, scoring_round: ScoringRound, decision: str, decided_on: date, minutes: str, now: datetime
) -> ScoringRound:
    """Close a round by the council's decision: its points are what they are from now on.

    Raises
    ------
    ValidationError
        An agency's scoring is not closed, or the round has been published.
    """
    with transaction.atomic():
        locked = ScoringRound.objects.select_for_update().get(pk=scoring_round.pk)
        if locked.published_at is not None:
            raise ValidationError(_("The results of this round have been published."))
        waiting = locked.scorings.exclude(stage=Stage.CLOSED).count()
        if waiting:
            raise ValidationError(
                _("Agencies that are not finished yet: %(count)s.") % {"count": waiting}
            )
        locked.decision, locked.decided_on = decision, decided_on
        locked.minutes, locked.published_at = minutes, now
        locked.save()
        make_score_edition(scoring_round=locked, reason="", now=now)
    return locked
