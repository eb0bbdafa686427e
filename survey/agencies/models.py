"""Who is measured: an effective-dated tree of agencies, the offices that host them, counters and
procedures.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class AgencyKind(models.TextChoices):
    """What an agency is."""

    PROVINCE = "province", _("province")
    DEPARTMENT = "department", _("department")
    DISTRICT = "district", _("district (until 2025-06-30)")
    COMMUNE = "commune", _("commune")
    PUBLIC_SERVICE_UNIT = "public-service-unit", _("public service unit")
    LAND_OFFICE_BRANCH = "land-office-branch", _("land registration office branch")


class SuccessionKind(models.TextChoices):
    """Why an agency hands over to another."""

    MERGE = "merge", _("merge")
    SPLIT = "split", _("split")
    RETYPE = "retype", _("change of type")
    TRANSFER = "transfer", _("transfer of tasks")


class Extent(models.TextChoices):
    """How much of the predecessor went to the successor."""

    WHOLE = "whole", _("whole")
    PART_MAIN = "part-main", _("main part")
    PART = "part", _("part")


class Agency(models.Model):
    """The identity of an agency through renames; all its attributes are in versions with dates."""

    key = models.CharField(_("key"), max_length=40, unique=True)

    class Meta:
        verbose_name = _("agency")
        verbose_name_plural = _("agencies")
        ordering: ClassVar = ["key"]

    def __str__(self) -> str:
        today = timezone.localdate()
        known = self.versions.order_by("-valid_from")
        current = known.filter(valid_from__lte=today).first() or known.last()
        return self.key if current is None else current.name_on(today)


class AgencyVersion(models.Model):
    """What an agency was called, was and belonged to from ``valid_from`` to the day before
    ``valid_to``.
    """

    agency = models.ForeignKey(
        Agency, on_delete=models.CASCADE, related_name="versions", verbose_name=_("agency")
    )
    name = models.CharField(_("name"), max_length=200)
    kind = models.CharField(_("kind"), max_length=24, choices=AgencyKind.choices)
    parent = models.ForeignKey(
        Agency,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="child_versions",
        verbose_name=_("parent"),
    )
    agency_code = models.CharField(_("electronic identifier"), max_length=35, blank=True)
    unit_code = models.CharField(_("administrative unit code"), max_length=10, blank=True)
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("ended on"), null=True, blank=True)

    class Meta:
        verbose_name = _("agency version")
        verbose_name_plural = _("agency versions")
        ordering: ClassVar = ["agency", "valid_from"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")),
                name="agency_version_has_length",
            ),
            models.UniqueConstraint(
                fields=["agency", "valid_from"], name="agency_version_starts_once"
            ),
            models.UniqueConstraint(
                fields=["agency"],
                condition=Q(valid_to__isnull=True),
                name="agency_one_open_version",
            ),
            models.UniqueConstraint(
                fields=["agency_code"],
                condition=Q(valid_to__isnull=True) & ~Q(agency_code=""),
                name="agency_code_once_in_force",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["unit_code"], name="agencyversion_unit"),
            models.Index(fields=["agency_code"], name="agencyversion_code"),
        ]

    def __str__(self) -> str:
        return self.name

    def name_on(self, day: date) -> str:
        """The name, with code and last day where it has ended: of many wards of one name most are
        gone, and lists must tell them apart.
        """
        if self.valid_to is None or self.valid_to > day:
            return self.name
        return f"{self.name} ({self.code}, – {self.valid_to:%d/%m/%Y})"

    @property
    def code(self) -> str:
        """The code shown beside the name: electronic identifier, else administrative unit code."""
        return self.agency_code or self.unit_code


class Succession(models.Model):
    """On ``on`` the predecessor's tasks went, wholly or in part, to the successor."""

    predecessor = models.ForeignKey(
        Agency, on_delete=models.PROTECT, related_name="successions", verbose_name=_("predecessor")
    )
    successor = models.ForeignKey(
        Agency, on_delete=models.PROTECT, related_name="origins", verbose_name=_("successor")
    )
    on = models.DateField(_("on"))
    change = models.CharField(_("change"), max_length=10, choices=SuccessionKind.choices)
    extent = models.CharField(
        _("extent"), max_length=10, choices=Extent.choices, default=Extent.WHOLE
    )
    moved = models.JSONField(_("what moved"), default=dict, editable=False)
    """Numbers of the ``counters`` and ``accounts`` that went over: by them it can be undone."""

    class Meta:
        verbose_name = _("succession")
        verbose_name_plural = _("successions")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["predecessor", "successor", "on"], name="succession_once"
            ),
            models.CheckConstraint(
                condition=~Q(predecessor=F("successor")), name="succession_between_two"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.predecessor_id} → {self.successor_id} ({self.on})"


