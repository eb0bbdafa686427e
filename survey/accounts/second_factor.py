"""Second factors: who needs one, who has one, when it was last shown. allauth keeps and checks
them.
"""

from __future__ import annotations

import base64
import time
from typing import Any, Final, cast

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import (
    get_authentication_records,
    record_authentication,
)
from allauth.account.internal.stagekit import clear_login
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from survey.accounts.audit import record_event
from survey.accounts.models import Role, User
from survey.accounts.sessions import note_place
from survey.common.encryption import decrypt, encrypt
from survey.common.province import province_name
from survey.common.throttling import client_address

NEEDS_SECOND_FACTOR: Final = frozenset(
    {Role.PROVINCE_ADMIN, Role.AUTHOR, Role.APPROVER, Role.ANALYST, Role.AUDITOR}
)
"""Roles that move numbers or see the province's: a password alone does not open them."""
RECENT_SECONDS: Final = 300
"""How long a shown factor is enough for a sensitive action."""
HALF_SIGN_IN: Final = "half-sign-in"
"""Number of the account, and what its sessions had to match when the password was right."""
_SHOWN: Final = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def needs_second_factor(user: User) -> bool:
    """Whether an account may do nothing before it has a second factor."""
    return settings.SECOND_FACTOR and (user.is_superuser or user.role in NEEDS_SECOND_FACTOR)


def has_second_factor(user: User) -> bool:
    """Whether an account has an authenticator app or a passkey."""
    return bool(is_mfa_enabled(user, list(_SHOWN)))


def shown_recently(request: HttpRequest) -> bool:
    """Whether the person at the browser has just shown the strongest thing the account has."""
    user = cast("User", request.user)
    records = get_authentication_records(request, user)
    if has_second_factor(user):
        records = [record for record in records if record["method"] == "mfa"]
    return any(time.time() - record["at"] < RECENT_SECONDS for record in records)


def note_shown(request: HttpRequest, kind: str) -> None:
    """A factor was shown while it was set up."""
    record_authentication(request, request.user, method="mfa", type=kind)


def shown_in_session(request: HttpRequest) -> bool:
    """Whether the factor was shown at this browser since it signed in. A session may be older than
    the factor: somebody else may hold it.
    """
    records = get_authentication_records(request, request.user)
    return any(record["method"] == "mfa" for record in records)


def refuse_sign_in(request: HttpRequest, user: User | None) -> HttpResponse:
    """Back to the first page, with a row in the trail and no word on why."""
    clear_login(request)
    name = user.get_username() if user else ""
    record_event(request, "sign-in", user_name=name, refused=True)
    return HttpResponseRedirect(reverse("account_login"))


class AccountAdapter(DefaultAccountAdapter):
    """What allauth asks about accounts."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts come by invitation only."""
        return False

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """The pages say themselves what was done."""

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """The audit trail keeps what changed; no mail is sent."""

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address everything else counts by."""
        return client_address(request)

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        """Accounts that are closed get no further, whichever way they come."""
        del kwargs
        return None if user.is_open(timezone.localdate()) else refuse_sign_in(request, user)

    def login(self, request: HttpRequest, user: User) -> None:
        """Sign in, after every factor was shown; the account is looked at again: it may have been
        closed, or got another password, since the first one.
        """
        began_as = request.session.pop(HALF_SIGN_IN, None)
        user.refresh_from_db()
        # What somebody else left half done at this browser says nothing about this account.
        mine = began_as is not None and began_as[0] == user.pk
        changed = mine and began_as[1] != user.get_session_auth_hash()
        if changed or not user.is_open(timezone.localdate()):
            raise ImmediateHttpResponse(refuse_sign_in(request, user))
        super().login(request, user)
        note_place(request)

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Second factors are set up and taken away by whoever has just shown what there is."""
        del app, kwargs
        return not shown_recently(context.request)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """Who has a second factor shows that one, not the password."""
        methods = super().get_reauthentication_methods(user)
        strong = [method for method in methods if method["id"] != "reauthenticate"]
        return strong or methods


class SecondFactorAdapter(DefaultMFAAdapter):
    """What allauth asks about second factors."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("Incorrect code. Codes change every 30 seconds."),
        "cannot_delete_authenticator": _("Your role needs a second factor: add another one first."),
    }

    def get_totp_issuer(self) -> str:
        """Name under which an authenticator app lists the account."""
        return f"Hài Lòng · {province_name()}"

    def encrypt(self, text: str) -> str:
        """Secrets of apps and recovery codes, sealed like phone numbers."""
        return base64.b64encode(encrypt(text, "second-factor")).decode("ascii")

    def decrypt(self, encrypted_text: str) -> str:
        """The secret again."""
        return decrypt(base64.b64decode(encrypted_text), "second-factor")

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Not the last one of an account that needs one."""
        user = cast("User", authenticator.user)
        others = Authenticator.objects.filter(user=user, type__in=_SHOWN).exclude(
            pk=authenticator.pk
        )
        if authenticator.type not in _SHOWN or not needs_second_factor(user):
            return True
        return others.exists()

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """The audit trail keeps what changed; no mail is sent."""
