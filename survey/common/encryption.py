"""Phone numbers at rest: AES-GCM under a key outside the database, and keyed hashes to find a
number again.

``PHONE_KEY`` holds one or more keys (32 bytes, base64), the newest first; older ones still open
what they sealed. ``PHONE_HASH_KEY`` is the one key of the hashes. Without them keys are made once
in the ``var`` folder, readable by their owner only. A dump of the database without the keys gives
no number.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from survey.common.durable_files import make_file_once

_NONCE = 12


class DecryptionError(ValueError):
    """The text was sealed under a key this installation does not have, or was changed."""


def _made(folder: Path, name: str) -> str:
    """A key in a file of its own, made once, readable by its owner only."""
    made = make_file_once(folder / name, lambda: base64.b64encode(secrets.token_bytes(32)))
    return made.decode("ascii")


@lru_cache(maxsize=8)
def _keys(given: str, folder: Path, name: str, setting: str) -> tuple[bytes, ...]:
    try:
        keys = tuple(
            base64.b64decode(part, validate=True)
            for part in (given or _made(folder, name)).split(",")
        )
    except ValueError as error:
        raise ImproperlyConfigured(
            f"{setting}: each key is 32 bytes in base64, several are separated by commas"
        ) from error
    if any(len(key) != 32 for key in keys):
        raise ImproperlyConfigured(f"{setting}: each key must be 32 bytes long")
    return keys


def keys() -> tuple[bytes, ...]:
    """Keys in use, the one that seals first."""
    return _keys(settings.PHONE_KEY, settings.VAR_DIR, "phone.key", "PHONE_KEY")


def encrypt(text: str, about: str) -> bytes:
    """Encrypt; ``about`` (the row it belongs to) has to be given again to open it."""
    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(keys()[0]).encrypt(nonce, text.encode(), about.encode())


def decrypt(sealed: bytes | memoryview, about: str) -> str:
    """Decrypt what ``encrypt`` made.

    Raises
    ------
    DecryptionError
        No key opens it, or it belongs to another row.
    """
    raw = bytes(sealed)
    for key in keys():
        try:
            return AESGCM(key).decrypt(raw[:_NONCE], raw[_NONCE:], about.encode()).decode()
        except InvalidTag:
            continue
    raise DecryptionError("sealed under another key, or changed")


def phone_hash(number: str) -> str:
    """Keyed hash by which a number is found again; plain hashes of phone numbers can be reversed in
    minutes.

    Its key is not the sealing key: that one may be renewed, and opt-outs must be found for ever.
    """
    lookup = _keys(settings.PHONE_HASH_KEY, settings.VAR_DIR, "phone-hash.key", "PHONE_HASH_KEY")[0]
    key = hmac.digest(lookup, b"hailong/phone-lookup", "sha256")
    return hmac.new(key, number.encode(), sha256).hexdigest()
