"""Calibration of weights on cells: post-stratification, raking, linear (GREG) with bounds. Never on rows.

With starting totals of K cells, ``d_k = w_k n_k``, and margins of columns with targets, factors g_k are sought with
``sum_k g_k d_k x_k = t`` where x_k holds one 0/1 entry per margin category:

- raking: g_k is the product of one factor per margin, by iterative proportional fitting (Deming & Stephan 1940);
- linear: g_k = 1 + x_k' lambda, lambda = (sum d x x')^- (t - sum d x) (Särndal & Lundström 2005);
- one margin: both are post-stratification, g = N_c / sum_c d.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from analysis.errors import DesignError

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
TOLERANCE: Final = 1e-13
MOST_ROUNDS: Final = 500
Kind = Literal["poststratify", "rake", "linear"]


@dataclass(frozen=True)
class Margin:
    """Categories of some columns and the totals they are brought to."""

    columns: tuple[str, ...]
    targets: Mapping[tuple[str, ...], float]


@dataclass(frozen=True)
class Calibration:
    """Result: factors g (K,), category of each cell per margin with their numbers, rounds, largest relative error."""

    g: Floats
    codes: tuple[Integers, ...]
    sizes: tuple[int, ...]
    rounds: int
    error: float

    @property
    def x(self) -> Floats:
        """Indicator matrix (K, q), one column per category of each margin; made when variances need it."""
        return _indicators(self.codes, self.sizes)


def calibrate(
    cells: Sequence[Mapping[str, str]],
    start: Floats,
    margins: Sequence[Margin],
    kind: Kind,
    bounds: tuple[float, float] | None,
) -> Calibration:
    """Factors that bring the cell totals ``start`` (K,) to the margins.

    ``cells`` gives the category of each cell per column. With ``bounds`` the linear factors are cut off at them and
    the loss of the margins is reported in ``error``.

    Raises
    ------
    DesignError
        A cell's category has no target, a target has no cell, margins do not add up to the same total, or raking does
        not settle.

    Examples
    --------
    >>> cells = [{"sex": sex, "age": age} for age in ("young", "old") for sex in ("f", "m")]
    >>> sex, age = Margin(("sex",), {("f",): 60, ("m",): 40}), Margin(("age",), {("young",): 50, ("old",): 50})
    >>> found = calibrate(cells, np.full(4, 25.0), [sex, age], "rake", None)
    >>> found.g.round(6).tolist(), found.rounds
    ([1.2, 0.8, 1.2, 0.8], 1)
    """
    codes, targets = _codes(cells, margins)
    return calibrate_codes(codes, targets, start, margins, kind, bounds)


def calibrate_codes(
    codes: Sequence[Integers],
    targets: Sequence[Floats],
    start: Floats,
    margins: Sequence[Margin],
    kind: Kind,
    bounds: tuple[float, float] | None = None,
) -> Calibration:
    """As ``calibrate``, for cells whose categories are numbered: ``codes`` (K,) and ``targets`` per margin.

    Examples
    --------
    >>> margin = Margin(("sex",), {("f",): 60, ("m",): 40})
    >>> codes, targets = [np.array([0, 1])], [np.array([60.0, 40.0])]
    >>> found = calibrate_codes(codes, targets, np.array([50.0, 50.0]), [margin], "poststratify")
    >>> found.g.tolist()
    [1.2, 0.8]
    """
    _check_sums(margins)
    _check_empty(margins, codes, start)
    sizes = tuple(len(target) for target in targets)
    if kind == "linear":
        g = _linear(start, _indicators(codes, sizes), np.concatenate(targets), bounds)
        rounds = 1
    else:
        g, rounds = _rake(start, codes, targets)
    error = _error(g * start, codes, targets)
    if kind == "linear" and bounds is None and error > 1e-8:
        raise DesignError("linear calibration cannot reach the margins: they contradict each other")
    return Calibration(g, tuple(codes), sizes, rounds, error)


def _indicators(codes: Sequence[Integers], sizes: Sequence[int]) -> Floats:
    return np.concatenate([np.eye(size)[code] for code, size in zip(codes, sizes, strict=True)], axis=1)


def _codes(cells: Sequence[Mapping[str, str]], margins: Sequence[Margin]) -> tuple[list[Integers], list[Floats]]:
    codes, targets = [], []
    for margin in margins:
        index = {category: place for place, category in enumerate(margin.targets)}
        mine = [tuple(cell[column] for column in margin.columns) for cell in cells]
        unknown = sorted(set(mine) - set(index))
        if unknown:
            raise DesignError(f"margin {'x'.join(margin.columns)}: the data have {unknown[0]}, the targets do not")
        codes.append(np.array([index[category] for category in mine], dtype=np.int64))
        targets.append(np.array(list(margin.targets.values()), dtype=np.float64))
    return codes, targets


def _check_sums(margins: Sequence[Margin]) -> None:
    sums = {"x".join(margin.columns): sum(margin.targets.values()) for margin in margins}
    (first, total), *others = sums.items()
    for name, other in others:
        if abs(other - total) > 1e-9 * abs(total):
            raise DesignError(f"margins do not add up: {first} sums to {total:g}, {name} to {other:g}")


def _check_empty(margins: Sequence[Margin], codes: Sequence[Integers], start: Floats) -> None:
    for margin, code in zip(margins, codes, strict=True):
        current = np.bincount(code, weights=start, minlength=len(margin.targets))
        for category, have, want in zip(margin.targets, current, margin.targets.values(), strict=True):
            if want > 0 and have <= 0:
                name = "x".join(margin.columns)
                raise DesignError(
                    f"margin {name}: nobody answered in {category}, its target is {want:g}; join categories"
                )


def _error(reached: Floats, codes: Sequence[Integers], targets: Sequence[Floats]) -> float:
    worst = 0.0
    for code, target in zip(codes, targets, strict=True):
        current = np.bincount(code, weights=reached, minlength=len(target))
        positive = target > 0
        worst = max(worst, float(np.abs(current[positive] / target[positive] - 1).max(initial=0.0)))
    return worst


def _rake(start: Floats, codes: Sequence[Integers], targets: Sequence[Floats]) -> tuple[Floats, int]:
    g = np.ones(len(start))
    for round_number in range(1, MOST_ROUNDS + 1):
        for code, target in zip(codes, targets, strict=True):
            current = np.bincount(code, weights=g * start, minlength=len(target))
            ratio = np.where(current > 0, target / np.where(current > 0, current, 1.0), 1.0)
            g *= ratio[code]
        if len(codes) == 1 or _error(g * start, codes, targets) < TOLERANCE:
            return g, round_number
    if _error(g * start, codes, targets) > 1e-10:
        raise DesignError(f"raking did not settle in {MOST_ROUNDS} rounds: the margins contradict each other")
    return g, MOST_ROUNDS


def _linear(start: Floats, x: Floats, target: Floats, bounds: tuple[float, float] | None) -> Floats:
    matrix = (x * start[:, None]).T @ x
    g = 1 + x @ (np.linalg.pinv(matrix, hermitian=True) @ (target - x.T @ start))
    return np.asarray(g if bounds is None else np.clip(g, *bounds))
