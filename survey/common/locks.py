"""Locks that hold for every process on one database: PostgreSQL's own; on SQLite, where writers
come one after the other and one process writes, a lock of the process.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256

from django.db import connection

_held: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


def _number(name: str) -> int:
    return int.from_bytes(sha256(name.encode()).digest()[:8], "big", signed=True)


@contextmanager
def hold_lock(name: str) -> Iterator[None]:
    """Nobody else is inside a block of this name, in whatever process."""
    if connection.vendor != "postgresql":
        with _held[name]:
            yield
        return
    with connection.cursor() as cursor:
        # The role's limits are for rows: whoever waits here waits for work of minutes.
        cursor.execute(
            "SELECT set_config('lock_timeout', '0', false), "
            "set_config('statement_timeout', '0', false)"
        )
        try:
            cursor.execute("SELECT pg_advisory_lock(%s)", [_number(name)])
        finally:
            cursor.execute("RESET lock_timeout")
            cursor.execute("RESET statement_timeout")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_number(name)])


def lock_transaction(name: str) -> None:
    """Nobody else passes here until this transaction ends; on SQLite one is alone anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_number(name)])
