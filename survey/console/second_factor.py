"""Own account: authenticator app, passkeys, recovery codes, and where one is signed in."""

from __future__ import annotations

from typing import Any, cast

from allauth.account.decorators import reauthentication_required
from allauth.mfa.base.views import IndexView
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView, ViewRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn.views import AddWebAuthnView, RemoveWebAuthnView
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from survey.accounts.models import User
from survey.accounts.second_factor import has_second_factor, needs_second_factor, note_shown
from survey.accounts.sessions import other_sessions
from survey.console.layout import page, staff_page
from survey.console.sign_in import in_own_language


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
class AddApp(ActivateTOTPView):
    """Scan the code with an authenticator app, type what it shows."""

    template_name = "survey/console/second_factor_app.html"

    def form_valid(self, form: Any) -> HttpResponse:
        """Its first code is a factor just shown."""
        response = super().form_valid(form)
        note_shown(self.request, Authenticator.Type.TOTP)
        return response


@in_own_language
class RemoveApp(DeactivateTOTPView):
    """Take the app away, where another factor is left or none is needed."""

    template_name = "survey/console/second_factor_remove.html"


@in_own_language
class AddPasskey(AddWebAuthnView):
    """The device's own fingerprint, face or number, or a key on the key ring."""

    template_name = "survey/console/second_factor_passkey.html"

    def form_valid(self, form: Any) -> HttpResponse:
        """Its first use is a factor just shown."""
        response = super().form_valid(form)
        note_shown(self.request, Authenticator.Type.WEBAUTHN)
        return response


@in_own_language
class RemovePasskey(RemoveWebAuthnView):
    """Take a passkey away."""

    template_name = "survey/console/second_factor_remove.html"
    success_url = reverse_lazy("mfa_index")


@in_own_language
class RecoveryCodes(ViewRecoveryCodesView):
    """Ten codes for the day the phone is lost, shown once."""

    template_name = "survey/console/recovery_codes.html"


@in_own_language
@method_decorator(reauthentication_required(app="allauth.mfa"), name="dispatch")
class NewRecoveryCodes(GenerateRecoveryCodesView):
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
