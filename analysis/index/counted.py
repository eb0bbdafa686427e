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

KEYS: Final = ("agency", "domain", "channel", "evidence", "flag")
"""What the cells of an index have to be counted by."""


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


def _masked(keys: Sequence[Key], method: Method) -> list[Key]:
    """Keys with what the method does not weight on left empty."""
    domain, channel = ("domain" in method.weighting_cells), ("channel" in method.weighting_cells)
    return [(a, d if domain else "", c if channel else "") for a, d, c in keys]


def _summed(completed: Mapping[Key, int], method: Method) -> dict[Key, int]:
    result: dict[Key, int] = {}
    for key, masked in zip(completed, _masked(list(completed), method), strict=True):
        result[masked] = result.get(masked, 0) + completed[key]
    return result
