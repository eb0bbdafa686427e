"""What the night erased."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class RetentionRun(models.Model):
    """One application of the schedule: how many of each kind were erased."""

    made_at = models.DateTimeField(_("made at"))
    erased = models.JSONField(_("erased"))

    class Meta:
        verbose_name = _("application of the retention schedule")
        verbose_name_plural = _("applications of the retention schedule")
        ordering: ClassVar = ["-made_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.made_at:%Y-%m-%d}"
