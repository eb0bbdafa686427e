"""Start-up checks: what must not be run in production, and one server process per SQLite file."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured

SAFE_SQLITE = (3, 51, 3)
"""First version without the WAL-reset race between several writers."""

_held: list[IO[str]] = []


def uses_sqlite() -> bool:
    """Whether the default database is SQLite."""
    return str(settings.DATABASES["default"]["ENGINE"]).endswith("sqlite3")


@register(Tags.database)
def sqlite_with_one_process(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Refuse a configuration with several workers on an SQLite that may corrupt its log."""
    workers = int(os.environ.get("GRANIAN_WORKERS") or os.environ.get("WEB_CONCURRENCY") or 1)
    if not uses_sqlite() or workers <= 1 or sqlite3.sqlite_version_info >= SAFE_SQLITE:
        return []
    return [
        Error(
            f"{workers} server processes on SQLite {sqlite3.sqlite_version}: versions before 3.51.3 can corrupt the "
            "database when several processes write.",
            hint="Set GRANIAN_WORKERS=1, or set DATABASE_URL to a PostgreSQL database.",
            id="survey.E001",
        )
    ]


def claim_sqlite() -> None:
    """Hold the server lock of the SQLite file for the life of this process.

    Raises
    ------
    ImproperlyConfigured
        If another server process holds it and this SQLite is not safe with several writers.
    """
    if not uses_sqlite() or sqlite3.sqlite_version_info >= SAFE_SQLITE or _held:
        return
    path = Path(str(settings.DATABASES["default"]["NAME"]) + ".server-lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        message = (
            f"Another server process already uses {settings.DATABASES['default']['NAME']}. SQLite "
            f"{sqlite3.sqlite_version} may be corrupted by several writing processes: stop the other one, run with "
            "--workers 1, or set DATABASE_URL to a PostgreSQL database."
        )
        raise ImproperlyConfigured(message) from error
    _held.append(file)
