"""Calibration of weights on cells: post-stratification, raking, linear (GREG) with bounds. Never on
rows.

With starting totals of K cells, ``d_k = w_k n_k``, and margins of columns with targets, factors g_k
are sought with ``sum_k g_k d_k x_k = t`` where x_k holds one 0/1 entry per margin category, and the
numbers whose totals are known (Deville & Särndal 1992):

- raking: g_k is the product of one factor per margin, by iterative proportional fitting (Deming &
  Stephan 1940) and, where parts of the table hang together by rare cells only and it crawls, by
  Newton steps on its dual; with numbers, by these steps alone;
- linear: g_k = 1 + x_k' lambda, lambda = (sum d x x')^- (t - sum d x) (Särndal & Lundström 2005);
- one margin: both are post-stratification, g = N_c / sum_c d.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from analysis.arrays import Floats, Integers
from analysis.errors import DesignError

if TYPE_CHECKING:
    from scipy.sparse import csr_array

TOLERANCE: Final = 1e-13
MAX_ROUNDS: Final = 500
MAX_NEWTON_STEPS: Final = 100
Kind = Literal["poststratify", "rake", "linear"]


@dataclass(frozen=True)
class Margin:
    """Categories of some columns and the totals they are brought to."""

    columns: tuple[str, ...]
    targets: Mapping[tuple[str, ...], float]


@dataclass(frozen=True)
class Amounts:
    """Numbers whose totals are known: ``values`` (K, a) of each cell, ``totals`` (a,), names."""

    values: Floats
    totals: Floats
    names: tuple[str, ...]

    @classmethod
    def none(cls, count: int) -> Amounts:
        """For so many cells."""
        return cls(np.zeros((count, 0)), np.zeros(0), ())

    def centred(self, start: Floats, margins: Sequence[Margin]) -> Amounts:
        """About their means, where a margin says how many there are: a large offset would hide
        what differs, and the categories hold it already.
        """
        if not margins or not self.names:
            return self
        size = sum(margins[0].targets.values())
        mean = start @ self.values / start.sum()
        return Amounts(self.values - mean, self.totals - size * mean, self.names)

    def scaled(self) -> Amounts:
        """In units of the largest value of each, so that they weigh as much as categories do."""
        unit = np.abs(self.values).max(axis=0, initial=0.0)
        unit = np.where(unit > 0, unit, 1.0)
        return Amounts(self.values / unit, self.totals / unit, self.names)


@dataclass(frozen=True)
class Calibration:
    """Result: factors g (K,), category of each cell per margin with their numbers, amounts, rounds,
    largest relative error.
    """

    g: Floats
    codes: tuple[Integers, ...]
    sizes: tuple[int, ...]
    amounts: Amounts
    rounds: int
    error: float

    @property
    def x(self) -> csr_array:
        """Sparse (K, q): an indicator per category of each margin, then the amounts; made when
        variances need them.
        """
        return _explain(self.codes, self.sizes, self.amounts)


def calibrate(
    cells: Sequence[Mapping[str, str]],
    start: Floats,
    margins: Sequence[Margin],
    kind: Kind,
    bounds: tuple[float, float] | None,
    amounts: Amounts | None = None,
) -> Calibration:
    """Factors that bring the cell totals ``start`` (K,) to the margins and the known totals.

    ``cells`` gives the category of each cell per column. With ``bounds`` the linear factors are cut
    off at them and the loss of the margins is reported in ``error``.

    Raises
    ------
    DesignError
        A cell's category has no target, a target has no cell, margins do not add up to the same
        total, or raking does not settle.

    Examples
    --------
    >>> cells = [{"sex": sex, "age": age} for age in ("young", "old") for sex in ("f", "m")]
    >>> sex = Margin(("sex",), {("f",): 60, ("m",): 40})
    >>> age = Margin(("age",), {("young",): 50, ("old",): 50})
    >>> found = calibrate(cells, np.full(4, 25.0), [sex, age], "rake", None)
    >>> found.g.round(6).tolist(), found.rounds
    ([1.2, 0.8, 1.2, 0.8], 1)
    """
    codes, targets = _codes(cells, margins)
    return calibrate_codes(codes, targets, start, margins, kind, bounds, amounts)


def calibrate_codes(
    codes: Sequence[Integers],
    targets: Sequence[Floats],
    start: Floats,
    margins: Sequence[Margin],
    kind: Kind,
    bounds: tuple[float, float] | None = None,
    amounts: Amounts | None = None,
) -> Calibration:
    """As ``calibrate``, for cells whose categories are numbered: ``codes`` (K,) and ``targets`` per
    margin.

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
    known = (amounts or Amounts.none(len(start))).centred(start, margins).scaled()
    x, target = _explain(codes, sizes, known), np.concatenate([*targets, known.totals])
    if kind == "linear":
        g, rounds = _linear(start, x, target, bounds), 1
    elif known.names:
        g, rounds = _rake_by_newton(start, x, target, sum(sizes))
    else:
        g, rounds = _rake(start, codes, targets)
    error = max(_error(g * start, codes, targets), _amount_error(g * start, known))
    if kind == "linear" and bounds is None and error > 1e-8:
        raise DesignError("linear calibration cannot reach the margins: they contradict each other")
    return Calibration(g, tuple(codes), sizes, known, rounds, error)


