"""Signed notes (C2SP ``signed-note``, Ed25519): a text with a signature line anybody can check.

Signature line: an em dash, the signer's name, and base64 of the key's four-byte hash and the
signature. Verifier key: ``name+hash+base64(0x01 || public key)``.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from analysis.errors import AnalysisError

ED25519: Final = b"\x01"
DASH: Final = "\u2014 "
NAME: Final = re.compile(r"[^\s+]{1,100}\Z")

CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
SIGNATURE: Final = re.compile(rf"{DASH}[^\s+]+ [A-Za-z0-9+/]+=*\Z")


@dataclass(frozen=True)
class Signer:
    """A key with the name it signs under."""

    name: str
    key: Ed25519PrivateKey

    @property
    def verifier(self) -> str:
        """What others check its notes by."""
        public = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        text = base64.b64encode(ED25519 + public).decode()
        return f"{self.name}+{_key_hash(self.name, public).hex()}+{text}"


def _key_hash(name: str, public: bytes) -> bytes:
    return hashlib.sha256(f"{name}\n".encode() + ED25519 + public).digest()[:4]


def make_signer(name: str) -> tuple[Signer, bytes]:
    """A new key and its PEM file.

    Raises
    ------
    AnalysisError
        The name holds a space or a plus sign.

    Examples
    --------
    >>> make_signer("hailong.example")[0].verifier.count("+") >= 2
    True
    """
    _check_name(name)
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return Signer(name, key), pem


def read_signer(name: str, pem: bytes) -> Signer:
    """A key from its PEM file.

    Raises
    ------
    AnalysisError
        It is no Ed25519 key, or the name cannot be used.
    """
    _check_name(name)
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise AnalysisError("the key cannot be read: {error}", error=error) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise AnalysisError("the key is no Ed25519 key")
    return Signer(name, key)


def _check_name(name: str) -> None:
    if not NAME.match(name):
        raise AnalysisError("{name!r} cannot name a key: no spaces, no plus sign", name=name)


def sign_note(text: str, signer: Signer) -> str:
    r"""The text with a signature below it.

    Raises
    ------
    AnalysisError
        The text does not end with a line feed, or holds other control characters.

    Examples
    --------
    >>> signer, _pem = make_signer("hailong.example")
    >>> text, verifier = read_note(sign_note("hello\n", signer), [signer.verifier])
    >>> text, verifier == signer.verifier
    ('hello\n', True)
    """
    if not text.endswith("\n") or CONTROL.search(text):
        raise AnalysisError("a note is whole lines without control characters")
    public = signer.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    signature = _key_hash(signer.name, public) + signer.key.sign(text.encode())
    return f"{text}\n{DASH}{signer.name} {base64.b64encode(signature).decode()}\n"


def read_note(note: str, verifiers: Iterable[str]) -> tuple[str, str]:
    """(text, verifier key of a signer) of a note one of these keys signed.

    Raises
    ------
    AnalysisError
        It is no signed note, or none of the keys signed it.
    """
    text, separator, signatures = note.rpartition("\n\n")
    lines = signatures.removesuffix("\n").split("\n")
    whole = note.endswith("\n") and all(SIGNATURE.match(line) for line in lines)
    if not separator or not whole or CONTROL.search(note):
        raise AnalysisError("this is no signed note")
    text += "\n"
    known = {line.strip(): _read_verifier(line) for line in verifiers if line.strip()}
    for line in lines:
        name, _space, encoded = line.removeprefix(DASH).rpartition(" ")
        signature = _decode(encoded)
        for verifier, (own, key, public) in known.items():
            if own == name and signature[:4] == key and _is_signed(public, signature, text):
                return text, verifier
    raise AnalysisError("no trusted key has signed this note")


def _is_signed(public: bytes, signature: bytes, text: str) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature[4:], text.encode())
    except InvalidSignature:
        return False
    return True


def _read_verifier(line: str) -> tuple[str, bytes, bytes]:
    name, key, encoded = (*line.strip().split("+", 2), "", "")[:3]
    decoded = _decode(encoded)
    public = decoded[1:]
    if decoded[:1] != ED25519 or len(public) != 32 or _key_hash(name, public).hex() != key:
        raise AnalysisError("{key!r} is no verifier key", key=line.strip()[:80])
    return name, bytes.fromhex(key), public


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
