"""Sign-in under pressure: who tries passwords is told to wait before a password is hashed, and
citizens keep a thread.

Hashing takes a third of a second of a thread the citizens' pages need, so one is hashed at a time
in each process. Failures are kept by django-axes in the database, so that several processes count
together: per account at an address, and per account. An address alone is never locked: a whole
office stands behind one.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from ipaddress import ip_address
from threading import Semaphore
from typing import Any, Final

from axes.handlers.database import AxesDatabaseHandler
from axes.handlers.proxy import AxesProxyHandler
from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest

from survey.common.throttling import client_address

MAX_FAILURES_AT_ADDRESS: Final = 5
"""Of one account from one address, within ``AXES_COOLOFF_TIME``."""
MAX_FAILURES_OF_ACCOUNT: Final = 20
"""Of one account from everywhere."""
_hashing: Final = Semaphore(1)


def lower_case_name(request: HttpRequest, credentials: Mapping[str, Any] | None) -> str:
    """The account a try is counted for: spelling it otherwise is no way around."""
    sent = (credentials or {}).get("username") or request.POST.get("username", "")
    return unicodedata.normalize("NFKC", str(sent)).strip().lower()[:150]


def client_ip(request: HttpRequest) -> str | None:
    """The address a try is counted for; None where a proxy wrote something else."""
    try:
        return str(ip_address(client_address(request)))
    except ValueError:
        return None


def lockout_parameters(request: HttpRequest, credentials: Mapping[str, Any] | None) -> list[Any]:
    """What axes counts together: first the account at its address, then the account."""
    del request, credentials
    return [["username", "ip_address"], "username"]


class LockoutHandler(AxesDatabaseHandler):
    """Axes with two limits: few failures from one address, more from everywhere."""

    def is_locked(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> bool:
        """Whether so many tries failed that this one is not looked at."""
        limits = (MAX_FAILURES_AT_ADDRESS, MAX_FAILURES_OF_ACCOUNT)
        tries = self.get_user_attempts(request, credentials)
        return any(
            sum(attempts.values_list("failures_since_start", flat=True)) >= limit
            for attempts, limit in zip(tries, limits, strict=True)
        )


def must_wait(request: HttpRequest, user_name: str) -> bool:
    """Whether so many tries failed that no password is looked at now."""
    return not AxesProxyHandler.is_allowed(request, {"username": user_name})


def note_failure(request: HttpRequest, user_name: str) -> None:
    """A code or passkey was wrong: counted like a wrong password."""
    user_login_failed.send(sender=__name__, credentials={"username": user_name}, request=request)


@contextmanager
def hashing() -> Iterator[bool]:
    """The right to hash a password now; False when another sign-in of this process has it."""
    mine = _hashing.acquire(blocking=False)
    try:
        yield mine
    finally:
        if mine:
            _hashing.release()
