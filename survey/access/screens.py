"""A code on a counter's screen that changes every fifteen seconds: proof that somebody stands there
now.

The address holds the screen's number and an HMAC of the quarter minute under the screen's secret.
Codes exist in opening hours only, and no more answers count as given at the screen than the counter
had transactions.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.utils import timezone

from survey.access.bounds import find_slot
from survey.access.models import NUMBER, Screen, ScreenUse
from survey.agencies.models import Counter
from survey.agencies.queries import is_open
from survey.common.encryption import decrypt, encrypt
from survey.common.tallies import increment
from survey.common.tokens import (
    ALPHABET,
    is_code,
    keyed_hash,
    keyed_hashes,
    new_code,
    normalise_code,
)

STEP: Final = 15
"""Seconds a code stands on the screen."""
STEPS_KEPT: Final = 4
"""Older and, for servers whose clocks differ, newer codes that are taken."""
MAC: Final = 7
CODE: Final = NUMBER + MAC


@dataclass(frozen=True)
class Shown:
    """What the screen shows: the code, and when it changes."""

    code: str
    until: datetime


@transaction.atomic
def enrol_screen(*, counter: Counter, now: datetime) -> tuple[Screen, str]:
    """A new screen and the secret part of its address, which is not kept."""
    display, number = new_code(20), new_code(NUMBER)
    while Screen.objects.filter(number=number).exists():
        number = new_code(NUMBER)
    secret = encrypt(secrets.token_hex(32), f"screen/{number}")
    fields = {"counter": counter, "secret_sealed": secret, "created_at": now}
    return Screen.objects.create(
        number=number, display_hash=keyed_hash("screen", display), **fields
    ), display


def find_display(display: str) -> Screen | None:
    """The screen whose page has this address."""
    hashes = keyed_hashes("screen", normalise_code(display))
    return Screen.objects.select_related("counter__office").filter(display_hash__in=hashes).first()


def shown(screen: Screen, now: datetime) -> Shown:
    """The code of this moment."""
    step = int(now.timestamp()) // STEP
    until = datetime.fromtimestamp((step + 1) * STEP, tz=now.tzinfo)
    return Shown(screen.number + _mac(screen, step), until)


def _mac(screen: Screen, step: int) -> str:
    secret = decrypt(screen.secret_sealed, f"screen/{screen.number}")
    number = int.from_bytes(hmac.digest(secret.encode(), str(step).encode(), "sha256")[:8], "big")
    return "".join(ALPHABET[(number >> (5 * place)) & 31] for place in range(MAC))


def find_screen(number: str) -> Screen | None:
    """A screen by its number, withdrawn ones too: what was opened at it may still be sent."""
    if not is_code(number):
        return None
    return Screen.objects.select_related("counter__office").filter(number=number).first()


def check_code(code: str, now: datetime) -> Screen | None:
    """The screen that shows this code now or did a minute ago; None for old, forged and after-hours
    ones.
    """
    screen = find_screen(code[:NUMBER]) if len(code) == CODE else None
    if screen is None or screen.revoked_at is not None or not gives_codes(screen, now):
        return None
    step = int(now.timestamp()) // STEP
    for distance in range(-STEPS_KEPT, STEPS_KEPT + 1):
        moment = datetime.fromtimestamp((step + distance) * STEP, tz=now.tzinfo)
        if screen.is_open(moment) and hmac.compare_digest(
            _mac(screen, step + distance), code[NUMBER:]
        ):
            return screen
    return None


def gives_codes(screen: Screen, now: datetime) -> bool:
    """Whether the counter of a screen receives citizens at all, whatever the hour."""
    return is_open(screen.counter, timezone.localtime(now).date())


def note_use(screen: Screen, now: datetime) -> None:
    """Count one answer as given at the screen."""
    increment(ScreenUse, "count", 1, screen=screen, slot=find_slot(now))
