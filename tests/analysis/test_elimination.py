"""Nothing hidden is a combination of what is shown: checked by ranks, in tables of any shape."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from analysis.publication.audit import ALL, Counts
from analysis.publication.elimination import hide_by_elimination
from analysis.publication.suppression import protect
from tests.analysis.builders import table_of_counts

MINIMUM = 10


def cube(rng: np.random.Generator) -> tuple[dict[str, list[str]], dict[str, int]]:
    """Counts of agencies in two groupings that cross, by domain: sums of single ones, and how many
    answers each has.
    """
    size = rng.integers(2, 5, size=3)
    inner = {
        f"{a}.{g}.{d}": int(rng.negative_binomial(0.7, 0.05))
        for a, g, d in product(*(range(n) for n in size))
    }
    sums: dict[str, list[str]] = {}
    for cell in inner:
        a, g, d = cell.split(".")
        for place in product((a, "*"), (g, "*"), (d, "*")):
            sums.setdefault(".".join(place), []).append(cell)
    return sums, {place: sum(inner[cell] for cell in cells) for place, cells in sums.items()}


def told(sums: dict[str, list[str]], shown: list[str], hidden: list[str]) -> list[str]:
    """Hidden cells that the shown ones tell, by rank."""
    inner = sorted({cell for cells in sums.values() for cell in cells})

    def column(place: str) -> list[float]:
        return [float(cell in sums[place]) for cell in inner]

    known = np.array([column(place) for place in shown])
    rank = np.linalg.matrix_rank(known)
    return [
        place
        for place in hidden
        if np.linalg.matrix_rank(np.vstack([known, column(place)])) == rank
    ]


@pytest.mark.long
def test_no_hidden_cell_of_linked_tables_is_a_combination_of_shown_ones() -> None:
    rng = np.random.default_rng(2024)
    seen = 0
    for _ in range(60):
        sums, n = cube(rng)
        small = [place for place, count in n.items() if 0 < count < MINIMUM]
        order = sorted(set(sums) - set(small), key=lambda place: (-n[place], place))
        hidden = hide_by_elimination(sums, small, order)
        shown = [place for place in order if place not in hidden]
        assert told(sums, shown, [*small, *hidden]) == []
        # Simple suppression tells some of them, or the test would prove nothing.
        seen += len(told(sums, order, small))
    assert seen > 100


@pytest.mark.long
def test_the_only_one_who_answered_in_a_cell_finds_no_small_cell_beside_it() -> None:
    """He knows a cell of one: nothing small may follow from it and the shown ones."""
    rng = np.random.default_rng(7)
    alone = 0
    for _ in range(150):
        counts = table_of_counts(rng)
        hidden = protect(counts, MINIMUM)
        sums, own = inner_sums(counts)
        ones = [cell for cell in own if counts.n[place(cell)] == 1]
        small = [
            cell
            for cell in sums
            if 1 < counts.n[place(cell)] < MINIMUM
            or (counts.n[place(cell)] == 1 and cell not in own)
        ]
        shown = [cell for cell in sums if not hidden[place(cell)]]
        for one in ones:
            others = [c for c in small if c != one and not is_known(c, sums, [one], counts)]
            alone += bool(others)
            assert told(sums, [*shown, one], others) == []
    assert alone > 50


def test_two_who_answered_alone_find_nothing_of_each_other() -> None:
    """Whoever gave a's only answer in y would know a in x, and so c in x, exactly."""
    n = np.array([[13, 12, 1, 0], [31, 0, 1, 30], [32, 1, 30, 1], [76, 13, 32, 31]])
    columns = (ALL, "x", "y", "z")
    counts = Counts(("a", "b", "c", "*"), dict.fromkeys("abc", "*"), columns, n)
    for minimum in (3, 5, 10):
        hidden = protect(counts, minimum)
        sums, own = inner_sums(counts)
        ones = [cell for cell in own if counts.n[place(cell)] == 1]
        shown = [cell for cell in sums if not hidden[place(cell)]]
        for one in ones:
            assert told(sums, [*shown, one], [cell for cell in ones if cell != one]) == []


def inner_sums(counts: Counts) -> tuple[dict[str, list[str]], list[str]]:
    """Cells as sums of single agencies in single domains, and these."""
    total = counts.columns.index(ALL)
    domains = [c for c in range(len(counts.columns)) if c != total] or [total]
    leaves = {row: [row] for row in range(len(counts.rows))}
    for children, node in counts.families:
        leaves[node] = [leaf for child in children for leaf in leaves[child]]
    sums = {
        f"{row}.{column}": [
            f"{leaf}.{c}" for leaf in parts for c in (domains if column == total else [column])
        ]
        for row, parts in leaves.items()
        for column in range(len(counts.columns))
    }
    return sums, [cell for cell, parts in sums.items() if parts == [cell]]


def place(cell: str) -> tuple[int, int]:
    row, column = cell.split(".")
    return int(row), int(column)


def is_known(cell: str, sums: dict[str, list[str]], ones: list[str], counts: Counts) -> bool:
    """Whether what the cell holds beside the lone answers is nothing."""
    return sum(int(counts.n[place(part)]) for part in sums[cell] if part not in ones) == 0


def test_a_cell_that_is_a_sum_of_nothing_else_needs_no_help() -> None:
    sums = {"a": ["a"], "b": ["b"]}
    assert hide_by_elimination(sums, ["a"], ["b"]) == set()


def test_a_total_of_one_part_is_hidden_with_it() -> None:
    sums = {"a": ["a"], "b": ["b"], "whole": ["a"], "all": ["a", "b"]}
    assert hide_by_elimination(sums, ["a"], ["all", "whole", "b"]) == {"whole", "b"}
