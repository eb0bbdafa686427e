"""Stops a guesser of codes without stopping the others behind the same address: only failures are
counted.

A whole office shares one address and half of its phones name the same browser, so whoever fails
often cannot be told from the citizen beside him by these alone. Nobody is therefore locked out:
after too many failures from a browser, or from an address under changing names, a code is looked at
only when a button was pressed that was made for this code. Above a number of presses a minute only
one in four is heard. A citizen presses once, at worst a few times; a guesser's script is stopped,
and one that presses too is too slow to hit anything.

Everything is in this process's memory, under a key that is gone with it: nothing about anybody is
stored.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections import OrderedDict
from hashlib import blake2b
from threading import Lock
from typing import Final

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner
from django.http import HttpRequest

log = logging.getLogger(__name__)
MAX_FAILURES: Final = 15
"""Of one browser at one address in half an hour, per process; two processes make thirty."""
MAX_FAILURES_AT_ADDRESS: Final = 30
"""Of all browsers at one address: a guesser may call himself something else each time."""
WINDOW: Final = 1800.0
MAX_PASSES: Final = 60
"""Presses heard in a minute; of those above it one in ``SAMPLE_RATE_ABOVE_LIMIT``."""
SAMPLE_RATE_ABOVE_LIMIT: Final = 4
PASS_WINDOW: Final = 60.0
PASS_TTL_SECONDS: Final = 24 * 3600
"""Seconds a button works: as long as the form behind it."""
_BUTTON, _SHOWN = f"{__name__}.button", f"{__name__}.shown"
CONFIRM_FIELD: Final = "pressed"
"""Name of the field the button sends, and of the one a form behind a code sends on."""
MAX_KNOWN: Final = 50_000
_key: Final = secrets.token_bytes(32)
_failures: OrderedDict[bytes, list[float]] = OrderedDict()
_passes: OrderedDict[bytes, list[float]] = OrderedDict()
_lock: Final = Lock()


def _digest(text: str) -> bytes:
    return blake2b(text.encode(errors="replace"), key=_key, digest_size=16).digest()


def client_address(request: HttpRequest) -> str:
    """The address a request comes from, as the nearest of our own proxies saw it."""
    if settings.PROXIES:
        hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]
        if len(hops) >= settings.PROXIES and hops[-settings.PROXIES]:
            return hops[-settings.PROXIES]
    return str(request.META.get("REMOTE_ADDR", ""))


def _client_keys(request: HttpRequest) -> tuple[bytes, bytes]:
    """Keys of the address, and of the browser at it."""
    browser = (request.headers.get(header, "") for header in ("User-Agent", "Accept-Language"))
    return _digest(client_address(request)), _digest("\n".join((client_address(request), *browser)))


def _note(kept: OrderedDict[bytes, list[float]], who: bytes, window: float, most: int) -> int:
    """Add this moment; returns how many there are in the window. Call with the lock held."""
    now = time.monotonic()
    recent = [moment for moment in kept.pop(who, []) if moment > now - window]
    kept[who] = [*recent, now][-most:]
    while len(kept) > MAX_KNOWN:
        kept.popitem(last=False)
    return len(recent) + 1


def note_failure(request: HttpRequest) -> None:
    """Somebody asked for a code that does not exist."""
    address, browser = _client_keys(request)
    with _lock:
        at_address = _note(_failures, address, WINDOW, MAX_FAILURES_AT_ADDRESS)
        of_browser = _note(_failures, browser, WINDOW, MAX_FAILURES)
    if of_browser == MAX_FAILURES or at_address == MAX_FAILURES_AT_ADDRESS:
        log.warning(
            "many codes that do not exist are tried from one place; the next ones need a button "
            "pressed"
        )


def _full(kept: OrderedDict[bytes, list[float]], who: bytes, window: float, most: int) -> bool:
    with _lock:
        recent = kept.get(who, [])
        return len(recent) >= most and recent[-most] > time.monotonic() - window


def is_guessing(request: HttpRequest) -> bool:
    """Whether so many failed from where this request comes that the next codes need a button."""
    if not _failures:
        return False
    address, browser = _client_keys(request)
    return _full(_failures, browser, WINDOW, MAX_FAILURES) or _full(
        _failures, address, WINDOW, MAX_FAILURES_AT_ADDRESS
    )


def lookup_allowed(request: HttpRequest, code: str) -> bool:
    """Whether a code may be looked up for this request; otherwise show a button that sends
    ``issue_pass(code)``.
    """
    if not is_guessing(request) or _has_valid_pass(request, code, _SHOWN):
        return True
    if not _has_valid_pass(request, code, _BUTTON):
        return False
    address, _browser = _client_keys(request)
    if _full(_passes, address, PASS_WINDOW, MAX_PASSES) and secrets.randbelow(
        SAMPLE_RATE_ABOVE_LIMIT
    ):
        return False
    with _lock:
        _note(_passes, address, PASS_WINDOW, MAX_PASSES)
    return True


def issue_pass(code: str, *, shown: bool = False) -> str:
    """What the button for a code sends; ``shown``: what a page sends on that was shown because the
    code exists.
    """
    return TimestampSigner(salt=_SHOWN if shown else _BUTTON).sign(code).removeprefix(f"{code}:")


def _has_valid_pass(request: HttpRequest, code: str, salt: str) -> bool:
    stamp = request.POST.get(CONFIRM_FIELD) or request.GET.get(CONFIRM_FIELD) or ""
    try:
        return (
            TimestampSigner(salt=salt).unsign(f"{code}:{stamp}", max_age=PASS_TTL_SECONDS) == code
        )
    except BadSignature:
        return False


def forget() -> None:
    """Start anew; for tests."""
    with _lock:
        _failures.clear()
        _passes.clear()
