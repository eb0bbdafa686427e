"""Post-stratification to transaction totals with a declared rule for empty and tiny cells.

Weight of a response in group g: ``w_g = N_g / n_g`` (Holt & Smith 1979), N_g = completed dossiers,
n_g = responses.

A cell (domain x channel of one agency) is *sound* when n >= min_cell and N > 0. Cells that are not
sound - tiny, empty (N > 0, n = 0) or without a total (n > 0, N = 0) - are joined, never dropped:

1. within a domain all unsound channels are joined; if the result is still unsound it joins the
   domain's smallest sound cell;
2. what is still unsound in the agency is joined across domains; if still unsound it joins the
   agency's smallest sound cell; if there is none, the agency is one group.

An agency without any total keeps weight 1 and is flagged.

No group counts more answers than it has dossiers. The room of N dossiers is filled in the order of
evidence: answers tied to a transaction first, then screens and tablets, open posters last; a class
that does not fit counts by the share ``min(1, room left / answers)``, all of its answers alike.
``channel_mix`` weights each agency to a fixed mix of channels, so that a change of the mix is not
taken for a change of satisfaction; ``trim`` cuts weights at a multiple of the agency's median and
says how much weight it moved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

import numpy as np

from analysis.arrays import Floats, Integers
from analysis.errors import DesignError

WeightingCell = tuple[str, str]
Key = tuple[str, str, str]
NO_MIX: Final[Mapping[str, Fraction]] = {}


@dataclass
class Group:
    """Cells of one agency that share one weight."""

    n: int = 0
    transactions: int = 0
    cells: list[WeightingCell] = field(default_factory=list)

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
    weight : (K,) weight of each counted response in the key, dossiers per response.
    kept : (K,) share of the key's responses that are counted; below 1 only where there are more
        than dossiers.
    stratum : (K,) number of the group the key belongs to; groups never cross agencies.
    joined : agency -> number of cells that were joined to another.
    without_totals : agencies that have answers but no total.
    loss : agency -> share of its weight that trimming moved to other groups.
    """

    weight: Floats
    kept: Floats
    stratum: Integers
    joined: Mapping[str, int]
    without_totals: frozenset[str]
    loss: Mapping[str, float]


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


def collapse(counts: Mapping[WeightingCell, tuple[int, int]], min_cell: int) -> list[Group]:
    """Groups of one agency from (domain, channel) -> (responses, transactions).

    Examples
    --------
    >>> counts = {("land", "counter"): (50, 100), ("land", "online"): (2, 30)}
    >>> counts["land", "postal"] = (0, 8)
    >>> [(group.n, group.transactions, len(group.cells)) for group in collapse(counts, 5)]
    [(52, 138, 3)]
    """
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


def fixed_mix(totals: Mapping[Key, int], mix: Mapping[str, Fraction]) -> dict[Key, float]:
    """Totals of each agency moved to a fixed mix of channels; an agency's sum stays, channels it
    lacks drop out.

    Raises
    ------
    DesignError
        A channel has dossiers but no share in the mix.

    Examples
    --------
    >>> mix = {"counter": Fraction(1, 2), "online": Fraction(1, 2)}
    >>> fixed_mix({("a", "land", "counter"): 300, ("a", "land", "online"): 100}, mix)
    {('a', 'land', 'counter'): 200.0, ('a', 'land', 'online'): 200.0}
    """
    by_channel: dict[tuple[str, str], int] = {}
    for (agency, _, channel), n in totals.items():
        if n and channel not in mix:
            raise DesignError(
                "channel {channel!r} has dossiers but no share in channel_mix; add it",
                channel=channel,
            )
        by_channel[agency, channel] = by_channel.get((agency, channel), 0) + n
    size: dict[str, int] = {}
    shares: dict[str, Fraction] = {}
    for (agency, channel), n in by_channel.items():
        size[agency] = size.get(agency, 0) + n
        shares[agency] = shares.get(agency, Fraction(0)) + (mix[channel] if n else 0)
    return {
        (a, d, c): float(n * mix[c] / shares[a] * size[a] / by_channel[a, c]) if n else 0.0
        for (a, d, c), n in totals.items()
    }


def poststratify(
    keys: Sequence[Key],
    n: Integers,
    totals: Mapping[Key, int],
    min_cell: int,
    *,
    order: Integers | None = None,
    channel_mix: Mapping[str, Fraction] = NO_MIX,
    trim: float = 0.0,
) -> Weights:
    """Weights of K keys (agency, domain, channel) with ``n`` responses to ``totals`` of completed
    dossiers.

    ``order`` (K,) is the place of each key's answers when a group's dossiers are handed out, 0
    first; None = all alike.

    Examples
    --------
    >>> keys = [("a", "land", "counter"), ("a", "land", "online")]
    >>> totals = {("a", "land", "counter"): 100, ("a", "land", "online"): 300}
    >>> poststratify(keys, np.array([50, 50]), totals, 5).weight.tolist()
    [2.0, 6.0]
    """
    order = np.zeros(len(n), dtype=np.int64) if order is None else order
    target = fixed_mix(totals, channel_mix) if channel_mix else totals
    place: dict[Key, int] = {}
    owner: list[str] = []
    known: list[float] = []
    wanted: list[float] = []
    joined: dict[str, int] = {}
    for agency, cells in _counts(keys, _countable(keys, n, totals, order), totals).items():
        groups = collapse(cells, min_cell)
        joined[agency] = sum(len(group.cells) - 1 for group in groups)
        for group in groups:
            place |= dict.fromkeys(((agency, *cell) for cell in group.cells), len(owner))
            owner.append(agency)
            known.append(group.transactions)
            wanted.append(sum(target.get((agency, *cell), 0) for cell in group.cells))
    stratum = np.array([place[key] for key in keys], dtype=np.int64)
    kept = _kept_in_groups(keys, n, totals, stratum, np.array(known, dtype=np.float64), order)
    counted: Floats = np.bincount(stratum, weights=n * kept, minlength=len(owner)).astype(
        np.float64
    )
    weight = np.where(
        (np.array(wanted) > 0) & (counted > 0),
        np.array(wanted) / np.where(counted > 0, counted, 1),
        1.0,
    )
    weight, loss = _trimmed(weight, counted, owner, trim)
    with_totals = {agency for agency, size in zip(owner, known, strict=True) if size}
    return Weights(
        weight[stratum], kept, stratum, joined, frozenset(set(owner) - with_totals), loss
    )


