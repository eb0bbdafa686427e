"""What is asked: Questionnaire -> Version -> Factor -> Question, with wordings per language.

A published version never changes; the database refuses it (migration 0002).
"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class VersionStatus(models.TextChoices):
    """Life of a version."""

    DRAFT = "draft", _("draft")
    PUBLISHED = "published", _("published")
    RETIRED = "retired", _("retired")


class Questionnaire(models.Model):
    """A family of versions, e.g. the short counter form."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=200)

    class Meta:
        verbose_name = _("questionnaire")
        verbose_name_plural = _("questionnaires")

    def __str__(self) -> str:
        return self.name


class Version(models.Model):
    """One immutable state of a questionnaire. ``extends``: the form whose answers this one
    adds to.
    """

    questionnaire = models.ForeignKey(
        Questionnaire,
        on_delete=models.PROTECT,
        related_name="versions",
        verbose_name=_("questionnaire"),
    )
    number = models.PositiveSmallIntegerField(_("number"))
    status = models.CharField(
        _("status"), max_length=10, choices=VersionStatus.choices, default=VersionStatus.DRAFT
    )
    extends = models.ForeignKey(
        Questionnaire,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="extensions",
        verbose_name=_("extends"),
    )
    legal_basis = models.CharField(_("legal basis"), max_length=300, blank=True, default="")
    """By which decision or rule the province asks it."""
    published_at = models.DateTimeField(_("published at"), null=True, blank=True, editable=False)
    retired_at = models.DateTimeField(_("retired at"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("questionnaire version")
        verbose_name_plural = _("questionnaire versions")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["questionnaire", "number"], name="version_number_once"),
            models.UniqueConstraint(
                fields=["questionnaire"],
                condition=Q(status="published"),
                name="one_published_version",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.questionnaire} v{self.number}"


class Factor(models.Model):
    """A group of questions shown on one page and averaged into one figure."""

    version = models.ForeignKey(
        Version, on_delete=models.CASCADE, related_name="factors", verbose_name=_("version")
    )
    code = models.CharField(_("code"), max_length=20)
    position = models.PositiveSmallIntegerField(_("position"))

    class Meta:
        verbose_name = _("factor")
        verbose_name_plural = _("factors")
        ordering: ClassVar = ["version", "position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["version", "code"], name="factor_code_once")
        ]

    def __str__(self) -> str:
        return self.code


class Question(models.Model):
    """One question; ``kind`` names a file in ``questionnaires/kinds``."""

    version = models.ForeignKey(
        Version, on_delete=models.CASCADE, related_name="questions", verbose_name=_("version")
    )
    factor = models.ForeignKey(
        Factor, on_delete=models.CASCADE, related_name="questions", verbose_name=_("factor")
    )
    code = models.CharField(_("code"), max_length=20)
    kind = models.CharField(_("kind"), max_length=20)
    position = models.PositiveSmallIntegerField(_("position"))
    required = models.BooleanField(_("required"), default=False)
    not_applicable = models.BooleanField(_("offers “not applicable”"), default=False)
    options = models.JSONField(_("options"), default=list, blank=True)
    shown_when = models.JSONField(_("shown when"), default=dict, blank=True)

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        ordering: ClassVar = ["version", "factor__position", "position"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["version", "code"], name="question_code_once")
        ]

    def __str__(self) -> str:
        return self.code


class Wording(models.Model):
    """The text of one slot in one language: ``title``, ``factor.ACCESS``, ``question.A1``,
    ``option.reasons.slow``.
    """

    version = models.ForeignKey(
        Version, on_delete=models.CASCADE, related_name="wordings", verbose_name=_("version")
    )
    slot = models.CharField(_("slot"), max_length=60)
    language = models.CharField(_("language"), max_length=8, choices=settings.LANGUAGES)
    text = models.TextField(_("text"))

    class Meta:
        verbose_name = _("wording")
        verbose_name_plural = _("wordings")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["version", "slot", "language"], name="wording_once")
        ]

    def __str__(self) -> str:
        return f"{self.slot} ({self.language})"


class Assignment(models.Model):
    """From a day on, an office or a procedure domain asks a questionnaire of its own.

    Who names both goes before who names the office, then the domain; of equals the later day.
    """

    questionnaire = models.ForeignKey(
        Questionnaire,
        on_delete=models.PROTECT,
        related_name="assignments",
        verbose_name=_("questionnaire"),
    )
    office = models.ForeignKey(
        "survey.Office", on_delete=models.CASCADE, null=True, blank=True, verbose_name=_("office")
    )
    domain = models.ForeignKey(
        "survey.ProcedureDomain",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        verbose_name=_("procedure domain"),
    )
    valid_from = models.DateField(_("valid from"))
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("assigned by"),
    )

    class Meta:
        verbose_name = _("assignment of a questionnaire")
        verbose_name_plural = _("assignments of questionnaires")
        ordering: ClassVar = ["-valid_from", "-pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(office__isnull=False) | Q(domain__isnull=False),
                name="assignment_is_for_something",
            )
        ]

    def __str__(self) -> str:
        return f"{self.questionnaire_id}: {self.office_id}/{self.domain_id} {self.valid_from}"
