"""What programs sent under a key of their own choice: the same request is done once."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from survey.accounts.api_keys import ApiKey


class ApiCall(models.Model):
    """A request that changed something, and what was answered."""

    key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, related_name="calls")
    idempotency_key = models.CharField(_("idempotency key"), max_length=100)
    request_sha256 = models.CharField(_("checksum"), max_length=64)
    status = models.PositiveSmallIntegerField(_("status"), default=0)
    answer = models.JSONField(_("answer"), default=dict)
    made_at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("request of a program")
        verbose_name_plural = _("requests of programs")
        ordering: ClassVar = ["-pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["key", "idempotency_key"], name="api_call_once_for_a_key"
            )
        ]

    def __str__(self) -> str:
        return self.idempotency_key
