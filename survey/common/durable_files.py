"""Files that are there whole, or not at all, whoever dies or writes beside."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

OWNER_ONLY: Final = 0o600
LEAST_FREE: Final = 64 * 2**20
"""Bytes that stay free on a disk: a full one stops more than answers."""


def erase_drafts(folder: Path, before: float) -> int:
    """Drafts a program that was killed has left, older than a moment in seconds: some hold keys."""
    old = [path for path in folder.glob(".*.draft") if path.stat().st_mtime < before]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def has_room(folder: Path) -> bool:
    """Whether something more may be written there, or where it will be made."""
    there = next(place for place in (folder, *folder.absolute().parents) if place.is_dir())
    return shutil.disk_usage(there).free >= LEAST_FREE


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
        with _draft(path, make()) as draft:
            _name_once(draft, path)
    return path.read_bytes()


def _name_once(draft: Path, path: Path) -> None:
    """A link never replaces: one that is there was first."""
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    except OSError:
        # Some disks have no links: then whoever starts at the same moment may be second.
        if not path.exists():
            draft.replace(path)


@contextmanager
def _draft(path: Path, content: bytes) -> Iterator[Path]:
    """A file beside it that is on the disk; what becomes of its name is too, afterwards."""
    _make_folders(path.parent)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.draft")
    descriptor = os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_EXCL, OWNER_ONLY)
    try:
        with os.fdopen(descriptor, "wb") as file:
            _give_to_owner(descriptor, path.parent)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield draft
        _sync_folder(path.parent)
    finally:
        draft.unlink(missing_ok=True)


def _give_to_owner(descriptor: int, folder: Path) -> None:
    """What a command of root's writes is the program's to read, whose folder it is."""
    if os.geteuid() == 0:
        about = folder.stat()
        os.fchown(descriptor, about.st_uid, about.st_gid)


def _make_folders(folder: Path) -> None:
    """A folder, and its name on the disk too."""
    if not folder.is_dir():
        _make_folders(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)
        with _opened(folder) as descriptor:
            _give_to_owner(descriptor, folder.parent)
        _sync_folder(folder.parent)


def _sync_folder(folder: Path) -> None:
    with _opened(folder) as descriptor:
        os.fsync(descriptor)


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
