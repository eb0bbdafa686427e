"""How citizens are reached: the code on a counter's poster, and messages after online services."""

from __future__ import annotations

import uuid
from datetime import time
from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from survey.agencies.models import Agency, Counter
from survey.questionnaires.models import Questionnaire


class CodeStatus(models.TextChoices):
    """Life of a printed code."""

    ACTIVE = "active", _("in use")
    RETIRED = "retired", _("replaced by a newer issue")
    REVOKED = "revoked", _("revoked")


class CounterCode(models.Model):
    """One issue of the poster of one counter; re-issuing retires the one before."""

    code = models.CharField(_("code"), max_length=12, unique=True)
    counter = models.ForeignKey(Counter, on_delete=models.PROTECT, related_name="codes", verbose_name=_("counter"))
    questionnaire = models.ForeignKey(Questionnaire, on_delete=models.PROTECT, verbose_name=_("questionnaire"))
    issue = models.PositiveSmallIntegerField(_("issue"))
    status = models.CharField(_("status"), max_length=8, choices=CodeStatus.choices, default=CodeStatus.ACTIVE)
    issued_at = models.DateTimeField(_("issued at"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    checked_at = models.DateTimeField(_("poster checked at"), null=True, blank=True)

    class Meta:
        verbose_name = _("counter code")
        verbose_name_plural = _("counter codes")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["counter", "issue"], name="counter_issue_once"),
            models.UniqueConstraint(
                fields=["counter"], condition=Q(status="active"), name="one_active_code_per_counter"
            ),
        ]

    def __str__(self) -> str:
        return self.code


class Sender(models.Model):
    """A registered sender name: its rate, hours and money, shared by all dispatchers through this row."""

    name = models.CharField(_("name"), max_length=11, unique=True)
    rate = models.FloatField(_("parts per second"), default=10.0)
    bucket = models.FloatField(_("parts that may go now"), default=0.0)
    bucket_at = models.DateTimeField(_("counted at"), null=True, blank=True)
    opens = models.TimeField(_("first hour of sending"), default=time(8, 0))
    closes = models.TimeField(_("last hour of sending"), default=time(20, 30))
    price = models.DecimalField(_("price of a part (VND)"), max_digits=8, decimal_places=2, default=Decimal(800))
    daily_budget = models.DecimalField(_("budget a day (VND)"), max_digits=14, decimal_places=2, null=True, blank=True)
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
                condition=Q(opens__gte=time(7, 0)) & Q(closes__lte=time(22, 0)) & Q(opens__lt=F("closes")),
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

    sender = models.ForeignKey(Sender, on_delete=models.PROTECT, related_name="templates", verbose_name=_("sender"))
    kind = models.CharField(_("kind"), max_length=10, choices=MessageKind.choices)
    version = models.PositiveSmallIntegerField(_("version"))
    text = models.CharField(_("text"), max_length=320)
    accents = models.BooleanField(_("with accents (two to three times dearer)"), default=False)
    active = models.BooleanField(_("in use"), default=False)

    class Meta:
        verbose_name = _("message template")
        verbose_name_plural = _("message templates")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["sender", "kind", "version"], name="template_version_once"),
            models.UniqueConstraint(fields=["sender", "kind"], condition=Q(active=True), name="one_template_in_use"),
        ]

    def __str__(self) -> str:
        return f"{self.sender} {self.kind} {self.version}"


class PhoneLedger(models.Model):
    """When a number was last invited and behind how many dossiers it stands, by keyed hash; outlives the number."""

    phone_hash = models.CharField(_("number (hash)"), max_length=64, unique=True)
    last_invited_on = models.DateField(_("last invited on"), null=True)
    dossiers = models.PositiveIntegerField(_("dossiers in thirty days"), default=0)
    counted_since = models.DateTimeField(_("counted since"), default=timezone.now)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, null=True, verbose_name=_("agency of the last one"))
    """Kept for numbers behind many dossiers only: for others it would tell what an invitation was about."""

    class Meta:
        verbose_name = _("invited number")
        verbose_name_plural = _("invited numbers")

    def __str__(self) -> str:
        return self.phone_hash[:8]


class OptOut(models.Model):
    """A number that does not want messages, by keyed hash."""

    phone_hash = models.CharField(_("number (hash)"), max_length=64, unique=True)
    how = models.CharField(_("how"), max_length=20)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("opt-out")
        verbose_name_plural = _("opt-outs")

    def __str__(self) -> str:
        return self.phone_hash[:8]


