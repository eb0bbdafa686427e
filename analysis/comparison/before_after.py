"""Whether a figure is another after something was done, and beside places where nothing was done.

From the figures' own intervals (square-and-add: Newcombe 1998 method 10; Zou & Donner 2008)

    low = d - sqrt((b - l_b)^2 + (u_a - a)^2),   high = d + sqrt((u_b - b)^2 + (a - l_a)^2)

so that stored results are enough. Against others the mean of their changes is taken off
(difference in differences), which takes along what moved everybody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import hypot

from analysis.errors import AnalysisError
from analysis.estimation.intervals import exact


class Verdict(StrEnum):
    """What an interval of a difference says."""

    BETTER = "better"
    WORSE = "worse"
    NO_DIFFERENCE = "no-difference"


@dataclass(frozen=True)
class Measured:
    """A figure with the limits of its interval, in percent."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Shift:
    """A difference with the limits of its interval, in percentage points, and what it says."""

    difference: float
    low: float
    high: float

    @property
    def verdict(self) -> Verdict:
        """Better or worse only where the interval leaves 0 out."""
        if self.low > 0:
            return Verdict.BETTER
        return Verdict.WORSE if self.high < 0 else Verdict.NO_DIFFERENCE


def measure_share(count: int, size: int) -> Measured:
    """A share of independent answers in percent, with exact 95 % limits (Clopper-Pearson 1934).

    Raises
    ------
    AnalysisError
        There are no answers, or more were counted than there are.

    Examples
    --------
    >>> share = measure_share(36, 40)
    >>> share.value, round(share.low, 2), round(share.high, 2)
    (90.0, 76.34, 97.21)
    """
    if not 0 <= count <= size or size == 0:
        raise AnalysisError("{count} of {size} is no share", count=count, size=size)
    low, high = exact(count / size, size)
    return Measured(100 * count / size, 100 * float(low), 100 * float(high))


def compare_before_after(before: Measured, after: Measured) -> Shift:
    """The change from one independent figure to another.

    Raises
    ------
    AnalysisError
        A value lies outside its own interval.

    Examples
    --------
    >>> shift = compare_before_after(Measured(80, 77, 83), Measured(86, 82, 90))
    >>> shift.difference, shift.low, shift.verdict.value
    (6, 1.0, 'better')
    """
    for one in (before, after):
        if not one.low <= one.value <= one.high:
            raise AnalysisError(
                "{value} lies outside its interval {low} to {high}",
                value=one.value,
                low=one.low,
                high=one.high,
            )
    difference = after.value - before.value
    down = hypot(after.value - after.low, before.high - before.value)
    up = hypot(after.high - after.value, before.value - before.low)
    return Shift(difference, difference - down, difference + up)


def compare_with_others(own: Shift, others: Sequence[Shift]) -> Shift:
    """How much more a place changed than the mean of ``others``, independent of it and of each
    other.

    Raises
    ------
    AnalysisError
        There are no others.

    Examples
    --------
    >>> compare_with_others(Shift(6, 1, 11), [Shift(2, -1, 5), Shift(0, -4, 4)]).difference
    5.0
    """
    if not others:
        raise AnalysisError("nothing to compare with: name at least one other place")
    count = len(others)
    mean = sum(other.difference for other in others) / count
    others_down = hypot(*(other.difference - other.low for other in others)) / count
    others_up = hypot(*(other.high - other.difference for other in others)) / count
    difference = own.difference - mean
    return Shift(
        difference,
        difference - hypot(own.difference - own.low, others_up),
        difference + hypot(own.high - own.difference, others_down),
    )
