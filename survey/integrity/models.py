"""The log in the database: a leaf for everything that counts, and the heads that were signed."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from survey.accounts.models import User
from survey.agencies.models import Agency
from survey.responses.models import Response


class LedgerLeaf(models.Model):
    """One entry; rows are only added (migration 0047)."""

    index = models.BigIntegerField(_("place in the log"), primary_key=True)
    kind = models.CharField(_("kind"), max_length=20)
    response = models.OneToOneField(
        Response, on_delete=models.PROTECT, null=True, related_name="leaf"
    )
    """The submission it is about; all other things are named by ``subject``."""
    subject = models.CharField(_("about"), max_length=40, null=True)  # noqa: DJ001  (unique where it is)
    entry = models.BinaryField(_("entry"))
    salt = models.BinaryField(_("salt"))

    class Meta:
        verbose_name = _("entry of the log")
        verbose_name_plural = _("entries of the log")
        ordering: ClassVar = ["index"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "subject"], name="ledger_leaf_once_a_subject"),
            models.CheckConstraint(
                condition=models.Q(response__isnull=True) ^ models.Q(subject__isnull=True),
                name="ledger_leaf_is_about_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.index} {self.kind}"


class LedgerHead(models.Model):
    """The log as it was signed: so many leaves had this root."""

    size = models.BigIntegerField(_("entries"), primary_key=True)
    root = models.CharField(_("root"), max_length=64)
    note = models.TextField(_("signed note"))
    made_at = models.DateTimeField(_("signed at"))

    class Meta:
        verbose_name = _("signed head of the log")
        verbose_name_plural = _("signed heads of the log")
        ordering: ClassVar = ["size"]

    def __str__(self) -> str:
        return f"{self.size} {self.root[:12]}"


class LedgerCosignature(models.Model):
    """Somebody else's signature over a head: a witness's, or the log's own by its second key."""

    head = models.ForeignKey(LedgerHead, on_delete=models.PROTECT, related_name="cosignatures")
    name = models.CharField(_("signed by"), max_length=200)
    key_id = models.CharField(_("key"), max_length=8)
    line = models.TextField(_("signature"))
    signed_at = models.DateTimeField(_("signed at"))

    class Meta:
        verbose_name = _("cosignature of a head")
        verbose_name_plural = _("cosignatures of heads")
        ordering: ClassVar = ["head", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["head", "name", "key_id"], name="ledger_cosignature_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.head_id} {self.name}"


class LedgerStamp(models.Model):
    """A time stamp (RFC 3161) over the note of a head: it was there at that moment."""

    head = models.OneToOneField(
        LedgerHead, on_delete=models.PROTECT, primary_key=True, related_name="stamp"
    )
    token = models.BinaryField(_("answer of the authority"))
    stamped_at = models.DateTimeField(_("stamped at"))

    class Meta:
        verbose_name = _("time stamp of a head")
        verbose_name_plural = _("time stamps of heads")
        ordering: ClassVar = ["head"]

    def __str__(self) -> str:
        return f"{self.head_id} {self.stamped_at:%Y-%m-%d}"


class IntegrityRun(models.Model):
    """The rules applied to a month, with the facts they were applied to: anybody can do it again.
    The newest run of a month counts.
    """

    month = models.DateField(_("month"))
    rules_version = models.PositiveSmallIntegerField(_("version of the rules"))
    rules_sha256 = models.CharField(_("SHA-256"), max_length=64)
    facts = models.JSONField(_("facts"))
    made_at = models.DateTimeField(_("made at"))

    class Meta:
        verbose_name = _("check of a month's answers")
        verbose_name_plural = _("checks of a month's answers")
        ordering: ClassVar = ["-month", "-pk"]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} v{self.rules_version}"