def _kept_in_groups(
    keys: Sequence[Key],
    n: Integers,
    totals: Mapping[Key, int],
    stratum: Integers,
    known: Floats,
    order: Integers,
) -> Floats:
    """Share of each key's answers that counts, (K,): every cell is held to its own dossiers before
    cells are joined.

    Answers of a cell without dossiers, as those of a counter without a domain, get the room the
    other cells of their group leave. Where a whole group has no dossiers there is nothing to hold
    its answers against.
    """
    place, cell_known = _cells(keys, totals)
    alone = cell_known[place] <= 0
    kept = _kept(n, place, cell_known, order)
    size = len(known)
    placed = np.bincount(stratum, weights=np.where(alone, 0.0, n * kept), minlength=size)
    room = np.maximum(known - placed, 0.0)
    bounded = alone & (known[stratum] > 0)
    for step in np.unique(order).tolist():
        mine = bounded & (order == step)
        asked = np.bincount(stratum, weights=n * mine, minlength=size)
        taken = np.minimum(asked, room)
        kept = np.where(
            mine, np.where(asked > 0, taken / np.where(asked > 0, asked, 1), 0.0)[stratum], kept
        )
        room = room - taken
    return kept


def _cells(keys: Sequence[Key], totals: Mapping[Key, int]) -> tuple[Integers, Floats]:
    """Number of the cell of each key (K,), and the dossiers of each cell."""
    cells = {key: number for number, key in enumerate(dict.fromkeys(keys))}
    place = np.array([cells[key] for key in keys], dtype=np.int64)
    return place, np.array([totals.get(key, 0) for key in cells], dtype=np.float64)


def _countable(
    keys: Sequence[Key], n: Integers, totals: Mapping[Key, int], order: Integers
) -> Integers:
    """Answers that can count in each key when every cell is filled by itself; decides which cells
    are sound.
    """
    place, known = _cells(keys, totals)
    return np.rint(n * _kept(n, place, known, order)).astype(np.int64)


def _kept(n: Integers, stratum: Integers, transactions: Floats, order: Integers) -> Floats:
    """Share of each key's responses that counts, (K,); without a total there is nothing to hold
    them against.
    """
    room = transactions.copy()
    kept = np.ones(len(n))
    for place in np.unique(order).tolist():
        mine = order == place
        size = np.bincount(stratum, weights=n * mine, minlength=len(room))
        taken = np.minimum(size, room)
        share = np.where((transactions > 0) & (size > 0), taken / np.where(size > 0, size, 1), 1.0)
        kept = np.where(mine, share[stratum], kept)
        room = room - taken
    return kept


def _trimmed(
    weight: Floats, n: Floats, owner: Sequence[str], trim: float
) -> tuple[Floats, dict[str, float]]:
    """Weights (G,) cut at ``trim`` x the median response's weight in each agency, and the share of
    weight moved.
    """
    if not trim:
        return weight, {}
    names, code = np.unique(np.array(owner), return_inverse=True)
    result, loss = weight.copy(), {}
    for number, name in enumerate(names.tolist()):
        mine = np.flatnonzero((code == number) & (n > 0))
        if not len(mine):
            continue
        order = mine[np.argsort(weight[mine])]
        middle = np.searchsorted(np.cumsum(n[order]), n[mine].sum() / 2)
        cut = np.minimum(weight[mine], trim * weight[order[middle]])
        total = weight[mine] @ n[mine]
        # The agency keeps its total, so that the province's figure does not change its make-up.
        result[mine] = cut * total / (cut @ n[mine])
        loss[name] = float(np.abs(result[mine] - weight[mine]) @ n[mine] / (2 * total))
    return result, loss


def _counts(
    keys: Sequence[Key], n: Integers, totals: Mapping[Key, int]
) -> dict[str, dict[WeightingCell, tuple[int, int]]]:
    counts: dict[str, dict[WeightingCell, tuple[int, int]]] = {}
    for (agency, domain, channel), size in zip(keys, n.tolist(), strict=True):
        cells = counts.setdefault(agency, {})
        seen = cells.get((domain, channel), (0, 0))[0]
        cells[domain, channel] = (seen + size, totals.get((agency, domain, channel), 0))
    for (agency, domain, channel), transactions in totals.items():
        if agency in counts:
            counts[agency].setdefault((domain, channel), (0, transactions))
    return counts
