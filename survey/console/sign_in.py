"""Signing in: password, then the second factor, or a passkey alone; and showing it again."""

from __future__ import annotations

from typing import Any, cast

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from allauth.account.views import ReauthenticateView
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.base.views import ReauthenticateView as CodeAgainView
from allauth.mfa.webauthn.views import LoginWebAuthnView, ReauthenticateWebAuthnView
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from survey.accounts.lockout import hashing, must_wait, note_failure
from survey.accounts.models import User
from survey.common.languages import requested_language, staff_language
from survey.console.forms import SignInForm
from survey.console.layout import page_frame

REFUSED_SECONDS = 900


def in_own_language(view: Any) -> Any:
    """A class of allauth's or Django's own pages, drawn in the reader's language, kept by no
    cache.
    """

    class Spoken(view):
        def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            known = request.user.is_authenticated
            wish = cast("User", request.user).language if known else None
            language = requested_language(request, **({"default": wish} if wish else {}))
            with override(staff_language(language)):
                response = super().dispatch(request, *args, **kwargs)
                if hasattr(response, "render"):
                    response = response.render()
            response.headers["Cache-Control"] = "private, no-store"
            return cast("HttpResponseBase", response)

        def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
            context = super().get_context_data(**kwargs)
            if self.request.user.is_authenticated:
                name = self.template_name.rpartition("/")[2]
                return {**page_frame(self.request, name), **context}
            return {"language": get_language(), **context}

    Spoken.__name__, Spoken.__doc__ = view.__name__, view.__doc__
    return Spoken


@in_own_language
class SignIn(LoginView):
    """Sign-in page."""

    template_name = "survey/console/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Try a password, unless too many failed: then it is not even looked at."""
        name = request.POST.get("username", "")
        if must_wait(request, name):
            return self._refused(
                _(
                    "Too many attempts. Please wait fifteen minutes, then sign in again. "
                    "Nobody else is locked out."
                )
            )
        with hashing() as free:
            if not free:
                return self._refused(_("Many people are signing in right now. Please try again."))
            form = self.get_form()
            right = form.is_valid()
        return self.form_valid(form) if right else self.form_invalid(form)

    def form_valid(self, form: Any) -> HttpResponse:
        """The password is right: on to the second factor, or in."""
        login = Login(user=form.get_user(), redirect_url=self.get_success_url())
        return perform_password_login(self.request, form.cleaned_data, login)

    def _refused(self, sentence: str) -> HttpResponse:
        form = self.get_form_class()(self.request)
        response = self.render_to_response(
            self.get_context_data(form=form, refused=sentence), status=429
        )
        response.headers["Retry-After"] = str(REFUSED_SECONDS)
        return response


@in_own_language
class SecondFactor(AuthenticateView):
    """The code of the app or a recovery code, or a passkey, after the password."""

    template_name = "survey/console/second_factor_ask.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Take what was shown, unless too much was wrong before."""
        if must_wait(request, self.stage.login.user.get_username()):
            return self.form_invalid(None)
        return super().post(request, *args, **kwargs)

    def form_invalid(self, form: Any) -> HttpResponse:
        """Count it like a wrong password: six digits are soon guessed."""
        if form is not None:
            note_failure(self.request, self.stage.login.user.get_username())
        return super().form_invalid(form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Whether one has to wait."""
        name = self.stage.login.user.get_username()
        return super().get_context_data(**kwargs) | {"waits": must_wait(self.request, name)}


@in_own_language
class PasskeySignIn(LoginWebAuthnView):
    """A passkey alone: it is a device and a fingerprint or number, two factors in one."""

    template_name = "survey/console/sign_in.html"


@in_own_language
class PasswordAgain(ReauthenticateView):
    """The password once more, of an account without a second factor."""

    template_name = "survey/console/again.html"


@in_own_language
class CodeAgain(CodeAgainView):
    """The code of the app once more."""

    template_name = "survey/console/again.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Take the code, unless too much was wrong before."""
        name = request.user.get_username()
        if must_wait(request, name):
            return self.render_to_response(
                self.get_context_data(form=self.get_form_class()(user=request.user), waits=True)
            )
        return super().post(request, *args, **kwargs)

    def form_invalid(self, form: Any) -> HttpResponse:
        """Count it like a wrong password."""
        note_failure(self.request, self.request.user.get_username())
        return super().form_invalid(form)


@in_own_language
class PasskeyAgain(ReauthenticateWebAuthnView):
    """The passkey once more."""

    template_name = "survey/console/again_passkey.html"
