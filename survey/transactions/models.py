"""The denominators: how many dossiers were completed, and on time, per month, agency, domain and
channel.
"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from survey.agencies.models import Agency, ProcedureDomain


class Channel(models.TextChoices):
    """How the service was used."""

    COUNTER = "counter", _("at the counter")
    ONLINE = "online", _("online")
    POSTAL = "postal", _("by public postal service")


class TotalsImport(models.Model):
    """One accepted file of monthly totals."""

    file_name = models.CharField(_("file name"), max_length=200)
    sha256 = models.CharField("SHA-256", max_length=64)
    rows = models.PositiveIntegerField(_("rows"))
    imported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, verbose_name=_("imported by")
    )
    imported_at = models.DateTimeField(_("imported at"))

    class Meta:
        verbose_name = _("import of totals")
        verbose_name_plural = _("imports of totals")

    def __str__(self) -> str:
        return self.file_name


class Applicant(models.TextChoices):
    """For whom a dossier is."""

    CITIZEN = "citizen", _("citizen")
    BUSINESS = "business", _("business or organisation")


class MonthlyTotal(models.Model):
    """Completed dossiers of one agency, domain and channel in one month (``month`` = its first
    day).
    """

    agency = models.ForeignKey(
        Agency, on_delete=models.PROTECT, related_name="monthly_totals", verbose_name=_("agency")
    )
    domain = models.ForeignKey(
        ProcedureDomain, on_delete=models.PROTECT, verbose_name=_("procedure domain")
    )
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices)
    month = models.DateField(_("month"))
    completed = models.PositiveIntegerField(_("completed dossiers"))
    on_time = models.PositiveIntegerField(_("on time or early"))
    source = models.ForeignKey(
        TotalsImport, on_delete=models.PROTECT, related_name="totals", verbose_name=_("source")
    )

    class Meta:
        verbose_name = _("monthly total")
        verbose_name_plural = _("monthly totals")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["agency", "domain", "channel", "month"], name="monthly_total_once"
            ),
            models.CheckConstraint(
                condition=Q(on_time__lte=F("completed")), name="on_time_within_completed"
            ),
            models.CheckConstraint(condition=Q(month__day=1), name="monthly_total_on_first_day"),
        ]

    def __str__(self) -> str:
        return f"{self.agency_id} {self.month:%Y-%m}: {self.completed}"


class SourceSystem(models.Model):
    """A case system that reports dossiers; it signs with a secret that is sealed here."""

    key_id = models.CharField(_("key"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=100)
    secret_sealed = models.BinaryField(_("sealed secret"))
    province = models.CharField(_("province"), max_length=10)
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("source system")
        verbose_name_plural = _("source systems")

    def __str__(self) -> str:
        return self.name


class SeenSignature(models.Model):
    """A signed request that was answered: for as long as its signature is good it is not answered
    again.
    """

    source = models.ForeignKey(SourceSystem, on_delete=models.CASCADE, verbose_name=_("source"))
    signature = models.CharField(_("signature (hash)"), max_length=64)
    seen_at = models.DateTimeField(_("seen at"), db_index=True)

    class Meta:
        verbose_name = _("answered request")
        verbose_name_plural = _("answered requests")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "signature"], name="signature_once")
        ]

    def __str__(self) -> str:
        return self.signature[:8]


class EventsImport(models.Model):
    """One file of dossier events: who brought it, from which system, and its fingerprint."""

    file_name = models.CharField(_("file name"), max_length=200)
    sha256 = models.CharField("SHA-256", max_length=64)
    rows = models.PositiveIntegerField(_("rows"))
    source = models.ForeignKey(SourceSystem, on_delete=models.PROTECT, verbose_name=_("source"))
    imported_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, verbose_name=_("imported by")
    )
    imported_at = models.DateTimeField(_("imported at"))

    class Meta:
        verbose_name = _("import of events")
        verbose_name_plural = _("imports of events")

    def __str__(self) -> str:
        return self.file_name


class IntakeCount(models.Model):
    """How often something came in on a day, by what became of it: nothing that is refused goes
    uncounted.
    """

    day = models.DateField(_("day"))
    source = models.CharField(_("source"), max_length=40)
    outcome = models.CharField(_("outcome"), max_length=60)
    count = models.PositiveIntegerField(_("count"), default=0)

    class Meta:
        verbose_name = _("intake counter")
        verbose_name_plural = _("intake counters")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["day", "source", "outcome"], name="intake_count_once"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.source} {self.outcome}: {self.count}"


class DossierEvent(models.Model):
    """What happened to one dossier; the same event sent again is the same row."""

    class Kind(models.TextChoices):
        """The four moments at which a rating may be asked for."""

        RECEIVED = "received", _("received")
        SUPPLEMENT = "supplement", _("supplement asked for")
        REFUSED = "refused", _("refused")
        RETURNED = "returned", _("result returned")

    class Timing(models.TextChoices):
        """Result against the promised date."""

        EARLY = "early", _("early")
        ON_TIME = "on-time", _("on time")
        LATE = "late", _("late")
        OPEN = "", _("not yet known")

    province = models.CharField(_("province"), max_length=10)
    dossier_code = models.CharField(_("dossier code"), max_length=60)
    kind = models.CharField(_("event"), max_length=10, choices=Kind.choices)
    happened_at = models.DateTimeField(_("time"))
    timing = models.CharField(_("timing"), max_length=8, choices=Timing.choices, blank=True)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, verbose_name=_("agency"))
    domain = models.ForeignKey(
        ProcedureDomain, on_delete=models.PROTECT, verbose_name=_("procedure domain")
    )
    procedure_code = models.CharField(_("procedure code"), max_length=30, blank=True)
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices)
    applicant = models.CharField(
        _("applicant"), max_length=8, choices=Applicant.choices, blank=True, default=""
    )
    source = models.ForeignKey(
        SourceSystem, on_delete=models.PROTECT, null=True, verbose_name=_("source")
    )
    received_at = models.DateTimeField(_("received at"))
    decided = models.BooleanField(_("decided"), default=False)
    """Whether it is settled who is asked; until then a mended row of the same event is looked at
    again.
    """

    class Meta:
        verbose_name = _("dossier event")
        verbose_name_plural = _("dossier events")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["province", "dossier_code", "kind", "happened_at"],
                name="dossier_event_once",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["happened_at", "kind"], name="dossierevent_time_kind"),
            models.Index(
                fields=["agency", "domain", "channel", "applicant", "happened_at"],
                name="dossierevent_alike",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dossier_code} {self.kind}"
