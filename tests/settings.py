"""Test settings: the real ones with a fast password hasher and a fixed key."""

from __future__ import annotations

import os

os.environ.setdefault("SECRET_KEY", "tests-only-secret-key-" + "x" * 40)

from survey.settings import *  # noqa: F403

# No test may ever reach a real account.
TWILIO_ACCOUNT_SID = TWILIO_AUTH_TOKEN = TWILIO_AUTH_TOKEN_OLD = TWILIO_API_BASE_URL = ""
SMS_BACKEND = "console"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
WHITENOISE_USE_FINDERS = True
DEMO = False
# Port 9 takes nothing: what tests send on the way goes nowhere.
WEBHOOK_PRIVATE_HOSTS = frozenset({"127.0.0.1"})
# Done at once, where it is asked for; tests of the worker ask for the database's queue.
TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}
# Tests of second factors switch them on; all others are about something else.
SECOND_FACTOR = False
