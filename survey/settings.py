"""One settings file, read from the environment; runs bare on SQLite. docs/operations.md lists every
variable.
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from survey.environment import (
    read_database,
    read_flag,
    read_list,
    read_secret_key,
    read_text,
)
from survey.operator_settings import *  # noqa: F403
from survey.report_settings import *  # noqa: F403
from survey.sign_in_settings import (
    MFA_FORMS,  # noqa: F401
    OIDC_NAME,  # noqa: F401
    OIDC_ORIGINS,
    OIDC_SERVER,  # noqa: F401
    SOCIALACCOUNT_PROVIDERS,  # noqa: F401
)

# Whatever this program writes (database, snapshots, slips, keys) is for its own account only.
os.umask(0o077)
BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(os.environ.get("HAILONG_VAR", BASE_DIR / "var"))


SECRET_KEY = read_secret_key(VAR_DIR)
SECRET_KEY_FALLBACKS = [key for key in read_text("SECRET_KEY_OLD").split(",") if key]
"""Keys before this one, newest first: slips, links, receipts, screens and open pages made under
them still work.
"""
PHONE_KEY = read_text("PHONE_KEY")
"""Keys that encrypt phone numbers; empty = a key of its own in the var folder."""
PHONE_HASH_KEY = read_text("PHONE_HASH_KEY")
"""Under it numbers are found again (opt-outs, caps); never changed, unlike PHONE_KEY."""
SMS_BACKEND = os.environ.get(
    "SMS_BACKEND", "twilio" if os.environ.get("TWILIO_ACCOUNT_SID") else "console"
)
TWILIO_API_BASE_URL = os.environ.get("TWILIO_API_BASE_URL", "").rstrip("/")
TWILIO_ACCOUNT_SID = os.environ.get("TWILIO_ACCOUNT_SID", "")
TWILIO_AUTH_TOKEN = read_text("TWILIO_AUTH_TOKEN")
TWILIO_AUTH_TOKEN_OLD = read_text("TWILIO_AUTH_TOKEN_OLD")
"""Also accepted on callbacks while a token is being changed."""
TWILIO_MESSAGING_SERVICE_SID = os.environ.get("TWILIO_MESSAGING_SERVICE_SID", "")
TWILIO_SENDER_ID = os.environ.get("TWILIO_SENDER_ID", "")
SMS_STATUS_CALLBACK_BASE_URL = os.environ.get("SMS_STATUS_CALLBACK_BASE_URL", "").rstrip("/")
SMS_BESIDE_SQLITE = read_flag("SMS_BESIDE_SQLITE")
"""Let the dispatcher write beside a server on an SQLite that may not survive it (decision 3)."""
SMS_TIMEOUT = float(os.environ.get("SMS_TIMEOUT", "10"))
SMS_LEASE = float(os.environ.get("SMS_LEASE", "120"))
SMS_FIRST_LOOK = float(os.environ.get("SMS_FIRST_LOOK", "45"))
SMS_LOOKS_APART = float(os.environ.get("SMS_LOOKS_APART", "120"))
"""Seconds a call may take, a claim holds, and between look-ups; shorter in tests that kill
processes.
"""
SMS_SAMPLING = float(os.environ.get("SMS_SAMPLING", "1"))
"""Share of closed online dossiers that are asked, drawn by a seeded hash of the dossier code."""
SMS_SENSITIVE_PROCEDURES = read_list("SMS_SENSITIVE_PROCEDURES")
SMS_QUIET_HOURS = read_flag("SMS_QUIET_HOURS", "on")
DEBUG = read_flag("DEBUG")
# Hosts of the province's own network that programs may be told at (docs/operations.md).
WEBHOOK_PRIVATE_HOSTS = read_list("WEBHOOK_PRIVATE_HOSTS")
PUBLIC_URL = os.environ.get("PUBLIC_URL", "http://127.0.0.1:8000").rstrip("/")
"""Address citizens see on posters, without a trailing slash."""
PROVINCE_NAME = os.environ.get("PROVINCE_NAME", "Tỉnh Đồng Tháp")
PROVINCE_MOTTO = os.environ.get("PROVINCE_MOTTO", "")
"""A line under the province's name on everything citizens see; empty = what the page is for."""
PROVINCE_EMBLEM = os.environ.get("PROVINCE_EMBLEM", "")
"""An SVG file that stands beside the name; empty = none, and no bytes for it."""
CASE_WORKING_DAYS = int(os.environ.get("CASE_WORKING_DAYS", "5"))
"""Working days within which hotline 1022 has an answer to what was handed over."""
PUBLIC_HOLIDAYS = frozenset(
    filter(None, (day.strip() for day in os.environ.get("PUBLIC_HOLIDAYS", "").split(",")))
)
"""Days nobody works on beside Saturday and Sunday, as 2027-02-08; see ``survey/checks.py``."""
DEMO = read_flag("HAILONG_DEMO")
"""True where the data are made up; pages, posters and exports then say so."""
SECURE = PUBLIC_URL.startswith("https://")
PROXIES = int(os.environ.get("PROXIES", "1" if SECURE else "0"))
"""Our own proxies in front that write X-Forwarded-For: guessers are told apart by what the nearest
of them saw.
"""
ALLOWED_HOSTS = [
    *os.environ.get("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]").split(","),
    urlsplit(PUBLIC_URL).hostname or "localhost",
    *filter(None, [urlsplit(os.environ.get("SMS_STATUS_CALLBACK_BASE_URL", "")).hostname]),
]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if SECURE else []

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
    "formtools",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "axes",
    "django_tasks",
    "django_tasks_db",
    "survey",
]
MIDDLEWARE = [
    "survey.operations.middleware.OperatorMiddleware",
    "survey.common.middleware.RequestIdMiddleware",
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "survey.common.middleware.StorableTextMiddleware",
    "survey.common.middleware.BodyLimitMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "survey.common.middleware.PolicyMiddleware",
    "survey.common.middleware.AdminPolicyMiddleware",
    "survey.operations.shedding.SheddingMiddleware",
    "survey.common.middleware.LiveConnectionMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "survey.accounts.middleware.AuditMiddleware",
    "survey.agencies.scope.ScopeMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "survey.accounts.middleware.SecondFactorMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]
