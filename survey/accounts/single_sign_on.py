"""Signing in through the province's own identity provider (OpenID Connect).

An account is found by the e-mail address the provider has verified, and by nothing else: no account
is made, no link is kept. The second factor, where a role needs one, is asked here all the same.
"""

from __future__ import annotations

from typing import Any, Final

from allauth.account.utils import perform_login
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from survey.accounts.audit import record_event
from survey.accounts.models import User
from survey.common.languages import requested_language, staff_language

PROVIDER: Final = "sso"


class SingleSignOnAdapter(DefaultSocialAccountAdapter):
    """What allauth asks about identities from elsewhere."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Accounts come by invitation only."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Go on as the account with the verified address, or back to the first page."""
        verified = [item.email for item in sociallogin.email_addresses if item.verified is True]
        user = find_account(verified)
        if user is None:
            raise ImmediateHttpResponse(refuse_identity(request, verified[0] if verified else ""))
        raise ImmediateHttpResponse(
            perform_login(
                request, user, email_verification="none", redirect_url=reverse("console:today")
            )
        )

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, *args: Any, **kwargs: Any
    ) -> None:
        """The provider refused, was not reached, or answered something else."""
        raise ImmediateHttpResponse(refuse_identity(request))


def find_account(verified: list[str]) -> User | None:
    """The one open account with one of these addresses; none where several could be meant."""
    found = {
        user.pk: user
        for email in verified
        for user in User.objects.filter(email__iexact=email)
        if email and user.is_open(timezone.localdate())
    }
    return next(iter(found.values())) if len(found) == 1 else None


def refuse_identity(request: HttpRequest, name: str = "") -> HttpResponse:
    """Back to the first page, with a row in the trail; the sentence is the same for all reasons."""
    record_event(request, "sign-in", user_name=name, refused=True)
    with override(staff_language(requested_language(request))):
        messages.error(
            request,
            _(
                "Signing in did not work. Your account here needs the same e-mail address, "
                "verified there. Please ask the administrator of the province."
            ),
        )
    return HttpResponseRedirect(reverse("account_login"))
