"""Signing in: password, then the second factor, or a passkey alone; and showing it again."""

from __future__ import annotations

import logging
from typing import Any, ClassVar, cast
from urllib.parse import urlsplit

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.internal.flows.reauthentication import reauthenticate_by_password
from allauth.account.models import Login
from allauth.account.views import ReauthenticateView
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.base.views import ReauthenticateView as CodeAgainView
from allauth.mfa.webauthn.internal.auth import STATE_SESSION_KEY
from allauth.mfa.webauthn.views import LoginWebAuthnView, ReauthenticateWebAuthnView
from allauth.socialaccount.providers.openid_connect.views import callback as openid_callback
from allauth.socialaccount.providers.openid_connect.views import login as openid_login
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import LoginView
from django.core.exceptions import ImproperlyConfigured
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from requests import RequestException

from survey.accounts.asking_again import resume
from survey.accounts.lockout import hashing, must_wait, note_failure
from survey.accounts.models import User
from survey.accounts.second_factor import HALF_SIGN_IN, refuse_sign_in
from survey.accounts.single_sign_on import PROVIDER, refuse_identity
from survey.common.languages import requested_language, staff_language
from survey.console.forms import SignInForm
from survey.console.layout import page_frame

REFUSED_SECONDS = 900
log = logging.getLogger(__name__)
BAD_PROVIDER = (
    RequestException,
    KeyError,
    TypeError,
    AttributeError,
    ValueError,
    ImproperlyConfigured,
)
"""What comes of an answer that is none: allauth reads it without looking."""


def in_own_language(view: Any) -> Any:
    """A class of allauth's or Django's own pages, drawn in the reader's language, kept by no
    cache.
    """

    class Spoken(view):
        http_method_names: ClassVar = ["get", "head", "post", "options"]

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
        user = form.get_user()
        self.request.session[HALF_SIGN_IN] = [user.pk, user.get_session_auth_hash()]
        login = Login(user=user, redirect_url=self.get_success_url())
        return perform_password_login(self.request, form.cleaned_data, login)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The other door, where there is one."""
        name = settings.OIDC_NAME if settings.OIDC_SERVER else ""
        return super().get_context_data(**kwargs) | {"single_sign_on": name}

    def get_success_url(self) -> str:
        """Where one wanted to go; never back to this page."""
        url = super().get_success_url()
        return self.get_default_redirect_url() if urlsplit(url).path == self.request.path else url

    def _refused(self, sentence: str) -> HttpResponse:
        form = self.get_form_class()(self.request)
        response = self.render_to_response(
            self.get_context_data(form=form, refused=sentence), status=429
        )
        response.headers["Retry-After"] = str(REFUSED_SECONDS)
        return response


@never_cache
@require_POST
def begin_single_sign_on(request: HttpRequest) -> HttpResponseBase:
    """To the province's identity provider."""
    if not settings.OIDC_SERVER:
        raise Http404
    try:
        return cast("HttpResponseBase", openid_login(request, PROVIDER))
    except BAD_PROVIDER:
        log.exception("the identity provider answered something else")
        return refuse_identity(request)


@never_cache
@require_safe
def end_single_sign_on(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Back from there; a provider that does not answer is a sentence on the first page."""
    if not settings.OIDC_SERVER:
        raise Http404
    try:
        return cast("HttpResponseBase", openid_callback(request, provider_id))
    except BAD_PROVIDER:
        log.exception("the identity provider answered something else")
        return refuse_identity(request)


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

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Only what was asked for here, with fingerprint or number: what a page for a second factor
        asked for would prove one factor alone.
        """
        state = request.session.get(STATE_SESSION_KEY) or {}
        if state.get("user_verification") != "required":
            return self.form_invalid(None)
        return super().post(request, *args, **kwargs)

    def form_invalid(self, form: Any) -> HttpResponse:
        """Back, with a word and a row in the trail."""
        del form
        messages.error(self.request, _("This passkey cannot be used here."))
        return refuse_sign_in(self.request, None)


class _Resumes:
    """Carries out what waits once the factor was shown."""

    def form_valid(self, form: Any) -> HttpResponseBase:
        """Note what was shown, then go on."""
        self.note(form)
        return resume(self.request)  # type: ignore[attr-defined]

    def note(self, form: Any) -> None:
        """Record the factor in the session."""
        form.save()


@in_own_language
class PasswordAgain(_Resumes, ReauthenticateView):
    """The password once more, of an account without a second factor."""

    template_name = "survey/console/again.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Hash one password at a time, and none after too many wrong ones."""
        with hashing() as free:
            if not free or must_wait(request, request.user.get_username()):
                form = self.get_form_class()(user=request.user)
                return self.render_to_response(self.get_context_data(form=form, waits=True))
            return super().post(request, *args, **kwargs)

    def note(self, form: Any) -> None:
        """A password has nothing to save."""
        del form
        reauthenticate_by_password(self.request)


@in_own_language
class CodeAgain(_Resumes, CodeAgainView):
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
class PasskeyAgain(_Resumes, ReauthenticateWebAuthnView):
    """The passkey once more."""

    template_name = "survey/console/again_passkey.html"
