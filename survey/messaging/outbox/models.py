"""The queue: messages with their state, what is known of each, and money spent."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from survey.messaging.models import Invitation, MessageKind, MessageTemplate, Sender


class MessageState(models.TextChoices):
    """State of an outbox row; final ones never change, except that ``delivered`` may replace a
    final word.
    """

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
        Invitation,
        on_delete=models.PROTECT,
        related_name="messages",
        null=True,
        verbose_name=_("invitation"),
    )
    kind = models.CharField(_("kind"), max_length=10, choices=MessageKind.choices)
    sequence = models.PositiveSmallIntegerField(_("sequence"), default=0)
    sender = models.ForeignKey(Sender, on_delete=models.PROTECT, verbose_name=_("sender"))
    template = models.ForeignKey(
        MessageTemplate, on_delete=models.PROTECT, null=True, verbose_name=_("template")
    )
    to_sealed = models.BinaryField(_("sealed number"), null=True)
    body_sealed = models.BinaryField(_("sealed text"), null=True)
    phone_hash = models.CharField(_("number (hash)"), max_length=64)
    parts = models.PositiveSmallIntegerField(_("parts"))
    parts_billed = models.PositiveSmallIntegerField(_("parts billed"), null=True)
    state = models.CharField(
        _("state"), max_length=12, choices=MessageState.choices, default=MessageState.PENDING
    )
    reason = models.CharField(_("reason"), max_length=40, blank=True)
    due_at = models.DateTimeField(_("due at"))
    not_after = models.DateTimeField(_("not after"))
    claim_count = models.PositiveIntegerField(_("attempt"), default=0)
    answered_count = models.PositiveSmallIntegerField(_("answered attempts"), default=0)
    attempt_at = models.DateTimeField(_("attempted at"), null=True)
    owner = models.CharField(_("owner"), max_length=64, blank=True)
    lease_until = models.DateTimeField(_("leased until"), null=True)
    looks = models.PositiveSmallIntegerField(_("look-ups without result"), default=0)
    next_look_at = models.DateTimeField(_("next look-up at"), null=True)
    provider_id = models.CharField(_("provider id"), max_length=64, null=True, unique=True)  # noqa: DJ001  (unique only when known)
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
            models.Index(
                fields=["sender", "due_at"], condition=Q(state="pending"), name="outbox_pending"
            ),
            models.Index(
                fields=["lease_until"], condition=Q(state="sending"), name="outbox_sending"
            ),
            models.Index(fields=["state", "next_look_at"], name="outbox_open"),
            models.Index(
                fields=["sender", "-final_at"],
                condition=Q(final_at__isnull=False, answered_count__gt=0),
                name="outbox_final",
            ),
            models.Index(fields=["accepted_at"], name="outbox_accepted"),
            models.Index(fields=["phone_hash", "attempt_at"], name="outbox_number"),
            models.Index(
                fields=["final_at"],
                condition=Q(provider_id__isnull=False, final_at__isnull=False, redacted_at=None),
                name="outbox_to_redact",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.state}"


class MessageEvent(models.Model):
    """What a provider told about a message, once each; late, doubled and reversed reports are
    harmless.
    """

    message = models.ForeignKey(
        OutboxMessage, on_delete=models.PROTECT, null=True, verbose_name=_("message")
    )
    provider_id = models.CharField(_("provider id"), max_length=64)
    status = models.CharField(_("status"), max_length=20)
    code = models.CharField(_("code"), max_length=12, blank=True)
    at = models.DateTimeField(_("received at"))

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["provider_id", "status", "code"], name="message_event_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider_id[:10]} {self.status}"


class Spending(models.Model):
    """Parts of a sender that were handed over on a day, or may have been."""

    sender = models.ForeignKey(
        Sender, on_delete=models.CASCADE, related_name="spending", verbose_name=_("sender")
    )
    day = models.DateField(_("day"))
    parts = models.IntegerField(_("parts"), default=0)

    class Meta:
        verbose_name = _("spending of a day")
        verbose_name_plural = _("spending by day")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["sender", "day"], name="spending_day_once")
        ]

    def __str__(self) -> str:
        return f"{self.sender_id} {self.day}: {self.parts}"
