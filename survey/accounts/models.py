"""Staff accounts: every account carries a role and an agency scope."""

from __future__ import annotations

import secrets
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What an account is for."""

    ANALYST = "analyst", _("Analyst (Department of Home Affairs)")
    AGENCY_HEAD = "agency-head", _("Head of agency")
    OPERATOR = "operator", _("Operator")
    AUDITOR = "auditor", _("Auditor")
    HOTLINE = "hotline", _("Operator of hotline 1022")


class User(AbstractUser):
    """A member of staff. ``agency`` empty means the whole province, for the roles that may have
    that.
    """

    role = models.CharField(
        _("role"), max_length=20, choices=Role.choices, default=Role.AGENCY_HEAD
    )
    agency = models.ForeignKey(
        "survey.Agency",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("agency"),
        related_name="staff",
    )
    language = models.CharField(
        _("language"), max_length=8, choices=settings.LANGUAGES, default="vi"
    )
    session_salt = models.CharField(max_length=32, default="", blank=True, editable=False)
    """Part of what sessions are checked by: a new one ends them all."""

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~models.Q(role=Role.AGENCY_HEAD)
                | models.Q(agency__isnull=False)
                | models.Q(is_superuser=True),
                name="agency_head_has_agency",
                violation_error_message=_("A head of agency needs an agency."),
            )
        ]

    def clean(self) -> None:
        """A head of agency needs an agency, also where a form asks for few fields."""
        super().clean()
        if self.role == Role.AGENCY_HEAD and self.agency_id is None and not self.is_superuser:
            raise ValidationError({"agency": _("A head of agency needs an agency.")})

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A disabled account loses its sessions for good: enabling it again revives none."""
        if not self.is_active:
            self.session_salt = secrets.token_hex(8)
            if (fields := kwargs.get("update_fields")) is not None:
                kwargs["update_fields"] = {*fields, "session_salt"}
        super().save(*args, **kwargs)

    def get_session_auth_hash(self) -> str:
        """What a session has to match: changes with the password and when the account was
        disabled.
        """
        return salted_hmac(
            f"survey.session/{self.session_salt}", self.password, algorithm="sha256"
        ).hexdigest()

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Operators of the whole province keep the tables of the admin, accounts excepted."""
        if (
            self.is_active
            and self.is_staff
            and self.role == Role.OPERATOR
            and self.agency_id is None
        ):
            label, _dot, action = perm.partition(".")
            if label == "survey" and not action.endswith("_user"):
                return True
        return super().has_perm(perm, obj)

    def has_module_perms(self, app_label: str) -> bool:
        """Whether anything of an app may be seen in the admin."""
        return self.has_perm(f"{app_label}.view_any") or super().has_module_perms(app_label)

    @property
    def sees_province(self) -> bool:
        """Whether this account may see every agency."""
        return self.agency_id is None and (self.is_superuser or self.role != Role.AGENCY_HEAD)
