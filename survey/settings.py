"""One settings file, read from the environment; runs bare on SQLite. docs/operations.md lists every
variable.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import dj_database_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

# Whatever this program writes (database, snapshots, slips, keys) is for its own account only.
os.umask(0o077)
BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(os.environ.get("HAILONG_VAR", BASE_DIR / "var"))


def _text(name: str, default: str = "") -> str:
    """A value of the environment, or the content of the file ``NAME_FILE`` names: secrets need not
    stand in a process's environment.
    """
    path = os.environ.get(f"{name}_FILE", "")
    if path and name in os.environ:
        raise ImproperlyConfigured(f"{name} and {name}_FILE are both set: choose one")
    if path:
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE: {path} cannot be read ({error})") from error
    return os.environ.get(name, default)


def _flag(name: str, default: str = "0") -> bool:
    """On or off; anything else is a mistake in typing, not off."""
    value = os.environ.get(name, default).strip().lower()
    if value in ("1", "true", "yes", "on"):
        return True
    if value in ("0", "false", "no", "off", ""):
        return False
    raise ImproperlyConfigured(f"{name}={os.environ[name]!r} is neither on nor off: use 1 or 0")


def _secret_key() -> str:
    """From the environment; otherwise a random key made once and kept readable by the owner
    only.
    """
    if key := _text("SECRET_KEY"):
        return key
    path = VAR_DIR / "secret.key"
    if not path.exists():
        VAR_DIR.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_CREAT | os.O_WRONLY, 0o600)
        os.write(descriptor, secrets.token_urlsafe(50).encode())
        os.close(descriptor)
    return path.read_text(encoding="ascii")


def _database(url: str) -> dict[str, Any]:
    """SQLite or PostgreSQL by its address; a socket's folder may stand as ``?host=``."""
    if urlsplit(url).scheme not in ("sqlite", "postgres", "postgresql"):
        raise ImproperlyConfigured(
            f"DATABASE_URL: unknown scheme {urlsplit(url).scheme!r}; use "
            f"sqlite:////path/db.sqlite3 or postgresql://..."
        )
    config: dict[str, Any] = dict(dj_database_url.parse(url, conn_max_age=None))
    options = config.setdefault("OPTIONS", {})
    if config["ENGINE"].endswith("sqlite3"):
        options |= {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            # FULL: an accepted answer is on the disk before the citizen reads "thank you".
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA "
            "foreign_keys=ON; "
            "PRAGMA recursive_triggers=ON;",
        }
    config["HOST"] = options.pop("host", None) or config.get("HOST", "")
    return config


SECRET_KEY = _secret_key()
SECRET_KEY_FALLBACKS = [key for key in _text("SECRET_KEY_OLD").split(",") if key]
"""Keys before this one, newest first: slips, links, receipts, screens and open pages made under
them still work.
"""
PHONE_KEY = _text("PHONE_KEY")
"""Keys that encrypt phone numbers; empty = a key of its own in the var folder."""
PHONE_HASH_KEY = _text("PHONE_HASH_KEY")
"""Under it numbers are found again (opt-outs, caps); never changed, unlike PHONE_KEY."""
SMS_BACKEND = os.environ.get(
    "SMS_BACKEND", "twilio" if os.environ.get("TWILIO_ACCOUNT_SID") else "console"
)
TWILIO_API_BASE_URL = os.environ.get("TWILIO_API_BASE_URL", "").rstrip("/")
TWILIO_ACCOUNT_SID = os.environ.get("TWILIO_ACCOUNT_SID", "")
TWILIO_AUTH_TOKEN = _text("TWILIO_AUTH_TOKEN")
TWILIO_AUTH_TOKEN_OLD = _text("TWILIO_AUTH_TOKEN_OLD")
"""Also accepted on callbacks while a token is being changed."""
TWILIO_MESSAGING_SERVICE_SID = os.environ.get("TWILIO_MESSAGING_SERVICE_SID", "")
TWILIO_SENDER_ID = os.environ.get("TWILIO_SENDER_ID", "")
SMS_STATUS_CALLBACK_BASE_URL = os.environ.get("SMS_STATUS_CALLBACK_BASE_URL", "").rstrip("/")
SMS_BESIDE_SQLITE = _flag("SMS_BESIDE_SQLITE")
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
SMS_SENSITIVE_PROCEDURES = frozenset(
    filter(
        None, (code.strip() for code in os.environ.get("SMS_SENSITIVE_PROCEDURES", "").split(","))
    )
)
SMS_QUIET_HOURS = _flag("SMS_QUIET_HOURS", "on")
DEBUG = _flag("DEBUG")
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
DEMO = _flag("HAILONG_DEMO")
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
    "survey",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "survey.common.middleware.StorableTextMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "survey.common.middleware.AdminPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
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
    "default": _database(os.environ.get("DATABASE_URL", f"sqlite:///{VAR_DIR / 'hailong.sqlite3'}"))
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "survey.User"
LOGIN_URL = "console:sign-in"
LOGIN_REDIRECT_URL = "console:home"
LOGOUT_REDIRECT_URL = "console:sign-in"
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

# A citizen's answer is under 4 kB; what is larger is not an answer.
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000  # admin pages of whole questionnaires; citizen pages take 200
FILE_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024

SESSION_ENGINE = "survey.accounts.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_AGE = 8 * 3600
SECURE_SSL_REDIRECT = False  # the reverse proxy redirects; see docs/operations.md
SILENCED_SYSTEM_CHECKS = ["security.W008"]  # asks for the redirect above
BUFFERED = _flag("BUFFERED_BY_PROXY")
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
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "img-src": [SELF, "data:"],
        "media-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "filters": {"mask": {"()": "survey.common.logs.MaskCodes"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["mask"]}
    },
    # Both write addresses with phone numbers in them: at INFO the one, at DEBUG the other.
    "loggers": {
        "twilio": {"level": "WARNING"},
        "urllib3": {"level": "WARNING"},
        "django.request": {"filters": ["mask"]},
        "django.security": {"filters": ["mask"]},
    },
    "root": {"handlers": ["console"], "level": os.environ.get("LOG_LEVEL", "WARNING")},
}

UNFOLD = {
    "SITE_TITLE": "Hài Lòng",
    "SITE_HEADER": "Hài Lòng",
    "SITE_SUBHEADER": _("Citizen satisfaction"),
    "SITE_SYMBOL": "sentiment_satisfied",
    "SHOW_HISTORY": True,
}
