"""Ranks with their uncertainty: a joint confidence set per agency; a bare rank is never published.

Klein, Wright & Wieczorek (2020, JRSS C): with simultaneous intervals [L_k, U_k] the rank of k lies,
jointly for all k with the given confidence, between 1 + #{j: U_j <= L_k} and n - #{j: L_j >= U_k}
(rank 1 = smallest value).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from analysis.arrays import Floats, Integers
from analysis.errors import AnalysisError

MAX_COMPARED: Final = 200


def joint_quantile(count: int, level: float, joint: Literal["independent", "bonferroni"]) -> float:
    """Normal quantile that makes ``count`` intervals hold together with probability ``level``.

    Examples
    --------
    >>> [round(joint_quantile(51, 0.90, kind), 3) for kind in ("independent", "bonferroni")]
    [3.081, 3.096]
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
    """Best and worst possible rank of each of K agencies, (K,) and (K,), jointly with confidence
    ``level``.

    ``bonferroni`` needs no assumption; ``independent`` is for agencies sampled apart. Suppressed
    agencies must not be handed in: whoever is not published is not ranked.

    Raises
    ------
    AnalysisError
        If a value is missing or an SE negative.

    Examples
    --------
    >>> best, worst = rank_sets([95.0, 90.0, 80.0], [2.0, 2.0, 2.0])
    >>> best.tolist(), worst.tolist()
    ([1, 1, 3], [2, 2, 3])
    """
    value, spread = np.asarray(estimate, float), np.asarray(se, float)
    if value.ndim != 1 or value.shape != spread.shape:
        raise AnalysisError(
            "ranks need as many SEs as estimates; there are {errors} and {estimates}",
            errors=value.shape,
            estimates=spread.shape,
        )
    if not (np.isfinite(value).all() and np.isfinite(spread).all() and (spread >= 0).all()):
        raise AnalysisError(
            "ranks need an estimate and an SE of 0 or more for every agency; leave suppressed ones "
            "out"
        )
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


def rank_sets_from_limits(
    low: npt.ArrayLike, high: npt.ArrayLike, *, highest_first: bool = True
) -> tuple[Integers, Integers]:
    """Rank sets from intervals that hold together, e.g. Korn-Graubard limits at the Bonferroni
    level.

    For shares near 100 % with few answers: an SE of 0 there does not mean that the value is known.

    Examples
    --------
    >>> best, worst = rank_sets_from_limits([88.0, 91.0, 70.0], [100.0, 95.0, 80.0])
    >>> best.tolist(), worst.tolist()
    ([1, 1, 3], [2, 2, 3])
    """
    lower, upper = np.asarray(low, float), np.asarray(high, float)
    if lower.ndim != 1 or lower.shape != upper.shape:
        raise AnalysisError(
            "ranks need as many upper as lower limits; there are {upper} and {lower}",
            upper=upper.shape,
            lower=lower.shape,
        )
    if not (np.isfinite(lower).all() and np.isfinite(upper).all() and (lower <= upper).all()):
        raise AnalysisError("ranks need both limits of every agency; leave suppressed ones out")
    if highest_first:
        lower, upper = -upper, -lower
    best = 1 + np.searchsorted(np.sort(upper), lower, side="left")
    worst = np.searchsorted(np.sort(lower), upper, side="right")
    return best.astype(np.int64), worst.astype(np.int64)


def rank_sets_max_t(
    estimate: npt.ArrayLike,
    covariance: npt.ArrayLike,
    *,
    level: float = 0.95,
    highest_first: bool = True,
    step_down: bool = True,
    draws: int = 4000,
    seed: int = 2026,
) -> tuple[Integers, Integers]:
    """Joint rank sets from all differences, shorter than ``rank_sets``: best and worst rank, (K,)
    and (K,).

    Every ordered pair (is j above k?) is compared with the quantile of the largest standardised
    difference under the joint normal distribution with ``covariance`` (K, K), by simulation;
    ``step_down`` leaves decided pairs out and repeats (Romano & Wolf 2005; Mogstad, Romano, Shaikh
    & Wilhelm 2024). At most 200 agencies: compare inside a group.

    Raises
    ------
    AnalysisError
        More than 200 agencies, a value is missing, or the matrix is not a covariance matrix of the
        estimates.

    Examples
    --------
    >>> best, worst = rank_sets_max_t([90.0, 80.0, 79.5], np.diag([1.0, 1.0, 1.0]))
    >>> best.tolist(), worst.tolist()
    ([1, 2, 2], [1, 3, 3])
    """
    value, matrix = np.asarray(estimate, float), np.asarray(covariance, float)
    count = len(value)
    if count > MAX_COMPARED:
        raise AnalysisError(
            "{count} agencies are too many to compare in pairs; group them, at most {MAX_COMPARED}",
            count=count,
            MAX_COMPARED=MAX_COMPARED,
        )
    if matrix.shape != (count, count) or not (
        np.isfinite(value).all() and np.isfinite(matrix).all()
    ):
        raise AnalysisError(
            "ranks need an estimate for every agency and their covariance matrix; leave suppressed "
            "out"
        )
    if count < 2:
        return np.ones(count, dtype=np.int64), np.ones(count, dtype=np.int64)
    # Ordered pairs: "j is above k" and "k is above j" are two hypotheses, and deciding one leaves
    # the other in.
    j, k = np.nonzero(~np.eye(count, dtype=bool))
    square = np.diag(matrix)[j] + np.diag(matrix)[k] - 2 * matrix[j, k]
    if (square < -1e-9 * np.abs(np.diag(matrix)).max()).any():
        raise AnalysisError("the covariance matrix gives a difference a negative variance")
    se = np.sqrt(np.maximum(square, 0.0))
    difference = (value[j] - value[k]) if highest_first else (value[k] - value[j])
    exact = se == 0
    decided = exact & (difference > 0)
    t = np.where(exact, 0.0, difference / np.where(exact, 1.0, se))
    noise = _noise(matrix, draws, seed)
    while not (decided | exact).all():
        open_pairs = np.flatnonzero(~(decided | exact))
        fresh = open_pairs[
            t[open_pairs]
            > _max_t_quantile(noise, j[open_pairs], k[open_pairs], se[open_pairs], level)
        ]
        decided[fresh] = True
        if not len(fresh) or not step_down:
            break
    above = np.zeros((count, count), dtype=bool)
    above[j, k] = decided
    return 1 + above.sum(axis=0), count - above.sum(axis=1)


