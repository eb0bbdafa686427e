"""Programs that are told what happens, and what is sent to them."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from survey.accounts.permissions import may
from survey.common.happenings import Event


class Webhook(models.Model):
    """An address of a program that wants to hear what happens; its secret signs what is sent."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="webhooks",
        verbose_name=_("owner"),
    )
    name = models.CharField(_("name"), max_length=100)
    url = models.CharField(_("address"), max_length=300)
    events = models.JSONField(_("events"), default=list)
    secret_sealed = models.BinaryField(_("secret"))
    old_secret_sealed = models.BinaryField(_("secret before"), null=True)
    old_until = models.DateTimeField(_("secret before signs until"), null=True)
    made_at = models.DateTimeField(_("made at"))
    ended_at = models.DateTimeField(_("ended at"), null=True)

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering: ClassVar = ["-pk"]

    def __str__(self) -> str:
        return self.name

    def is_good(self, day: date) -> bool:
        """Whether anything may be sent: it stands, and its account may still have such."""
        return (
            self.ended_at is None and self.owner.is_open(day) and may(self.owner, "manage-webhooks")
        )


class WebhookMessage(models.Model):
    """What happened, for one webhook: tried until it was taken, or a day is over."""

    webhook = models.ForeignKey(Webhook, on_delete=models.PROTECT, related_name="messages")
    message_id = models.CharField(_("identifier"), max_length=40, unique=True)
    event = models.CharField(_("event"), max_length=40, choices=Event.choices)
    body = models.TextField(_("body"))
    made_at = models.DateTimeField(_("at"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_at = models.DateTimeField(_("next attempt"), null=True)
    delivered_at = models.DateTimeField(_("delivered at"), null=True)
    dead_at = models.DateTimeField(_("given up at"), null=True)
    problem = models.CharField(_("problem"), max_length=200, default="")

    class Meta:
        verbose_name = _("message to a program")
        verbose_name_plural = _("messages to programs")
        ordering: ClassVar = ["-pk"]

    def __str__(self) -> str:
        return self.message_id
