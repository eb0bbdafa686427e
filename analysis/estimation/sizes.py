"""How many independent answers an estimate is worth: the size its interval is made with."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analysis.arrays import Floats
from analysis.estimation.intervals import DEFAULT, exact, size_holding


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
