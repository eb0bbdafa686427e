"""What every request of staff passes: no page without the second factor a role needs, and a row in
the audit trail for whatever was sent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse

from survey.accounts.asking_again import must_ask_again, suspend
from survey.accounts.audit import record_event
from survey.accounts.second_factor import (
    has_second_factor,
    needs_second_factor,
    shown_in_session,
)

STAFF: Final = ("/staff/", "/admin/")
SAFE: Final = ("GET", "HEAD", "OPTIONS")
WITHOUT_FACTOR: Final = frozenset(
    {
        "mfa_index",
        "mfa_activate_totp",
        "mfa_add_webauthn",
        "mfa_view_recovery_codes",
        "account_reauthenticate",
        "sign-out",
        "account_login",
    }
)
"""Names of the pages somebody may open who needs a second factor and has none yet."""
ASKING: Final = frozenset(
    {"mfa_reauthenticate", "mfa_reauthenticate_webauthn", "sign-out", "account_login"}
)
"""Those of somebody whose account has a factor this session has not shown."""
OWN_ROWS: Final = frozenset(
    {
        "account_login",
        "mfa_authenticate",
        "mfa_login_webauthn",
        "sso_login",
        "openid_connect_callback",
        "sign-out",
        "invitation",
        "approval-decide",
    }
)
"""Pages whose deed is recorded where it is done; an invitation's address is a secret."""


class SecondFactorMiddleware:
    """Sends accounts that need a second factor to the page that sets one up."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass on."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: object
    ) -> HttpResponseBase | None:
        """Stop before any page but those of the set-up."""
        del view, args, kwargs
        match = request.resolver_match
        if not request.path.startswith(STAFF) or not request.user.is_authenticated:
            return None
        name = match.url_name if match else ""
        user = request.user
        if not settings.SECOND_FACTOR:
            return None
        if has_second_factor(user):
            if not shown_in_session(request) and name not in ASKING:
                return mark_suspended(suspend(request))
            if request.path.startswith("/admin/") and request.method not in SAFE:
                return mark_suspended(suspend(request)) if must_ask_again(request) else None
        elif needs_second_factor(user) and name not in WITHOUT_FACTOR:
            return mark_suspended(HttpResponseRedirect(reverse("mfa_index")))
        return None

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponseBase | None:
        """What a page asks for again, in our own way: allauth's would keep the cookies."""
        if isinstance(exception, ReauthenticationRequired) and request.user.is_authenticated:
            return mark_suspended(suspend(request))
        return None


def mark_suspended(response: HttpResponseBase) -> HttpResponseBase:
    """Nothing was done yet: no row in the trail."""
    response.suspended = True  # type: ignore[attr-defined]
    return response


class AuditMiddleware:
    """Records what staff sent and what they were refused, by the name of the address.

    Complete by construction: a new page that takes something is in the trail without a line of its
    own.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass on, then record."""
        if not request.path.startswith(STAFF):
            return self.get_response(request)
        user = request.user
        response = self.get_response(request)
        match = request.resolver_match
        if match is None or not user.is_authenticated or match.url_name in OWN_ROWS:
            return response
        denied = response.status_code in (403, 404)
        done = response.status_code < 400 and not getattr(response, "suspended", False)
        sent = request.method not in SAFE and done and not getattr(request, "recorded", False)
        if denied or sent or (response.status_code == 200 and _takes_away(response)):
            record_event(
                request,
                _event_name(match.namespaces, match.url_name),
                thing=" ".join(str(value) for value in match.kwargs.values()),
                refused=denied,
                user=user,
            )
        return response


def _takes_away(response: HttpResponseBase) -> bool:
    """Whether a file was downloaded."""
    return "attachment" in response.headers.get("Content-Disposition", "")


def _event_name(namespaces: list[str], url_name: str | None) -> str:
    name = url_name or "?"
    return (f"admin:{name}" if "admin" in namespaces else name)[:40]
