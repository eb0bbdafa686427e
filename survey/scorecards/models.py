"""What is published: an edition of one period under one method, and its figures per agency."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from survey.agencies.models import Agency
from survey.common.periods import parse_period


class Edition(models.Model):
    """Figures of one snapshot under one method; never recomputed in place."""

    period = models.CharField(_("period"), max_length=10)
    method = models.CharField(_("method"), max_length=60)
    method_version = models.PositiveSmallIntegerField(_("method version"))
    method_sha256 = models.CharField(_("method checksum"), max_length=64)
    snapshot_sha256 = models.CharField(_("snapshot checksum"), max_length=64)
    responses = models.PositiveIntegerField(_("responses"))
    about = models.JSONField(_("about"), default=dict)
    counted = models.JSONField(_("answers behind every figure"), default=dict, editable=False)
    """Answers by ``agency/level/code``, hidden ones too: what the next edition is held against;
    never shown.
    """
    answers = models.JSONField(_("checksums of the answers"), default=dict, editable=False)
    """By agency key: whether anybody's answer changed since; never shown."""
    made_at = models.DateTimeField(_("made at"))

    class Meta:
        verbose_name = _("edition")
        verbose_name_plural = _("editions")
        ordering: ClassVar = ["-made_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["period", "method_sha256", "snapshot_sha256"],
                name="edition_once_per_snapshot_and_method",
            )
        ]

    def __str__(self) -> str:
        return f"{self.period} {self.method}"

    @property
    def is_preview(self) -> bool:
        """Made while its period ran: no release, but a look ahead for the province only."""
        return timezone.localdate(self.made_at) <= parse_period(self.period).last


class AgencyResult(models.Model):
    """Published rows of one agency in an edition; ``agency`` empty is the province as a whole.

    ``rows`` hold only what may be shown: figures below the minimum n are not stored at all.
    """

    edition = models.ForeignKey(
        Edition, on_delete=models.CASCADE, related_name="results", verbose_name=_("edition")
    )
    agency = models.ForeignKey(
        Agency, on_delete=models.PROTECT, null=True, verbose_name=_("agency")
    )
    name = models.CharField(_("name"), max_length=200)
    kind = models.CharField(_("kind"), max_length=24)
    rows = models.JSONField(_("rows"))

    class Meta:
        verbose_name = _("result of an agency")
        verbose_name_plural = _("results of agencies")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["edition", "agency"], name="result_once_per_agency")
        ]

    def __str__(self) -> str:
        return self.name
