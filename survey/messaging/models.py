"""Messages after a service: senders and texts, invitations, the queue, samples, money and sums."""

from __future__ import annotations

import secrets
import uuid
from datetime import time
from decimal import Decimal
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from survey.agencies.models import Agency, ProcedureDomain
from survey.transactions.models import DossierEvent


class Sender(models.Model):
    """A registered sender name: its rate, hours and money, shared by all dispatchers through this
    row.
    """

    name = models.CharField(_("name"), max_length=11, unique=True)
    rate = models.FloatField(_("parts per second"), default=10.0)
    bucket = models.FloatField(_("parts that may go now"), default=0.0)
    bucket_at = models.DateTimeField(_("counted at"), null=True, blank=True)
    opens = models.TimeField(_("first hour of sending"), default=time(8, 0))
    closes = models.TimeField(_("last hour of sending"), default=time(20, 30))
    price = models.DecimalField(
        _("price of a part (VND)"), max_digits=8, decimal_places=2, default=Decimal(800)
    )
    daily_budget = models.DecimalField(
        _("budget a day (VND)"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    monthly_budget = models.DecimalField(
        _("budget a month (VND)"), max_digits=14, decimal_places=2, null=True, blank=True
    )
    paused_at = models.DateTimeField(_("paused at"), null=True, blank=True)
    paused_because = models.CharField(_("reason of the pause"), max_length=200, blank=True)
    faults = models.PositiveSmallIntegerField(_("configuration faults in a row"), default=0)
    slowed_until = models.DateTimeField(_("at half rate until"), null=True, blank=True)
    resumed_at = models.DateTimeField(_("let go on at"), null=True, blank=True)

    class Meta:
        verbose_name = _("sender")
        verbose_name_plural = _("senders")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(rate__gt=0), name="sender_rate_positive"),
            models.CheckConstraint(
                condition=Q(opens__gte=time(7, 0))
                & Q(closes__lte=time(22, 0))
                & Q(opens__lt=F("closes")),
                name="sender_hours_within_law",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class MessageKind(models.TextChoices):
    """What a message is for."""

    INVITATION = "invitation", _("invitation")
    REMINDER = "reminder", _("reminder")


class MessageTemplate(models.Model):
    """A registered text; a version never changes once a message was made from it."""

    sender = models.ForeignKey(
        Sender, on_delete=models.PROTECT, related_name="templates", verbose_name=_("sender")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=MessageKind.choices)
    version = models.PositiveSmallIntegerField(_("version"))
    text = models.CharField(_("text"), max_length=320)
    accents = models.BooleanField(_("with accents (two to three times dearer)"), default=False)
    active = models.BooleanField(_("in use"), default=False)

    class Meta:
        verbose_name = _("message template")
        verbose_name_plural = _("message templates")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["sender", "kind", "version"], name="template_version_once"
            ),
            models.UniqueConstraint(
                fields=["sender", "kind"], condition=Q(active=True), name="one_template_in_use"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sender} {self.kind} {self.version}"


class PhoneLedger(models.Model):
    """When a number was last invited and behind how many dossiers it stands, by keyed hash;
    outlives the number.
    """

    phone_hash = models.CharField(_("number (hash)"), max_length=64, unique=True)
    last_invited_on = models.DateField(_("last invited on"), null=True)
    dossiers = models.PositiveIntegerField(_("dossiers in thirty days"), default=0)
    counted_since = models.DateTimeField(_("counted since"), default=timezone.now)
    agency = models.ForeignKey(
        Agency, on_delete=models.PROTECT, null=True, verbose_name=_("agency of the last one")
    )
    """Kept for numbers behind many dossiers only: for others it would tell what an invitation was
    about.
    """

    class Meta:
        verbose_name = _("invited number")
        verbose_name_plural = _("invited numbers")

    def __str__(self) -> str:
        return self.phone_hash[:8]


class OptOut(models.Model):
    """A number that does not want messages, by keyed hash."""

    phone_hash = models.CharField(_("number (hash)"), max_length=64, unique=True)

    class Source(models.TextChoices):
        """Who said so."""

        PAGE = "page", _("page of the link")
        REPLY = "reply", _("reply")
        PROVIDER = "provider", _("provider")
        BAD_NUMBER = "bad-number", _("no such number")

    how = models.CharField(_("how"), max_length=20, choices=Source.choices)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("opt-out")
        verbose_name_plural = _("opt-outs")

    def __str__(self) -> str:
        return self.phone_hash[:8]


class Invitation(models.Model):
    """A link for one dossier. Nothing here leads to an answer or to what was asked about.

    ``place_sealed`` (agency, domain, channel, number's hash) opens with the token only, and of the
    token only a hash is kept. ``agency_sealed``, ``phone_sealed``, ``phone_hash`` and the day go
    once all messages are settled.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    token_hash = models.CharField(_("token (hash)"), max_length=64, unique=True)
    dossier_hash = models.CharField(_("dossier (hash)"), max_length=64, unique=True)
    place_sealed = models.BinaryField(_("sealed place"))
    agency_sealed = models.BinaryField(_("sealed agency"), null=True)
    phone_sealed = models.BinaryField(_("sealed number"), null=True)
    phone_hash = models.CharField(_("number (hash)"), max_length=64, blank=True, db_index=True)
    made_on = models.DateField(_("made on"))
    expires_at = models.DateTimeField(_("expires at"))
    settled = models.BooleanField(_("settled"), default=False)

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        indexes: ClassVar = [
            models.Index(
                fields=["made_on"], condition=Q(settled=False), name="invitation_unsettled"
            )
        ]

    def __str__(self) -> str:
        return str(self.id)


class Step(models.TextChoices):
    """How far invitations got."""

    INVITED = "invited", _("invited")
    ACCEPTED = "accepted", _("accepted by the provider")
    CONFIRMED = "confirmed", _("confirmed by the carrier")
    OPENED = "opened", _("opened")
    STARTED = "started", _("started")
    FINISHED = "finished", _("finished")
    VALID = "valid", _("valid")


class FunnelCount(models.Model):
    """How far invitations got, per agency and day: sums only, no link and no number."""

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, verbose_name=_("agency"))
    day = models.DateField(_("day"))
    step = models.CharField(_("step"), max_length=9, choices=Step.choices)
    count = models.PositiveIntegerField(_("count"), default=0)

    class Meta:
        verbose_name = _("step towards an answer")
        verbose_name_plural = _("steps towards an answer")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["agency", "day", "step"], name="funnel_count_once"),
        ]

    def __str__(self) -> str:
        return f"{self.agency_id} {self.day} {self.step}: {self.count}"


def _new_seed() -> str:
    return secrets.token_hex(8)


class SamplingRule(models.Model):
    """Which share, or about how many a month, are asked in an agency, a domain, or both; the
    narrowest rule decides.
    """

    agency = models.ForeignKey(
        Agency, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("agency")
    )
    domain = models.ForeignKey(
        ProcedureDomain,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("procedure domain"),
    )
    share = models.FloatField(_("share of the dossiers, 0 to 1"), null=True, blank=True)
    monthly = models.PositiveIntegerField(_("dossiers a month, about"), null=True, blank=True)
    seed = models.CharField(_("seed of the draw"), max_length=32, default=_new_seed)

    class Meta:
        verbose_name = _("sampling rule")
        verbose_name_plural = _("sampling rules")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(share__isnull=True, monthly__isnull=False)
                | Q(share__isnull=False, monthly__isnull=True),
                name="sampling_share_or_monthly",
            ),
            models.CheckConstraint(
                condition=Q(share=None) | Q(share__gte=0, share__lte=1), name="sampling_share_0_1"
            ),
            models.UniqueConstraint(fields=["agency", "domain"], name="sampling_agency_domain"),
            models.UniqueConstraint(
                fields=["agency"], condition=Q(domain=None), name="sampling_agency"
            ),
            models.UniqueConstraint(
                fields=["domain"], condition=Q(agency=None), name="sampling_domain"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agency or '*'} / {self.domain or '*'}"

    def clean(self) -> None:
        """One of the two, and only one rule for everything."""
        if (self.share is None) == (self.monthly is None):
            raise ValidationError(_("Give either a share or a number a month."))
        others = SamplingRule.objects.exclude(pk=self.pk)
        if (
            self.agency is None
            and self.domain is None
            and others.filter(agency=None, domain=None).exists()
        ):
            raise ValidationError(_("There is already a rule for all agencies and domains."))


class SampleDraw(models.Model):
    """One decision of the draw, kept so that anybody with the seed can repeat it and weight by its
    probability.
    """

    event = models.OneToOneField(
        DossierEvent, on_delete=models.PROTECT, verbose_name=_("dossier event")
    )
    rule = models.ForeignKey(
        SamplingRule, on_delete=models.PROTECT, null=True, verbose_name=_("sampling rule")
    )
    probability = models.FloatField(_("probability"))
    number = models.FloatField(_("drawn number"))
    drawn_at = models.DateTimeField(_("drawn at"))

    class Meta:
        verbose_name = _("draw")
        verbose_name_plural = _("draws")

    def __str__(self) -> str:
        return f"{self.event_id}: {self.number:.4f} < {self.probability:.4f}"

    @property
    def chosen(self) -> bool:
        """Whether the dossier is in the sample."""
        return self.number < self.probability


class KnownNumber(models.Model):
    """A number of staff, who are never asked about dossiers, or of a registered agent who files for
    others.
    """

    class Kind(models.TextChoices):
        """Whose number it is."""

        STAFF = "staff", _("member of staff")
        AGENT = "agent", _("agent filing for others")

    phone_hash = models.CharField(_("number (hash)"), max_length=64, unique=True)
    kind = models.CharField(_("whose"), max_length=5, choices=Kind.choices)
    added_at = models.DateTimeField(_("added at"), default=timezone.now)

    class Meta:
        verbose_name = _("registered number")
        verbose_name_plural = _("registered numbers")

    def __str__(self) -> str:
        return f"{self.phone_hash[:8]} {self.kind}"
