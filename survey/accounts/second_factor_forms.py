"""Codes and passkeys as they are typed and sent: a code works once, and nothing odd is a fault of
ours.
"""

from __future__ import annotations

from typing import Any, Final

from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from allauth.mfa.utils import decrypt
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from django.core.exceptions import ValidationError

from survey.accounts.models import User

MAX_CREDENTIAL: Final = 8000
"""Characters of what a passkey says."""


def use_code(user: User, secret: str, code: str) -> bool:
    """Whether this code of an app was not used before, by any process: its step has to be later
    than the last one (RFC 6238, section 5.2).
    """
    plain = "".join(code.split())
    for step in yield_hotp_counters_from_time():
        if format_hotp_value(hotp_value(secret, step)) == plain:
            later = User.objects.filter(pk=user.pk, last_code_step__lt=step)
            return bool(later.update(last_code_step=step))
    return False


class _Once(forms.Form):
    """Codes of an app that work once."""

    authenticator: Authenticator

    def clean_code(self) -> str:
        """Right, and not used before."""
        code: str = super().clean_code()  # type: ignore[misc]
        found = self.authenticator
        if found.type == Authenticator.Type.TOTP and not use_code(
            found.user, decrypt(found.data["secret"]), code
        ):
            raise get_adapter().validation_error("incorrect_code")
        return code


class CodeForm(_Once, AuthenticateForm):
    """The code after the password."""


class CodeAgainForm(_Once, ReauthenticateForm):
    """The code once more."""


class SetUpCodeForm(ActivateTOTPForm):
    """The first code of an app."""

    def clean_code(self) -> str:
        """Right, and never right again."""
        code: str = super().clean_code()
        if not use_code(self.user, self.secret, code):
            raise get_adapter().validation_error("incorrect_code")
        return code


class CredentialField(forms.JSONField):
    """JSON of a sane size and depth."""

    def to_python(self, value: Any) -> Any:
        """Anything else is no credential."""
        if isinstance(value, str) and len(value) > MAX_CREDENTIAL:
            raise get_adapter().validation_error("incorrect_code")
        try:
            found = super().to_python(value)
        except (ValueError, RecursionError) as error:
            raise get_adapter().validation_error("incorrect_code") from error
        if not isinstance(found, dict):
            raise get_adapter().validation_error("incorrect_code")
        return found


class _Sound(forms.Form):
    """Whatever a browser sends as a passkey: what cannot be read is wrong, no fault of ours."""

    credential = CredentialField(required=True, widget=forms.HiddenInput)

    def _clean_fields(self) -> None:
        try:
            super()._clean_fields()  # type: ignore[misc]
        except ValidationError:
            raise
        except Exception:  # what fido2 raises for odd input is no closed list
            self.add_error("credential", get_adapter().validation_error("incorrect_code"))

    def _clean_form(self) -> None:
        try:
            super()._clean_form()  # type: ignore[misc]
        except Exception:  # as above
            self.add_error("credential", get_adapter().validation_error("incorrect_code"))


class PasskeyForm(_Sound, AuthenticateWebAuthnForm):
    """A passkey after the password."""


class PasskeySignInForm(_Sound, LoginWebAuthnForm):
    """A passkey alone."""


class PasskeyAgainForm(_Sound, ReauthenticateWebAuthnForm):
    """The passkey once more."""


class AddPasskeyForm(_Sound, AddWebAuthnForm):
    """A new passkey."""
