"""Keys of programs: each is an account's, may do less than it, ends on a day, and is shown once."""

from __future__ import annotations

import secrets
from datetime import date, datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from typing import ClassVar, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from survey.accounts.models import User
from survey.accounts.permissions import may

PREFIX: Final = "hl"
MAX_DAYS: Final = 366
SEEN_EVERY: Final = timedelta(hours=1)
"""The last use is noted once an hour: a key that is used all day costs no write a request."""


class Scope(models.TextChoices):
    """What a key may be used for."""

    FIGURES = "figures", gettext_lazy("read agencies, editions and figures")
    TOTALS = "totals", gettext_lazy("send dossier totals")


class ApiKey(models.Model):
    """A key; of its secret only a checksum is kept."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="api_keys",
        verbose_name=gettext_lazy("owner"),
    )
    name = models.CharField(gettext_lazy("name"), max_length=100)
    public_id = models.CharField(gettext_lazy("identifier"), max_length=12, unique=True)
    secret_sha256 = models.CharField(gettext_lazy("checksum"), max_length=64)
    scopes = models.JSONField(gettext_lazy("scopes"), default=list)
    per_minute = models.PositiveSmallIntegerField(gettext_lazy("requests a minute"), default=60)
    made_at = models.DateTimeField(gettext_lazy("made at"))
    expires_on = models.DateField(gettext_lazy("last day"))
    used_at = models.DateTimeField(gettext_lazy("last used"), null=True)
    revoked_at = models.DateTimeField(gettext_lazy("revoked at"), null=True)

    class Meta:
        verbose_name = gettext_lazy("key of a program")
        verbose_name_plural = gettext_lazy("keys of programs")
        ordering: ClassVar = ["-pk"]

    def __str__(self) -> str:
        return self.name

    def is_good(self, day: date) -> bool:
        """Whether it can be used on a day: it, its account, and that such accounts have keys."""
        stands = self.revoked_at is None and day <= self.expires_on
        return stands and self.owner.is_open(day) and may(self.owner, "make-api-keys")


def make_api_key(
    *, owner: User, name: str, scopes: list[str], expires_on: date, now: datetime
) -> tuple[ApiKey, str]:
    """A key and its text, which is told nowhere again.

    Raises
    ------
    ValidationError
        No or an unknown scope, or a last day that lies behind or more than a year ahead.
    """
    day = timezone.localdate(now)
    if not scopes or set(scopes) - set(Scope.values):
        raise ValidationError({"scopes": _("Choose what the key is for.")})
    if not day <= expires_on <= day + timedelta(days=MAX_DAYS):
        raise ValidationError({"expires_on": _("The last day lies within a year from today.")})
    public_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
    row = ApiKey.objects.create(
        owner=owner,
        name=name,
        public_id=public_id,
        secret_sha256=_digest(secret),
        scopes=sorted(scopes),
        made_at=now,
        expires_on=expires_on,
    )
    return row, f"{PREFIX}_{public_id}_{secret}"


def _digest(secret: str) -> str:
    # 32 random bytes: nothing to guess, so a plain checksum is enough.
    return sha256(secret.encode()).hexdigest()


def find_api_key(text: str, now: datetime) -> ApiKey | None:
    """The key a program sent, where it is good; its use is noted."""
    prefix, _mark, rest = text.partition("_")
    public_id, _mark, secret = rest.partition("_")
    if prefix != PREFIX or not (public_id.isascii() and public_id.isalnum()):
        return None
    row = ApiKey.objects.select_related("owner__agency").filter(public_id=public_id[:12]).first()
    good = row is not None and compare_digest(row.secret_sha256, _digest(secret))
    if row is None or not good or not row.is_good(timezone.localdate(now)):
        return None
    if row.used_at is None or row.used_at < now - SEEN_EVERY:
        ApiKey.objects.filter(pk=row.pk).update(used_at=now)
    return row


def revoke_api_key(*, key: ApiKey, now: datetime) -> None:
    """End a key at once."""
    ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now)