def _explain(codes: Sequence[Integers], sizes: Sequence[int], amounts: Amounts) -> csr_array:
    from scipy.sparse import csr_array, hstack  # noqa: PLC0415  (scipy is loaded when needed)

    if not codes:
        return csr_array(amounts.values)
    indicators = _indicators(codes, sizes)
    if not amounts.names:
        return indicators
    return csr_array(hstack([indicators, csr_array(amounts.values)]))


def _indicators(codes: Sequence[Integers], sizes: Sequence[int]) -> csr_array:
    from scipy.sparse import csr_array  # noqa: PLC0415  (scipy is loaded when needed)

    count = len(codes[0])
    starts = np.cumsum([0, *sizes[:-1]])
    columns = np.concatenate(
        [code + start for code, start in zip(codes, starts.tolist(), strict=True)]
    )
    rows = np.tile(np.arange(count), len(codes))
    return csr_array((np.ones(len(rows)), (rows, columns)), shape=(count, int(sum(sizes))))


def _codes(
    cells: Sequence[Mapping[str, str]], margins: Sequence[Margin]
) -> tuple[list[Integers], list[Floats]]:
    codes, targets = [], []
    for margin in margins:
        index = {category: place for place, category in enumerate(margin.targets)}
        mine = [tuple(cell[column] for column in margin.columns) for cell in cells]
        unknown = sorted(set(mine) - set(index))
        if unknown:
            category = ", ".join(unknown[0]) or "(empty)"
            raise DesignError(
                "margin {columns}: the data have {category!r}, the targets do not; add it, or "
                "leave these rows out",
                columns="x".join(margin.columns),
                category=category,
            )
        codes.append(np.array([index[category] for category in mine], dtype=np.int64))
        targets.append(np.array(list(margin.targets.values()), dtype=np.float64))
    return codes, targets


def _check_sums(margins: Sequence[Margin]) -> None:
    sums = {"x".join(margin.columns): sum(margin.targets.values()) for margin in margins}
    (first, total), *others = sums.items() or [("", 0.0)]
    for name, other in others:
        if abs(other - total) > 1e-9 * abs(total):
            raise DesignError(
                "margins do not add up: {first} sums to {total:g}, {name} to {other:g}",
                first=first,
                total=total,
                name=name,
                other=other,
            )


def _check_empty(margins: Sequence[Margin], codes: Sequence[Integers], start: Floats) -> None:
    for margin, code in zip(margins, codes, strict=True):
        current = np.bincount(code, weights=start, minlength=len(margin.targets))
        for category, have, want in zip(
            margin.targets, current, margin.targets.values(), strict=True
        ):
            if want > 0 and have <= 0:
                name = "x".join(margin.columns)
                raise DesignError(
                    "margin {name}: nobody answered in {category!r}, its target is {want:g}; join "
                    "categories",
                    name=name,
                    category=", ".join(category),
                    want=want,
                )