class ProcedureDomain(models.Model):
    """A field of procedures (lĩnh vực): land, civil status, construction, business, ..."""

    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=100)

    class Meta:
        verbose_name = _("procedure domain")
        verbose_name_plural = _("procedure domains")
        ordering: ClassVar = ["code"]

    def __str__(self) -> str:
        return self.name


class Procedure(models.Model):
    """An administrative procedure by its national code, e.g. 1.012766."""

    code = models.CharField(_("code"), max_length=20, unique=True)

    class Meta:
        verbose_name = _("procedure")
        verbose_name_plural = _("procedures")
        ordering: ClassVar = ["code"]

    def __str__(self) -> str:
        return self.code


class OnlineLevel(models.TextChoices):
    """How far a procedure can be done online (two levels since 2022)."""

    NONE = "none", _("not online")
    PARTIAL = "partial", _("partly online")
    FULL = "full", _("fully online")


class ProcedureVersion(models.Model):
    """What a procedure was called and which domain it belonged to, with dates and the decision
    behind it.
    """

    procedure = models.ForeignKey(
        Procedure, on_delete=models.CASCADE, related_name="versions", verbose_name=_("procedure")
    )
    name = models.CharField(_("name"), max_length=300)
    domain = models.ForeignKey(
        ProcedureDomain, on_delete=models.PROTECT, verbose_name=_("procedure domain")
    )
    online_level = models.CharField(
        _("online level"), max_length=8, choices=OnlineLevel.choices, default=OnlineLevel.NONE
    )
    decision = models.CharField(_("decision"), max_length=80, blank=True)
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("ended on"), null=True, blank=True)

    class Meta:
        verbose_name = _("procedure version")
        verbose_name_plural = _("procedure versions")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["procedure", "valid_from"], name="procedure_version_starts_once"
            ),
            models.UniqueConstraint(
                fields=["procedure"],
                condition=Q(valid_to__isnull=True),
                name="procedure_one_open_version",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Office(models.Model):
    """A place with counters; it may host several agencies."""

    key = models.CharField(_("key"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=200)
    address = models.CharField(_("address"), max_length=200, blank=True)
    phone = models.CharField(_("phone"), max_length=20, blank=True)

    class Meta:
        verbose_name = _("office")
        verbose_name_plural = _("offices")
        ordering: ClassVar = ["key"]

    def __str__(self) -> str:
        return self.name


class Hosting(models.Model):
    """An office receives dossiers for an agency from a day on."""

    office = models.ForeignKey(
        Office, on_delete=models.CASCADE, related_name="hostings", verbose_name=_("office")
    )
    agency = models.ForeignKey(
        Agency, on_delete=models.PROTECT, related_name="hostings", verbose_name=_("agency")
    )
    valid_from = models.DateField(_("valid from"))
    valid_to = models.DateField(_("ended on"), null=True, blank=True)

    class Meta:
        verbose_name = _("hosted agency")
        verbose_name_plural = _("hosted agencies")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["office", "agency", "valid_from"], name="hosting_starts_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.office_id} / {self.agency_id}"


class Counter(models.Model):
    """A desk in an office: which agency is responsible there and for which domain."""

    office = models.ForeignKey(
        Office, on_delete=models.PROTECT, related_name="counters", verbose_name=_("office")
    )
    agency = models.ForeignKey(
        Agency,
        on_delete=models.PROTECT,
        related_name="counters",
        verbose_name=_("responsible agency"),
    )
    domain = models.ForeignKey(
        ProcedureDomain,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("procedure domain"),
    )
    number = models.PositiveSmallIntegerField(_("number"))
    name = models.CharField(_("name"), max_length=100, blank=True)
    closed_on = models.DateField(_("closed on"), null=True, blank=True)

    class Meta:
        verbose_name = _("counter")
        verbose_name_plural = _("counters")
        ordering: ClassVar = ["office", "number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["office", "number"], name="counter_number_once")
        ]

    def __str__(self) -> str:
        return self.name or _("Counter %(number)s") % {"number": self.number}
