"""How far one share is from another: relative entropy, and its inverse."""

from __future__ import annotations

from typing import Final

import numpy as np

from analysis.arrays import Floats

HALVINGS: Final = 60


def share_below(p: Floats, distance: Floats) -> Floats:
    """The share q < p with p ln(p/q) + (1-p) ln((1-p)/(1-q)) = ``distance``, all of one shape; for
    0 < p < 1.

    Halves ln(p/q), which may be large where p is small.

    Examples
    --------
    >>> round(float(share_below(np.array(0.8), np.array(0.019885))), 4)
    0.713
    """
    near = np.zeros(np.broadcast_shapes(np.shape(p), np.shape(distance)))
    # The second term is never less than (1-p) ln(1-p).
    far = np.broadcast_to((distance - (1 - p) * np.log1p(-p)) / p, near.shape).copy()
    for _step in range(HALVINGS):
        middle = (near + far) / 2
        q = p * np.exp(-middle)
        inside = p * middle + (1 - p) * (np.log1p(-p) - np.log1p(-q)) <= distance
        near, far = np.where(inside, middle, near), np.where(inside, far, middle)
    return np.asarray(p * np.exp(-(near + far) / 2))