class Invitation(models.Model):
    """A link for one dossier. Nothing here leads to an answer or to what was asked about.

    ``place_sealed`` (agency, domain, channel, number's hash) opens with the token only, and of the token only a hash is
    kept. ``agency_sealed``, ``phone_sealed``, ``phone_hash`` and the day go once all messages are settled.
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
        indexes: ClassVar = [models.Index(fields=["made_on"], condition=Q(settled=False), name="invitation_unsettled")]

    def __str__(self) -> str:
        return str(self.id)


class MessageState(models.TextChoices):
    """State of an outbox row; final ones never change, except that ``delivered`` may replace a final word."""

    PENDING = "pending", _("waiting")
    SENDING = "sending", _("being sent")
    UNKNOWN = "unknown", _("unknown, being looked up")
    ACCEPTED = "accepted", _("accepted by the provider")
    SENT = "sent", _("sent")
    DELIVERED = "delivered", _("confirmed by the carrier")
    UNDELIVERED = "undelivered", _("not delivered")
    FAILED = "failed", _("failed")
    SILENT = "silent", _("no final word in 72 hours")
    SUPPRESSED = "suppressed", _("held back")
    EXPIRED = "expired", _("too late to send")


class OutboxMessage(models.Model):
    """One message to be sent exactly once: the queue itself.

    Number and text are sealed under this row's id and erased when the row is final.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    invitation = models.ForeignKey(
        Invitation, on_delete=models.PROTECT, related_name="messages", null=True, verbose_name=_("invitation")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=MessageKind.choices)
    sequence = models.PositiveSmallIntegerField(_("sequence"), default=0)
    sender = models.ForeignKey(Sender, on_delete=models.PROTECT, verbose_name=_("sender"))
    template = models.ForeignKey(MessageTemplate, on_delete=models.PROTECT, null=True, verbose_name=_("template"))
    to_sealed = models.BinaryField(_("sealed number"), null=True)
    body_sealed = models.BinaryField(_("sealed text"), null=True)
    phone_hash = models.CharField(_("number (hash)"), max_length=64)
    parts = models.PositiveSmallIntegerField(_("parts"))
    parts_billed = models.PositiveSmallIntegerField(_("parts billed"), null=True)
    state = models.CharField(_("state"), max_length=12, choices=MessageState.choices, default=MessageState.PENDING)
    reason = models.CharField(_("reason"), max_length=40, blank=True)
    due_at = models.DateTimeField(_("due at"))
    not_after = models.DateTimeField(_("not after"))
    attempt = models.PositiveIntegerField(_("attempt"), default=0)
    tries = models.PositiveSmallIntegerField(_("answered attempts"), default=0)
    attempt_at = models.DateTimeField(_("attempted at"), null=True)
    owner = models.CharField(_("owner"), max_length=64, blank=True)
    lease_until = models.DateTimeField(_("leased until"), null=True)
    looks = models.PositiveSmallIntegerField(_("look-ups without result"), default=0)
    next_look_at = models.DateTimeField(_("next look-up at"), null=True)
    sid = models.CharField(_("provider id"), max_length=64, null=True, unique=True)  # noqa: DJ001  (unique only when known)
    accepted_at = models.DateTimeField(_("accepted at"), null=True)
    final_at = models.DateTimeField(_("final at"), null=True)
    redacted_at = models.DateTimeField(_("text erased at the provider"), null=True)
    created_at = models.DateTimeField(_("created at"))

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["invitation", "kind", "sequence"], name="message_once"),
        ]
        # Only live rows are in the indexes: a million old ones cost a claim nothing.
        indexes: ClassVar = [
            models.Index(fields=["sender", "due_at"], condition=Q(state="pending"), name="outbox_pending"),
            models.Index(fields=["lease_until"], condition=Q(state="sending"), name="outbox_sending"),
            models.Index(fields=["state", "next_look_at"], name="outbox_open"),
            models.Index(
                fields=["sender", "-final_at"], condition=Q(final_at__isnull=False, tries__gt=0), name="outbox_final"
            ),
            models.Index(fields=["accepted_at"], name="outbox_accepted"),
            models.Index(fields=["phone_hash", "attempt_at"], name="outbox_number"),
            models.Index(
                fields=["final_at"],
                condition=Q(sid__isnull=False, final_at__isnull=False, redacted_at=None),
                name="outbox_to_redact",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.state}"


class MessageEvent(models.Model):
    """What a provider told about a message, once each; late, doubled and reversed reports are harmless."""

    message = models.ForeignKey(OutboxMessage, on_delete=models.PROTECT, null=True, verbose_name=_("message"))
    sid = models.CharField(_("provider id"), max_length=64)
    status = models.CharField(_("status"), max_length=20)
    code = models.CharField(_("code"), max_length=12, blank=True)
    at = models.DateTimeField(_("received at"))

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["sid", "status", "code"], name="message_event_once"),
        ]

    def __str__(self) -> str:
        return f"{self.sid[:10]} {self.status}"


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
