"""Who is asked: registered numbers of staff and agents, and the sample of each agency and domain, drawn and logged."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from typing import ClassVar, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from survey.agencies.models import Agency, ProcedureDomain
from survey.common.periods import month_of
from survey.dispatch.models import PhoneLedger
from survey.transactions.models import DossierEvent
from survey.transactions.queries import completed_in

WINDOW: Final = timedelta(days=30)
MANY_DOSSIERS: Final = 5
"""A number behind so many dossiers in thirty days is hardly a citizen's own."""


def _new_seed() -> str:
    return secrets.token_hex(8)


class SamplingRule(models.Model):
    """Which share, or about how many a month, are asked in an agency, a domain, or both; the narrowest rule decides."""

    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("agency"))
    domain = models.ForeignKey(
        ProcedureDomain, on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("procedure domain")
    )
    share = models.FloatField(_("share of the dossiers, 0 to 1"), null=True, blank=True)
    monthly = models.PositiveIntegerField(_("dossiers a month, about"), null=True, blank=True)
    seed = models.CharField(_("seed of the draw"), max_length=32, default=_new_seed)

    class Meta:
        verbose_name = _("sampling rule")
        verbose_name_plural = _("sampling rules")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(share__isnull=True, monthly__isnull=False) | Q(share__isnull=False, monthly__isnull=True),
                name="sampling_share_or_monthly",
            ),
            models.CheckConstraint(condition=Q(share=None) | Q(share__gte=0, share__lte=1), name="sampling_share_0_1"),
            models.UniqueConstraint(fields=["agency", "domain"], name="sampling_agency_domain"),
            models.UniqueConstraint(fields=["agency"], condition=Q(domain=None), name="sampling_agency"),
            models.UniqueConstraint(fields=["domain"], condition=Q(agency=None), name="sampling_domain"),
        ]

    def __str__(self) -> str:
        return f"{self.agency or '*'} / {self.domain or '*'}"

    def clean(self) -> None:
        """One of the two, and only one rule for everything."""
        if (self.share is None) == (self.monthly is None):
            raise ValidationError(_("Give either a share or a number a month."))
        others = SamplingRule.objects.exclude(pk=self.pk)
        if self.agency is None and self.domain is None and others.filter(agency=None, domain=None).exists():
            raise ValidationError(_("There is already a rule for all agencies and domains."))


class SampleDraw(models.Model):
    """One decision of the draw, kept so that anybody with the seed can repeat it and weight by its probability."""

    event = models.OneToOneField(DossierEvent, on_delete=models.PROTECT, verbose_name=_("dossier event"))
    rule = models.ForeignKey(SamplingRule, on_delete=models.PROTECT, null=True, verbose_name=_("sampling rule"))
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
    """A number of staff, who are never asked about dossiers, or of a registered agent who files for others."""

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


def draw(*, event: DossierEvent, now: datetime) -> SampleDraw:
    """Decide about one stored event by a seeded hash of its code, and keep the decision."""
    rule = _rule_of(event)
    seed = rule.seed if rule else settings.SECRET_KEY
    digest = sha256(f"{seed}/{event.province}/{event.dossier_code}".encode()).digest()
    number = int.from_bytes(digest[:8], "big") / 2**64
    probability = settings.SMS_SAMPLING if rule is None else _probability(rule, event)
    made = {"rule": rule, "probability": probability, "number": number, "drawn_at": now}
    return SampleDraw.objects.get_or_create(event=event, defaults=made)[0]


def _rule_of(event: DossierEvent) -> SamplingRule | None:
    fits = Q(agency=event.agency_id) | Q(agency=None), Q(domain=event.domain_id) | Q(domain=None)
    narrow = Case(When(agency=None, then=Value(0)), default=Value(2)) + Case(
        When(domain=None, then=Value(0)), default=Value(1)
    )
    return SamplingRule.objects.filter(*fits).order_by(narrow.desc()).first()


def _probability(rule: SamplingRule, event: DossierEvent) -> float:
    """A number a month becomes a share of what the last full month brought; without one, everybody is asked."""
    if rule.monthly is None:
        return float(rule.share or 0.0)
    before = month_of(month_of(timezone.localtime(event.happened_at).date()) - timedelta(days=1))
    expected = completed_in(before, rule.agency_id, rule.domain_id)
    return min(1.0, rule.monthly / expected) if expected else 1.0


def note_dossier(*, number: str, agency_id: int, now: datetime) -> None:
    """Count a dossier behind a number (its hash) in a window of thirty days."""
    row, _made = PhoneLedger.objects.get_or_create(phone_hash=number, defaults={"counted_since": now})
    mine = PhoneLedger.objects.filter(pk=row.pk)
    mine.filter(counted_since__lte=now - WINDOW).update(counted_since=now, dossiers=0)
    mine.update(dossiers=F("dossiers") + 1)
    mine.filter(dossiers__gte=MANY_DOSSIERS).update(agency=agency_id)
