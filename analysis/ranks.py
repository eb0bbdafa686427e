"""Ranks with their uncertainty: a joint confidence set per agency; a bare rank is never published.

Klein, Wright & Wieczorek (2020, JRSS C): with simultaneous intervals [L_k, U_k] the rank of k lies, jointly for all k
with the given confidence, between 1 + #{j: U_j <= L_k} and n - #{j: L_j >= U_k} (rank 1 = smallest value).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def joint_quantile(count: int, level: float, joint: Literal["independent", "bonferroni"]) -> float:
    """Normal quantile that makes ``count`` intervals hold together with probability ``level``.

    Examples
    --------
    >>> round(joint_quantile(51, 0.90, "independent"), 3), round(joint_quantile(51, 0.90, "bonferroni"), 3)
    (3.081, 3.096)
    """
    from scipy.special import ndtri  # noqa: PLC0415

    tail = (1 - level ** (1 / count)) if joint == "independent" else (1 - level) / count
    return float(ndtri(1 - tail / 2))


def rank_sets(
    estimate: npt.ArrayLike,
    se: npt.ArrayLike,
    *,
    level: float = 0.95,
    highest_first: bool = True,
    joint: Literal["independent", "bonferroni"] = "bonferroni",
) -> tuple[Integers, Integers]:
    """Best and worst possible rank of each of K agencies, (K,) and (K,), jointly with confidence ``level``.

    ``bonferroni`` needs no assumption; ``independent`` is for agencies sampled apart. Suppressed agencies must not be
    handed in: whoever is not published is not ranked.

    Raises
    ------
    AnalysisError
        If a value is missing or an SE negative.
    """
    value, spread = np.asarray(estimate, float), np.asarray(se, float)
    if not (np.isfinite(value).all() and np.isfinite(spread).all() and (spread >= 0).all()):
        raise AnalysisError("ranks need an estimate and an SE of 0 or more for every agency; leave suppressed ones out")
    if highest_first:
        value = -value
    half = joint_quantile(len(value), level, joint) * spread if len(value) else spread
    low, high = value - half, value + half
    best = 1 + np.searchsorted(np.sort(high), low, side="right")
    worst = np.searchsorted(np.sort(low), high, side="left")
    # An exact value (SE 0) ties with its equals: it never counts itself out of its own place.
    exact = spread == 0
    best = np.where(exact, best - np.array([(high[exact] == v).sum() for v in low]), best)
    worst = np.where(exact, worst + np.array([(low[exact] == v).sum() for v in high]), worst)
    return best.astype(np.int64), worst.astype(np.int64)
