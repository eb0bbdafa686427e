"""``python -m tests.servers.dispatch_and_die POINT``: a dispatcher that is killed where it passes a
point.
"""

from __future__ import annotations

import os
import signal
import sys


def die_at(wanted: str) -> None:
    import django

    django.setup()
    from survey.messaging.gateways import gateway
    from survey.messaging.outbox.dispatcher import Dispatcher

    def crash(point: str) -> None:
        if point == wanted:
            os.kill(os.getpid(), signal.SIGKILL)

    Dispatcher(gateway(), threads=8, crash_point=crash).run(until_empty=True)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "survey.settings")
    die_at(sys.argv[1])
