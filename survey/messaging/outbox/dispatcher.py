"""Sends what is due: one thread talks to the database, many to the provider. ``manage.py
sms_dispatch`` runs it.
"""

from __future__ import annotations

import logging
import math
import os
import queue
import secrets
import socket
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from survey.messaging.gateways.base import DeliveryReport, Gateway, LookupFailed, Outcome, Result
from survey.messaging.outbox import maintenance as upkeep
from survey.messaging.outbox import queue as outbox
from survey.messaging.outbox.crash_points import CrashPoint, go_on
from survey.messaging.outbox.lookups import Lookup, due_lookups, record_lookup
from survey.messaging.outbox.maintenance import ProviderTask
from survey.messaging.outbox.queue import CALL_MARGIN, Claimed

log = logging.getLogger(__name__)
GROUPING: Final = 0.02
"""Seconds results are gathered before they are written together."""
IDLE: Final = 0.5
TICK: Final = 1.0
CALL_WITHIN: Final = 5.0
"""Seconds after the claim in which a call may begin: opt-outs and pauses are asked for at the
claim.
"""
TASKS_EVERY_SECONDS: Final = 2.0
CLEAN_EVERY_SECONDS: Final = 60.0
NIGHT: Final = 2
"""Hour of the day, local time, from which the day's nightly work is done once."""


