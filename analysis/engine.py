"""Spreads the kernel over the parts of a snapshot and adds the moments up."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from analysis.cells import Cells, Variable, merge
from analysis.errors import AnalysisError
from analysis.parts import columns_read, count_part

_MOST_UNMERGED = 50_000


class Engine(Protocol):
    """The contract: parts, keys and variables in, merged cells out; the same integers from every engine."""

    def cells(self, parts: Sequence[Path], keys: Sequence[str], variables: Sequence[Variable]) -> Cells:
        """Moments of all parts."""
        ...


class LocalEngine:
    """One part after the other in this process: memory depends on the part size, not on the number of rows."""

    def cells(self, parts: Sequence[Path], keys: Sequence[str], variables: Sequence[Variable]) -> Cells:
        """Moments of all parts, read column by column."""
        columns = columns_read(keys, variables)
        kept: list[Cells] = []
        merged = 0
        for part in parts:
            kept.append(count_part(part, keys, variables, columns))
            # Added up as they come, so that memory depends on the number of cells, not of parts.
            if sum(len(cells) for cells in kept) > 3 * max(merged, _MOST_UNMERGED):
                kept = [merge(kept)]
                merged = len(kept[0])
        return merge(kept)


def engine_for(name: str) -> Engine:
    """``local``, or the address of a Spark cluster: ``spark://host:7077``, ``local[2]``.

    Raises
    ------
    AnalysisError
        The name is neither.

    Examples
    --------
    >>> satisfied = Variable("good", "overall", "among", (4, 5))
    >>> int(engine_for("local").cells(snapshot.parts, ["agency"], [satisfied]).n.sum())
    2044
    """
    if name == "local":
        return LocalEngine()
    if name.startswith(("spark://", "local[")):
        from analysis.spark import SparkEngine  # noqa: PLC0415  (an optional extra)

        return SparkEngine(name)
    raise AnalysisError(f"{name!r} is no engine; use local, or a Spark address like spark://host:7077")
