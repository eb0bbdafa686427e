"""A scoring round, the scoring of each agency in it, and every figure that was ever declared."""

from __future__ import annotations

from typing import ClassVar, Final

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from survey.agencies.models import Agency, AgencyKind
from survey.common.periods import parse_period
from survey.scorecards.frameworks.models import FrameworkFile


class Stage(models.TextChoices):
    """Whose turn it is; in this order."""

    COUNTED = "counted", _("counted by the system")
    SELF = "self", _("self-scoring")
    APPRAISAL = "appraisal", _("first appraisal")
    ANSWER = "answer", _("answer of the agency")
    SECOND = "second", _("second appraisal")
    CLOSED = "closed", pgettext_lazy("scoring", "closed")


STAGES: Final = tuple(Stage)
AGENCY_STAGES: Final = (Stage.SELF, Stage.ANSWER)
"""When the agency writes; else the appraisers do."""


class ScoringRound(models.Model):
    """All agencies a framework applies to, scored for one period."""

    framework = models.ForeignKey(
        FrameworkFile, on_delete=models.PROTECT, related_name="rounds", verbose_name=_("framework")
    )
    period = models.CharField(_("period"), max_length=10)
    self_due = models.DateField(_("self-scoring until"))
    appraisal_due = models.DateField(_("first appraisal until"))
    answer_due = models.DateField(_("answers until"))
    second_due = models.DateField(_("second appraisal until"))
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("opened by"),
    )
    opened_at = models.DateTimeField(_("opened at"))
    decision = models.CharField(_("number of the decision"), max_length=100, blank=True)
    decided_on = models.DateField(_("date of the decision"), null=True)
    minutes = models.TextField(_("minutes of the council"), max_length=5000, blank=True)
    published_at = models.DateTimeField(_("published at"), null=True)

    class Meta:
        verbose_name = _("scoring round")
        verbose_name_plural = _("scoring rounds")
        ordering: ClassVar = ["-opened_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["framework", "period"], name="one_round_of_a_framework_and_period"
            )
        ]

    def __str__(self) -> str:
        return f"{self.framework.title}, {parse_period(self.period).title}"


class LineOwner(models.Model):
    """Which agency a framework means by the name of an owner, in one round: it appraises its lines
    of every agency.
    """

    scoring_round = models.ForeignKey(
        ScoringRound,
        on_delete=models.PROTECT,
        related_name="owners",
        verbose_name=_("scoring round"),
    )
    name = models.CharField(_("name in the framework"), max_length=200)
    agency = models.ForeignKey(
        Agency, on_delete=models.PROTECT, related_name="+", verbose_name=_("agency")
    )

    class Meta:
        verbose_name = _("owner of criteria")
        verbose_name_plural = _("owners of criteria")
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["scoring_round", "name"], name="owner_once_in_a_round")
        ]

    def __str__(self) -> str:
        return self.name


class AgencyScoring(models.Model):
    """The scoring of one agency in a round, and whose turn it is."""

    scoring_round = models.ForeignKey(
        ScoringRound,
        on_delete=models.PROTECT,
        related_name="scorings",
        verbose_name=_("scoring round"),
    )
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, verbose_name=_("agency"))
    name = models.CharField(_("name"), max_length=200)
    kind = models.CharField(_("kind"), max_length=24, choices=AgencyKind.choices)
    stage = models.CharField(_("stage"), max_length=10, choices=Stage.choices, default=Stage.SELF)

    class Meta:
        verbose_name = _("scoring of an agency")
        verbose_name_plural = _("scorings of agencies")
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["scoring_round", "agency"], name="agency_scored_once")
        ]

    def __str__(self) -> str:
        return self.name


class ScoreEntry(models.Model):
    """What was declared for one line in one stage: never changed, the newest of a stage counts."""

    scoring = models.ForeignKey(
        AgencyScoring,
        on_delete=models.PROTECT,
        related_name="entries",
        verbose_name=_("scoring of an agency"),
    )
    criterion = models.CharField(_("criterion"), max_length=40)
    stage = models.CharField(_("stage"), max_length=10, choices=Stage.choices)
    declared = models.JSONField(_("declared figures"))
    note = models.TextField(_("explanation"), max_length=2000, blank=True)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("by"),
    )
    made_at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("entry of a scorecard")
        verbose_name_plural = _("entries of scorecards")
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return f"{self.criterion} {self.stage}"


class Evidence(models.Model):
    """A file that proves a declared figure; the file itself stands under its checksum in
    ``var/evidence``.
    """

    scoring = models.ForeignKey(
        AgencyScoring,
        on_delete=models.PROTECT,
        related_name="evidence",
        verbose_name=_("scoring of an agency"),
    )
    criterion = models.CharField(_("criterion"), max_length=40)
    stage = models.CharField(_("stage"), max_length=10, choices=Stage.choices)
    name = models.CharField(_("file name"), max_length=150)
    suffix = models.CharField(_("kind of file"), max_length=5)
    size = models.PositiveIntegerField(_("bytes"))
    sha256 = models.CharField("SHA-256", max_length=64)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("by")
    )
    made_at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("evidence")
        verbose_name_plural = _("evidence")
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["scoring", "criterion", "sha256"], name="evidence_once_for_a_line"
            )
        ]

    def __str__(self) -> str:
        return self.name


class HandOver(models.Model):
    """A stage that was signed off: who, when, and with how many points."""

    scoring = models.ForeignKey(
        AgencyScoring,
        on_delete=models.PROTECT,
        related_name="hand_overs",
        verbose_name=_("scoring of an agency"),
    )
    stage = models.CharField(_("stage"), max_length=10, choices=Stage.choices)
    points = models.DecimalField(_("points"), max_digits=9, decimal_places=4)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("by")
    )
    made_at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("hand-over of a scoring")
        verbose_name_plural = _("hand-overs of scorings")
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["scoring", "stage"], name="stage_handed_over_once")
        ]

    def __str__(self) -> str:
        return f"{self.scoring} {self.stage}"


class ScoreEdition(models.Model):
    """Published points of a round, never changed: a correction is the next edition, with its reason
    and the size of the change.
    """

    scoring_round = models.ForeignKey(
        ScoringRound,
        on_delete=models.PROTECT,
        related_name="editions",
        verbose_name=_("scoring round"),
    )
    number = models.PositiveSmallIntegerField(_("number"))
    reason = models.TextField(_("reason"), max_length=1000, blank=True)
    about = models.JSONField(_("about"))
    """Framework, released index and software the points come from."""
    changes = models.JSONField(_("changes to the edition before"), default=list)
    made_at = models.DateTimeField(_("made at"))

    class Meta:
        verbose_name = _("edition of a scoring")
        verbose_name_plural = _("editions of scorings")
        ordering: ClassVar = ["-number"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["scoring_round", "number"], name="score_edition_number_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.scoring_round} {self.number}"


class AgencyScore(models.Model):
    """The points of one agency in an edition: total, maximum and every line, see
    ``rounds.results``.
    """

    edition = models.ForeignKey(
        ScoreEdition, on_delete=models.PROTECT, related_name="scores", verbose_name=_("edition")
    )
    agency = models.ForeignKey(
        Agency, on_delete=models.PROTECT, related_name="+", verbose_name=_("agency")
    )
    row = models.JSONField(_("points"))

    class Meta:
        verbose_name = _("points of an agency")
        verbose_name_plural = _("points of agencies")
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["edition", "agency"], name="agency_score_once")
        ]

    def __str__(self) -> str:
        return f"{self.edition} {self.agency_id}"
