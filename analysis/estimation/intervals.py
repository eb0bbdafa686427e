"""Confidence intervals for a share from its linearised variance.

Every function takes arrays (or numbers) and returns ``(low, high)`` of the same shape. ``p`` share
in 0..1, ``variance`` its variance, ``n`` responses, ``df`` degrees of freedom of the design,
``level`` e.g. 0.95. Checked against R ``svyciprop``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt

from analysis.arrays import Floats
from analysis.estimation.entropy import share_below

Pair = tuple[Floats, Floats]


def _t(df: npt.ArrayLike, level: npt.ArrayLike) -> Floats:
    from scipy.special import stdtrit  # noqa: PLC0415  (scipy is loaded when an interval is asked for)

    return np.asarray(stdtrit(np.maximum(df, 1), 0.5 + np.asarray(level) / 2))


def korn_graubard(
    p: npt.ArrayLike,
    variance: npt.ArrayLike,
    n: npt.ArrayLike,
    df: npt.ArrayLike,
    level: npt.ArrayLike = 0.95,
) -> Pair:
    """Korn & Graubard (1998): Clopper-Pearson at the effective size n* = n_eff (t(n-1)/t(df))^2.

    Examples
    --------
    >>> low, high = korn_graubard(0.5, 0.0025, 100, 99)
    >>> round(float(low), 4), round(float(high), 4)
    (0.3983, 0.6017)
    """
    return _clopper_pearson(np.asarray(p, float), _adjusted_size(p, variance, n, df, level), level)


def _clopper_pearson(p: Floats, size: Floats, level: npt.ArrayLike) -> Pair:
    """Exact binomial limits at a size that need not be whole."""
    from scipy.special import betaincinv  # noqa: PLC0415

    x = size * p
    tail = (1 - np.asarray(level)) / 2
    with np.errstate(invalid="ignore"):
        low = np.where(x > 0, betaincinv(np.maximum(x, 1e-300), size - x + 1, tail), 0.0)
        high = np.where(
            size - x > 0, betaincinv(x + 1, np.maximum(size - x, 1e-300), 1 - tail), 1.0
        )
    return low, high


def exact(p: npt.ArrayLike, size: npt.ArrayLike, level: npt.ArrayLike = 0.95) -> Pair:
    """Clopper-Pearson limits at a size that need not be whole.

    Examples
    --------
    >>> [round(float(limit), 3) for limit in exact(1.0, 10)]
    [0.692, 1.0]
    """
    return _clopper_pearson(np.asarray(p, float), np.asarray(size, float), level)


def korn_graubard_kish(
    p: npt.ArrayLike,
    variance: npt.ArrayLike,
    n: npt.ArrayLike,
    df: npt.ArrayLike,
    level: npt.ArrayLike = 0.95,
) -> Pair:
    """Korn-Graubard with n* never above what the weights alone leave of the answers, ``n`` divided
    by Kish's effect.

    Where a stratum of much weight is satisfied to a man, V is almost 0 and n* far above the number
    of answers: near 100 % such intervals hold the truth in as few as half of the samples. The
    standards of the NCHS cap n* at n (Parker et al. 2017, Series 2 No. 175), which is not enough
    where weights differ; Kish (1965, 11.7) says what is left then. ``n`` here is n / Kish's effect
    (``sizes``). Coverage: ``benchmarks/interval_grid.py``.

    Examples
    --------
    >>> low, high = korn_graubard_kish(0.9975, 0.0000016, 60, 78)
    >>> round(float(low), 3), round(float(high), 3)
    (0.935, 1.0)
    """
    size = np.minimum(_adjusted_size(p, variance, n, df, level), np.asarray(n, float))
    return _clopper_pearson(np.asarray(p, float), size, level)


def wilson(
    p: npt.ArrayLike,
    variance: npt.ArrayLike,
    n: npt.ArrayLike,
    df: npt.ArrayLike,
    level: npt.ArrayLike = 0.95,
) -> Pair:
    """Wilson score interval at the effective size n* (normal quantile).

    Examples
    --------
    >>> [round(float(limit), 4) for limit in wilson(0.8, 0.0016, 100, 99)]
    [0.7112, 0.8666]
    """
    from scipy.special import ndtri  # noqa: PLC0415

    p = np.asarray(p, float)
    size = _adjusted_size(p, variance, n, df, level)
    z = ndtri(0.5 + np.asarray(level) / 2)
    middle = p + z**2 / (2 * size)
    half = z * np.sqrt(p * (1 - p) / size + z**2 / (4 * size**2))
    scale = 1 + z**2 / size
    return (middle - half) / scale, (middle + half) / scale


def logit(
    p: npt.ArrayLike,
    variance: npt.ArrayLike,
    n: npt.ArrayLike,
    df: npt.ArrayLike,
    level: npt.ArrayLike = 0.95,
) -> Pair:
    """T interval on the logit scale; where p is 0 or 1 the scale does not exist and Korn-Graubard
    is used.

    Examples
    --------
    >>> [round(float(limit), 4) for limit in logit(0.8, 0.0016, 100, 99)]
    [0.7089, 0.8679]
    """
    p = np.asarray(p, float)
    inner = np.where((p > 0) & (p < 1), p, 0.5)
    half = _t(df, level) * np.sqrt(variance) / (inner * (1 - inner))
    centre = np.log(inner / (1 - inner))
    exact = korn_graubard(p, variance, n, df, level)
    at_edge = (p <= 0) | (p >= 1)
    low, high = (1 / (1 + np.exp(-(centre + sign * half))) for sign in (-1, 1))
    return np.where(at_edge, exact[0], low), np.where(at_edge, exact[1], high)


def asin(
    p: npt.ArrayLike,
    variance: npt.ArrayLike,
    n: npt.ArrayLike,
    df: npt.ArrayLike,
    level: npt.ArrayLike = 0.95,
) -> Pair:
    """T interval on the scale asin(sqrt p).

    Examples
    --------
    >>> [round(float(limit), 4) for limit in asin(0.8, 0.0016, 100, 99)]
    [0.7153, 0.873]
    """
    p = np.asarray(p, float)
    inner = np.where((p > 0) & (p < 1), p, 0.5)
    half = _t(df, level) * np.sqrt(variance) / (2 * np.sqrt(inner * (1 - inner)))
    centre = np.arcsin(np.sqrt(inner))
    exact = korn_graubard(p, variance, n, df, level)
    at_edge = (p <= 0) | (p >= 1)
    low = np.sin(np.maximum(centre - half, 0)) ** 2
    high = np.sin(np.minimum(centre + half, np.pi / 2)) ** 2
    return np.where(at_edge, exact[0], low), np.where(at_edge, exact[1], high)


def likelihood(
    p: npt.ArrayLike,
    variance: npt.ArrayLike,
    n: npt.ArrayLike,
    df: npt.ArrayLike,
    level: npt.ArrayLike = 0.95,
) -> Pair:
    """Shares q whose working likelihood, scaled by the design effect, is not rejected:
    2 n_eff KL(p, q) <= t(df)^2 n / (n - 1) (Rao & Scott 1984); where p is 0 or 1 Korn-Graubard.

    R reads them off a spline through the profile: its agree to 4e-4, for rare answers to 1.3e-3.

    Examples
    --------
    >>> [round(float(limit), 4) for limit in likelihood(0.8, 0.0016, 100, 99)]
    [0.713, 0.8713]
    """
    p, n = np.asarray(p, float), np.asarray(n, float)
    at_edge = (p <= 0) | (p >= 1)
    inner = np.where(at_edge, 0.5, p)
    size = np.where(at_edge, 1.0, effective_size(p, variance, n))
    wanted = _t(df, level) ** 2 * n / np.maximum(n - 1, 1) / (2 * size)
    exact = korn_graubard(p, variance, n, df, level)
    low, high = share_below(inner, wanted), 1 - share_below(1 - inner, wanted)
    return np.where(at_edge, exact[0], low), np.where(at_edge, exact[1], high)


def student(
    p: npt.ArrayLike,
    variance: npt.ArrayLike,
    n: npt.ArrayLike,
    df: npt.ArrayLike,
    level: npt.ArrayLike = 0.95,
) -> Pair:
    """Plain t interval p -+ t(df) SE; may leave 0..1 (as R's method "mean").

    Examples
    --------
    >>> [round(float(limit), 4) for limit in student(0.8, 0.0016, 100, 99)]
    [0.7206, 0.8794]
    """
    p = np.asarray(p, float)
    half = _t(df, level) * np.sqrt(variance)
    return p - half, p + half


def limits(
    name: str,
    value: npt.ArrayLike,
    variance: npt.ArrayLike,
    n: npt.ArrayLike,
    df: npt.ArrayLike,
    level: npt.ArrayLike = 0.95,
    span: tuple[float, float] = (0.0, 1.0),
) -> Pair:
    """Limits by the named method for a value between the ends of ``span``; everybody alike is not
    known exactly.

    The t interval of a score has no width where its variance is 0. A mean of numbers between two
    ends spreads at most as a share of ends does, so exact binomial limits hold there
    (conservative).

    Examples
    --------
    >>> low, high = limits("t", [1.0, 0.8], [0.0, 0.0016], 40, 39)
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.912, 0.719], [1.0, 0.881])
    """
    low, high = INTERVALS[name](value, variance, n, df, level)
    if name != "t":
        return low, high
    start, length = span[0], span[1] - span[0]
    share = np.clip((np.asarray(value, float) - start) / length, 0.0, 1.0)
    exact = _clopper_pearson(share, np.asarray(n, float), level)
    alike = np.asarray(variance) <= 0
    low, high = (
        np.where(alike, start + length * exact[0], low),
        np.where(alike, start + length * exact[1], high),
    )
    return np.maximum(low, start), np.minimum(high, start + length)


INTERVALS: Final[dict[str, Callable[..., Pair]]] = {
    "korn-graubard-kish": korn_graubard_kish,
    "korn-graubard": korn_graubard,
    "wilson": wilson,
    "logit": logit,
    "xlogit": logit,
    "likelihood": likelihood,
    "asin": asin,
    "t": student,
}
"""R fits "logit" as a model and takes "xlogit" from the share: the limits are the same."""
DEFAULT: Final = "korn-graubard-kish"
"""For shares, where nothing else is asked for: it stays inside 0..1 and holds near the ends."""


def effective_size(p: npt.ArrayLike, variance: npt.ArrayLike, n: npt.ArrayLike) -> Floats:
    """Binomial size with the same variance, p(1-p)/V; n itself where V = 0 (everybody answered
    alike).

    Examples
    --------
    >>> effective_size([0.5, 0.0], [0.005, 0.0], [100, 30]).tolist()
    [50.0, 30.0]
    """
    p, variance, n = np.broadcast_arrays(
        np.asarray(p, float), np.asarray(variance, float), np.asarray(n, float), subok=False
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((variance > 0) & (p > 0) & (p < 1), p * (1 - p) / variance, n)


def _adjusted_size(
    p: npt.ArrayLike,
    variance: npt.ArrayLike,
    n: npt.ArrayLike,
    df: npt.ArrayLike,
    level: npt.ArrayLike,
) -> Floats:
    n = np.asarray(n, float)
    size = effective_size(p, variance, n)
    exact = np.asarray(variance) <= 0
    wide = _t(df, level)
    ratio = np.where(
        exact | (wide == 0), 1.0, (_t(n - 1, level) / np.where(wide == 0, 1.0, wide)) ** 2
    )
    return np.asarray(size * ratio)
