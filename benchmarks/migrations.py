"""Writes while the newest migrations go back and come again, in PostgreSQL with many answers and
with the roles and limits of ``deploy/``. ``python -m benchmarks.migrations [answers]``
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks import made_answers
from benchmarks.machine import describe
from benchmarks.scale import Province

ANSWERS: Final = 5_000_000
BEFORE: Final = "0053_crowded_alerts"
"""So far back: seven migrations with tables, columns, constraints and policies of their own."""
WRITERS: Final = 4
TURNS: Final = 3
"""In small: one."""
AIM_SECONDS: Final = 2.0


@dataclass
class Writers:
    """Citizens who answer all the time; how long each answer took to be stored."""

    stop: threading.Event = field(default_factory=threading.Event)
    seconds: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """All of them, until the block ends."""
        threads = [threading.Thread(target=self.write, args=(n,)) for n in range(WRITERS)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.stop.set()
            for thread in threads:
                thread.join()

    def write(self, number: int) -> None:
        """One after the other until it is over."""
        from django.db import connection

        place, form = made_answers.find_place()
        count = 0
        while not self.stop.is_set():
            count += 1
            began = time.perf_counter()
            try:
                made_answers.store_answer(f"{number}-{count}-{began}", place, form)
            except Exception as error:
                self.faults.append(f"{type(error).__name__}: {error}")
            self.seconds.append(time.perf_counter() - began)
        connection.close()


def main(answers: int) -> None:
    """Fill, write, go back and forth, tell."""
    print(describe())
    with ExitStack() as stack:
        root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hailong-scale-")))
        root.chmod(0o755)
        province = Province(root, stack)
        cursor = province.open()
        from django.utils import timezone

        made_answers.found_province(min(answers, 10_000), timezone.now())
        with made_answers.in_a_hurry(cursor):
            made_answers.copy_answers(cursor, answers, timezone.now())
        cursor.execute("VACUUM ANALYZE")
        writers = Writers()
        with writers.at_work():
            for turn in range(1, (TURNS if answers > 100_000 else 1) + 1):
                for way, target in (("back", (BEFORE,)), ("forth", ())):
                    before, began = len(writers.seconds), time.perf_counter()
                    province.stage.manage("migrate", "survey", *target, role="hailong_owner")
                    spent = time.perf_counter() - began
                    _tell(f"turn {turn}, {way} in {spent:.1f} s", writers, before)
        _tell(f"{answers:,} answers, all writes", writers, 0)
        if writers.faults:
            raise SystemExit(f"{len(writers.faults)} writes failed: {writers.faults[0]}")


def _tell(name: str, writers: Writers, before: int) -> None:
    seconds = writers.seconds[before:]
    longest = max(seconds, default=0.0)
    over = " (over the aim)" if longest > AIM_SECONDS else ""
    print(f"  {name}: {len(seconds):,} writes, the longest {longest:.3f} s{over}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ANSWERS)
