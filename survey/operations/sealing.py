"""Files under age (age-encryption.org): whoever makes backups holds the recipient only, so a stolen
backup and its machine open nothing.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

import pyrage

CHUNK: Final = 2**20


class BackupError(Exception):
    """A backup that cannot be made or used; names the file and what to do."""


def seal_file(source: Path, target: Path, recipient: str) -> None:
    """Encrypt a file.

    Raises
    ------
    BackupError
        The recipient is none.
    """
    try:
        to = pyrage.x25519.Recipient.from_str(recipient)
    except pyrage.RecipientError as error:
        raise BackupError(f"{recipient[:20]!r} is no recipient: age1…") from error
    pyrage.encrypt_file(str(source), str(target), [to])


def open_file(source: Path, target: Path, identity: Path) -> None:
    """Decrypt a file.

    Raises
    ------
    BackupError
        The identity does not open it, or it was cut off or changed.
    """
    try:
        text = identity.read_text(encoding="utf-8")
        key = next(line for line in text.splitlines() if line.startswith("AGE-SECRET-KEY-"))
        own = pyrage.x25519.Identity.from_str(key.strip())
    except (OSError, UnicodeDecodeError, StopIteration, pyrage.IdentityError) as error:
        raise BackupError(f"{identity} is no identity: AGE-SECRET-KEY-…") from error
    try:
        pyrage.decrypt_file(str(source), str(target), [own])
    except (pyrage.DecryptError, OSError) as error:
        target.unlink(missing_ok=True)
        raise BackupError(f"{source} does not open with this key, or is damaged") from error


def make_identity() -> tuple[str, str]:
    """(identity, recipient) of a new key."""
    own = pyrage.x25519.Identity.generate()
    return str(own), str(own.to_public())


def hash_file(path: Path) -> str:
    """SHA-256 of a file."""
    total = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(CHUNK):
            total.update(part)
    return total.hexdigest()
