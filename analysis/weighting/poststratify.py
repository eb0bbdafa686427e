"""Post-stratification to transaction totals with a declared rule for empty and tiny cells.

Weight of a response in group g: ``w_g = N_g / n_g`` (Holt & Smith 1979), N_g = completed dossiers, n_g = responses.

A cell (domain x channel of one agency) is *sound* when n >= min_cell and N > 0. Cells that are not sound - tiny,
empty (N > 0, n = 0) or without a total (n > 0, N = 0) - are joined, never dropped:

1. within a domain all unsound channels are joined; if the result is still unsound it joins the domain's
   smallest sound cell;
2. what is still unsound in the agency is joined across domains; if still unsound it joins the agency's
   smallest sound cell; if there is none, the agency is one group.

An agency without any total keeps weight 1 and is flagged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Cell = tuple[str, str]


@dataclass
class Group:
    """Cells of one agency that share one weight."""

    n: int = 0
    transactions: int = 0
    cells: list[Cell] = field(default_factory=list)

    def join(self, other: Group) -> None:
        """Take another group in."""
        self.n += other.n
        self.transactions += other.transactions
        self.cells.extend(other.cells)

    def sound(self, min_cell: int) -> bool:
        """Enough answers and a total to weight to."""
        return self.n >= min_cell and self.transactions > 0


@dataclass(frozen=True)
class Weights:
    """Result for K keys.

    Attributes
    ----------
    weight : (K,) weight of each response in the key, dossiers per response.
    stratum : (K,) number of the group the key belongs to; groups never cross agencies.
    joined : agency -> number of cells that were joined to another.
    without_totals : agencies that have answers but no total.
    """

    weight: npt.NDArray[np.float64]
    stratum: npt.NDArray[np.int64]
    joined: Mapping[str, int]
    without_totals: frozenset[str]


def _reduce(groups: list[Group], min_cell: int) -> tuple[list[Group], Group | None]:
    """Join the unsound groups of one level; what stays unsound is handed to the next level."""
    sound = [group for group in groups if group.sound(min_cell)]
    rest = Group()
    for group in groups:
        if not group.sound(min_cell):
            rest.join(group)
    if not rest.cells:
        return sound, None
    if rest.sound(min_cell):
        return [*sound, rest], None
    if sound:
        min(sound, key=lambda group: (group.n, group.cells[0])).join(rest)
        return sound, None
    return [], rest


def collapse(counts: Mapping[Cell, tuple[int, int]], min_cell: int) -> list[Group]:
    """Groups of one agency from (domain, channel) -> (responses, transactions)."""
    by_domain: dict[str, list[Group]] = {}
    for cell in sorted(counts):
        n, transactions = counts[cell]
        by_domain.setdefault(cell[0], []).append(Group(n, transactions, [cell]))
    done: list[Group] = []
    left: list[Group] = []
    for groups in by_domain.values():
        sound, rest = _reduce(groups, min_cell)
        done += sound
        left += [rest] if rest else []
    if left:
        sound, rest = _reduce([*done, *left], min_cell)
        done = [*sound, rest] if rest else sound
    return done


def poststratify(
    keys: Sequence[tuple[str, str, str]],
    n: npt.NDArray[np.int64],
    totals: Mapping[tuple[str, str, str], int],
    min_cell: int,
) -> Weights:
    """Weights of K keys (agency, domain, channel) with ``n`` responses to ``totals`` of completed dossiers.

    Examples
    --------
    >>> keys = [("a", "land", "counter"), ("a", "land", "online")]
    >>> totals = {("a", "land", "counter"): 100, ("a", "land", "online"): 300}
    >>> poststratify(keys, np.array([50, 50]), totals, 5).weight.tolist()
    [2.0, 6.0]
    """
    counts = _counts(keys, n, totals)
    place: dict[tuple[str, str, str], tuple[int, float]] = {}
    joined: dict[str, int] = {}
    without = set()
    number = 0
    for agency, cells in counts.items():
        groups = collapse(cells, min_cell)
        joined[agency] = sum(len(group.cells) - 1 for group in groups)
        if not any(group.transactions for group in groups):
            without.add(agency)
        for group in groups:
            weight = group.transactions / group.n if group.transactions and group.n else 1.0
            place.update({(agency, *cell): (number, weight) for cell in group.cells})
            number += 1
    return Weights(
        weight=np.array([place[key][1] for key in keys], dtype=np.float64),
        stratum=np.array([place[key][0] for key in keys], dtype=np.int64),
        joined=joined,
        without_totals=frozenset(without),
    )


def _counts(
    keys: Sequence[tuple[str, str, str]],
    n: npt.NDArray[np.int64],
    totals: Mapping[tuple[str, str, str], int],
) -> dict[str, dict[Cell, tuple[int, int]]]:
    counts: dict[str, dict[Cell, tuple[int, int]]] = {}
    for (agency, domain, channel), size in zip(keys, n.tolist(), strict=True):
        cells = counts.setdefault(agency, {})
        seen = cells.get((domain, channel), (0, 0))[0]
        cells[domain, channel] = (seen + size, totals.get((agency, domain, channel), 0))
    for (agency, domain, channel), transactions in totals.items():
        if agency in counts:
            counts[agency].setdefault((domain, channel), (0, transactions))
    return counts
