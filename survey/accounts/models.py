"""Staff accounts: every account carries a role and an agency scope."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What an account is for."""

    ANALYST = "analyst", _("Analyst (Department of Home Affairs)")
    AGENCY_HEAD = "agency-head", _("Head of agency")
    OPERATOR = "operator", _("Operator")
    AUDITOR = "auditor", _("Auditor")


class User(AbstractUser):
    """A member of staff. ``agency`` empty means the whole province, for the roles that may have that."""

    role = models.CharField(_("role"), max_length=20, choices=Role.choices, default=Role.AGENCY_HEAD)
    agency = models.ForeignKey(
        "survey.Agency", on_delete=models.PROTECT, null=True, blank=True, verbose_name=_("agency"), related_name="staff"
    )
    language = models.CharField(_("language"), max_length=8, choices=settings.LANGUAGES, default="vi")

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

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Operators of the whole province keep the tables of the admin, accounts excepted."""
        if self.is_active and self.is_staff and self.role == Role.OPERATOR and self.agency_id is None:
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
