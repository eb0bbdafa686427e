"""Settings of signing in that are long: forms of second factors, and the identity provider."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from survey.environment import read_text

MFA_FORMS = {
    name: f"survey.accounts.second_factor_forms.{form}"
    for name, form in {
        "authenticate": "CodeForm",
        "reauthenticate": "CodeAgainForm",
        "activate_totp": "SetUpCodeForm",
        "authenticate_webauthn": "PasskeyForm",
        "login_webauthn": "PasskeySignInForm",
        "reauthenticate_webauthn": "PasskeyAgainForm",
        "add_webauthn": "AddPasskeyForm",
    }.items()
}
OIDC_SERVER = os.environ.get("OIDC_SERVER", "").rstrip("/")
"""Address of the province's identity provider (OpenID Connect); empty = none."""
OIDC_NAME = os.environ.get("OIDC_NAME", "SSO")
"""What the button of the sign-in page calls it."""
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "sso",
                "name": OIDC_NAME,
                "client_id": os.environ.get("OIDC_CLIENT_ID", ""),
                "secret": read_text("OIDC_CLIENT_SECRET"),
                "settings": {"server_url": OIDC_SERVER},
            }
        ]
        if OIDC_SERVER
        else [],
    }
}
OIDC_ORIGINS = [
    *(["{0.scheme}://{0.netloc}".format(urlsplit(OIDC_SERVER))] if OIDC_SERVER else []),
    *filter(None, os.environ.get("OIDC_FORM_ORIGINS", "").split(",")),
]
"""Where the button of the sign-in page may lead: the provider, and other hosts it signs in at."""
