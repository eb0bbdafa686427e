"""Secondary suppression by Gaussian elimination: nothing hidden is a sum or difference of what is
shown.

Every cell that could be published is a sum of inner cells: a column of the publishing matrix. The
columns are taken up in the order of their worth. One is published when no hidden column becomes a
multiple of it, and the others are then reduced by it; otherwise it is hidden too. What is left
hidden cannot be computed from what is shown by any linear combination, in tables of any shape
(Langsrud 2024, "Secondary Cell Suppression by Gaussian Elimination: An Algorithm Suitable for
Handling Issues with Zeros and Singletons", doi 10.1007/978-3-031-69651-0_6).
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import Final, Generic, TypeVar

_PRIME: Final = 2**61 - 1
"""Numbers are kept modulo this: chance takes a sum for a multiple once in 10 to the 18."""
Cell = TypeVar("Cell", bound=Hashable)


def hide_by_elimination(
    sums: Mapping[Cell, Collection[Hashable]],
    hidden: Collection[Cell],
    order: Sequence[Cell],
    secret: Collection[Cell] = (),
    lone: Collection[Cell] = (),
) -> set[Cell]:
    """The cells of ``order`` that have to be hidden as well, so that no hidden one can be computed.

    ``sums`` tells which inner cells every cell is the sum of; ``order`` has what may be published,
    what is worth most first. ``lone`` cells are known to somebody: who knows one computes no
    ``secret`` other. A hidden cell that is empty, or that is known from the start, cannot be
    protected and protects nothing.

    Examples
    --------
    >>> sums = {"a": ["a"], "b": ["b"], "c": ["c"], "all": ["a", "b", "c"]}
    >>> hide_by_elimination(sums, ["c"], ["all", "a", "b"])
    {'b'}
    >>> hide_by_elimination(sums, ["b", "c"], ["all", "a"], secret=["b", "c"], lone=["c"])
    {'a'}
    """
    matrix = _Columns(sums, hidden, frozenset(secret) | frozenset(lone), frozenset(lone))
    return {cell for cell in order if not matrix.publish(cell)}


class _Columns(Generic[Cell]):
    """The publishing matrix while it is reduced: of every cell not yet published, what is not known
    of it.
    """

    def __init__(
        self,
        sums: Mapping[Cell, Collection[Hashable]],
        hidden: Collection[Cell],
        secret: frozenset[Cell],
        lone: frozenset[Cell],
    ) -> None:
        self.parts: dict[Cell, dict[Hashable, int]] = {
            cell: dict.fromkeys(inner, 1) for cell, inner in sums.items()
        }
        self.hidden, self.lone = set(hidden), lone
        # Without lone cells nobody asks which secret ones depend on each other.
        self.secret = secret & self.parts.keys() if lone else frozenset[Cell]()
        self.cells_with: dict[Hashable, set[Cell]] = {}
        for cell, inner in self.parts.items():
            for part in inner:
                self.cells_with.setdefault(part, set()).add(cell)
        self.alike: dict[frozenset[Hashable], set[Cell]] = {}
        for cell in self.secret:
            self.alike.setdefault(frozenset(self.parts[cell]), set()).add(cell)

    def publish(self, cell: Cell) -> bool:
        """Publish a cell, unless that would tell a hidden one, to somebody or to everybody."""
        column = self.parts[cell]
        if not column:
            return True
        pivot = min(column, key=lambda part: len(self.cells_with[part]))
        told = self.cells_with[pivot] & self.hidden
        is_kept = any(_are_multiples(column, self.parts[other]) for other in told)
        is_kept = is_kept or self._tells_who_is_alone(column, pivot, told & self.secret)
        self._take_out(cell)
        if not is_kept:
            self._reduce_by(column, pivot)
        return not is_kept

    def _tells_who_is_alone(
        self, column: Mapping[Hashable, int], pivot: Hashable, changed: Collection[Cell]
    ) -> bool:
        """Whether a secret cell would become a multiple of a lone one: what is left unknown of both
        would be one number.
        """
        after = {other: self._reduced(other, column, pivot) for other in changed}
        shapes: dict[frozenset[Hashable], set[Cell]] = {}
        for other, left in after.items():
            shapes.setdefault(frozenset(left), set()).add(other)
        for shape, cells in shapes.items():
            beside = self.alike.get(shape, set()) - after.keys()
            for other in cells:
                for mate in (cells | beside) - {other}:
                    if not (other in self.lone or mate in self.lone):
                        continue
                    two = after.get(mate, self.parts[mate])
                    before = _are_multiples(self.parts[other], self.parts[mate])
                    if not before and _are_multiples(after[other], two):
                        return True
        return False

    def _reduced(
        self, other: Cell, column: Mapping[Hashable, int], pivot: Hashable
    ) -> dict[Hashable, int]:
        times = self.parts[other][pivot] * pow(column[pivot], -1, _PRIME) % _PRIME
        left = dict(self.parts[other])
        for part, number in column.items():
            left[part] = (left.get(part, 0) - times * number) % _PRIME
        return {part: number for part, number in left.items() if number}

    def _take_out(self, cell: Cell) -> None:
        for part in self.parts.pop(cell):
            self.cells_with[part].discard(cell)

    def _reduce_by(self, column: Mapping[Hashable, int], pivot: Hashable) -> None:
        inverse = pow(column[pivot], -1, _PRIME)
        for other in list(self.cells_with[pivot]):
            self._subtract(other, column, self.parts[other][pivot] * inverse % _PRIME)

    def _subtract(self, other: Cell, column: Mapping[Hashable, int], times: int) -> None:
        target = self.parts[other]
        if other in self.secret:
            self.alike[frozenset(target)].discard(other)
        for part, number in column.items():
            left = (target.get(part, 0) - times * number) % _PRIME
            if left:
                target[part] = left
                self.cells_with[part].add(other)
            else:
                target.pop(part, None)
                self.cells_with[part].discard(other)
        if other in self.secret:
            self.alike.setdefault(frozenset(target), set()).add(other)


def _are_multiples(one: Mapping[Hashable, int], two: Mapping[Hashable, int]) -> bool:
    if one.keys() != two.keys() or not one:
        return False
    some = next(iter(one))
    first, second = one[some], two[some]
    return all((first * two[part] - second * n) % _PRIME == 0 for part, n in one.items())
