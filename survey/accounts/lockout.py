"""Sign-in under pressure: who tries passwords is told to wait before a password is hashed, and
citizens keep a thread.

Hashing takes a third of a second of a thread the citizens' pages need, so one is hashed at a time
in each process. Failures are counted per account at an address, per account, and per address; an
office behind one address is slowed only when thirty sign-ins in five minutes failed there. All of
it is in this process's memory.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, Semaphore
from typing import Final

from django.http import HttpRequest

from survey.common.throttling import client_address

WINDOW: Final = 300.0
"""Seconds a failure counts."""
MOST: Final = {"pair": 5, "account": 20, "address": 30}
MAX_KNOWN: Final = 20_000
_failures: OrderedDict[tuple[str, ...], list[float]] = OrderedDict()
_lock: Final = Lock()
_hashing: Final = Semaphore(1)


def _keys(request: HttpRequest, user_name: str) -> dict[str, tuple[str, ...]]:
    name, address = user_name.strip().lower()[:150], client_address(request)
    return {
        "pair": ("pair", name, address),
        "account": ("account", name),
        "address": ("address", address),
    }


def must_wait(request: HttpRequest, user_name: str) -> bool:
    """Whether so many tries failed that this one is not looked at."""
    now = time.monotonic()
    with _lock:
        return any(
            sum(moment > now - WINDOW for moment in _failures.get(key, [])) >= MOST[kind]
            for kind, key in _keys(request, user_name).items()
        )


def note_failure(request: HttpRequest, user_name: str) -> None:
    """A try failed."""
    now = time.monotonic()
    with _lock:
        for kind, key in _keys(request, user_name).items():
            recent = [moment for moment in _failures.pop(key, []) if moment > now - WINDOW]
            _failures[key] = [*recent, now][-MOST[kind] :]
        while len(_failures) > MAX_KNOWN:
            _failures.popitem(last=False)


def note_success(request: HttpRequest, user_name: str) -> None:
    """The person is who he says: his own mistakes before are forgotten."""
    with _lock:
        _failures.pop(_keys(request, user_name)["pair"], None)


@contextmanager
def hashing() -> Iterator[bool]:
    """The right to hash a password now; False when another sign-in of this process has it."""
    mine = _hashing.acquire(blocking=False)
    try:
        yield mine
    finally:
        if mine:
            _hashing.release()


def forget() -> None:
    """Start anew; for tests."""
    with _lock:
        _failures.clear()
