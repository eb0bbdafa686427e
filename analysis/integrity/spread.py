"""How far a figure stands from its equals, when equals differ by themselves.

``z = (y - median) / sqrt(se**2 + tau**2)``: tau**2 is what the spread of the units exceeds their
standard errors by (Spiegelhalter 2005, additive over-dispersion), from the median absolute
deviation, so that the few that are looked for do not hide themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

MAD_TO_SD: Final = 1.4826
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Spread:
    """Median and additional variance of units that are alike."""

    median: float
    tau2: float

    def z(self, y: float, se2: float) -> float:
        """Distance of a figure in standard deviations."""
        return (y - self.median) / float(np.sqrt(max(se2 + self.tau2, 1e-12)))


def find_spread(y: Floats, se2: Floats) -> Spread:
    """Median and tau of figures, shape (units,), and their sampling variances."""
    median = float(np.median(y))
    mad = MAD_TO_SD * float(np.median(np.abs(y - median)))
    return Spread(median, max(0.0, mad**2 - float(np.median(se2))))


def stabilise_share(count: float, size: float) -> tuple[float, float]:
    """Arcsine root of a share and its variance (Anscombe 1948).

    Examples
    --------
    >>> round(stabilise_share(50, 100)[0], 4)
    0.7854
    """
    return float(np.arcsin(np.sqrt((count + 0.375) / (size + 0.75)))), 1 / (4 * size + 2)


def upper_p(z: float) -> float:
    """Probability of a z as large or larger."""
    return float(norm.sf(z))


def find_discoveries(p: list[float], share: float) -> list[bool]:
    """Which of these p-values stand at a false discovery rate (Benjamini and Hochberg 1995)."""
    order = np.argsort(p)
    ordered = np.asarray(p, dtype=float)[order]
    passing = np.nonzero(ordered <= share * np.arange(1, len(p) + 1) / max(1, len(p)))[0]
    last = passing[-1] + 1 if len(passing) else 0
    found = np.zeros(len(p), dtype=bool)
    found[order[:last]] = True
    return [bool(one) for one in found]
