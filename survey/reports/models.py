"""Reports as they were made, schedules that make them, and the office's own Word template."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from survey.agencies.models import Agency
from survey.scorecards.models import Edition, RequestedWork


class Report(models.Model):
    """A report as it was made, never changed: what it says is kept, and drawn when asked for.

    Without an agency it is about the whole province.
    """

    edition = models.ForeignKey(
        Edition, on_delete=models.PROTECT, related_name="reports", verbose_name=_("figures")
    )
    agency = models.ForeignKey(
        Agency, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("agency")
    )
    content = models.JSONField(_("content"))
    template_sha256 = models.CharField(_("template checksum"), max_length=64, blank=True)
    """The office's Word template in use then; empty for the shipped one."""
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("by")
    )
    made_at = models.DateTimeField(_("made at"))

    class Meta:
        verbose_name = pgettext_lazy("document", "report")
        verbose_name_plural = pgettext_lazy("document", "reports")
        ordering: ClassVar = ["-made_at", "-pk"]

    def __str__(self) -> str:
        return str(self.content["subject"])


class Interval(models.TextChoices):
    """How often a schedule makes a report: when figures of such a period are released."""

    MONTH = "month", _("every month")
    QUARTER = "quarter", _("every quarter")
    YEAR = "year", _("every year")


class ReportSchedule(models.Model):
    """Makes a report for each newly released period, with its owner's rights at that time."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="report_schedules",
        verbose_name=_("owner"),
    )
    agency = models.ForeignKey(
        Agency, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("agency")
    )
    interval = models.CharField(_("interval"), max_length=10, choices=Interval.choices)
    made_at = models.DateTimeField(_("made at"))
    last_edition = models.ForeignKey(
        Edition,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("last made for"),
    )

    class Meta:
        verbose_name = _("schedule of reports")
        verbose_name_plural = _("schedules of reports")
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["owner", "agency", "interval"], name="report_schedule_once"
            ),
            models.UniqueConstraint(
                fields=["owner", "interval"],
                condition=models.Q(agency=None),
                name="report_schedule_of_the_province_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.owner} {self.get_interval_display()}"


class ReportTemplate(models.Model):
    """A Word template of the office's own; the newest is used. The file stands under its checksum
    beside the evidence.
    """

    name = models.CharField(_("file name"), max_length=150)
    sha256 = models.CharField("SHA-256", max_length=64)
    brought_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("brought by"),
    )
    brought_at = models.DateTimeField(_("brought at"))

    class Meta:
        verbose_name = _("template of reports")
        verbose_name_plural = _("templates of reports")
        ordering: ClassVar = ["-pk"]

    def __str__(self) -> str:
        return self.name


class QuarterPack(RequestedWork):
    """Everything about a period in one file, asked for by a button and made by the worker."""

    period = models.CharField(_("period"), max_length=10)
    total = models.PositiveIntegerField(_("files"), default=0)
    done = models.PositiveIntegerField(_("files made"), default=0)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    size = models.PositiveBigIntegerField(_("bytes"), default=0)

    class Meta:
        verbose_name = _("pack of a period")
        verbose_name_plural = _("packs of periods")
        ordering: ClassVar = ["-pk"]

    def __str__(self) -> str:
        return self.period


class AnalystBundle(RequestedWork):
    """The answers of an edition with their weights, for one analyst and one purpose; two people
    decided that it is made.
    """

    edition = models.ForeignKey(
        Edition, on_delete=models.PROTECT, related_name="+", verbose_name=_("figures")
    )
    purpose = models.TextField(_("purpose"), max_length=1000)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)
    size = models.PositiveBigIntegerField(_("bytes"), default=0)
    fetched_at = models.DateTimeField(_("downloaded at"), null=True)

    class Meta:
        verbose_name = _("bundle for analysts")
        verbose_name_plural = _("bundles for analysts")
        ordering: ClassVar = ["-pk"]

    def __str__(self) -> str:
        return f"{self.edition} {self.pk}"


class TableKind(models.TextChoices):
    """Kinds of files a table of figures can be had as."""

    XLSX = "xlsx", "XLSX"
    CSV = "csv", _("CSV for Excel")
    PLAIN = "plain", _("CSV for programs")
    JSON = "json", "JSON"
    PARQUET = "parquet", "Parquet"
    SAV = "sav", "SPSS"


class ExportSchedule(models.Model):
    """Makes the table of each newly released period, of what its owner may see at that time."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="export_schedules",
        verbose_name=_("owner"),
    )
    interval = models.CharField(_("interval"), max_length=10, choices=Interval.choices)
    kind = models.CharField(_("kind of file"), max_length=10, choices=TableKind.choices)
    made_at = models.DateTimeField(_("made at"))

    class Meta:
        verbose_name = _("schedule of exports")
        verbose_name_plural = _("schedules of exports")
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["owner", "interval", "kind"], name="export_schedule_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.owner} {self.get_interval_display()} {self.get_kind_display()}"


class KeptExport(models.Model):
    """A table a schedule made: the file stands under its number in ``var/exports``."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="kept_exports",
        verbose_name=_("owner"),
    )
    edition = models.ForeignKey(
        Edition, on_delete=models.PROTECT, related_name="+", verbose_name=_("figures")
    )
    kind = models.CharField(_("kind of file"), max_length=10, choices=TableKind.choices)
    scope = models.ForeignKey(
        Agency, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("scope")
    )
    """The owner's agency when it was made; None: the province."""
    sha256 = models.CharField("SHA-256", max_length=64)
    made_at = models.DateTimeField(_("made at"))

    class Meta:
        verbose_name = _("table made by a schedule")
        verbose_name_plural = _("tables made by schedules")
        ordering: ClassVar = ["-made_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.edition} {self.kind}"


class ExportLink(models.Model):
    """An address that hands a table out once, to whoever holds it; only its keyed hash is kept."""

    export = models.ForeignKey(
        KeptExport, on_delete=models.CASCADE, related_name="links", verbose_name=_("table")
    )
    lookup = models.CharField(_("keyed hash"), max_length=64, unique=True)
    made_at = models.DateTimeField(_("made at"))
    expires_at = models.DateTimeField(_("valid until"))
    used_at = models.DateTimeField(_("used at"), null=True)

    class Meta:
        verbose_name = _("one-time link of a table")
        verbose_name_plural = _("one-time links of tables")
        ordering: ClassVar = ["-pk"]

    def __str__(self) -> str:
        return f"{self.export_id} {self.pk}"
