"""Codes people read aloud, one-time form tickets, receipt codes, and the keyed hashes that are stored of them.

A *code* uses Crockford's 32 letters (no I, L, O, U). A *ticket* is issued with each form page and is the
submission key: nonce, time and code under an HMAC, so nobody can make one up and a double tap carries the same.
The *receipt* is derived from the ticket, so the same submission always shows the same receipt and the database
needs to keep neither.
"""

from __future__ import annotations

import base64
import hmac
import secrets
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Final

from django.conf import settings

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_FORGIVING: Final = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
TICKET_LIFE: Final = timedelta(hours=24)
RECEIPT_LENGTH: Final = 10
_NONCE: Final = 12
_MAC: Final = 12


class TicketError(ValueError):
    """The ticket is not ours, belongs to another code, or is too old (``expired``)."""

    def __init__(self, message: str, *, expired: bool = False) -> None:
        super().__init__(message)
        self.expired = expired


def new_code(length: int) -> str:
    """Random code of 5 bits per character."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def normalise_code(text: str) -> str:
    """What was meant: upper case, O is 0, I and L are 1, spaces and hyphens do not matter."""
    return text.upper().translate(_FORGIVING)


@lru_cache(maxsize=16)
def _key(purpose: str, secret: str) -> bytes:
    return hmac.digest(secret.encode(), f"hailong/{purpose}".encode(), "sha256")


def keyed_hash(purpose: str, text: str) -> str:
    """Hex HMAC-SHA256 under a key of its own per purpose; what is stored in place of a secret."""
    return hmac.new(_key(purpose, settings.SECRET_KEY), text.encode(), sha256).hexdigest()


def issue_ticket(code: str, now: datetime) -> str:
    """A fresh ticket for one showing of the form of ``code``."""
    body = secrets.token_bytes(_NONCE) + struct.pack(">I", int(now.timestamp()))
    return base64.urlsafe_b64encode(body + _ticket_mac(body, code)).decode()


def _ticket_mac(body: bytes, code: str) -> bytes:
    return hmac.digest(_key("ticket", settings.SECRET_KEY), body + code.encode(), "sha256")[:_MAC]


@dataclass(frozen=True)
class Ticket:
    """A verified ticket: ``key`` is stored as the submission key, ``receipt`` is shown to the citizen."""

    key: str
    receipt: str


def read_ticket(text: str, code: str, now: datetime) -> Ticket:
    """Verify a ticket for ``code``.

    Raises
    ------
    TicketError
        Forged, of another code, or older than ``TICKET_LIFE``.
    """
    try:
        raw = base64.urlsafe_b64decode(text.encode("ascii"))
    except (ValueError, UnicodeEncodeError) as error:
        raise TicketError("not a ticket") from error
    body, mac = raw[:-_MAC], raw[-_MAC:]
    if len(body) != _NONCE + 4 or not hmac.compare_digest(mac, _ticket_mac(body, code)):
        raise TicketError("not a ticket of this code")
    issued = datetime.fromtimestamp(struct.unpack(">I", body[_NONCE:])[0], tz=UTC)
    if now - issued > TICKET_LIFE:
        raise TicketError("ticket too old", expired=True)
    # Hash the bytes, not the text: base64 has several spellings of the same bytes.
    return ticket_of(body.hex())


def ticket_of(seed: str) -> Ticket:
    """Submission key and receipt code that belong to a seed known only to the citizen's page."""
    digest = hmac.digest(_key("receipt", settings.SECRET_KEY), seed.encode(), "sha256")
    number = int.from_bytes(digest[:8], "big")
    receipt = "".join(ALPHABET[(number >> (5 * place)) & 31] for place in range(RECEIPT_LENGTH))
    return Ticket(key=keyed_hash("submission", seed), receipt=receipt)


def receipt_hash(receipt: str) -> str:
    """What is stored of a receipt code."""
    return keyed_hash("receipt-lookup", normalise_code(receipt))


def spaced(code: str) -> str:
    """A code in groups a person can copy: ``7K3M9-QX2WT``."""
    half = len(code) // 2
    return f"{code[:half]}-{code[half:]}" if len(code) > 6 else code