@dataclass
class Dispatcher:
    """One dispatching process; any number may run beside each other.

    ``threads`` call the provider and hold no database connection; ``clock`` gives the time;
    ``nightly`` is called once a night, and once after a start in the day: doing it again does no
    harm.
    """

    gateway: Gateway
    threads: int = 32
    clock: Callable[[], datetime] = timezone.now
    nightly: Callable[[datetime], object] | None = None
    crash_point: CrashPoint = go_on
    owner: str = field(
        default_factory=lambda: f"{socket.gethostname()[:20]}-{os.getpid()}-{secrets.token_hex(4)}"
    )
    stopping: bool = False

    def __post_init__(self) -> None:
        self._answers: queue.SimpleQueue[tuple[str, Any, Any]] = queue.SimpleQueue()
        self._unwritten: list[tuple[str, Any, Any]] = []
        self._sending = 0
        self._looking = 0
        self._tasks = 0
        self._ticked = self._tasks_looked_at = self._cleaned = -CLEAN_EVERY_SECONDS
        self._night: date | None = None

    def run(self, *, until_empty: bool = False, seconds: float = math.inf) -> int:
        """Send until stopped, until nothing is waiting or unknown, or for so long; returns how many
        were accepted.
        """
        accepted, end = 0, time.monotonic() + seconds
        with ThreadPoolExecutor(self.threads, thread_name_prefix="sms") as pool:
            while not (self.stopping and not self._busy):
                try:
                    accepted += self._write_answers()
                    self.stopping = self.stopping or time.monotonic() > end
                    if self.stopping:
                        continue
                    self._tick(pool)
                    taken = self._take(pool)
                    if taken or self._busy:
                        continue
                    if until_empty and (not outbox.open_rows() or outbox.only_paused()):
                        break
                except (OperationalError, InterfaceError):
                    # The database is restarting, or another process holds it: nothing is lost by
                    # waiting.
                    log.warning("the database cannot be reached; trying again")
                    connection.close()
                time.sleep(IDLE)
        return accepted

    @property
    def _busy(self) -> bool:
        """Whether any thread is talking to the provider."""
        return bool(self._sending or self._looking or self._tasks)

    def _take(self, pool: ThreadPoolExecutor) -> int:
        """Claim for the free threads: a call begins at once, so what was asked at the claim still
        holds.
        """
        free = self.threads - self._sending
        if not free or free < self.threads // 4:
            return 0
        claimed = outbox.claim(
            owner=self.owner, limit=free, now=self.clock(), crash_point=self.crash_point
        )
        for item in claimed:
            self._sending += 1
            pool.submit(self._send, item, time.monotonic())
        return len(claimed)

    def _send(self, claimed: Claimed, since: float) -> None:
        """In a thread: one call, unless the lease has nearly run out since (a frozen process)."""
        try:
            waited = time.monotonic() - since
            late = self.clock() > claimed.lease_until - CALL_MARGIN
            if late or waited > CALL_WITHIN:
                result = Result(Outcome.NOT_SENT, code="lease")
            else:
                self.crash_point("calling")
                result = self.gateway.send(claimed.message)
                self.crash_point("called")
        except Exception:  # the row must come back whatever a gateway does
            log.exception("gateway %s failed on row %s", self.gateway.name, claimed.id)
            result = Result(Outcome.UNKNOWN, code="error")
        self._answers.put(("sent", claimed, result))

    def _write_answers(self) -> int:
        """Wait a moment for answers and write them in one transaction."""
        batch = self._unwritten
        timeout = GROUPING if self._busy else 0.0
        end = time.monotonic() + timeout
        while len(batch) < 200:
            try:
                left = end - time.monotonic()
                batch.append(
                    self._answers.get(timeout=left) if left > 0 else self._answers.get_nowait()
                )
            except queue.Empty:
                break
        sent = [(claimed, result) for kind, claimed, result in batch if kind == "sent"]
        if sent:
            self.crash_point("answered")
            outbox.record(
                results=sent, owner=self.owner, now=self.clock(), crash_point=self.crash_point
            )
            self.crash_point("recorded")
        for kind, about, report in batch:
            if kind == "looked" and not isinstance(report, LookupFailed):
                record_lookup(
                    lookup=about, report=report, now=self.clock(), crash_point=self.crash_point
                )
            elif kind == "task":
                upkeep.record_task_outcome(about, report, self.clock())
        # Only what is written is forgotten; writing it twice does no harm.
        kinds = Counter(kind for kind, _about, _found in batch)
        self._sending -= kinds["sent"]
        self._looking -= kinds["looked"]
        self._tasks -= kinds["task"]
        self._unwritten = []
        return sum(result.outcome == Outcome.ACCEPTED for _, result in sent)

    def _tick(self, pool: ThreadPoolExecutor) -> None:
        """Once a second: expired leases, look-ups, and what the upkeep has to do."""
        if time.monotonic() - self._ticked < TICK:
            return
        self._ticked = time.monotonic()
        now = self.clock()
        outbox.release_expired(now)
        for lookup in due_lookups(
            now,
            limit=max(self.threads // 2, 1) - self._looking
            if self._looking < max(self.threads // 2, 1)
            else 0,
        ):
            self._looking += 1
            pool.submit(self._look, lookup)
        if not self._tasks and time.monotonic() - self._tasks_looked_at >= TASKS_EVERY_SECONDS:
            self._tasks_looked_at = time.monotonic()
            for task in upkeep.due_tasks(now, limit=max(20, self.threads)):
                self._tasks += 1
                pool.submit(self._do, task)
        if time.monotonic() - self._cleaned >= CLEAN_EVERY_SECONDS:
            self._cleaned = time.monotonic()
            upkeep.trip_breakers(now)
            upkeep.erase(now)
            self._work_at_night(now)

    def _work_at_night(self, now: datetime) -> None:
        local = timezone.localtime(now)
        if self.nightly is not None and local.hour >= NIGHT and self._night != local.date():
            self.nightly(now)
            self._night = local.date()

    def _do(self, task: ProviderTask) -> None:
        """In a thread: ask for a missing report, or have a text erased."""
        found: DeliveryReport | LookupFailed | None
        try:
            found = upkeep.perform_task(self.gateway, task)
        except Exception:  # a task is done again later
            log.exception("the provider could not be asked about row %s", task.message_id)
            found = LookupFailed("error")
        self._answers.put(("task", task, found))

    def _look(self, lookup: Lookup) -> None:
        """In a thread: ask the provider whether it has the message."""
        found: DeliveryReport | LookupFailed | None
        try:
            found = self.gateway.find(
                to=lookup.to, since=lookup.since, token=lookup.token, known=lookup.known
            )
        except LookupFailed as error:
            found = error
        except Exception:  # nothing may be concluded from a failure
            log.exception("look-up failed on row %s", lookup.id)
            found = LookupFailed("error")
        self._answers.put(("looked", lookup, found))
