"""The kernel: rows -> integer moments per cell. Merging is addition.

For a key k (agency, domain, channel, ...) and variables z_1..z_p of a response the cell holds

    n = number of responses,  Z = sum z (p integers),  ZZ = sum z z' (p(p+1)/2 integers)

All are integers, so M(k1 + k2) = M(k1) + M(k2) holds to the last bit for any split and order of the
rows, and everything later (weights, indices, variances) needs the cells only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import numpy as np
import polars as pl

from analysis.arrays import Floats, Integers, Mask
from analysis.counting.variables import Variable, says_something
from analysis.errors import AnalysisError

_SHORT_RUNS: Final = 1500
"""Products per run below which they are made column by column; measured."""
TABLE_ERRORS: Final = (pl.exceptions.PolarsError, pl.exceptions.PanicException)
"""What the library of tables raises; a damaged file makes it panic, which is no ``Exception``."""


@dataclass(frozen=True)
class Cells:
    """Integer moments per cell.

    Attributes
    ----------
    keys : (K rows) one column per key, sorted.
    variables : names of the p variables.
    n : (K,) responses.
    total : (K, p) sums.
    cross : (K, p(p+1)/2) sums of products, upper triangle by rows.
    """

    keys: pl.DataFrame
    variables: tuple[str, ...]
    n: Integers
    total: Integers
    cross: Integers

    def __len__(self) -> int:
        return len(self.n)

    def key(self, name: str) -> list[str]:
        """Values of one key column, one per cell."""
        return cast("list[str]", self.keys[name].to_list())

    def codes(self, *names: str) -> tuple[Integers, list[tuple[str, ...]]]:
        """Number the distinct combinations of some keys: codes (K,) and the combinations in sorted
        order.
        """
        chosen = self.keys.select(names)
        labels = chosen.unique().sort(names)
        numbered = chosen.join(
            labels.with_row_index("_code"), on=names, how="left", maintain_order="left"
        )
        return numbered["_code"].to_numpy().astype(np.int64), labels.rows()

    def column(self, variable: str) -> Integers:
        """Sums of one variable, (K,)."""
        return self.total[:, self.variables.index(variable)]

    def restrict(self, mask: Mask) -> Cells:
        """The cells where ``mask`` (K,) holds."""
        keys = self.keys.filter(pl.Series(mask))
        return Cells(keys, self.variables, self.n[mask], self.total[mask], self.cross[mask])

    def with_key(self, name: str, values: Sequence[str]) -> Cells:
        """The same cells under other values of one key, (K,); two may then have the same keys."""
        keys = self.keys.with_columns(pl.Series(name, values, dtype=pl.String))
        return Cells(keys, self.variables, self.n, self.total, self.cross)

    def scaled(self, factor: Floats) -> Cells:
        """Cells as if only the share ``factor`` (K,) of their responses had been given; all ones
        change nothing.
        """
        if (factor == 1).all():
            return self
        column = factor[:, None]
        return Cells(
            self.keys,
            self.variables,
            *(
                cast("Integers", part)
                for part in (self.n * factor, self.total * column, self.cross * column)
            ),
        )

    def __add__(self, other: Cells) -> Cells:
        return merge([self, other])

    def __sub__(self, other: Cells) -> Cells:
        taken = Cells(other.keys, other.variables, -other.n, -other.total, -other.cross)
        rest = merge([self, taken])
        if (rest.n < 0).any():
            raise AnalysisError(
                "the cells taken away hold more responses than there are in some cell"
            )
        return rest.restrict(rest.n > 0)


def count_rows(
    frame: pl.DataFrame,
    keys: Sequence[str],
    variables: Sequence[Variable],
    *,
    every_row: bool = False,
) -> Cells:
    """Moments of the rows of ``frame`` per combination of ``keys``.

    Rows where every variable is 0 are left out unless ``every_row``: a design counts all its units.

    Rows that already lie together are counted run by run; otherwise they are brought together
    first.

    Examples
    --------
    >>> rows = pl.DataFrame({"agency": ["a", "a", "b"], "overall": [5, 2, 4]})
    >>> satisfied = Variable("good", "overall", "among", (4, 5))
    >>> cells = count_rows(rows, ["agency"], [satisfied])
    >>> cells.n.tolist(), cells.total[:, 0].tolist()
    ([1, 1], [1, 1])
    """
    if not every_row:
        frame = frame.filter(says_something(variables))
    named, order = frame.select(list(keys)), None
    runs = _run_starts(named, keys)
    partial = named[runs]
    if len(runs) * 4 > len(frame):
        partial, order, runs = _brought_together(named)
    names = tuple(variable.name for variable in variables)
    if all(variable.rule == "one" for variable in variables):
        return merge([_lengths(partial, names, runs, len(frame))])
    ones = pl.repeat(1.0, pl.len()).alias("_ones")
    z = frame.select(ones, *(variable.expression() for variable in variables)).to_numpy(order="c")
    return merge([_moments(partial, names, z if order is None else z[order], runs)])


def _brought_together(named: pl.DataFrame) -> tuple[pl.DataFrame, Integers, Integers]:
    """Distinct keys in order, the order of the rows that puts equal ones together, and where each
    begins.
    """
    # Numbering and sorting numbers is several times cheaper than sorting rows by five texts.
    labels = named.unique().sort(named.columns)
    numbered = named.join(
        labels.with_row_index("_code"),
        on=named.columns,
        how="left",
        nulls_equal=True,
        maintain_order="left",
    )
    code = numbered["_code"].to_numpy()
    order = np.argsort(code, kind="stable")
    return labels, order, np.flatnonzero(np.diff(code[order].astype(np.int64), prepend=-1))


def _run_starts(frame: pl.DataFrame, keys: Sequence[str]) -> Integers:
    if frame.is_empty():
        return np.zeros(0, dtype=np.int64)
    changed = pl.any_horizontal([pl.col(key).ne_missing(pl.col(key).shift(1)) for key in keys])
    starts = frame.select(changed.alias("start"))["start"].to_numpy().copy()
    starts[0] = True
    return np.flatnonzero(starts)


def _lengths(keys: pl.DataFrame, names: tuple[str, ...], runs: Integers, size: int) -> Cells:
    """Moments when only rows are counted: every sum is the length of the run."""
    n = np.diff(np.append(runs, size))[: len(runs)]
    p = len(names)
    return Cells(keys, names, n, np.tile(n[:, None], p), np.tile(n[:, None], p * (p + 1) // 2))


def _moments(keys: pl.DataFrame, names: tuple[str, ...], z: Floats, starts: Integers) -> Cells:
    # A product of small integers in float64 is exact below 2**53, and BLAS does it faster than
    # integer loops. z has a column of ones in front, so one product gives the sums (its first row)
    # and the products.
    p = len(names)
    upper = np.triu_indices(p)
    stops = np.append(starts[1:], len(z))[: len(starts)]
    # Survey files of others may hold decimals; answers never do, so their moments stay integers.
    # Beyond 2**53 sums of squares are no longer exact, and beyond 2**63 they would turn over.
    exact = len(z) * float(np.abs(z).max(initial=0.0)) ** 2 < 2**53
    kind: Any = np.int64 if exact and np.array_equal(z, np.rint(z)) else np.float64
    if len(z) * len(upper[0]) < _SHORT_RUNS * len(starts):
        return Cells(keys, names, stops - starts, *_short_runs(z, starts, upper, kind))
    total = np.empty((len(starts), p), dtype=kind)
    cross = np.empty((len(starts), len(upper[0])), dtype=kind)
    flat = (upper[0] + 1) * (p + 1) + upper[1] + 1
    for row, (start, stop) in enumerate(zip(starts.tolist(), stops.tolist(), strict=True)):
        block = z[start:stop]
        product = (block.T @ block).ravel()
        total[row] = product[1 : p + 1]
        cross[row] = product[flat]
    return Cells(keys, names, stops - starts, total, cross)


def _short_runs(
    z: Floats, starts: Integers, upper: tuple[Any, Any], kind: Any
) -> tuple[Integers, Integers]:
    """Sums and products of many short runs: one pass per product is cheaper than one small matrix
    product per run.
    """
    total = np.add.reduceat(z[:, 1:], starts, axis=0).astype(kind)
    cross = np.empty((len(starts), len(upper[0])), dtype=kind)
    columns = np.ascontiguousarray(z[:, 1:].T)
    for place, (i, j) in enumerate(zip(*upper, strict=True)):
        cross[:, place] = np.add.reduceat(columns[i] * columns[j], starts)
    return total, cross


def merge(parts: Sequence[Cells]) -> Cells:
    """Add cells with equal keys; the result is sorted by key.

    Raises
    ------
    AnalysisError
        If there is nothing to merge or the parts count different variables.

    Examples
    --------
    >>> parts = [pl.DataFrame({"agency": [name], "overall": [5]}) for name in "aba"]
    >>> satisfied = Variable("good", "overall", "among", (4, 5))
    >>> merge([count_rows(part, ["agency"], [satisfied]) for part in parts]).n.tolist()
    [2, 1]
    """
    if not parts:
        raise AnalysisError("there are no cells to merge")
    if len({part.variables for part in parts}) != 1:
        raise AnalysisError("cells of different variables cannot be added")
    keys = pl.concat([part.keys for part in parts]).with_row_index("_row")
    names = [name for name in keys.columns if name != "_row"]
    ordered = keys.sort([*names, "_row"], nulls_last=False)
    order = ordered["_row"].to_numpy()
    starts = _run_starts(ordered, names)
    n, total, cross = (
        _added([getattr(part, name) for part in parts], order, starts)
        for name in ("n", "total", "cross")
    )
    return Cells(ordered.select(names)[starts], parts[0].variables, n, total, cross)


def _added(arrays: Sequence[Integers], order: Integers, starts: Integers) -> Integers:
    """Rows of all arrays in the given order, added up from each start to the next."""
    joined = np.concatenate(arrays) if len(arrays) > 1 else arrays[0]
    if (order[1:] < order[:-1]).any():
        joined = joined[order]
    extra = len(joined) - len(starts)
    if extra * 8 > len(starts):
        return np.add.reduceat(joined, starts, axis=0)
    if not extra:
        return joined
    # Few cells meet (the ends of parts of a sorted snapshot): take the first of each, add the rest
    # to them.
    first = np.zeros(len(joined), dtype=bool)
    first[starts] = True
    joined = joined.copy() if len(arrays) == 1 else joined
    np.add.at(joined, starts[np.cumsum(first)[~first] - 1], joined[~first])
    return joined[first]


def unpack(cross: Floats, p: int) -> Floats:
    """Upper triangles (..., p(p+1)/2) as full symmetric matrices (..., p, p).

    Examples
    --------
    >>> unpack(np.array([[1, 2, 3]]), 2).tolist()
    [[[1.0, 2.0], [2.0, 3.0]]]
    """
    full = np.zeros((*cross.shape[:-1], p, p))
    rows, columns = np.triu_indices(p)
    full[..., rows, columns] = cross
    full[..., columns, rows] = cross
    return full
