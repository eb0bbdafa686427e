"""Where agencies stand among their like: verdicts that may be acted on, and expected ranks.

Joint rank sets say what is certain of all agencies at once, and are wide. A leader acts on less:
who is surely above or below the mean or the target, with the share of wrong verdicts held
(Benjamini & Hochberg 1995), and about where each agency stands. Expected ranks lean on a model:
true values are spread normally about their mean (Laird & Louis 1989; Lin, Louis, Paddock & Ridgeway
2006), so they are labelled as model-based wherever they are shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from analysis.arrays import Floats, Integers
from analysis.comparison.change import benjamini_hochberg
from analysis.errors import AnalysisError
from analysis.index.results import PROVINCE

DRAWS: Final = 4000
SEED: Final = 2026
FALSE_SHARE: Final = 0.05
RANK_LEVEL: Final = 0.90
Z_95: Final = 1.959964
Z_80: Final = 0.841621
"""The difference is found in 80 of 100 repetitions."""
LEVEL: Final = 1e-6
"""Points below which two agencies are level."""
MIN_COMPARED: Final = 3
"""Fewer agencies of a kind have no spread one could speak of."""


@dataclass(frozen=True)
class ExpectedRanks:
    """Ranks under the model, rank 1 the highest.

    Attributes
    ----------
    expected, low, high : (K,) posterior mean of the rank, and the bounds of its interval.
    reliability : (K,) share of an agency's own distance from the mean that is no noise.
    between : standard deviation of the true values, in points.
    """

    expected: Floats
    low: Integers
    high: Integers
    reliability: Floats
    between: float


def expected_ranks(
    estimate: npt.ArrayLike, se: npt.ArrayLike, *, level: float = RANK_LEVEL, seed: int = SEED
) -> ExpectedRanks:
    """Expected ranks of K agencies from (K,) estimates and standard errors, in points, by empirical
    Bayes: ``tau^2 = var(estimate) - mean(se^2)``, posterior draws turned into ranks.

    Raises
    ------
    AnalysisError
        Fewer than three agencies, a value missing, or an SE that is not above 0.

    Examples
    --------
    >>> found = expected_ranks([95.0, 90.0, 80.0, 70.0], [0.5, 0.5, 0.5, 0.5])
    >>> found.expected.round().tolist(), found.low.tolist(), found.high.tolist()
    ([1.0, 2.0, 3.0, 4.0], [1, 2, 3, 4], [1, 2, 3, 4])
    """
    y, error = _checked(estimate, se)
    count = len(y)
    between = max(float(y.var(ddof=1) - (error**2).mean()), 0.0)
    reliability = between / (between + error**2)
    if not between:
        every = np.ones(count, dtype=np.int64)
        return ExpectedRanks(
            np.full(count, (count + 1) / 2), every, every * count, reliability, 0.0
        )
    weight = 1 / (between + error**2)
    mean = float(weight @ y / weight.sum())
    rng = np.random.default_rng(seed)
    # The mean is an estimate too; the agencies share its error.
    centre = mean + rng.standard_normal((DRAWS, 1)) / np.sqrt(weight.sum())
    noise = rng.standard_normal((DRAWS, count)) * error * np.sqrt(reliability)
    draws = centre + reliability * (y - centre) + noise
    ranks = 1 + np.argsort(np.argsort(-draws, axis=1), axis=1)
    tail = (1 - level) / 2
    low, high = np.quantile(ranks, [tail, 1 - tail], axis=0, method="inverted_cdf")
    return ExpectedRanks(
        ranks.mean(axis=0),
        low.astype(np.int64),
        high.astype(np.int64),
        reliability,
        float(np.sqrt(between)),
    )


def verdicts(
    estimate: npt.ArrayLike,
    se: npt.ArrayLike,
    *,
    target: float | None = None,
    weights: npt.ArrayLike | None = None,
    false_share: float = FALSE_SHARE,
) -> Integers:
    """For each of K agencies 1 (surely above), -1 (surely below) or 0 (not told apart): against a
    ``target``, else against the mean of all with (K,) ``weights``. Of the verdicts that are not 0 a
    share of ``false_share`` is expected to be wrong.

    Examples
    --------
    >>> verdicts([95.0, 88.0, 80.0], [1.0, 1.0, 1.0]).tolist()
    [1, 0, -1]
    >>> verdicts([95.0, 90.4, 80.0], [1.0, 1.0, 1.0], target=90.0).tolist()
    [1, 0, -1]
    """
    from scipy.special import ndtr  # noqa: PLC0415

    y, error = _checked(estimate, se)
    if target is not None:
        distance, spread = y - target, error
    else:
        share = np.ones(len(y)) if weights is None else np.asarray(weights, dtype=np.float64)
        share = share / share.sum()
        distance = y - share @ y
        spread = np.sqrt(error**2 * (1 - 2 * share) + (share**2) @ (error**2))
    # Who is nearly all of the mean has no distance from it.
    z = np.divide(distance, spread, out=np.zeros_like(y), where=spread > 1e-6)
    p = 2 * ndtr(-np.abs(z))
    sure = benjamini_hochberg(p) <= false_share
    return np.where(sure, np.sign(distance), 0).astype(np.int64)


def answers_to_next(
    estimate: npt.ArrayLike, se: npt.ArrayLike, n: npt.ArrayLike
) -> list[int | None]:
    """For each of K agencies about how many answers it and the one next below it would each need
    for the two to be told apart: two-sided at 5 %, with a power of 80 %, each answer worth what it
    is worth now (``se^2 n``). From (K,) estimates and standard errors in points and (K,) answers;
    None for the last, and where the two are level.

    Source: Fleiss, Levin & Paik (2003), chapter 4: ``n = (z_0.975 + z_0.80)^2 (v_1 + v_2) / d^2``.

    Raises
    ------
    AnalysisError
        As ``expected_ranks``.

    Examples
    --------
    >>> answers_to_next([90.0, 88.0, 60.0], [1.0, 1.0, 1.0], [400, 400, 400])
    [1570, 9, None]
    """
    y, error = _checked(estimate, se)
    worth = error**2 * np.asarray(n, dtype=np.float64)
    order = np.argsort(-y, kind="stable")
    found: list[int | None] = [None] * len(y)
    for upper, lower in pairwise(order.tolist()):
        distance = y[upper] - y[lower]
        if distance > LEVEL:
            needed = (Z_95 + Z_80) ** 2 * (worth[upper] + worth[lower]) / distance**2
            found[upper] = int(np.ceil(needed))
    return found


def _find_middle(apart: Sequence[int | None]) -> int | None:
    """The middle of what all neighbours need; None where most are level. The last has nobody below
    and is no pair.
    """
    needed = sorted(np.inf if one is None else one for one in apart)[:-1]
    middle = float(np.median(needed))
    return int(np.ceil(middle)) if np.isfinite(middle) else None


def list_reliability(estimate: npt.ArrayLike, se: npt.ArrayLike) -> float:
    """Share of the spread between K agencies that is no noise, from (K,) estimates and standard
    errors: ``max(0, 1 - mean(se^2) / var(estimate))``.

    Raises
    ------
    AnalysisError
        As ``expected_ranks``.

    Examples
    --------
    >>> list_reliability([70.0, 80.0, 90.0], [2.0, 2.0, 2.0])
    0.96
    """
    y, error = _checked(estimate, se)
    spread = float(y.var(ddof=1))
    return max(0.0, 1 - float((error**2).mean()) / spread) if spread else 0.0


def _checked(estimate: npt.ArrayLike, se: npt.ArrayLike) -> tuple[Floats, Floats]:
    y, error = (np.asarray(values, dtype=np.float64) for values in (estimate, se))
    if len(y) < MIN_COMPARED or y.shape != error.shape:
        raise AnalysisError("standing needs at least three agencies, each with a standard error")
    if not (np.isfinite(y).all() and np.isfinite(error).all() and (error > 0).all()):
        raise AnalysisError("standing: a value is missing, or a standard error is not above 0")
    return y, error


def standing_by_kind(table: Mapping[str, Any], target: float) -> list[dict[str, Any]]:
    """Where the published agencies of each kind stand, from a table of ``index`` as JSON: the
    verdicts against the mean of their kind and against a ``target`` in percent, expected rank and
    its interval.

    Kinds with fewer than three published agencies are left out: nothing can be said of them.

    Raises
    ------
    AnalysisError
        The file is no table of an index.
    """
    try:
        rows = [
            row
            for row in table["rows"]
            if row["level"] == "overall"
            and row["status"] == "published"
            and row["agency"] != PROVINCE
            and row["ci_high"] is not None
        ]
        kinds = sorted({str(row["agency_kind"]) for row in rows})
        found = [
            line
            for kind in kinds
            for line in _stand(kind, [r for r in rows if r["agency_kind"] == kind], target)
        ]
    except (KeyError, TypeError, AttributeError) as error:
        raise AnalysisError("this is no table of an index: {error}", error=error) from error
    return found


def _read_se(row: Mapping[str, Any]) -> float:
    """The standard error; of a figure everybody agrees on the one its interval speaks of."""
    se = float(row["se"] or 0)
    return se or (float(row["ci_high"]) - float(row["ci_low"])) / (2 * Z_95)


def _stand(kind: str, rows: Sequence[Mapping[str, Any]], target: float) -> list[dict[str, Any]]:
    if len(rows) < MIN_COMPARED:
        return []
    y, dossiers = (
        [float(row[name] or 0) for row in rows] for name in ("weighted_index", "transactions")
    )
    se = [_read_se(row) for row in rows]
    ranks = expected_ranks(y, se)
    n = [float(row.get("n") or 0) for row in rows]
    apart = answers_to_next(y, se, n) if all(n) else [None] * len(rows)
    whole, middle = round(list_reliability(y, se), 3), _find_middle(apart)
    beside_mean = verdicts(y, se, weights=dossiers if all(dossiers) else None)
    beside_target = verdicts(y, se, target=target)
    return [
        {
            "agency": row["agency"],
            "agency_name": row["agency_name"],
            "agency_kind": kind,
            "compared": len(rows),
            "weighted_index": row["weighted_index"],
            "verdict_mean": int(beside_mean[k]),
            "verdict_target": int(beside_target[k]),
            "expected_rank": round(float(ranks.expected[k]), 1),
            "rank_low": int(ranks.low[k]),
            "rank_high": int(ranks.high[k]),
            "reliability": round(float(ranks.reliability[k]), 3),
            "between": round(ranks.between, 3),
            "list_reliability": whole,
            "answers_to_next": apart[k],
            "answers_apart": middle,
            "model_based": True,
        }
        for k, row in enumerate(rows)
    ]
