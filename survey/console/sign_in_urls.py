"""Addresses of signing in and of second factors, under the names allauth looks for."""

from __future__ import annotations

from django.urls import path, re_path

from survey.console import second_factor, sign_in

urlpatterns = [
    path("sign-in", sign_in.SignIn.as_view(), name="account_login"),
    path("sign-in/second-factor", sign_in.SecondFactor.as_view(), name="mfa_authenticate"),
    path("sign-in/passkey", sign_in.PasskeySignIn.as_view(), name="mfa_login_webauthn"),
    path("sign-in/sso", sign_in.begin_single_sign_on, name="sso_login"),
    re_path(
        r"^sign-in/(?P<provider_id>sso)/callback$",
        sign_in.end_single_sign_on,
        name="openid_connect_callback",
    ),
    path("again", sign_in.PasswordAgain.as_view(), name="account_reauthenticate"),
    path("again/code", sign_in.CodeAgain.as_view(), name="mfa_reauthenticate"),
    path("again/passkey", sign_in.PasskeyAgain.as_view(), name="mfa_reauthenticate_webauthn"),
    path("second-factor", second_factor.Overview.as_view(), name="mfa_index"),
    path("second-factor/app", second_factor.AddApp.as_view(), name="mfa_activate_totp"),
    path("second-factor/app/remove", second_factor.RemoveApp.as_view(), name="mfa_deactivate_totp"),
    path("second-factor/passkey", second_factor.AddPasskey.as_view(), name="mfa_add_webauthn"),
    path(
        "second-factor/passkey/<int:pk>/remove",
        second_factor.RemovePasskey.as_view(),
        name="mfa_remove_webauthn",
    ),
    path("second-factor/passkeys", second_factor.Overview.as_view(), name="mfa_list_webauthn"),
    path(
        "second-factor/codes",
        second_factor.RecoveryCodes.as_view(),
        name="mfa_view_recovery_codes",
    ),
    path(
        "second-factor/codes/new",
        second_factor.NewRecoveryCodes.as_view(),
        name="mfa_generate_recovery_codes",
    ),
]
