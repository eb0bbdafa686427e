"""Start-up checks: what must not be run in production, and one server process per SQLite file."""

from __future__ import annotations

import fcntl
import os
import re
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from survey.common.pooling import sessions_are_shared
from survey.common.province import MAX_EMBLEM_BYTES

LICENCES = ("CC-BY-4.0", "ODbL-1.0")
"""Kept equal to those of the open data by a test."""
SAFE_SQLITE = (3, 51, 3)
"""First version without the WAL-reset race between several writers."""

LONGEST_ADDRESS = 60
MAX_SOUND_BYTES = 25_000
"""A recording is fetched over the citizen's own connection."""
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
            f"{workers} server processes on SQLite {sqlite3.sqlite_version}: versions before "
            f"3.51.3 can corrupt the "
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
            f"{sqlite3.sqlite_version} may be corrupted by several writing processes: stop the "
            f"other one, run with "
            "--workers 1, or set DATABASE_URL to a PostgreSQL database."
        )
        raise ImproperlyConfigured(message) from error
    _held.append(file)


def _loopback(address: str) -> bool:
    return urlsplit(address).hostname in ("127.0.0.1", "localhost", "::1")


@register(Tags.security)
def messages_are_safe(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Refuse configurations that would send numbers in clear, to nobody, or encrypt them with a key
    that gets lost.
    """
    base, callbacks = settings.TWILIO_API_BASE_URL, settings.SMS_STATUS_CALLBACK_BASE_URL
    wrong = [
        (
            base.startswith("http://") and not _loopback(base),
            "TWILIO_API_BASE_URL is plain http: phone numbers would travel in clear.",
            "survey.E002",
        ),
        (
            settings.SECURE and _loopback(base) and not _loopback(settings.PUBLIC_URL),
            "TWILIO_API_BASE_URL points to this machine: a simulator must not run in production.",
            "survey.E003",
        ),
        (
            settings.SECURE
            and settings.SMS_BACKEND in ("console", "memory")
            and bool(settings.TWILIO_ACCOUNT_SID),
            f"SMS_BACKEND={settings.SMS_BACKEND} sends nothing although an account is set.",
            "survey.E004",
        ),
        (
            settings.SECURE and not (settings.PHONE_KEY and settings.PHONE_HASH_KEY),
            "PHONE_KEY and PHONE_HASH_KEY are not set: each machine would make keys of its own.",
            "survey.E005",
        ),
        (
            settings.SECURE and callbacks.startswith("http://"),
            "SMS_STATUS_CALLBACK_BASE_URL is plain http: use the https address of this server.",
            "survey.E006",
        ),
    ]
    return [Error(text, id=name) for faulty, text, name in wrong if faulty]


HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?")
"""Plain letters: a square code, a text message and an old phone take no others; no user name in
front.
"""
UNBUFFERED = (
    "PUBLIC_URL is https, so this is production, and nothing says that a proxy in front reads "
    "whole requests: six slow "
    "senders would stop every page. Let the proxy buffer requests (nginx does, see "
    "docs/operations.md), "
    "then set "
    "BUFFERED_BY_PROXY=1."
)


@register(Tags.security)
def slow_senders_are_kept_out(
    app_configs: Sequence[Any] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Refuse production without a proxy that buffers requests: the server reads bodies in its few
    threads.
    """
    return (
        [Error(UNBUFFERED, id="survey.E010")] if settings.SECURE and not settings.BUFFERED else []
    )


@register(Tags.compatibility)
def licence_is_known(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Open data are not published under a name nobody can look up."""
    if settings.OPEN_DATA_LICENCE in LICENCES:
        return []
    return [
        Error(
            f"OPEN_DATA_LICENCE is {settings.OPEN_DATA_LICENCE!r}.",
            hint=f"One of {', '.join(LICENCES)}.",
            id="survey.E014",
        )
    ]


@register(Tags.security)
def second_factors_are_on(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Real data behind https are not opened by a password alone."""
    if settings.SECOND_FACTOR or settings.DEMO or not settings.SECURE:
        return []
    return [
        Error(
            "SECOND_FACTOR is off: administrators and analysts sign in by a password alone.",
            hint="Leave SECOND_FACTOR out, or set HAILONG_DEMO=1 where the data are made up.",
            id="survey.E013",
        )
    ]


@register(Tags.database)
def row_level_security_holds(
    app_configs: Sequence[Any] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Superusers and roles that bypass policies have one layer of isolation only."""
    if "default" not in (kwargs.get("databases") or []) or uses_sqlite():
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
        if not (cursor.fetchone() or [False])[0]:
            return []
    return [
        Warning(
            "The database role of this program is a superuser or bypasses row-level security.",
            hint="Make a role of its own, as docs/operations.md says.",
            id="survey.W002",
        )
    ]


@register(Tags.database)
def sessions_stay_apart(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """A pooler that lends sessions between transactions would mix up whose rows are seen."""
    if "default" not in (kwargs.get("databases") or []) or uses_sqlite():
        return []
    if not sessions_are_shared():
        return []
    hint = "Set pool_mode = session, as deploy/postgresql/pgbouncer.ini does."
    return [Error("The connection pooler lends sessions to others.", hint=hint, id="survey.E007")]


@register(Tags.security)
def public_address_is_usable(
    app_configs: Sequence[Any] | None, **kwargs: Any
) -> list[CheckMessage]:
    """Refuse an address that cannot stand on a poster: it is printed, typed, and has to fit a small
    square code.
    """
    parts = urlsplit(settings.PUBLIC_URL)
    plain = (
        parts.scheme in ("http", "https")
        and bool(HOST.fullmatch(parts.netloc))
        and parts.path in ("", "/")
    )
    if (
        plain
        and not parts.query
        and not parts.fragment
        and len(settings.PUBLIC_URL) <= LONGEST_ADDRESS
    ):
        return []
    text = (
        f"PUBLIC_URL is {settings.PUBLIC_URL!r}: it must be http(s)://host without a path, at most "
        f"{LONGEST_ADDRESS} "
        "characters, as citizens read it from posters."
    )
    return [Error(text, id="survey.E011")]


def _emblem_faults() -> Iterator[str]:
    name = settings.PROVINCE_EMBLEM
    try:
        text = Path(name).read_text(encoding="utf-8") if name else "<svg"
    except (OSError, UnicodeDecodeError) as error:
        yield f"PROVINCE_EMBLEM={name}: cannot be read ({error})."
        return
    if "<svg" not in text or len(text.encode()) > MAX_EMBLEM_BYTES:
        yield (
            f"PROVINCE_EMBLEM={name}: needs an SVG file of at most {MAX_EMBLEM_BYTES} bytes, as it "
            "travels with every page."
        )


def _sound_faults() -> Iterator[str]:
    files = sorted(Path(settings.SOUND_DIR).glob("*.mp3")) if settings.SOUND_DIR else []
    for file in files:
        if file.stat().st_size > MAX_SOUND_BYTES:
            yield f"SOUND_DIR: {file.name} has more than {MAX_SOUND_BYTES} bytes."


def _holiday_faults() -> Iterator[str]:
    for day in sorted(settings.PUBLIC_HOLIDAYS):
        try:
            date.fromisoformat(day)
        except ValueError:
            yield f"PUBLIC_HOLIDAYS: {day!r} is no day; write 2027-02-08."


@register(Tags.compatibility)
def province_is_usable(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Refuse an emblem that is no small SVG file, recordings too large, and days that are none."""
    faults = (*_emblem_faults(), *_sound_faults(), *_holiday_faults())
    return [Error(text, id="survey.E012") for text in faults]


def refuse_unbuffered() -> None:
    """Do not begin to serve where slow senders could stop all pages.

    Raises
    ------
    ImproperlyConfigured
        In production, without a proxy that buffers.
    """
    if settings.SECURE and not settings.BUFFERED:
        raise ImproperlyConfigured(UNBUFFERED)


def tighten_files() -> None:
    """Take the rights of others off the folder of data and the database's files, also where they
    were made before.
    """
    database = str(settings.DATABASES["default"]["NAME"]) if uses_sqlite() else ""
    files = (
        [Path(database + suffix) for suffix in ("", "-wal", "-shm", "-journal")] if database else []
    )
    for path in (Path(settings.VAR_DIR), *files):
        if path.is_dir() or path.is_file():
            mode = path.stat().st_mode & 0o777
            if mode & 0o077 and path.stat().st_uid == os.getuid():
                path.chmod(mode & 0o700)


def server_holds_sqlite() -> bool:
    """Whether a server process uses the SQLite file and this SQLite is not safe with another writer
    beside it.
    """
    if not uses_sqlite() or sqlite3.sqlite_version_info >= SAFE_SQLITE:
        return False
    path = Path(str(settings.DATABASES["default"]["NAME"]) + ".server-lock")
    if not path.exists():
        return False
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False
