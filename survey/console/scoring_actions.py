"""Grave deeds of scoring: frameworks and the results of a round."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from survey.accounts.approvals import Payload, SensitiveAction
from survey.accounts.models import User
from survey.console.agency_actions import BY_TWO
from survey.operations.restored import check_accepted
from survey.scorecards.frameworks.models import FrameworkFile
from survey.scorecards.frameworks.services import publish_framework, retire_framework
from survey.scorecards.rounds.editions import Correction, check_correction, correct_scores
from survey.scorecards.rounds.models import AgencyScoring, ScoreEntry, ScoringRound, Stage
from survey.scorecards.rounds.queries import entries_until
from survey.scorecards.rounds.services import publish_round


def _framework(payload: Payload) -> FrameworkFile:
    rows = FrameworkFile.objects.filter(pk=payload["framework"], sha256=payload["sha256"])
    found = rows.first()
    if found is None:
        raise ValidationError(_("This draft no longer exists."))
    return found


def _framework_state(payload: Payload) -> str:
    """The file, word for word, and how far it has come."""
    found = _framework(payload)
    return f"{found.state} {found.sha256}"


def _publish_framework(payload: Payload, now: datetime) -> object:
    return publish_framework(framework=_framework(payload), now=now)


def _retire_framework(payload: Payload, now: datetime) -> object:
    return retire_framework(framework=_framework(payload), now=now)


def _round(payload: Payload) -> ScoringRound:
    found = ScoringRound.objects.filter(pk=payload["round"]).select_related("framework").first()
    if found is None:
        raise ValidationError(_("This scoring round no longer exists."))
    return found


def _describe_round(payload: Payload) -> str:
    return _("%(round)s, decision %(decision)s of %(day)s") % {
        "round": _round(payload),
        "decision": payload["decision"],
        "day": date.fromisoformat(payload["decided_on"]).strftime("%d/%m/%Y"),
    }


def _round_state(payload: Payload) -> str:
    """Where every agency stands, and the last figure that was declared."""
    found = _round(payload)
    stages = list(found.scorings.order_by("pk").values_list("pk", "stage"))
    newest = ScoreEntry.objects.filter(scoring__scoring_round=found).order_by("-pk").first()
    return json.dumps([stages, newest.pk if newest else 0, str(found.published_at)])


def _publish_round(payload: Payload, now: datetime) -> object:
    check_accepted()
    return publish_round(
        scoring_round=_round(payload),
        decision=payload["decision"],
        decided_on=date.fromisoformat(payload["decided_on"]),
        minutes=payload["minutes"],
        now=now,
    )


def _correction(payload: Payload) -> Correction:
    scoring = AgencyScoring.objects.filter(pk=payload["scoring"]).first()
    if scoring is None:
        raise ValidationError(_("This scoring round no longer exists."))
    return Correction(scoring, payload["criterion"], payload["declared"], payload["why"])


def _describe_correction(payload: Payload) -> str:
    """Which line of whom, what stands there, and what is to stand there."""
    correction = _correction(payload)
    check_correction(correction)
    known = entries_until(correction.scoring.entries.all(), Stage.CLOSED)
    before = known.get(correction.criterion)
    return _("%(agency)s, %(round)s, criterion %(code)s: %(before)s → %(after)s") % {
        "agency": correction.scoring,
        "round": correction.scoring.scoring_round,
        "code": correction.criterion,
        "before": _tell_figures(before.declared) if before else "–",
        "after": _tell_figures(correction.declared),
    }


def _tell_figures(declared: Mapping[str, str]) -> str:
    return "; ".join(f"{name} {value}" for name, value in declared.items())


def _correction_state(payload: Payload) -> str:
    """The last figure that was declared for the line: others may be corrected meanwhile."""
    correction = _correction(payload)
    entries = correction.scoring.entries.filter(criterion=correction.criterion)
    return str(entries.order_by("-pk").values_list("pk", flat=True).first())


def _correct(payload: Payload, now: datetime) -> object:
    check_accepted()
    by = User.objects.filter(pk=payload["by"]).first()
    return correct_scores(correction=_correction(payload), by=by, now=now)


SCORING_ACTIONS: Final = (
    SensitiveAction(
        key="correct-scores",
        label=gettext_lazy("Correct a published figure"),
        asks="appraise-scores",
        policy=BY_TWO,
        describe=_describe_correction,
        fingerprint=_correction_state,
        run=_correct,
    ),
    SensitiveAction(
        key="publish-framework",
        label=gettext_lazy("Publish a framework"),
        asks="edit-frameworks",
        policy=BY_TWO,
        describe=lambda payload: str(_framework(payload)),
        fingerprint=_framework_state,
        run=_publish_framework,
    ),
    SensitiveAction(
        key="retire-framework",
        label=gettext_lazy("Retire a framework"),
        asks="edit-frameworks",
        policy=BY_TWO,
        describe=lambda payload: str(_framework(payload)),
        fingerprint=_framework_state,
        run=_retire_framework,
    ),
    SensitiveAction(
        key="publish-scores",
        label=gettext_lazy("Publish the results of a scoring round"),
        asks="appraise-scores",
        policy=BY_TWO,
        describe=_describe_round,
        fingerprint=_round_state,
        run=_publish_round,
    ),
)
