"""Named points at which a test kills the process, to prove that nothing is lost and nothing sent
twice.
"""

from __future__ import annotations

import os
import signal

_POINT = os.environ.get("SMS_KILL_AT", "")
_AFTER = int(os.environ.get("SMS_KILL_AFTER", "1"))
_passed = 0


def mark(point: str) -> None:
    """Die here, as by power failure, when the environment names this point and it is passed often
    enough.
    """
    if point != _POINT:
        return
    global _passed
    _passed += 1
    if _passed >= _AFTER:
        os.kill(os.getpid(), signal.SIGKILL)
