"""Spreads the kernel over the parts of a snapshot and adds the moments up."""

from __future__ import annotations

from collections.abc import Sequence
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
            rows = read_part(part, columns)
            for request, total in zip(requests, sums, strict=True):
                total.add(count_rows(rows, *request))
        return [total.merged() for total in sums]

    def cells(
        self, parts: Sequence[Path], keys: Sequence[str], variables: Sequence[Variable]
    ) -> Cells:
        """Moments of all parts for a single request."""
        return self.count(parts, [CellRequest(keys, variables)])[0]


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


def choose_engine(name: str) -> Engine:
    """``local``, or the address of a Spark cluster: ``spark://host:7077``, ``local[2]``.

    Raises
    ------
    AnalysisError
        The name is neither.

    Examples
    --------
    >>> satisfied = Variable("good", "overall", "among", (4, 5))
    >>> request = CellRequest(["agency"], [satisfied])
    >>> int(choose_engine("local").count(snapshot.parts, [request])[0].n.sum())
    2044
    """
    if name == "local":
        return LocalEngine()
    if name.startswith(("spark://", "local[")):
        from analysis.counting.spark import SparkEngine  # noqa: PLC0415  (an optional extra)

        return SparkEngine(name)
    raise AnalysisError(
        f"{name!r} is no engine; use local, or a Spark address like spark://host:7077"
    )
