"""Cells at rest and in transit: tables kept per period as Parquet, and Arrow batches between
processes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import polars as pl

from analysis.arrays import Integers
from analysis.counting.cells import Cells
from analysis.counting.parts import count_part
from analysis.counting.variables import Variable
from analysis.errors import AnalysisError

_MOMENTS = ("_n", "_total", "_cross")


def save_cells(cells: Cells, path: Path) -> None:
    """Keep a table; it can be added to others, subtracted and weighted again without a new scan.

    A period is the sum of its months: ``load_cells(july) + load_cells(august)``.

    Examples
    --------
    >>> from analysis.counting.cells import Variable, merge
    >>> from analysis.counting.parts import count_part
    >>> satisfied = Variable("good", "overall", "among", (4, 5))
    >>> july = count_part(snapshot.parts[0], ["agency"], [satisfied], ["agency", "overall"])
    >>> save_cells(july, folder / "july.parquet")
    """
    width = len(cells.variables)
    frame = cells.keys.with_columns(
        pl.Series("_n", cells.n),
        pl.Series(
            "_total", cells.total.reshape(len(cells), width), dtype=pl.Array(pl.Int64, width)
        ),
        pl.Series("_cross", cells.cross, dtype=pl.Array(pl.Int64, cells.cross.shape[1])),
    )
    temporary = path.with_name(path.name + ".partial")
    frame.write_parquet(
        temporary, compression="zstd", metadata={"variables": " ".join(cells.variables)}
    )
    temporary.replace(path)


def load_cells(path: Path) -> Cells:
    """A table kept by ``save_cells``.

    Raises
    ------
    AnalysisError
        The file is missing or is no table of cells.

    Examples
    --------
    >>> from analysis.counting.cells import Variable, merge
    >>> from analysis.counting.parts import count_part
    >>> satisfied = Variable("good", "overall", "among", (4, 5))
    >>> july = count_part(snapshot.parts[0], ["agency"], [satisfied], ["agency", "overall"])
    >>> save_cells(july, folder / "july.parquet")
    >>> both = merge([load_cells(folder / "july.parquet"), july])
    >>> int(both.n.sum()) == 2 * int(july.n.sum())
    True
    """
    if not path.is_file():
        raise AnalysisError("there is no table of cells {path}", path=path)
    try:
        names = pl.read_parquet_metadata(path)["variables"].split(" ")
        frame = pl.read_parquet(path)
        n, total, cross = (frame[name].to_numpy().copy() for name in _MOMENTS)
    except (pl.exceptions.PolarsError, KeyError) as error:
        raise AnalysisError(
            "{path} is no table of cells: {error}", path=path, error=error
        ) from error
    return Cells(frame.drop(_MOMENTS), tuple(names), n, total, cross)


def part_as_arrow(
    path: Path, keys: Sequence[str], variables: Sequence[Variable], columns: Sequence[str]
) -> Any:
    """Moments of one Parquet part as an Arrow batch: the keys, ``n``, and ``total`` and ``cross``
    as lists.
    """
    import pyarrow as pa  # noqa: PLC0415  (only where cells travel between processes)

    cells = count_part(path, keys, variables, columns)

    def lists(values: Integers) -> Any:
        offsets = np.arange(len(values) + 1, dtype=np.int32) * values.shape[1]
        return pa.ListArray.from_arrays(
            offsets, np.ascontiguousarray(values, dtype=np.int64).ravel()
        )

    named = {key: cells.keys[key].to_arrow().cast(pa.string()) for key in keys}
    moments = {"n": cells.n, "total": lists(cells.total), "cross": lists(cells.cross)}
    return pa.RecordBatch.from_pydict(named | moments)


def from_arrow(table: Any, keys: Sequence[str], variables: Sequence[Variable]) -> Cells:
    """Cells from the Arrow table of many ``part_as_arrow``, not yet added up."""
    width = len(variables)

    def matrix(name: str, columns: int) -> Integers:
        flat = table[name].combine_chunks().flatten().to_numpy(zero_copy_only=False)
        return cast("Integers", flat.reshape(table.num_rows, columns))

    frame = cast("pl.DataFrame", pl.from_arrow(table.select(list(keys))))
    total, cross = matrix("total", width), matrix("cross", width * (width + 1) // 2)
    return Cells(frame, tuple(v.name for v in variables), table["n"].to_numpy(), total, cross)
