"""Change between periods, and which changes are more than chance.

``d = b - a``, ``V(d) = V(a) + V(b) - 2 Cov(a, b)``; independent samples have covariance 0. A figure
everybody agrees on has the variance 0 and is not known exactly: changes of indices come from the
two figures' own intervals (square-and-add, Newcombe 1998 method 10; Zou & Donner 2008)

    low = d - sqrt((b - l_b)^2 + (u_a - a)^2),   high = d + sqrt((u_b - b)^2 + (a - l_a)^2)

and p is the level at which this interval reaches 0. Holm (1979) keeps the chance of any false flag
below the level, Benjamini & Hochberg (1995) the share of false ones among the flagged.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from analysis.arrays import Floats
from analysis.errors import AnalysisError
from analysis.estimation.intervals import limits
from analysis.index.results import Figure, IndexResult
from analysis.method import Method
from analysis.rounding import rounded


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
    """Change from ``a`` to ``b``; ``covariance`` when the same clusters or people stand in both
    periods.

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
    variance = (
        np.asarray(variance_a, float)
        + np.asarray(variance_b, float)
        - 2 * np.asarray(covariance, float)
    )
    if (variance < 0).any():
        raise AnalysisError(
            "the variance of a change came out negative: the covariance is larger than the "
            "variances allow"
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


def hochberg(p: npt.ArrayLike) -> Floats:
    """Hochberg's adjusted p-values (1988), in the order given: never above Holm's, right for
    independent figures.

    Examples
    --------
    >>> [round(float(x), 4) for x in hochberg([0.01, 0.04, 0.03, 0.005])]
    [0.03, 0.04, 0.04, 0.02]
    """
    values = np.asarray(p, float)
    order = np.argsort(values, kind="stable")[::-1]
    stepped = np.minimum.accumulate(values[order] * (1 + np.arange(len(values))))
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted


def bonferroni(p: npt.ArrayLike) -> Floats:
    """Each p-value times their number, at most 1.

    Examples
    --------
    >>> [round(float(x), 4) for x in bonferroni([0.01, 0.4])]
    [0.02, 0.8]
    """
    values = np.asarray(p, float)
    return np.asarray(np.minimum(values * len(values), 1.0))


def benjamini_hochberg(p: npt.ArrayLike) -> Floats:
    """Adjusted p-values that control the false discovery rate, in the order given.

    Examples
    --------
    >>> [round(float(x), 4) for x in benjamini_hochberg([0.01, 0.04, 0.03, 0.005])]
    [0.02, 0.04, 0.04, 0.02]
    """
    from scipy.stats import false_discovery_control  # noqa: PLC0415  (a second to load)

    return np.asarray(false_discovery_control(np.asarray(p, float), method="bh"))


ADJUSTMENTS: Final[dict[str, Callable[[npt.ArrayLike], Floats]]] = {
    "holm": holm,
    "hochberg": hochberg,
    "bonferroni": bonferroni,
    "none": lambda p: np.asarray(p, float),
}
"""Ways to make p-values of many comparisons stricter."""


def index_changes(
    before: IndexResult,
    after: IndexResult,
    shown: Collection[str],
    level: float = 0.95,
    adjust: str = "holm",
) -> dict[str, dict[str, float | bool]]:
    """Change of the overall index of each agency in ``shown`` from one period to another, in
    percentage points.

    The two periods are independent samples. ``changed`` is the flag to publish, by p-values made
    stricter for so many agencies as ``ADJUSTMENTS[adjust]`` does (Holm: hardly any false one among
    all); ``to_look_at`` is the longer list (Benjamini-Hochberg: a twentieth of it may be chance).

    Raises
    ------
    AnalysisError
        The results come from different methods: their numbers cannot be subtracted.

    Examples
    --------
    >>> from analysis import open_run
    >>> result = open_run(snapshot, "sipas-service").result
    >>> index_changes(result, result, {"s00"})["s00"]["p_holm"]
    1.0
    """
    if before.method.sha256 != after.method.sha256:
        raise AnalysisError(
            "{before} and {after} are not the same method; compare like with like",
            before=before.method.id,
            after=after.method.id,
        )
    first, second = (
        {
            figure.agency: figure
            for figure in result.figures
            if figure.level == "overall" and figure.weighted is not None
        }
        for result in (before, after)
    )
    both = sorted(set(first) & set(second) & set(shown))
    if not both:
        return {}
    a, b = (
        interval_sides([table[agency] for agency in both], before.method)
        for table in (first, second)
    )
    found = change_of_intervals(a, b, level=level)
    strict, loose = ADJUSTMENTS[adjust](found.p), benjamini_hochberg(found.p)
    return {
        agency: {
            **{
                name: float(
                    rounded(100 * float(values[k]), before.method.decimals, before.method.rounding)
                    or 0
                )
                for name, values in (
                    *(("before", a.value), ("after", b.value), ("difference", found.difference)),
                    *(("low", found.low), ("high", found.high)),
                )
            },
            f"p_{adjust}": round(float(strict[k]), 4),
            "changed": bool(strict[k] < 1 - level),
            "to_look_at": bool(loose[k] < 1 - level),
        }
        for k, agency in enumerate(both)
    }


@dataclass(frozen=True)
class Sides:
    """Figures to compare, as shares: arrays (K,), and how the method makes intervals of them."""

    value: Floats
    variance: Floats
    size: Floats
    df: Floats
    interval: str
    span: tuple[float, float]

    def limits(self, level: npt.ArrayLike) -> tuple[Floats, Floats]:
        """Limits (K,) at a level, or at one level each."""
        return limits(
            self.interval, self.value, self.variance, self.size, self.df, level, self.span
        )


def interval_sides(figures: Sequence[Figure], method: Method) -> Sides:
    """What comparisons need of some figures, each with answers.

    Examples
    --------
    >>> from analysis import open_run
    >>> result = open_run(snapshot, "sipas-service").result
    >>> figure = next(f for f in result.figures if (f.agency, f.level) == ("s00", "overall"))
    >>> interval_sides([figure], result.method).value.round(4).tolist()
    [0.8593]
    """
    value, se, size, df = (
        np.array([getattr(figure, name) or 0.0 for figure in figures], float)
        for name in ("weighted", "se", "size", "df")
    )
    return Sides(
        value / 100,
        (se / 100) ** 2,
        np.maximum(size, 1),
        np.maximum(df, 1),
        method.interval,
        method.span,
    )


def change_of_intervals(a: Sides, b: Sides, *, level: float = 0.95) -> Change:
    """Change from ``a`` to ``b`` of independent figures by their own intervals; SE by adding the
    variances.

    Examples
    --------
    >>> def side(share, variance, n):
    ...     kind = ("korn-graubard-kish", (0.0, 1.0))
    ...     values = (np.array([value]) for value in (share, variance, n, n - 1))
    ...     return Sides(*values, *kind)
    >>> moved = change_of_intervals(side(1.0, 0.0, 30.0), side(0.95, 0.95 * 0.05 / 999, 1000.0))
    >>> [round(float(x[0]), 3) for x in (moved.difference, moved.low, moved.high, moved.p)]
    [-0.05, -0.065, 0.066, 0.433]
    """
    difference = b.value - a.value
    low, high = _square_and_add(a, b, difference, level)
    # The interval narrows with p: halving finds the p at which 0 is on its edge.
    reached, missed = np.zeros(len(difference)), np.ones(len(difference))
    for _ in range(40):
        p = (reached + missed) / 2
        left, right = _square_and_add(a, b, difference, 1 - p)
        inside = (left <= 0) & (right >= 0)
        reached, missed = np.where(inside, p, reached), np.where(inside, missed, p)
    p = np.where(difference == 0, 1.0, reached)
    return Change(difference, np.sqrt(a.variance + b.variance), low, high, p)


def _square_and_add(
    a: Sides, b: Sides, difference: Floats, level: npt.ArrayLike
) -> tuple[Floats, Floats]:
    (low_a, high_a), (low_b, high_b) = a.limits(level), b.limits(level)
    down = np.hypot(b.value - np.minimum(low_b, b.value), np.maximum(high_a, a.value) - a.value)
    up = np.hypot(np.maximum(high_b, b.value) - b.value, a.value - np.minimum(low_a, a.value))
    return difference - down, difference + up
