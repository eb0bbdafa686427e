"""Whose signatures a head needs: the policy file (C2SP ``tlog-policy``), and how they are checked.

Kinds of keys: 0x01 Ed25519 of the log, 0x04 Ed25519 cosignature, 0x06 ML-DSA-44 cosignature
(C2SP ``signed-note``, ``tlog-cosignature``).
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

LOG: Final = 1
ED25519: Final = 4
MLDSA: Final = 6
_SIZES: Final = {LOG: 32, ED25519: 32, MLDSA: 1312}
TIME_BYTES: Final = 8
_DASH: Final = "\u2014 "


class PolicyError(Exception):
    """A policy or a key that cannot be read; says which line."""


@dataclass(frozen=True)
class VerifierKey:
    """A public key with the name it signs under."""

    name: str
    kind: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The four bytes a signature of it begins with."""
        content = f"{self.name}\n".encode() + bytes([self.kind]) + self.public
        return hashlib.sha256(content).digest()[:4]

    @property
    def text(self) -> str:
        """As it is written in a policy."""
        encoded = base64.b64encode(bytes([self.kind]) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{encoded}"


def read_key(text: str) -> VerifierKey:
    """A verifier key.

    Raises
    ------
    PolicyError
        It is none, or of a kind that is not known here.
    """
    name, hashed, encoded = (*text.split("+", 2), "", "")[:3]
    try:
        raw = base64.b64decode(encoded, validate=True)
    except ValueError:
        raw = b""
    if not raw or len(raw) - 1 != _SIZES.get(raw[0]):
        raise PolicyError(f"{text[:60]!r} is no verifier key")
    key = VerifierKey(name, raw[0], raw[1:])
    if not name or key.key_id.hex() != hashed:
        raise PolicyError(f"{text[:60]!r} is no verifier key: its name or its sum is another one")
    return key


@dataclass(frozen=True)
class Policy:
    """Which log, which witnesses, and how many of them.

    Attributes
    ----------
    witnesses : name in the policy -> key.
    addresses : name -> where it takes heads; of a witness without one nothing is asked.
    groups : name -> (how many, members); ``quorum`` names one of them, a witness, or ``none``.
    """

    logs: tuple[VerifierKey, ...]
    witnesses: Mapping[str, VerifierKey]
    addresses: Mapping[str, str]
    groups: Mapping[str, tuple[int, tuple[str, ...]]]
    quorum: str

    def is_met(self, signed: Collection[str]) -> bool:
        """Whether the signatures of these witnesses are enough."""
        return self.quorum == "none" or self._holds(self.quorum, signed)

    def _holds(self, name: str, signed: Collection[str]) -> bool:
        if name not in self.groups:
            return name in signed
        least, members = self.groups[name]
        return sum(self._holds(member, signed) for member in members) >= least

    def signers(self, lines: Collection[str], body: str) -> set[str]:
        """Names of the witnesses that signed a checkpoint by these lines."""
        return {
            name
            for name, key in self.witnesses.items()
            if any(find_time(line, key, body) is not None for line in lines)
        }


NO_POLICY: Final = Policy((), {}, {}, {}, "none")


def read_policy(text: str) -> Policy:
    r"""A policy from its file.

    Raises
    ------
    PolicyError
        A line that is none of the format, names what is not there, or comes twice.

    Examples
    --------
    >>> read_policy("quorum none\n").is_met(())
    True
    """
    reader = _Reader()
    for number, line in enumerate(text.split("\n"), 1):
        words = line.replace("\t", " ").split(" ")
        words = [word for word in words if word]
        if words and not words[0].startswith("#"):
            try:
                reader.read(words)
            except PolicyError as error:
                raise PolicyError(f"line {number}: {error}") from None
    if not reader.quorum:
        raise PolicyError("no line names the quorum")
    return Policy(
        tuple(reader.logs), reader.witnesses, reader.addresses, reader.groups, reader.quorum
    )


class _Reader:
    """What was read so far: a line may name only what stands above it."""

    def __init__(self) -> None:
        self.logs: list[VerifierKey] = []
        self.witnesses: dict[str, VerifierKey] = {}
        self.addresses: dict[str, str] = {}
        self.groups: dict[str, tuple[int, tuple[str, ...]]] = {}
        self.quorum = ""
        self._members: set[str] = set()

    def read(self, words: list[str]) -> None:
        """One line, in words."""
        kind, *rest = words
        takes = {"log": (1, 2), "witness": (2, 3), "group": (3, 99), "quorum": (1, 1)}.get(kind)
        if takes is None or not takes[0] <= len(rest) <= takes[1]:
            raise PolicyError(f"{' '.join(words)[:60]!r} is no line of a policy")
        read: Callable[..., None] = getattr(self, f"_{kind}")
        read(*rest)

    def _log(self, text: str, _url: str = "") -> None:
        key = read_key(text)
        if key.kind != LOG or key.public in {one.public for one in self.logs}:
            raise PolicyError("the key is none of a log, or stands here twice")
        self.logs.append(key)

    def _witness(self, name: str, text: str, url: str = "") -> None:
        self._check_new(name)
        key = read_key(text)
        if key.kind == LOG or key.public in {one.public for one in self.witnesses.values()}:
            raise PolicyError("the key is none of a witness, or stands here twice")
        if url and not re.match("https?://", url):
            raise PolicyError(f"{url[:60]!r} is no address: it begins with https://")
        self.witnesses[name] = key
        if url:
            self.addresses[name] = url.rstrip("/")

    def _group(self, name: str, count: str, *members: str) -> None:
        self._check_new(name)
        for member in members:
            if member not in self.witnesses and member not in self.groups:
                raise PolicyError(f"{member[:60]!r} is not named above")
            if member in self._members:
                raise PolicyError(f"{member[:60]!r} is in a group already")
            self._members.add(member)
        words = {"all": len(members), "any": 1}
        least = words.get(count) or (int(count) if re.fullmatch("[1-9][0-9]?", count) else 0)
        if not 1 <= least <= len(members):
            raise PolicyError(f"{count[:20]!r} of {len(members)} is no number of members")
        self.groups[name] = (least, members)

    def _quorum(self, name: str) -> None:
        if self.quorum:
            raise PolicyError("a second quorum")
        if name != "none" and name not in self.witnesses and name not in self.groups:
            raise PolicyError(f"{name[:60]!r} is not named above")
        self.quorum = name

    def _check_new(self, name: str) -> None:
        if name == "none" or name in self.witnesses or name in self.groups:
            raise PolicyError(f"{name[:60]!r} is named twice")


def find_time(line: str, key: VerifierKey, body: str) -> int | None:
    """When a line cosigned a checkpoint, in seconds since 1970; None where it is no signature of
    this key over it.
    """
    start = f"{_DASH}{key.name} "
    try:
        raw = base64.b64decode(line.removeprefix(start), validate=True)
    except ValueError:
        return None
    if not line.startswith(start) or raw[:4] != key.key_id or len(raw) <= 4 + TIME_BYTES:
        return None
    time = int.from_bytes(raw[4 : 4 + TIME_BYTES], "big")
    try:
        _verify(key, raw[4 + TIME_BYTES :], time, body)
    except (InvalidSignature, ValueError, IndexError):
        return None
    return time


def _verify(key: VerifierKey, signature: bytes, time: int, body: str) -> None:
    if key.kind == ED25519:
        public = Ed25519PublicKey.from_public_bytes(key.public)
        public.verify(signature, f"cosignature/v1\ntime {time}\n{body}".encode())
    else:
        pq = MLDSA44PublicKey.from_public_bytes(key.public)
        pq.verify(signature, subtree_message(key.name, time, body))


def subtree_message(name: str, time: int, body: str) -> bytes:
    """What an ML-DSA-44 cosignature signs: names of cosigner and log, time, size and root."""
    origin, size, root = body.split("\n")[:3]
    parts = [b"subtree/v1\n\x00", _with_length(name), time.to_bytes(8, "big")]
    parts += [_with_length(origin), (0).to_bytes(8, "big"), int(size).to_bytes(8, "big")]
    return b"".join(parts) + base64.b64decode(root)


def _with_length(text: str) -> bytes:
    return bytes([len(text.encode())]) + text.encode()


def write_signature(key: VerifierKey, time: int, signature: bytes) -> str:
    """The line of a cosignature."""
    raw = key.key_id + time.to_bytes(TIME_BYTES, "big") + signature
    return f"{_DASH}{key.name} {base64.b64encode(raw).decode()}\n"