class IntegrityFlag(models.Model):
    """What the rules propose for an agency; only people decide."""

    class Level(models.TextChoices):
        """How much speaks for a closer look."""

        WATCH = "watch", _("keep an eye on it")
        REVIEW = "review", _("look into it")
        QUARANTINE = "quarantine", _("exclusion proposed")

    run = models.ForeignKey(IntegrityRun, on_delete=models.CASCADE, related_name="flags")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, verbose_name=_("agency"))
    month = models.DateField(_("month"))
    current = models.BooleanField(_("current"), default=True)
    """Not of a run another one has taken the place of: an agency's account sees no runs."""
    level = models.CharField(_("proposal"), max_length=10, choices=Level.choices)
    families = models.PositiveSmallIntegerField(_("rules that agree"))
    findings = models.JSONField(_("findings"))

    class Meta:
        verbose_name = _("flag of an agency")
        verbose_name_plural = _("flags of agencies")
        ordering: ClassVar = ["-month", "-families", "agency"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "agency"], name="one_flag_a_run")
        ]

    def __str__(self) -> str:
        return f"{self.agency_id} {self.level}"


class FlagReply(models.Model):
    """What an agency says to what was found of a month; words are added, never changed."""

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, verbose_name=_("agency"))
    month = models.DateField(_("month"))
    text = models.TextField(_("answer of the agency"), max_length=4000)
    user = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", verbose_name=_("account")
    )
    made_at = models.DateTimeField(_("made at"))

    class Meta:
        verbose_name = _("answer to a flag")
        verbose_name_plural = _("answers to flags")
        ordering: ClassVar = ["made_at", "pk"]

    def __str__(self) -> str:
        return f"{self.agency_id} {self.month:%Y-%m}"


class BackCheck(models.Model):
    """Dossiers of a month drawn by a seed nobody could choose, whose people another body calls with
    the same question.
    """

    month = models.DateField(_("month"), unique=True)
    per_agency = models.PositiveSmallIntegerField(_("calls an agency"))
    by_lot = models.PositiveSmallIntegerField(_("agencies drawn by lot"))
    announced_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", verbose_name=_("announced by")
    )
    announced_at = models.DateTimeField(_("announced at"))
    seed = models.CharField(_("seed"), max_length=100, blank=True)
    """Size and root of the first head of the log signed after the announcement."""
    drawn_at = models.DateTimeField(_("drawn at"), null=True)

    class Meta:
        verbose_name = _("call-back check")
        verbose_name_plural = _("call-back checks")
        ordering: ClassVar = ["-month"]

    def __str__(self) -> str:
        return f"{self.month:%m/%Y}"


class BackCheckUnit(models.Model):
    """An agency of a check, with its counted answers as they were when it was drawn, and what came
    of its calls as sums.
    """

    class Cause(models.TextChoices):
        """Why it is looked at."""

        FLAG = "flag", _("flagged")
        LOT = "lot", _("drawn by lot")

    check_of = models.ForeignKey(BackCheck, on_delete=models.PROTECT, related_name="units")
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, verbose_name=_("agency"))
    cause = models.CharField(_("why"), max_length=4, choices=Cause.choices)
    dossiers = models.PositiveIntegerField(_("dossiers to draw from"))
    counted = models.PositiveIntegerField(_("counted answers"))
    satisfied = models.PositiveIntegerField(_("of these satisfied"))
    unreached = models.PositiveIntegerField(_("not reached in three tries"), default=0)
    refused = models.PositiveIntegerField(_("do not want to answer"), default=0)
    denied = models.PositiveIntegerField(_("say there was no such dossier"), default=0)
    answered = models.PositiveIntegerField(_("have answered"), default=0)

    class Meta:
        verbose_name = _("agency of a call-back check")
        verbose_name_plural = _("agencies of a call-back check")
        ordering: ClassVar = ["check_of", "agency"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["check_of", "agency"], name="back_check_unit_once")
        ]

    def __str__(self) -> str:
        return f"{self.check_of_id} {self.agency_id}"


class BackCheckCall(models.Model):
    """A drawn dossier whose person is still to be called. Once they were, the row goes and a sum of
    its unit grows: nothing says who of them answered.
    """

    unit = models.ForeignKey(BackCheckUnit, on_delete=models.PROTECT, related_name="calls")
    place = models.PositiveSmallIntegerField(_("place in the draw"))
    dossier_code = models.CharField(_("dossier code"), max_length=60)

    class Meta:
        verbose_name = _("call of a check")
        verbose_name_plural = _("calls of a check")
        ordering: ClassVar = ["unit", "place"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["unit", "place"], name="back_check_place_once")
        ]

    def __str__(self) -> str:
        return f"{self.unit_id} {self.place}"
