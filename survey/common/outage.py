"""Whether the database is gone: learned from what failed, believed for two seconds, then tried
again.

Every request that finds a dead database would wait for it; those that come within the two seconds
after one failed are answered without asking.
"""

from __future__ import annotations

import time
from typing import Final

from django.db import InterfaceError, InternalError, OperationalError, connection

OUTAGES: Final = (OperationalError, InterfaceError, InternalError)
"""Gone, unreachable, full or read-only: nothing was stored, or the same ticket finds what was."""
BELIEVED_SECONDS: Final = 2.0
_failed_at: list[float] = []


def note_outage() -> None:
    """A statement failed because the database is gone."""
    _failed_at[:] = [time.monotonic()]
    if not connection.in_atomic_block:
        connection.close()


def is_out() -> bool:
    """Whether it was gone a moment ago."""
    return bool(_failed_at) and time.monotonic() - _failed_at[0] < BELIEVED_SECONDS


def forget_outage() -> None:
    """Ask it again at once; also for tests."""
    _failed_at.clear()
