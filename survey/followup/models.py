"""A matter that is followed up, every step of it, to whom it is addressed, and who has read it."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from survey.agencies.models import Agency
from survey.followup.kinds import KINDS, FollowUpKind
from survey.followup.states import ENDED, State


class FollowUp(models.Model):
    """One matter of one kind, about one agency; ``details`` hold what its kind asks."""

    kind = models.CharField(_("kind"), max_length=12)
    """A key of ``KINDS``: another kind needs no migration."""
    agency = models.ForeignKey(
        Agency, on_delete=models.PROTECT, related_name="+", verbose_name=_("agency")
    )
    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        related_name="children",
        verbose_name=_("comes from"),
    )
    title = models.CharField(_("title"), max_length=200)
    details = models.JSONField(_("details"), default=dict)
    state = models.CharField(_("state"), max_length=10, choices=State.choices)
    due_on = models.DateField(_("until"), null=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("dealt with by"),
    )
    holds_others = models.BooleanField(_("stands above one for each agency"), default=False)
    """Made where one was opened for many agencies: nobody works on it, it ends with the last."""
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("opened by"),
    )
    opened_at = models.DateTimeField(_("opened at"))

    class Meta:
        verbose_name = _("matter followed up")
        verbose_name_plural = _("matters followed up")
        ordering: ClassVar = ["-opened_at", "-pk"]
        indexes: ClassVar = [
            models.Index(fields=["agency", "state"], name="follow_up_of_an_agency"),
            models.Index(fields=["kind", "state", "due_on"], name="follow_up_by_deadline"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def spec(self) -> FollowUpKind:
        """What its kind asks and allows."""
        return KINDS[self.kind]

    @property
    def is_ended(self) -> bool:
        """Whether nothing has to be done any more."""
        return self.state in ENDED


class FollowUpStep(models.Model):
    """One step: who did what when, in which words, with which file; never changed.

    A step without a person is the system's: a reminder, an escalation.
    """

    follow_up = models.ForeignKey(
        FollowUp, on_delete=models.PROTECT, related_name="steps", verbose_name=_("matter")
    )
    move = models.CharField(_("step"), max_length=12)
    state = models.CharField(_("state after it"), max_length=10, choices=State.choices)
    text = models.TextField(_("explanation"), max_length=5000, blank=True)
    data = models.JSONField(_("figures"), default=dict)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("by"),
    )
    of_agency = models.BooleanField(_("by the agency itself"), default=False)
    made_at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("step of a matter")
        verbose_name_plural = _("steps of matters")
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return f"{self.follow_up_id} {self.move}"


class FollowUpFile(models.Model):
    """A file of a step, kept under its checksum beside the evidence of scorecards."""

    step = models.ForeignKey(
        FollowUpStep, on_delete=models.PROTECT, related_name="files", verbose_name=_("step")
    )
    name = models.CharField(_("file name"), max_length=150)
    suffix = models.CharField(_("kind of file"), max_length=5)
    size = models.PositiveIntegerField(_("bytes"))
    sha256 = models.CharField("SHA-256", max_length=64)

    class Meta:
        verbose_name = _("file of a matter")
        verbose_name_plural = _("files of matters")
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return self.name


class Addressee(models.Model):
    """An agency a document was sent to."""

    follow_up = models.ForeignKey(
        FollowUp, on_delete=models.PROTECT, related_name="addressees", verbose_name=_("document")
    )
    agency = models.ForeignKey(
        Agency, on_delete=models.PROTECT, related_name="+", verbose_name=_("agency")
    )

    class Meta:
        verbose_name = _("addressee")
        verbose_name_plural = _("addressees")
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["follow_up", "agency"], name="addressee_once")
        ]

    def __str__(self) -> str:
        return f"{self.follow_up_id} {self.agency}"


class Reading(models.Model):
    """Somebody of an addressed agency confirmed that he has read a document."""

    addressee = models.ForeignKey(
        Addressee, on_delete=models.PROTECT, related_name="readings", verbose_name=_("addressee")
    )
    reader = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("read by"),
    )
    read_at = models.DateTimeField(_("read at"))

    class Meta:
        verbose_name = _("confirmation of reading")
        verbose_name_plural = _("confirmations of reading")
        ordering: ClassVar = ["read_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["addressee", "reader"], name="read_once")
        ]

    def __str__(self) -> str:
        return f"{self.addressee_id} {self.reader}"
