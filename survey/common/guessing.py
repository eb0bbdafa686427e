"""Stops a guesser of codes without stopping the others behind the same address: only failures are counted.

A whole office shares one address, so a failure is put down to address, browser and language together, in this
process's memory and under a key that is gone with it: nothing about anybody is stored.
"""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from hashlib import blake2b
from threading import Lock
from typing import Final

from django.http import HttpRequest

MOST_FAILURES: Final = 15
"""In ten minutes and per process; two processes make thirty."""
WINDOW: Final = 600.0
MOST_KNOWN: Final = 50_000
_key: Final = secrets.token_bytes(32)
_failures: OrderedDict[bytes, list[float]] = OrderedDict()
_lock: Final = Lock()


def _who(request: HttpRequest) -> bytes:
    parts = (
        request.META.get("REMOTE_ADDR", ""),
        *(request.headers.get(h, "") for h in ("User-Agent", "Accept-Language")),
    )
    return blake2b("\n".join(parts).encode(errors="replace"), key=_key, digest_size=16).digest()


def note_failure(request: HttpRequest) -> None:
    """Somebody asked for a code that does not exist."""
    who, now = _who(request), time.monotonic()
    with _lock:
        recent = [moment for moment in _failures.pop(who, []) if moment > now - WINDOW]
        _failures[who] = [*recent, now][-MOST_FAILURES:]
        while len(_failures) > MOST_KNOWN:
            _failures.popitem(last=False)


def is_guessing(request: HttpRequest) -> bool:
    """Whether this one has failed so often that the next tries are not looked at."""
    if not _failures:
        return False
    with _lock:
        recent = _failures.get(_who(request), [])
        return len(recent) >= MOST_FAILURES and recent[0] > time.monotonic() - WINDOW


def forget() -> None:
    """Start anew; for tests."""
    with _lock:
        _failures.clear()
