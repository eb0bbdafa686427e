"""Who calls: the key in the header, its scope, its requests a minute, and the agencies it sees."""

from __future__ import annotations

import time
from collections import OrderedDict
from threading import Lock
from typing import Any, Final

from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from survey.accounts.api_keys import ApiKey, find_api_key
from survey.agencies.scope import limit_scope
from survey.api.problems import ApiRefusal
from survey.common.text import is_storable

WINDOW: Final = 60.0
MAX_KNOWN: Final = 10_000
_calls: OrderedDict[int, list[float]] = OrderedDict()
_lock: Final = Lock()


class Key(HttpBearer):
    """``Authorization: Bearer hl_…`` with one of these scopes."""

    def __init__(self, scope: str) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> Any:
        """The key; None where it is not good.

        Raises
        ------
        ApiRefusal
            It may not do this, or was used too often.
        """
        found = find_api_key(token, timezone.now()) if is_storable(token) else None
        if found is None:
            return None
        if self.scope not in found.scopes:
            raise ApiRefusal(403, f"This key has no scope “{self.scope}”.")
        check_rate(found)
        limit_scope(found.owner)
        return found


def check_rate(key: ApiKey) -> None:
    """Count a request of this process.

    Raises
    ------
    ApiRefusal
        There were as many in the last minute as the key may have; it says when to come again.
    """
    now = time.monotonic()
    with _lock:
        recent = [moment for moment in _calls.pop(key.pk, []) if moment > now - WINDOW]
        if len(recent) >= key.per_minute:
            _calls[key.pk] = recent
            wait = int((recent[0] if recent else now) + WINDOW - now) + 1
            raise ApiRefusal(429, f"At most {key.per_minute} requests a minute.", retry=wait)
        _calls[key.pk] = [*recent, now]
        while len(_calls) > MAX_KNOWN:
            _calls.popitem(last=False)
