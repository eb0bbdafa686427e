"""Change between periods, and which changes are more than chance.

``d = b - a``, ``V(d) = V(a) + V(b) - 2 Cov(a, b)``; independent samples have covariance 0. p-values from t with the
agency's df; Holm (1979) keeps the chance of any false flag below the level, Benjamini & Hochberg (1995) the share of
false ones among the flagged.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analysis.errors import AnalysisError
from analysis.result import IndexResult

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Change:
    """Difference b - a with SE, t interval and two-sided p-value; arrays of one shape."""

    difference: Floats
    se: Floats
    low: Floats
    high: Floats
    p: Floats


def change(
    a: npt.ArrayLike,
    b: npt.ArrayLike,
    variance_a: npt.ArrayLike,
    variance_b: npt.ArrayLike,
    df: npt.ArrayLike,
    *,
    covariance: npt.ArrayLike = 0.0,
    level: float = 0.95,
) -> Change:
    """Change from ``a`` to ``b``; ``covariance`` when the same clusters or people stand in both periods.

    Raises
    ------
    AnalysisError
        If a variance is negative or the covariance larger than the variances allow.

    Examples
    --------
    >>> moved = change(80.0, 84.0, 1.5, 1.5, 200)
    >>> float(moved.difference), round(float(moved.se), 3), round(float(moved.p), 3)
    (4.0, 1.732, 0.022)
    """
    from scipy.special import stdtr, stdtrit  # noqa: PLC0415

    before, after = np.asarray(a, float), np.asarray(b, float)
    variance = np.asarray(variance_a, float) + np.asarray(variance_b, float) - 2 * np.asarray(covariance, float)
    if (variance < 0).any():
        raise AnalysisError(
            "the variance of a change came out negative: the covariance is larger than the variances allow"
        )
    difference, se = after - before, np.sqrt(variance)
    freedom = np.asarray(df, float)
    half = stdtrit(freedom, 0.5 + level / 2) * se
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.where(se > 0, np.abs(difference) / se, np.where(difference == 0, 0.0, np.inf))
    p = np.where(np.isinf(t), 0.0, 2 * stdtr(freedom, -np.where(np.isinf(t), 0.0, t)))
    return Change(difference, se, difference - half, difference + half, p)


def holm(p: npt.ArrayLike) -> Floats:
    """Holm's adjusted p-values, in the order given.

    Examples
    --------
    >>> [round(float(x), 4) for x in holm([0.01, 0.04, 0.03, 0.005])]
    [0.03, 0.06, 0.06, 0.02]
    """
    values = np.asarray(p, float)
    order = np.argsort(values, kind="stable")
    stepped = np.maximum.accumulate(values[order] * (len(values) - np.arange(len(values))))
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def benjamini_hochberg(p: npt.ArrayLike) -> Floats:
    """Adjusted p-values that control the false discovery rate, in the order given.

    Examples
    --------
    >>> [round(float(x), 4) for x in benjamini_hochberg([0.01, 0.04, 0.03, 0.005])]
    [0.02, 0.04, 0.04, 0.02]
    """
    values = np.asarray(p, float)
    order = np.argsort(values, kind="stable")[::-1]
    stepped = np.minimum.accumulate(values[order] * len(values) / (len(values) - np.arange(len(values))))
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def index_changes(
    before: IndexResult, after: IndexResult, shown: Collection[str], level: float = 0.95
) -> dict[str, dict[str, float | bool]]:
    """Change of the overall index of each agency in ``shown`` from one period to another, in percentage points.

    The two periods are independent samples. ``changed`` is the flag to publish (Holm: hardly any false one among all),
    ``to_look_at`` the longer list (Benjamini-Hochberg: a twentieth of it may be chance).

    Raises
    ------
    AnalysisError
        The results come from different methods: their numbers cannot be subtracted.

    Examples
    --------
    >>> from analysis.cli import compute
    >>> result = compute(snapshot, "sipas-service")
    >>> index_changes(result, result, {"s00"})["s00"]["p_holm"]
    1.0
    """
    if before.method.sha256 != after.method.sha256:
        raise AnalysisError(f"{before.method.id} and {after.method.id} are not the same method; compare like with like")
    first, second = (
        {figure.agency: figure for figure in result.figures if figure.level == "overall" and figure.se is not None}
        for result in (before, after)
    )
    both = sorted(set(first) & set(second) & set(shown))
    if not both:
        return {}
    a, b = ([table[agency] for agency in both] for table in (first, second))
    found = change(
        [f.weighted or 0.0 for f in a],
        [f.weighted or 0.0 for f in b],
        [(f.se or 0.0) ** 2 for f in a],
        [(f.se or 0.0) ** 2 for f in b],
        [min(x.df, y.df) for x, y in zip(a, b, strict=True)],
        level=level,
    )
    strict, loose = holm(found.p), benjamini_hochberg(found.p)
    return {
        agency: {
            "before": round(a[k].weighted or 0.0, 2),
            "after": round(b[k].weighted or 0.0, 2),
            "difference": round(float(found.difference[k]), 2),
            "low": round(float(found.low[k]), 2),
            "high": round(float(found.high[k]), 2),
            "p_holm": round(float(strict[k]), 4),
            "changed": bool(strict[k] < 1 - level),
            "to_look_at": bool(loose[k] < 1 - level),
        }
        for k, agency in enumerate(both)
    }