def _error(reached: Floats, codes: Sequence[Integers], targets: Sequence[Floats]) -> float:
    worst = 0.0
    for code, target in zip(codes, targets, strict=True):
        current = np.bincount(code, weights=reached, minlength=len(target))
        positive = target > 0
        worst = max(worst, float(np.abs(current[positive] / target[positive] - 1).max(initial=0.0)))
    return worst


def _amount_error(reached: Floats, amounts: Amounts) -> float:
    found = amounts.values.T @ reached
    size = np.maximum(np.abs(amounts.totals), np.abs(amounts.values).T @ reached)
    return float((np.abs(found - amounts.totals) / np.where(size > 0, size, 1)).max(initial=0.0))


def _rake(
    start: Floats, codes: Sequence[Integers], targets: Sequence[Floats]
) -> tuple[Floats, int]:
    g = np.ones(len(start))
    for round_number in range(1, MAX_ROUNDS + 1):
        for code, target in zip(codes, targets, strict=True):
            current = np.bincount(code, weights=g * start, minlength=len(target))
            ratio = np.where(current > 0, target / np.where(current > 0, current, 1.0), 1.0)
            g *= ratio[code]
        if len(codes) == 1 or _error(g * start, codes, targets) < TOLERANCE:
            return g, round_number
    if _error(g * start, codes, targets) > 1e-10:
        x = _indicators(codes, [len(target) for target in targets])
        goal = np.concatenate(targets)
        g, rounds = _rake_by_newton(start, x, goal, len(goal))
        return g, MAX_ROUNDS + rounds
    return g, MAX_ROUNDS


def _rake_by_newton(
    start: Floats, x: csr_array, goal: Floats, categories: int
) -> tuple[Floats, int]:
    """Minimise ``sum d exp(x'l) - t'l``: its gradient is what the margins lack, and at its minimum
    g = exp(x'l). The first columns of x are categories, the others amounts.
    """
    # A category whose target is 0 gets no weight; the others are solved for without its cells.
    empty = (goal == 0) & (np.arange(len(goal)) < categories)
    inside = (start > 0) & np.asarray(x @ empty == 0)
    x, d, step = x[np.flatnonzero(inside)], start[inside], np.zeros(len(goal))
    scale = float(np.abs(goal).max())
    for round_number in range(1, MAX_NEWTON_STEPS + 1):
        reached = d * np.exp(x @ step)
        lack = goal - x.T @ reached
        if np.abs(lack).max() <= 1e-11 * scale:
            g = np.zeros(len(start))
            g[inside] = reached / d
            return g, round_number
        move = np.linalg.pinv((x.T @ x.multiply(reached[:, None])).toarray(), hermitian=True) @ lack
        step = step + _shortened(x, d, goal, step, move)
    raise DesignError(
        "raking does not settle: no weights above 0 reach these margins together; compare them, or "
        "join rare categories"
    )


def _shortened(x: csr_array, d: Floats, goal: Floats, step: Floats, move: Floats) -> Floats:
    """The Newton move, halved until it lowers what is minimised."""
    move = move * min(1.0, 20.0 / max(float(np.abs(x @ move).max()), 1e-300))

    def value(at: Floats) -> float:
        return float(d @ np.exp(np.minimum(x @ at, 500.0)) - goal @ at)

    here = value(step)
    for _ in range(40):
        if value(step + move) <= here + 1e-12 * abs(here):
            break
        move = move / 2
    return move


def _linear(
    start: Floats, x: csr_array, target: Floats, bounds: tuple[float, float] | None
) -> Floats:
    matrix = (x.T @ x.multiply(start[:, None])).toarray()
    g = 1 + x @ (np.linalg.pinv(matrix, hermitian=True) @ (target - x.T @ start))
    return np.asarray(g if bounds is None else np.clip(g, *bounds))
