"""How settings are read from the environment: text or a file that holds it, switches, the key, the
database.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from survey.common.durable_files import make_file_once

CONNECT_SECONDS: Final = 3


def read_text(name: str, default: str = "") -> str:
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


def read_list(name: str) -> frozenset[str]:
    """Values with commas between them; spaces and empty ones do not count."""
    return frozenset(filter(None, map(str.strip, os.environ.get(name, "").split(","))))


def read_flag(name: str, default: str = "0") -> bool:
    """On or off; anything else is a mistake in typing, not off."""
    value = os.environ.get(name, default).strip().lower()
    if value in ("1", "true", "yes", "on"):
        return True
    if value in ("0", "false", "no", "off", ""):
        return False
    raise ImproperlyConfigured(f"{name}={os.environ[name]!r} is neither on nor off: use 1 or 0")


def read_choice(name: str, *choices: str) -> str:
    """One of some words, the first by default."""
    value = os.environ.get(name, choices[0]).strip()
    if value not in choices:
        raise ImproperlyConfigured(f"{name}={value!r}: use {' or '.join(choices)}")
    return value


def read_secret_key(folder: Path) -> str:
    """From the environment; otherwise a random key made once and kept readable by the owner
    only.
    """
    if key := read_text("SECRET_KEY"):
        return key
    made = make_file_once(folder / "secret.key", lambda: secrets.token_urlsafe(50).encode())
    return made.decode("ascii")


def read_database(url: str) -> dict[str, Any]:
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
    else:
        # A server that is gone without a word is given up after this; the outage is known then.
        options.setdefault("connect_timeout", CONNECT_SECONDS)
    config["HOST"] = options.pop("host", None) or config.get("HOST", "")
    return config
