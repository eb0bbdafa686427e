"""Whether the database is gone: learned from what failed, believed for two seconds, then tried
again.

Every request that finds a dead database would wait for it; those that come within the two seconds
after one failed are answered without asking.
"""

from __future__ import annotations

import errno
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from django.db import Error, InterfaceError, InternalError, OperationalError, connection

from survey.common.durable_files import has_room

OUTAGES: Final = (OperationalError, InterfaceError, InternalError)
"""What the libraries raise of a database that is gone, and of some other things."""
GONE: Final = ("08", "53", "57P", "25006")
"""PostgreSQL: connection, resources, shut down, read-only (SQLSTATE)."""
PRESENT: Final = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_ERROR")
"""SQLite: somebody else is writing, or it is asked for what it does not have; everything else is a
file that cannot be read or written.
"""
FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
"""The disk, where a file is written."""
BELIEVED_SECONDS: Final = 2.0
T = TypeVar("T")
_failed_at: list[float] = []


class NoRoomError(OperationalError):
    """The disk of the embedded database is as good as full: nothing more is stored, and so nothing
    breaks.
    """


def require_room() -> None:
    """Before an answer is stored on this machine's own disk.

    Raises
    ------
    NoRoomError
        There is less left than everything else needs.
    """
    if connection.vendor == "sqlite" and not has_room(
        Path(str(connection.settings_dict["NAME"])).parent
    ):
        raise NoRoomError("less than 64 MiB are free on the disk of the database")


def is_full(error: Exception) -> bool:
    """Whether a file could not be written for want of room."""
    return isinstance(error, OSError) and error.errno in FULL


def note_outage(error: Exception) -> bool:
    """Whether a statement failed because the database is gone, unreachable, full or read-only, and
    not for a lock or a time limit; remembered if so.
    """
    if not isinstance(error, OUTAGES) or not _is_gone(error):
        return False
    _failed_at[:] = [time.monotonic()]
    if not connection.in_atomic_block:
        connection.close()
    return True


def _is_gone(error: Error) -> bool:
    cause = error.__cause__
    state = getattr(cause, "sqlstate", None)
    if state is not None:
        return str(state).startswith(GONE)
    name = str(getattr(cause, "sqlite_errorname", ""))
    # Without a state there was no server to give one.
    return not name.startswith(PRESENT)


def ask_again_on_a_new_connection(ask: Callable[[], T]) -> T:
    """What ``ask`` returns; asked once more where only the connection was dead: each thread may
    hold one from before the database was started anew. For what may be done twice.
    """
    held = connection.connection is not None and not connection.in_atomic_block
    try:
        return ask()
    except OUTAGES as error:
        if not held or is_out() or not _is_gone(error):
            raise
        connection.close()
    return ask()


def drop_dead_connection() -> None:
    """Ask a connection that was kept whether it lives, and let go of one that does not: for who
    cannot ask twice.
    """
    held = connection.connection is not None and not connection.in_atomic_block
    if held and not connection.is_usable():
        connection.close()


def is_out() -> bool:
    """Whether it was gone a moment ago."""
    return bool(_failed_at) and time.monotonic() - _failed_at[0] < BELIEVED_SECONDS


def forget_outage() -> None:
    """Ask it again at once; also for tests."""
    _failed_at.clear()
