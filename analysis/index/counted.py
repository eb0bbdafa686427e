"""Which answers count, and what each of them weighs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from analysis.arrays import Mask
from analysis.counting.cells import Cells
from analysis.data.schema import EVIDENCE_ORDER
from analysis.method import Method
from analysis.weighting.poststratify import Key, Weights, poststratify

KEYS: Final = ("agency", "domain", "channel", "evidence", "flag", "applicant")
"""What the cells of an index have to be counted by."""


EXCLUDED: Final = "excluded"
"""Flag of answers that two people took out: no method counts them."""


def counted_mask(method: Method, cells: Cells) -> Mask:
    """Which cells count, before any cap: by evidence class, and by the rule that marked their
    answers.

    Parameters
    ----------
    cells : with the keys ``KEYS``.

    Returns
    -------
    Boolean array, one entry per cell.
    """
    flags = np.array(cells.key("flag"))
    counted: Mask = np.isin(cells.key("evidence"), method.counted)
    counted &= (flags == "") | (method.flagged & ~np.isin(flags, method.uncounted_flags))
    counted &= flags != EXCLUDED
    return counted


def weight_answers(
    cells: Cells, completed: Mapping[Key, int], method: Method
) -> tuple[Cells, Weights]:
    """The answers a method counts, and their weights: at most as many as dossiers, post-stratified
    to them.

    ``cells`` have the keys ``KEYS``; ``completed`` are dossiers by the first three of them.

    Examples
    --------
    >>> counted, weights = weight_answers(cells, completed, method)
    >>> bool((weights.kept <= 1).all()), int(counted.n.sum()) < sum(completed.values())
    (True, True)
    """
    cells = cells.restrict(counted_mask(method, cells))
    keys = _masked(
        list(zip(cells.key("agency"), cells.key("domain"), cells.key("channel"), strict=True)),
        method,
    )
    weights = poststratify(
        keys,
        cells.n,
        _summed(completed, method),
        method.min_cell,
        order=np.array(
            [EVIDENCE_ORDER[evidence] for evidence in cells.key("evidence")], dtype=np.int64
        ),
        channel_mix=method.channel_mix,
        trim=method.trim,
    )
    there = weights.kept > 0
    cells = cells.scaled(weights.kept).restrict(there)
    return cells, replace(weights, weight=weights.weight[there], stratum=weights.stratum[there])


def weight_cells(
    cells: Cells, completed: Mapping[Key, int], method: Method
) -> dict[tuple[str, ...], tuple[float, float]]:
    """(share that counts, dossiers an answer stands for) of every cell that counts, by ``KEYS``.

    The second is the weight of a row: of an answer that counts in part, its part of it.

    Examples
    --------
    >>> found = weight_cells(cells, completed, method)
    >>> all(0 < share <= 1 and weight > 0 for share, weight in found.values())
    True
    """
    counted = cells.restrict(counted_mask(method, cells))
    places = zip(*(counted.key(name) for name in KEYS), strict=True)
    _scaled, weights = weight_answers(cells, completed, method)
    kept = weights.kept
    shares = dict(zip(places, kept.tolist(), strict=True))
    there = [(place, share) for place, share in shares.items() if share > 0]
    return {
        place: (share, share * weight)
        for (place, share), weight in zip(there, weights.weight.tolist(), strict=True)
    }


def overfull_places(
    cells: Cells, completed: Mapping[Key, int], method: Method
) -> set[tuple[str, ...]]:
    """Agencies ``(agency,)`` and domains ``(agency, domain)`` that sent more proven answers than
    they have dossiers: nobody can tell which of them were given by others.

    A place is overfull when its answers outnumber its dossiers, or when those beyond the dossiers
    of their own cells are at least ``min_n`` and more than ``overfull_share`` of them. Answers of a
    domain or channel without dossiers are beyond; those of a counter without a domain, or of an
    agency all of whose answers lie in such cells, may be about any dossier of it.
    """
    open_ = method.open_classes or ("E0",)
    proven = cells.restrict(counted_mask(method, cells) & ~np.isin(cells.key("evidence"), open_))
    keys = zip(proven.key("agency"), proven.key("domain"), proven.key("channel"), strict=True)
    answers: dict[Key, int] = {}
    for key, n in zip(_masked(list(keys), method), proven.n.tolist(), strict=True):
        answers[key] = answers.get(key, 0) + n
    known = _summed(completed, method)
    by_place: dict[tuple[str, ...], list[Key]] = {}
    for key in {*answers, *(key for key, n in known.items() if n)}:
        by_place.setdefault(key[:1], []).append(key)
        by_place.setdefault(key[:2], []).append(key)
    return {
        place
        for place, members in by_place.items()
        if _is_overfull(members, answers, known, method)
    }


def _is_overfull(
    members: Sequence[Key], answers: Mapping[Key, int], known: Mapping[Key, int], method: Method
) -> bool:
    n, dossiers = (sum(sums.get(key, 0) for key in members) for sums in (answers, known))
    if not dossiers:
        return False
    channels = {key[2] for key in members if known.get(key)}
    beyond = 0
    for key in members:
        room, given = known.get(key, 0), answers.get(key, 0)
        # Without a domain, in a channel that has dossiers: any of these may be meant.
        anywhere = not room and not key[1] and key[2] in channels
        beyond += 0 if anywhere else max(given - room, 0)
    placed = any(answers.get(key, 0) and known.get(key, 0) for key in members)
    many = beyond >= method.min_n and beyond > method.overfull_share * n
    return n > dossiers or (placed and many)


def _masked(keys: Sequence[Key], method: Method) -> list[Key]:
    """Keys with what the method does not weight on left empty."""
    domain, channel = ("domain" in method.weighting_cells), ("channel" in method.weighting_cells)
    return [(a, d if domain else "", c if channel else "") for a, d, c in keys]


def _summed(completed: Mapping[Key, int], method: Method) -> dict[Key, int]:
    result: dict[Key, int] = {}
    for key, masked in zip(completed, _masked(list(completed), method), strict=True):
        result[masked] = result.get(masked, 0) + completed[key]
    return result
