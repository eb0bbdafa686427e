"""What an invitation is about, sealed so that only its link opens it: no dump and no
operator does.
"""

from __future__ import annotations

import hmac
import json
import secrets
from dataclasses import asdict, dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE: Final = 12


@dataclass(frozen=True)
class DossierPlace:
    """Whom an invitation asks about, and the hash of the number it went to."""

    agency_id: int
    domain_id: int
    channel: str
    phone_hash: str
    finished_on: str = ""
    """Day of the result as 2026-11-25: by it a citizen tells which of his dossiers is meant."""
    timing: str = ""
    applicant: str = ""
    """What the event told of the dossier; see ``DossierEvent``."""
    counted_as: str = ""
    """The applicant where enough dossiers are like this one: a rare one in the answer's row would
    tell whose it is.
    """


def _key(token: str) -> bytes:
    # 60 random bits under an attacker's own work: what is sealed is worth less than that.
    return hmac.digest(token.encode(), b"hailong/place", "sha256")


def seal_place(token: str, place: DossierPlace) -> bytes:
    """Encrypt under the token itself, of which only a hash is kept."""
    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(_key(token)).encrypt(nonce, json.dumps(asdict(place)).encode(), None)


def open_place(token: str, sealed: bytes | memoryview) -> DossierPlace | None:
    """What a token's invitation is about; None when it was sealed for another token."""
    raw = bytes(sealed)
    try:
        return DossierPlace(
            **json.loads(AESGCM(_key(token)).decrypt(raw[:_NONCE], raw[_NONCE:], None))
        )
    except (InvalidTag, ValueError):
        return None
