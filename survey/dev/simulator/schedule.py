"""Calls things later: a few threads for any number of waiting calls."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor


class Schedule:
    """One thread waits, ``workers`` threads call; nothing is called after the process ends."""

    def __init__(self, workers: int) -> None:
        self._waiting: list[tuple[float, int, Callable[[], None]]] = []
        self._changed = threading.Condition()
        self._number = itertools.count()
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="later")
        threading.Thread(target=self._run, daemon=True).start()

    def call(self, delay: float, what: Callable[[], None]) -> None:
        """Call ``what`` after ``delay`` seconds."""
        with self._changed:
            heapq.heappush(self._waiting, (time.monotonic() + delay, next(self._number), what))
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._waiting or self._waiting[0][0] > time.monotonic():
                    left = self._waiting[0][0] - time.monotonic() if self._waiting else None
                    self._changed.wait(left)
                _moment, _number, what = heapq.heappop(self._waiting)
            self._pool.submit(what)
