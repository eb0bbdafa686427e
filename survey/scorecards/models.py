"""What is published: an edition of one period under one method, and its figures per agency."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from survey.agencies.models import Agency
from survey.common.periods import parse_period
from survey.responses.cut_offs import CutOff


class EditionState(models.TextChoices):
    """What an edition is good for; no column, it follows from its times."""

    PREVIEW = "preview", _("provisional")
    COMPUTED = "computed", _("waiting for release")
    RELEASED = "released", _("released")
    WITHDRAWN = "withdrawn", pgettext_lazy("figures", "withdrawn")


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
    released_at = models.DateTimeField(_("released at"), null=True, editable=False)
    withdrawn_at = models.DateTimeField(_("withdrawn on"), null=True, editable=False)
    public_number = models.PositiveSmallIntegerField(
        _("number of the release"), null=True, editable=False
    )
    """Counts the releases of its period; it is in public addresses and never used again."""

    class Meta:
        verbose_name = _("edition")
        verbose_name_plural = _("editions")
        ordering: ClassVar = ["-made_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["period", "method_sha256", "snapshot_sha256"],
                name="edition_once_per_snapshot_and_method",
            ),
            models.UniqueConstraint(
                fields=["period", "public_number"], name="release_number_once_in_a_period"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.period} {self.method}"

    @property
    def is_preview(self) -> bool:
        """Made while its period ran: never released, a look ahead for the province only."""
        return timezone.localdate(self.made_at) <= parse_period(self.period).last

    @property
    def is_released(self) -> bool:
        """Whether everybody may see it: two people released it, and nobody took it back."""
        return self.released_at is not None and self.withdrawn_at is None

    @property
    def state(self) -> EditionState:
        """What it is good for."""
        if self.withdrawn_at is not None:
            return EditionState.WITHDRAWN
        if self.released_at is not None:
            return EditionState.RELEASED
        return EditionState.PREVIEW if self.is_preview else EditionState.COMPUTED


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


class ComputationState(models.TextChoices):
    """How far a computation has come."""

    WAITING = "waiting", _("waiting")
    COUNTING = "counting", _("freezing the answers")
    COMPUTING = "computing", _("computing")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")


class RequestedWork(models.Model):
    """What somebody asked for by a button and the worker does, and how far it has come."""

    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("requested by"),
    )
    asked_at = models.DateTimeField(_("requested at"))
    state = models.CharField(
        _("state"),
        max_length=10,
        choices=ComputationState.choices,
        default=ComputationState.WAITING,
    )
    problem = models.TextField(_("problem"), blank=True)

    class Meta:
        abstract = True


class Computation(RequestedWork):
    """A period somebody had frozen and computed by a button, and what became of it."""

    period = models.CharField(_("period"), max_length=10)
    method = models.CharField(_("method"), max_length=60)
    anew = models.CharField(_("reason to cut off again"), max_length=1000, blank=True)
    """Empty: the period's frozen answers are computed, where it has been cut off."""
    edition = models.ForeignKey(
        Edition, on_delete=models.PROTECT, null=True, verbose_name=_("edition")
    )
    cut_off = models.ForeignKey(
        CutOff, on_delete=models.PROTECT, null=True, verbose_name=_("cut-off of a period")
    )
    """None: made while the period ran."""

    class Meta:
        verbose_name = _("computation")
        verbose_name_plural = _("computations")
        ordering: ClassVar = ["-asked_at"]

    def __str__(self) -> str:
        return f"{self.period} {self.method}"


class MethodFile(models.Model):
    """A method of the province's own, as it was brought; never changed."""

    code = models.CharField(_("code"), max_length=60)
    version = models.PositiveSmallIntegerField(_("method version"))
    title = models.CharField(_("title"), max_length=200)
    text = models.TextField(_("file"))
    sha256 = models.CharField("SHA-256", max_length=64, unique=True)
    brought_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("brought by"),
    )
    brought_at = models.DateTimeField(_("brought at"))

    class Meta:
        verbose_name = _("method of the province")
        verbose_name_plural = _("methods of the province")
        ordering: ClassVar = ["code", "-version"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["code", "version"], name="method_version_once")
        ]

    def __str__(self) -> str:
        return f"{self.code} v{self.version}"


class MethodChoice(models.Model):
    """From the beginning of a period on: under which methods it is computed, and its target."""

    valid_from = models.DateField(_("from"))
    methods = models.JSONField(_("methods"))
    """``[{"id": ..., "sha256": ...}]``: a file that changed since is not the one that was chosen.
    """
    target_operator = models.CharField(_("comparison"), max_length=2)
    target_value = models.DecimalField(_("target"), max_digits=5, decimal_places=2)
    chosen_at = models.DateTimeField(_("approved at"))

    class Meta:
        verbose_name = _("choice of methods")
        verbose_name_plural = _("choices of methods")
        ordering: ClassVar = ["-valid_from", "-pk"]

    def __str__(self) -> str:
        return f"{self.valid_from:%d/%m/%Y}: {self.names}"

    @property
    def names(self) -> str:
        """The methods in their order."""
        return ", ".join(method["id"] for method in self.methods)


class MethodComparison(RequestedWork):
    """What another method would make of an edition's answers; asked for by a button, computed by
    the worker.
    """

    edition = models.ForeignKey(Edition, on_delete=models.CASCADE, verbose_name=_("edition"))
    method = models.CharField(_("method"), max_length=60)
    method_sha256 = models.CharField(_("method checksum"), max_length=64)
    rows = models.JSONField(_("rows"), default=list)
    """What may be shown of each agency under both: name, kind, index, interval, possible ranks."""

    class Meta:
        verbose_name = _("comparison of methods")
        verbose_name_plural = _("comparisons of methods")
        ordering: ClassVar = ["-asked_at"]

    def __str__(self) -> str:
        return f"{self.edition}: {self.method}"
