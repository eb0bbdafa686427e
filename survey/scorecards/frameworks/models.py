"""Framework files of the province."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class FrameworkState(models.TextChoices):
    """How far a framework has come; no column, it follows from its times."""

    DRAFT = "draft", _("draft")
    PUBLISHED = "published", _("published")
    RETIRED = "retired", pgettext_lazy("framework", "retired")


class FrameworkFile(models.Model):
    """A framework (bộ tiêu chí) as it was brought; a published one is never changed."""

    code = models.CharField(_("code"), max_length=60)
    version = models.PositiveSmallIntegerField(_("version"))
    title = models.CharField(_("title"), max_length=300)
    text = models.TextField(_("file"))
    sha256 = models.CharField("SHA-256", max_length=64)
    kinds = models.JSONField(_("kinds of agency"), default=list)
    valid_from = models.DateField(_("from"))
    valid_to = models.DateField(_("until"), null=True)
    brought_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("brought by"),
    )
    brought_at = models.DateTimeField(_("brought at"))
    published_at = models.DateTimeField(_("published at"), null=True)
    retired_at = models.DateTimeField(_("retired at"), null=True)

    class Meta:
        verbose_name = _("framework")
        verbose_name_plural = _("frameworks")
        ordering: ClassVar = ["code", "-version"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["code", "version"], name="framework_version_once"),
            models.UniqueConstraint(
                fields=["code"],
                condition=Q(published_at=None),
                name="one_draft_of_a_framework",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} (v{self.version})"

    @property
    def state(self) -> FrameworkState:
        """How far it has come."""
        if self.published_at is None:
            return FrameworkState.DRAFT
        return FrameworkState.RETIRED if self.retired_at else FrameworkState.PUBLISHED
