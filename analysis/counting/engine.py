"""Spreads the kernel over the parts of a snapshot and adds the moments up."""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path
from typing import Protocol

from analysis.counting.cells import Cells, count_rows, merge
from analysis.counting.parts import columns_read, read_part
from analysis.counting.variables import CellRequest, Variable
from analysis.errors import AnalysisError

_MAX_UNMERGED_CELLS = 50_000


class Engine(Protocol):
    """The contract: parts and requests in, merged cells out; the same integers from every
    engine.
    """

    def count(self, parts: Sequence[Path], requests: Sequence[CellRequest]) -> list[Cells]:
        """Moments of all parts, one table per request."""
        ...

    def cells(
        self, parts: Sequence[Path], keys: Sequence[str], variables: Sequence[Variable]
    ) -> Cells:
        """Moments of all parts for a single request."""
        ...


class LocalEngine:
    """One part after the other in this process: memory depends on the part size, not on the number
    of rows.
    """

    def count(self, parts: Sequence[Path], requests: Sequence[CellRequest]) -> list[Cells]:
        """Moments of all parts; each part is read once, whatever is asked of it."""
        columns = sorted({name for request in requests for name in columns_read(*request)})
        sums = [_RunningSum() for _ in requests]
        for part in parts:
            for table, total in zip(_count_tables(part, columns, requests), sums, strict=True):
                total.add(table)
        return [total.merged() for total in sums]

    def cells(
        self, parts: Sequence[Path], keys: Sequence[str], variables: Sequence[Variable]
    ) -> Cells:
        """Moments of all parts for a single request."""
        return self.count(parts, [CellRequest(keys, variables)])[0]


class ProcessEngine(LocalEngine):
    """The parts spread over processes of this machine; every process holds one part at a time."""

    def __init__(self, jobs: int) -> None:
        """``jobs`` processes, at least 1; more than the machine has cores gain nothing."""
        self.jobs = jobs

    def count(self, parts: Sequence[Path], requests: Sequence[CellRequest]) -> list[Cells]:
        """Moments of all parts; integers, so in whatever order they come the sums are the same.

        Raises
        ------
        AnalysisError
            A process was ended from outside, mostly for want of memory.
        """
        columns = sorted({name for request in requests for name in columns_read(*request)})
        sums = [_RunningSum() for _ in requests]
        # Not forked: Polars has threads, and a fork of them waits for ever.
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(min(self.jobs, len(parts)) or 1, mp_context=context) as pool:
            work = partial(_count_tables, columns=columns, requests=requests)
            try:
                for tables in pool.map(work, parts):
                    for table, total in zip(tables, sums, strict=True):
                        total.add(table)
            except BrokenProcessPool as error:
                raise AnalysisError(
                    "a process was ended: for want of memory (fewer --jobs), or because a program "
                    "that starts it has no `if __name__ == '__main__'`"
                ) from error
        return [total.merged() for total in sums]


def _count_tables(part: Path, columns: list[str], requests: Sequence[CellRequest]) -> list[Cells]:
    rows = read_part(part, columns)
    return [count_rows(rows, *request) for request in requests]


class _RunningSum:
    """Cells added up as they come, so that memory depends on the number of cells, not of parts."""

    def __init__(self) -> None:
        self._kept: list[Cells] = []
        self._merged = 0

    def add(self, cells: Cells) -> None:
        self._kept.append(cells)
        if sum(len(cells) for cells in self._kept) > 3 * max(self._merged, _MAX_UNMERGED_CELLS):
            self._kept = [merge(self._kept)]
            self._merged = len(self._kept[0])

    def merged(self) -> Cells:
        return merge(self._kept)


def choose_engine(name: str, jobs: int = 1) -> Engine:
    """``local``, in so many processes, or the address of a Spark cluster: ``spark://host:7077``.

    Raises
    ------
    AnalysisError
        The name is neither, there are fewer processes than one, or a cluster is told how many.

    Examples
    --------
    >>> satisfied = Variable("good", "overall", "among", (4, 5))
    >>> request = CellRequest(["agency"], [satisfied])
    >>> int(choose_engine("local").count(snapshot.parts, [request])[0].n.sum())
    2044
    """
    if jobs < 1 or (jobs > 1 and name != "local"):
        raise AnalysisError("--jobs is 1 or more, and of the local engine: a cluster has its own")
    if name == "local":
        return LocalEngine() if jobs == 1 else ProcessEngine(jobs)
    if name.startswith(("spark://", "local[")):
        from analysis.counting.spark import SparkEngine  # noqa: PLC0415  (an optional extra)

        return SparkEngine(name)
    raise AnalysisError(
        "{name!r} is no engine; use local, or a Spark address like spark://host:7077", name=name
    )
