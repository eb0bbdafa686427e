"""Own account: authenticator app, passkeys, recovery codes, and where one is signed in."""

from __future__ import annotations

from typing import Any, cast

from allauth.core.exceptions import ReauthenticationRequired
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.views import IndexView
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView, ViewRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn.views import AddWebAuthnView, RemoveWebAuthnView
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from survey.accounts.models import User
from survey.accounts.second_factor import (
    has_second_factor,
    needs_second_factor,
    note_shown,
    shown_recently,
)
from survey.accounts.sessions import other_sessions
from survey.console.layout import page, staff_page
from survey.console.sign_in import in_own_language


class _Guarded:
    """Set up and taken away only by who has just shown the strongest thing the account has:
    allauth would also take the password.
    """

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Ask again first."""
        if request.user.is_authenticated and not shown_recently(request):
            raise ReauthenticationRequired
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]


@in_own_language
class Overview(IndexView):
    """Which second factors the account has; for whoever needs one and has none, the set-up."""

    template_name = "survey/console/second_factor.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Whether one is missing, and the passkeys with their days."""
        user = cast("User", self.request.user)
        keys = Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN)
        return super().get_context_data(
            missing=needs_second_factor(user) and not has_second_factor(user),
            keys=keys.order_by("created_at"),
            **kwargs,
        )


@in_own_language
class AddApp(_Guarded, ActivateTOTPView):
    """Scan the code with an authenticator app, type what it shows."""

    template_name = "survey/console/second_factor_app.html"

    def form_valid(self, form: Any) -> HttpResponse:
        """Its first code is a factor just shown."""
        response = super().form_valid(form)
        note_shown(self.request, Authenticator.Type.TOTP)
        other_sessions(self.request).delete()
        return response


@in_own_language
class RemoveApp(_Guarded, DeactivateTOTPView):
    """Take the app away, where another factor is left or none is needed."""

    template_name = "survey/console/second_factor_remove.html"


@in_own_language
class AddPasskey(_Guarded, AddWebAuthnView):
    """The device's own fingerprint, face or number, or a key on the key ring."""

    template_name = "survey/console/second_factor_passkey.html"

    def form_valid(self, form: Any) -> HttpResponse:
        """Its first use is a factor just shown."""
        response = super().form_valid(form)
        note_shown(self.request, Authenticator.Type.WEBAUTHN)
        other_sessions(self.request).delete()
        return response


@in_own_language
class RemovePasskey(_Guarded, RemoveWebAuthnView):
    """Take a passkey away."""

    template_name = "survey/console/second_factor_remove.html"
    success_url = reverse_lazy("mfa_index")

    def form_valid(self, form: Any) -> HttpResponseBase:
        """Not the last factor of a role that needs one."""
        adapter = get_adapter()
        if not adapter.can_delete_authenticator(self.get_object()):
            form.add_error(None, adapter.validation_error("cannot_delete_authenticator"))
            return self.form_invalid(form)
        return super().form_valid(form)


@in_own_language
class RecoveryCodes(ViewRecoveryCodesView):
    """Ten codes for the day the phone is lost, shown once."""

    template_name = "survey/console/recovery_codes.html"

    def head(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Nobody reads the answer: the codes are not shown by it."""
        return HttpResponse()


@in_own_language
class NewRecoveryCodes(_Guarded, GenerateRecoveryCodesView):
    """Ten new codes in the place of the old ones."""

    template_name = "survey/console/second_factor_remove.html"


@require_safe
@staff_page
def sessions(request: HttpRequest) -> HttpResponse:
    """Where else the account is signed in."""
    return page(request, "sessions.html", {"others": other_sessions(request)})


@require_POST
@staff_page
def end_sessions(request: HttpRequest) -> HttpResponse:
    """End every session of the account but this one."""
    other_sessions(request).delete()
    messages.success(request, _("All other devices have been signed out."))
    return redirect("console:sessions")
