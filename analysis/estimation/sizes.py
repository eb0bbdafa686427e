"""How many independent answers an estimate is worth: the size its interval is made with."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from analysis.arrays import Floats
from analysis.estimation.intervals import DEFAULT, exact

_CLOSE: Final = 1e-9
_HALVINGS: Final = 30


def size_of_mean(
    value: Floats, size: Floats, coefficient: Floats, share: Floats, left: Floats
) -> Floats:
    """The size at which the exact interval of a mean of shares is as wide as its parts leave open.

    A mean hangs on the part the fewest answered: its limits are not binomial, and near 100 % a
    common size holds as few as 75 % of them. The distances of the parts' exact limits are squared
    and added (Newcombe 1998; Zou & Donner 2008); where that is wider the size shrinks, so that
    intervals at other levels and ranks follow. ``value`` and ``size`` (...), ``coefficient``,
    ``share`` and ``left``, what the weights leave of a part's answers, (..., I).

    Examples
    --------
    >>> one = np.ones(2)
    >>> sizes_of_items = np.array([400.0, 10.0])
    >>> held = size_of_mean(np.array(1.0), np.array(38.1), one / 2, one, sizes_of_items)
    >>> round(float(held), 1)
    22.0
    """
    low, high = exact(share, left)
    down, up = (
        np.sqrt((coefficient**2 * arm**2).sum(axis=-1)) for arm in (share - low, high - share)
    )
    return size_holding(value, size, value - down, value + up)


def sizes(name: str, variance: npt.ArrayLike, n: npt.ArrayLike, kish: npt.ArrayLike) -> Floats:
    """The number of answers a method's intervals start from; ``kish`` is Kish's design effect of
    the weights.

    Without any spread there is no effective size to compute, and the one of the weights takes its
    place in all methods.

    Examples
    --------
    >>> sizes("korn-graubard", [0.001, 0.0], 40, 2.0).tolist()
    [40.0, 20.0]
    >>> sizes("korn-graubard-kish", 0.001, 40, 2.0).tolist()
    20.0
    """
    whole, left = np.asarray(n, float), np.asarray(n, float) / np.asarray(kish, float)
    return left if name == DEFAULT else np.where(np.asarray(variance) > 0, whole, left)


def size_holding(p: Floats, size: Floats, low: Floats, high: Floats, level: float = 0.95) -> Floats:
    """The size, at most the given one, at which the exact interval holds ``low`` and ``high``;
    never below one answer.

    Examples
    --------
    >>> found = size_holding(np.array([1.0]), np.array([85.7]), np.array([0.897]), np.array([1.0]))
    >>> round(float(found[0]), 1), round(float(exact(1.0, found)[0][0]), 3)
    (33.9, 0.897)
    """
    result, (at_low, at_high) = size.copy(), exact(p, size, level)
    with np.errstate(invalid="ignore"):
        narrow = np.isfinite(p) & (size > 1) & ((at_low > low + _CLOSE) | (at_high < high - _CLOSE))
    if not narrow.any():
        return result
    p, low, high = p[narrow], np.maximum(low[narrow], 0.0), np.minimum(high[narrow], 1.0)
    few, many = np.ones(len(p)), size[narrow].copy()
    for _halving in range(_HALVINGS):
        middle = (few + many) / 2
        at_low, at_high = exact(p, middle, level)
        wide = (at_low <= low + _CLOSE) & (at_high >= high - _CLOSE)
        few, many = np.where(wide, middle, few), np.where(wide, many, middle)
    result[narrow] = few
    return result
