"""Settings of what operators look at: logs, numbers, times of keeping, stamps of the log."""

from __future__ import annotations

import os

from survey.environment import read_choice, read_text

PG_BIN = os.environ.get("PG_BIN", "")
BACKUP_DATABASE_URL = read_text("BACKUP_DATABASE_URL")
METRICS_TOKEN = read_text("METRICS_TOKEN")
PROMETHEUS_MULTIPROC_DIR = os.environ.get("PROMETHEUS_MULTIPROC_DIR", "")
RETENTION_SCHEDULE = os.environ.get("RETENTION_SCHEDULE", "")
LEDGER_TSA_URL = os.environ.get("LEDGER_TSA_URL", "")
LEDGER_TSA_ROOTS = os.environ.get("LEDGER_TSA_ROOTS", "")

LOG_FORMAT = read_choice("LOG_FORMAT", "line", "json")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name} [{request_id}] {message}", "style": "{"},
        "json": {"()": "survey.common.logs.make_json_formatter"},
    },
    "filters": {
        "mask": {"()": "survey.common.logs.MaskCodes"},
        "request": {"()": "survey.common.logs.NameRequest"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": LOG_FORMAT,
            "filters": ["mask", "request"],
        }
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
