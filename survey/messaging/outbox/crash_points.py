"""Named points at which a process may die without losing a message or sending one twice.

Tests inject what happens there (``Dispatcher.crash_point``): they kill the process, as by power
failure.
"""

from __future__ import annotations

from collections.abc import Callable

CrashPoint = Callable[[str], None]


def go_on(point: str) -> None:
    """What happens outside of tests: nothing."""
    del point