ROOT_URLCONF = "survey.urls"
WSGI_APPLICATION = "survey.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "survey.common.templates.UnindentedLoader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"

DATABASES = {
    "default": read_database(
        os.environ.get("DATABASE_URL", f"sqlite:///{VAR_DIR / 'hailong.sqlite3'}")
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
"""What takes longer than a page may: a worker beside the server does it (docs/operations.md)."""

AUTH_USER_MODEL = "survey.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "survey.accounts.sign_in.StaffBackend",
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "console:today"
LOGOUT_REDIRECT_URL = "account_login"
SECOND_FACTOR = read_flag("SECOND_FACTOR", "0" if DEMO else "1")
"""Whether roles that need a second factor may do nothing without one; off where data are made
up.
"""
ACCOUNT_ADAPTER = "survey.accounts.second_factor.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_RATE_LIMITS = MFA_RATE_LIMITS = False
"""Tries are counted by axes in the database, for all processes together."""
MFA_ADAPTER = "survey.accounts.second_factor.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_TOLERANCE = 1
"""Steps of 30 seconds a phone's clock may be off."""
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SECURE
SOCIALACCOUNT_ADAPTER = "survey.accounts.single_sign_on.SingleSignOnAdapter"
SOCIALACCOUNT_STORE_TOKENS = False
AXES_HANDLER = "survey.accounts.lockout.LockoutHandler"
AXES_LOCKOUT_PARAMETERS = "survey.accounts.lockout.lockout_parameters"
AXES_USERNAME_CALLABLE = "survey.accounts.lockout.lower_case_name"
AXES_CLIENT_IP_CALLABLE = "survey.accounts.lockout.client_ip"
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_FAILURE_LIMIT = 5
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False
EMAIL_HOST = os.environ.get("EMAIL_HOST", "")
"""Mail server for invitations; empty = the link is shown, to be handed over."""
EMAIL_PORT = int(os.environ.get("EMAIL_PORT", "587"))
EMAIL_HOST_USER = os.environ.get("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = read_text("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = read_flag("EMAIL_USE_TLS", "on")
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = os.environ.get("EMAIL_FROM", f"noreply@{urlsplit(PUBLIC_URL).hostname}")
CSRF_FAILURE_VIEW = "survey.console.errors.forbidden"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    # The password is the only factor, so it has to be long (NIST SP 800-63B-4).
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 15},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

LANGUAGE_CODE = "vi"
LANGUAGES = [("vi", "Tiếng Việt"), ("en", "English"), ("km", "ភាសាខ្មែរ")]
_NAMES = {} if "PROVINCE_NAME" in os.environ else {"en": "Đồng Tháp Province", "km": "ខេត្តដុងថាប"}
PROVINCE_NAMES = {
    code: os.environ.get(f"PROVINCE_NAME_{code.upper()}", _NAMES.get(code, PROVINCE_NAME))
    for code, _language in LANGUAGES
}
"""The province's name in each language of citizens."""
STAFF_LANGUAGES = ("vi", "en")
"""Languages of the staff pages; every language of ``LANGUAGES`` is one for citizens."""
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Asia/Ho_Chi_Minh"
USE_I18N = True
USE_TZ = True
USE_THOUSAND_SEPARATOR = False
FORMAT_MODULE_PATH = ["survey.common.formats"]
"""Days are written day first, in every language and every form."""

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
WHITENOISE_USE_FINDERS = True
SOUND_DIR = os.environ.get("SOUND_DIR", "")
"""A province's own recordings in place of ours, one file a language: ``vi.mp3``."""
STATICFILES_DIRS = [("survey/sound", SOUND_DIR)] if SOUND_DIR else []
WHITENOISE_IMMUTABLE_FILE_TEST = r"/survey/fonts/.+\.woff2$"

# Of staff pages: the text of a framework, a scorecard with all its explanations. Pages of citizens
# refuse far less (survey/citizen/pages.py).
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000  # admin pages of whole questionnaires; citizen pages take 200
FILE_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024

SESSION_ENGINE = "survey.accounts.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_AGE = 8 * 3600
SECURE_SSL_REDIRECT = False  # the reverse proxy redirects; see docs/operations.md
# W008 asks for the redirect above; axes.W002 for a page in the place of our own sign-in page, which
# asks axes itself.
# W161: offices open at seven, and Django takes that for a forgotten "now" at seven o'clock.
SILENCED_SYSTEM_CHECKS = ["security.W008", "axes.W002", "fields.W161"]
BUFFERED = read_flag("BUFFERED_BY_PROXY")
"""The proxy in front reads whole bodies before it passes them on: without it six slow senders stop
the server.
"""
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE else None
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
SECURE_REFERRER_POLICY = "same-origin"  # citizen pages say no-referrer; sign-in needs an Origin
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "base-uri": [NONE],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF, *OIDC_ORIGINS],
        "frame-ancestors": [NONE],
        "img-src": [SELF, "data:"],
        "media-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
    },
}

UNFOLD = {
    "SITE_TITLE": "Hài Lòng",
    "SITE_HEADER": "Hài Lòng",
    "SITE_SUBHEADER": _("Citizen satisfaction"),
    "SITE_SYMBOL": "sentiment_satisfied",
    "SHOW_HISTORY": True,
}