def _noise(matrix: Floats, draws: int, seed: int) -> Floats:
    """Draws (K, B) of the joint normal; eigenvalues below 0 are rounding."""
    values, vectors = np.linalg.eigh(matrix)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    return np.asarray(root @ np.random.default_rng(seed).standard_normal((len(matrix), draws)))


def _max_t_quantile(noise: Floats, j: Integers, k: Integers, se: Floats, level: float) -> float:
    largest = np.full(noise.shape[1], -np.inf)
    # A few hundred pairs at a time: all of them at once would need gigabytes.
    for start in range(0, len(j), 256):
        part = slice(start, start + 256)
        np.maximum(
            largest, ((noise[j[part]] - noise[k[part]]) / se[part, None]).max(axis=0), out=largest
        )
    return float(np.quantile(largest, level))


def rank_estimates(
    result: Mapping[str, Any],
    estimand: str = "",
    *,
    highest_first: bool = True,
    level: float = 0.95,
) -> list[dict[str, Any]]:
    """Joint rank sets of the domains of one estimand, from a result of ``estimate`` with its
    covariance.

    Rows without an estimate or an SE are left out: what is not known has no place. A share without
    any spread is not known exactly: its interval, taken as normal, stands in for its SE. A mean
    without any spread has no interval: it may take every place, and every other row may stand
    behind it.

    Raises
    ------
    AnalysisError
        No such estimand, no covariance in the result, or more than 200 domains.

    Examples
    --------
    >>> values = {"a": 9.0, "b": 5.0, "c": None}
    >>> rows = [
    ...     {"label": f"y[g={g}]", "estimand": "y", "estimate": v, "se": 0.3}
    ...     for g, v in values.items()
    ... ]
    >>> matrix = [[0.1, 0.0, None], [0.0, 0.1, None], [None, None, None]]
    >>> places = rank_estimates({"estimates": rows, "covariance": matrix})
    >>> [(place["label"], place["best"], place["worst"]) for place in places]
    [('y[g=a]', 1, 1), ('y[g=b]', 2, 2)]
    """
    rows = result["estimates"]
    name = estimand or rows[0]["estimand"]
    if result.get("covariance") is None:
        raise AnalysisError(
            "the result has no covariance; set covariance = true in the SPEC and estimate again"
        )
    places = [k for k, row in enumerate(rows) if row["estimand"] == name and _known(row)]
    if not places:
        known = ", ".join(dict.fromkeys(str(row["estimand"]) for row in rows))
        raise AnalysisError(
            "there is nothing to rank under {name!r}; estimands of the result: {known}",
            name=name,
            known=known,
        )
    spread = [k for k in places if rows[k]["se"] > 0 or rows[k].get("low") is not None]
    ranks = {k: (1, len(places)) for k in places}
    if spread:
        matrix = np.array([[result["covariance"][i][j] for j in spread] for i in spread], float)
        matrix[np.diag_indices(len(spread))] += [_unseen(rows[k]) for k in spread]
        best, worst = rank_sets_max_t(
            [rows[k]["estimate"] for k in spread], matrix, highest_first=highest_first, level=level
        )
        behind = len(places) - len(spread)
        ranks |= {k: (int(b), int(w) + behind) for k, b, w in zip(spread, best, worst, strict=True)}
    return [
        {
            "label": rows[k]["label"],
            "estimate": rows[k]["estimate"],
            "best": ranks[k][0],
            "worst": ranks[k][1],
        }
        for k in places
    ]


def _known(row: Mapping[str, Any]) -> bool:
    return row["estimate"] is not None and row.get("se") is not None


def _unseen(row: Mapping[str, Any]) -> float:
    """Variance of a row whose answers show none: from the width of its interval, which is one-sided
    there.
    """
    if row["se"] > 0 or row.get("low") is None:
        return 0.0
    return float((row["high"] - row["low"]) / joint_quantile(1, 0.95, "bonferroni")) ** 2
