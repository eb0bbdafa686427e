"""What happened before, remembered in this process only: nothing of it is written anywhere."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from hashlib import blake2b
from threading import Lock


class Once:
    """Tells the first time of each key from later ones, for the last ``most`` keys; keys are kept
    as keyed hashes.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._secret = secrets.token_bytes(16)
        self._seen: OrderedDict[bytes, None] = OrderedDict()
        self._lock = Lock()

    def is_first(self, key: str) -> bool:
        """Whether the key is new, and remember it."""
        short = blake2b(key.encode(), key=self._secret, digest_size=12).digest()
        with self._lock:
            if short in self._seen:
                return False
            self._seen[short] = None
            if len(self._seen) > self._most:
                self._seen.popitem(last=False)
            return True
