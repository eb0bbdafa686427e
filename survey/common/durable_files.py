"""Files that are there whole, or not at all, whoever dies or writes beside."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

OWNER_ONLY: Final = 0o600
LEAST_FREE: Final = 64 * 2**20
"""Bytes that stay free on a disk: a full one stops more than answers."""


def has_room(folder: Path) -> bool:
    """Whether something more may be written there."""
    return not folder.is_dir() or shutil.disk_usage(folder).free >= LEAST_FREE


def replace_file(path: Path, content: bytes, *, modified: float | None = None) -> None:
    """Write a file for its owner, in place of one that was there; on the disk when this returns.

    ``modified``: the time the file shall carry, in seconds; else that of the clock.
    """
    with _draft(path, content) as draft:
        if modified is not None:
            os.utime(draft, (modified, modified))
        draft.replace(path)


def make_file_once(path: Path, make: Callable[[], bytes]) -> bytes:
    """The content of a file, made if it is not there; of several who make it at a time, all get
    that of the first. Readable by its owner only.
    """
    if not path.exists():
        # A link never replaces: one that is there was first.
        with _draft(path, make()) as draft, suppress(FileExistsError):
            os.link(draft, path)
    return path.read_bytes()


@contextmanager
def _draft(path: Path, content: bytes) -> Iterator[Path]:
    """A file beside it that is on the disk; what becomes of its name is too, afterwards."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.draft")
    descriptor = os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_EXCL, OWNER_ONLY)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield draft
        _sync_folder(path.parent)
    finally:
        draft.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
