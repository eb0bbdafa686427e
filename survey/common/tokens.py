"""Codes people read aloud, one-time form tickets, receipt codes, and the keyed hashes that are
stored of them.

A *code* uses Crockford's 32 letters (no I, L, O, U). A *ticket* is issued with each form page and
is the submission key: nonce, time and code under an HMAC, so nobody can make one up and a double
tap carries the same. The *receipt* is derived from the ticket, so the same submission always shows
the same receipt and the database needs to keep neither.

The key may change: what was made under an older one in ``SECRET_KEY_FALLBACKS`` is still found, and
all that belongs to one code, slip, link or ticket is derived under the key it was made with, so it
is used once whichever process reads.
"""

from __future__ import annotations

import base64
import hmac
import re
import secrets
import struct
import unicodedata
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Final

from django.conf import settings

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MEANT: Final = str.maketrans({"O": "0", "I": "1", "L": "1"})
TICKET_TTL: Final = timedelta(hours=24)
RECEIPT_LENGTH: Final = 10
_NONCE: Final = 12
_MAC: Final = 12


_BASE64: Final = re.compile(r"[A-Za-z0-9_-]+=*")


class TicketError(ValueError):
    """The ticket is not ours, belongs to another code, or is too old: then ``ticket`` says which it
    was.
    """

    def __init__(self, message: str, *, ticket: Ticket | None = None) -> None:
        super().__init__(message)
        self.ticket = ticket

    @property
    def expired(self) -> bool:
        """Whether it was ours, and is only too old."""
        return self.ticket is not None


def new_code(length: int) -> str:
    """Random code of 5 bits per character."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def normalise_code(text: str) -> str:
    """What was meant: upper case, O is 0, I and L are 1, full-width letters are letters, all else
    does not matter.

    Phones, chat programs and keyboards stick full stops, brackets, dashes and spaces of all kinds
    to a code, and turn letters into their look-alikes; whole addresses are cut to their last part.
    """
    plain = unicodedata.normalize("NFKC", text)
    # What chat programs add for themselves: ?fbclid=..., &zarsrc=30.
    plain = re.split(r"[?#&]", plain)[0] or plain
    if "/" in plain:
        plain = plain.rstrip("/").rpartition("/")[2] or plain
    plain = _without_label(plain)
    return "".join(c for c in plain.upper().translate(_MEANT) if c in ALPHABET)


def _without_label(text: str) -> str:
    """A code copied with what stands before it: ``Mã: 5M2K``, ``Mã đánh giá 5M2K``."""
    label, _colon, rest = text.rpartition(":")
    if any(c.isalnum() for c in rest) and not any(c.isdigit() for c in label):
        text = rest
    # No code has a letter with a mark; a word that has one is a label.
    return " ".join(w for w in text.split() if not any(c.isalpha() and c > "z" for c in w)) or text


def is_code(text: str) -> bool:
    """Whether a text holds nothing but letters of codes, so that it may be looked up."""
    return bool(text) and set(text) <= set(ALPHABET)


@lru_cache(maxsize=16)
def _key(purpose: str, secret: str) -> bytes:
    return hmac.digest(secret.encode(), f"hailong/{purpose}".encode(), "sha256")


def secrets_in_use() -> tuple[str, ...]:
    """The key new things are made under, and those before it that are still honoured."""
    return (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


def keyed_hash(purpose: str, text: str, secret: str | None = None) -> str:
    """Hex HMAC-SHA256 under a key of its own per purpose; what is stored in place of a secret."""
    chosen = settings.SECRET_KEY if secret is None else secret
    return hmac.new(_key(purpose, chosen), text.encode(), sha256).hexdigest()


def keyed_hashes(purpose: str, text: str) -> dict[str, str]:
    """What may be stored of a text -> the key that gives it, the newest first: what a look-up has
    to ask for.
    """
    return {keyed_hash(purpose, text, secret): secret for secret in secrets_in_use()}


def issue_ticket(code: str, now: datetime) -> str:
    """A fresh ticket for one showing of the form of ``code``."""
    body = secrets.token_bytes(_NONCE) + struct.pack(">I", int(now.timestamp()))
    return base64.urlsafe_b64encode(body + _ticket_mac(body, code, settings.SECRET_KEY)).decode()


def _ticket_mac(body: bytes, code: str, secret: str) -> bytes:
    return hmac.digest(_key("ticket", secret), body + code.encode(), "sha256")[:_MAC]


@dataclass(frozen=True)
class Ticket:
    """A verified ticket: ``key`` is stored as the submission key, ``receipt`` is shown to the
    citizen.

    ``lookup`` is what is stored of the receipt; ``issued`` is when the page was opened, None where
    there was no page.
    """

    key: str
    receipt: str
    lookup: str
    issued: datetime | None = None


def read_ticket(text: str, code: str, now: datetime, life: timedelta = TICKET_TTL) -> Ticket:
    """Verify a ticket for ``code``.

    Raises
    ------
    TicketError
        Forged, of another code, or older than ``life``; ``ticket`` of the error is set when it is
        only old.
    """
    if not _BASE64.fullmatch(text):
        # Decoding would leave out what is no base64, and take the rest.
        raise TicketError("not a ticket")
    try:
        raw = base64.urlsafe_b64decode(text.encode("ascii"))
    except (ValueError, UnicodeEncodeError) as error:
        raise TicketError("not a ticket") from error
    body, mac = raw[:-_MAC], raw[-_MAC:]
    found = [s for s in secrets_in_use() if hmac.compare_digest(mac, _ticket_mac(body, code, s))]
    if len(body) != _NONCE + 4 or not found:
        raise TicketError("not a ticket of this code")
    issued = datetime.fromtimestamp(struct.unpack(">I", body[_NONCE:])[0], tz=UTC)
    # Hash the bytes, not the text: base64 has several spellings of the same bytes.
    ticket = replace(derive_ticket(body.hex(), found[0]), issued=issued)
    if now - issued > life:
        raise TicketError("ticket too old", ticket=ticket)
    return ticket


def derive_ticket(seed: str, secret: str | None = None) -> Ticket:
    """Submission key and receipt code that belong to a seed known only to the citizen's page."""
    chosen = settings.SECRET_KEY if secret is None else secret
    digest = hmac.digest(_key("receipt", chosen), seed.encode(), "sha256")
    number = int.from_bytes(digest[:8], "big")
    receipt = "".join(ALPHABET[(number >> (5 * place)) & 31] for place in range(RECEIPT_LENGTH))
    return Ticket(keyed_hash("submission", seed, chosen), receipt, receipt_hash(receipt, chosen))


def receipt_hash(receipt: str, secret: str | None = None) -> str:
    """What is stored of a receipt code."""
    return keyed_hash("receipt-lookup", normalise_code(receipt), secret)


def receipt_hashes(receipt: str) -> tuple[str, ...]:
    """What may be stored of a receipt code, under any key in use."""
    return tuple(keyed_hashes("receipt-lookup", normalise_code(receipt)))


def group_code(code: str) -> str:
    """A code in groups a person can copy: ``7K3M9-QX2WT``."""
    half = len(code) // 2
    return f"{code[:half]}-{code[half:]}" if len(code) > 6 else code
