"""Staff accounts: every account carries a role and an agency scope."""

from __future__ import annotations

import secrets
from datetime import date
from typing import Any, ClassVar, Final

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.contrib.sessions.base_session import AbstractBaseSession
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

NEEDS_AGENCY: Final = _("This role needs an agency.")


class Role(models.TextChoices):
    """What an account is for."""

    PROVINCE_ADMIN = "province-admin", _("Province administrator")
    AUTHOR = "author", _("Author of questionnaires")
    APPROVER = "approver", _("Approver")
    ANALYST = "analyst", _("Analyst (Department of Home Affairs)")
    AGENCY_HEAD = "agency-head", _("Head of agency")
    OFFICE_MANAGER = "office-manager", _("Manager of an office")
    OPERATOR = "operator", _("Operator")
    AUDITOR = "auditor", _("Auditor")
    HOTLINE = "hotline", _("Operator of hotline 1022")


LOCAL_ROLES: Final = (Role.AGENCY_HEAD, Role.OFFICE_MANAGER)
"""Roles that never see more than one branch of the tree of agencies."""


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
    body = models.CharField(
        _("works for"),
        max_length=120,
        blank=True,
        help_text=_("Where the person works: some requests are decided by another body only."),
    )
    body_set_by = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )
    body_set_at = models.DateTimeField(null=True, editable=False)
    """Who says for whom somebody works, and since when: nobody makes a second body of a colleague
    for a request of their own.
    """
    language = models.CharField(
        _("language"), max_length=8, choices=settings.LANGUAGES, default="vi"
    )
    ends_on = models.DateField(
        _("last day"),
        null=True,
        blank=True,
        help_text=_("Empty: until somebody closes the account."),
    )
    wants_reminders = models.BooleanField(_("reminders by mail"), default=True)
    reminded_at = models.DateTimeField(null=True, editable=False)
    reminded_of = models.JSONField(default=dict, blank=True, editable=False)
    """What was known to wait, by address of its page -> how much: the same is not told every day.
    """
    last_code_step = models.BigIntegerField(default=0, editable=False)
    """Step of the last code of an authenticator app that was taken: none works twice."""
    session_salt = models.CharField(max_length=32, default="", blank=True, editable=False)
    """Part of what sessions are checked by: a new one ends them all."""

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~models.Q(role__in=LOCAL_ROLES)
                | models.Q(agency__isnull=False)
                | models.Q(is_superuser=True),
                name="local_role_has_agency",
                violation_error_message=NEEDS_AGENCY,
            ),
            models.UniqueConstraint(Lower("username"), name="one_account_a_name"),
        ]

    def clean(self) -> None:
        """A local role needs an agency, also where a form asks for few fields."""
        super().clean()
        if self.role in LOCAL_ROLES and self.agency_id is None and not self.is_superuser:
            raise ValidationError({"agency": NEEDS_AGENCY})

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A disabled account loses its sessions for good: enabling it again revives none."""
        if not self.is_active:
            self.session_salt = secrets.token_hex(8)
            if (fields := kwargs.get("update_fields")) is not None:
                kwargs["update_fields"] = {*fields, "session_salt"}
        super().save(*args, **kwargs)

    def get_session_auth_hash(self) -> str:
        """What a session has to match: changes with the password, the role and the agency, and
        when the account was closed: who is moved or demoted is out at the next request.
        """
        scope = f"{self.session_salt}/{self.role}/{self.agency_id or 0}/{int(self.is_superuser)}"
        return salted_hmac(f"survey.session/{scope}", self.password, algorithm="sha256").hexdigest()

    def is_open(self, today: date) -> bool:
        """Whether the account may be used on a day."""
        return self.is_active and (self.ends_on is None or self.ends_on >= today)

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
        return self.agency_id is None and (self.is_superuser or self.role not in LOCAL_ROLES)


class StaffSession(AbstractBaseSession):
    """A signed-in browser, under a hash of its key: whose it is and where it is, so that its owner
    can end it.
    """

    user = models.ForeignKey(
        User,
        on_delete=models.CASCADE,
        null=True,
        related_name="sessions",
        verbose_name=_("account"),
    )
    began_at = models.DateTimeField(_("signed in at"), null=True)
    address = models.CharField(_("address"), max_length=45, blank=True)
    browser = models.CharField(_("browser"), max_length=200, blank=True)

    class Meta(AbstractBaseSession.Meta):
        verbose_name = _("session")  # type: ignore[assignment]  # the stubs know no lazy names here
        verbose_name_plural = _("sessions")  # type: ignore[assignment]


class StaffInvitation(models.Model):
    """A link by which one person opens one account; what the account will be is decided before."""

    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=120)
    email = models.EmailField(_("e-mail"), blank=True)
    role = models.CharField(_("role"), max_length=20, choices=Role.choices)
    agency = models.ForeignKey(
        "survey.Agency",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("agency"),
        related_name="+",
    )
    body = models.CharField(_("works for"), max_length=120, blank=True)
    ends_on = models.DateField(_("last day"), null=True, blank=True)
    invited_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("invited by")
    )
    invited_at = models.DateTimeField(_("invited at"))
    expires_at = models.DateTimeField(_("valid until"))
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True)
    account = models.OneToOneField(
        User,
        on_delete=models.PROTECT,
        null=True,
        related_name="invitation",
        verbose_name=_("account"),
    )

    class Meta:
        verbose_name = _("invitation of staff")
        verbose_name_plural = _("invitations of staff")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~models.Q(role__in=LOCAL_ROLES) | models.Q(agency__isnull=False),
                name="invited_local_role_has_agency",
                violation_error_message=NEEDS_AGENCY,
            )
        ]

    def __str__(self) -> str:
        return self.name


class AuditEvent(models.Model):
    """Who did what, when and from where; rows are added, never changed."""

    at = models.DateTimeField(_("at"), db_index=True)
    user = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("account")
    )
    user_name = models.CharField(_("user name"), max_length=150, blank=True)
    """As it was written then; also of tries to sign in without an account."""
    agency = models.ForeignKey(
        "survey.Agency",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("agency"),
    )
    """Branch the deed belongs to: that of the thing, else that of the account."""
    action = models.CharField(_("action"), max_length=40, db_index=True)
    thing = models.CharField(_("what"), max_length=60, blank=True)
    """Kind and number of what it was done to, like ``counter 12``."""
    detail = models.CharField(_("detail"), max_length=300, blank=True)
    refused = models.BooleanField(_("refused"), default=False)
    address = models.CharField(_("address"), max_length=45, blank=True)

    class Meta:
        verbose_name = _("entry of the audit trail")
        verbose_name_plural = _("audit trail")
        indexes: ClassVar = [models.Index(fields=["thing"], name="auditevent_thing")]

    def __str__(self) -> str:
        return f"{self.action} {self.thing}"
