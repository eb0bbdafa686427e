"""A file somebody brought, what was found in it, and what became of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar, Final

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class ImportState(models.TextChoices):
    """How far a file has come."""

    CHECKING = "checking", _("being checked")
    FAULTY = "faulty", _("has faults, not imported")
    READY = "ready", _("checked, not imported yet")
    STORING = "storing", _("being imported")
    DONE = "done", pgettext_lazy("file", "imported")
    FAILED = "failed", _("failed, not imported")
    CANCELLED = "cancelled", _("discarded")
    UNDONE = "undone", _("undone")


STUCK_AFTER: Final = timedelta(hours=1)
"""What no worker has ended by then can be decided about again."""
RUNNING: Final = (ImportState.CHECKING, ImportState.STORING)


class FileImport(models.Model):
    """One file. Its content is sealed, and gone once it was taken or discarded."""

    kind = models.CharField(_("kind"), max_length=20)
    options = models.JSONField(_("options"), default=dict)
    file_name = models.CharField(_("file name"), max_length=200)
    sha256 = models.CharField("SHA-256", max_length=64)
    content_sealed = models.BinaryField(_("sealed content"), null=True)
    brought_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("uploaded by"),
    )
    brought_at = models.DateTimeField(_("uploaded at"))
    taken_at = models.DateTimeField(_("import requested at"), null=True)
    state = models.CharField(
        _("state"), max_length=10, choices=ImportState.choices, default=ImportState.CHECKING
    )
    found = models.JSONField(_("found"), default=dict)
    """Of the file: rows, new, changed, replaced, faults, notes; see ``kinds.base.Checked``."""
    digest = models.CharField(_("checksum of what was found"), max_length=64, blank=True)
    rows_done = models.PositiveIntegerField(_("rows done"), default=0)
    problem = models.TextField(_("problem"), blank=True)
    stored = models.JSONField(_("stored"), default=dict)
    """What undoing needs."""
    told_sealed = models.BinaryField(_("sealed answer"), null=True)
    """What is shown once, to who brought the file: links of invitations."""
    ended_at = models.DateTimeField(_("ended at"), null=True)

    class Meta:
        verbose_name = _("imported file")
        verbose_name_plural = _("imported files")
        ordering: ClassVar = ["-brought_at"]

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_running(self) -> bool:
        """Whether the worker has something to do with it."""
        return self.state in RUNNING

    def is_stuck(self, now: datetime) -> bool:
        """Whether no worker has ended with it in time: it may be decided about once more."""
        return self.is_running and (self.taken_at or self.brought_at) < now - STUCK_AFTER
