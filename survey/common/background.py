"""Who does what takes longer than a page may: the worker of django-tasks on the database's queue.

On PostgreSQL it is a process of its own (``manage.py run_tasks``). An SQLite that takes one writing
process (decision 3) has it as a thread of the server.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from django.db import connection
from django.utils import timezone
from django.utils.crypto import get_random_string
from django_tasks import TaskResultStatus
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult

logger = logging.getLogger(__name__)
SECONDS_BETWEEN_LOOKS: Final = 1.0
STUCK_AFTER: Final = timedelta(hours=1)
SECONDS_AFTER_A_FAULT: Final = 10.0


def start_worker_thread(begin: Callable[[], object]) -> threading.Thread:
    """Work through the queue beside the server, for as long as it lives; ``begin`` is called
    first.
    """
    thread = threading.Thread(target=_work, args=(begin,), name="tasks", daemon=True)
    thread.start()
    return thread


def _work(begin: Callable[[], object]) -> None:
    """A fault of the database ends no worker: it begins again."""
    while True:
        try:
            take_up_again()
            begin()
            _new_worker().run()
        except Exception:
            logger.exception("the worker of the tasks begins again")
        time.sleep(SECONDS_AFTER_A_FAULT)


def _new_worker() -> Worker:
    return Worker(
        queue_names=["*"],
        interval=SECONDS_BETWEEN_LOOKS,
        batch=False,
        backend_name="default",
        startup_delay=False,
        max_tasks=None,
        worker_id=get_random_string(32),
        excluded_queue_names=[],
    )


def take_up_again() -> int:
    """Put back what a worker was doing when it was killed; where there may be others, what nobody
    can still be doing.

    Every task can be done twice: what it has written is found, and not written again.
    """
    running = DBTaskResult.objects.filter(status=TaskResultStatus.RUNNING)
    if connection.vendor != "sqlite":
        running = running.filter(started_at__lt=timezone.now() - STUCK_AFTER)
    return running.update(status=TaskResultStatus.READY)
