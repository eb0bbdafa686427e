"""Coverage of 95 % intervals of shares near 100 % under unequal weights. `python -m
benchmarks.interval_grid [draws]`

Answers are drawn in strata of known size (post-stratified weights N_h / n_h), every stratum with
the same share p, and the method's interval is asked whether it holds p. Beside it Korn-Graubard as
published, without a limit on its size.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from analysis.estimation import intervals
from analysis.estimation.sizes import sizes
from benchmarks.machine import describe

Floats = npt.NDArray[np.float64]
SHARES: Final = (0.80, 0.90, 0.95, 0.98, 0.99)
SIZES: Final = (30, 60, 120, 400)
LAYOUTS: Final = {
    "one stratum": ([1], [1]),
    "38,000/500, n 3:1": ([38_000, 500], [3, 1]),
    "10,000/3,000/300, n 4:3:2": ([10_000, 3_000, 300], [4, 3, 2]),
    "8 strata, lognormal": (np.exp(np.random.default_rng(5).normal(0, 1, 8)).tolist(), [1] * 8),
    "20 % of n carry 80 %": ([80, 20], [20, 80]),
}
METHODS: Final = (intervals.DEFAULT, "korn-graubard")


class Line(NamedTuple):
    """One cell of the grid: coverage and mean width by method."""

    layout: str
    n: int
    share: float
    kish: float
    coverage: dict[str, float]
    width: dict[str, float]


def allocate(n: int, ratio: list[int]) -> npt.NDArray[np.int64]:
    """n answers over the strata, at least two in each."""
    parts = np.array(ratio, float)
    sizes = np.floor(n * parts / parts.sum()).astype(np.int64)
    sizes[np.argmax(parts)] += n - sizes.sum()
    return np.asarray(np.maximum(sizes, 2))


def cell(layout: str, n: int, share: float, draws: int, level: float = 0.95) -> Line:
    """Coverage of one cell over ``draws`` samples."""
    big, ratio = LAYOUTS[layout]
    w, k = np.array(big, float) / sum(big), allocate(n, ratio)
    kish = float(k.sum() * (k * (w / k) ** 2).sum())
    rng = np.random.default_rng([n, round(1000 * share), len(layout)])
    found = rng.binomial(k, share, (draws, len(k))) / k
    value, variance = np.clip(found @ w, 0, 1), (w**2 * found * (1 - found) / (k - 1)).sum(axis=1)
    coverage, width = {}, {}
    for name in METHODS:
        size = sizes(name, variance, np.full(draws, k.sum(), float), np.full(draws, kish))
        low, high = intervals.INTERVALS[name](value, variance, size, k.sum() - len(k), level)
        coverage[name] = float(((low <= share) & (share <= high)).mean())
        width[name] = float((high - low).mean())
    return Line(layout, n, share, kish, coverage, width)


def grid(draws: int, level: float = 0.95) -> Iterator[Line]:
    """All cells."""
    for layout in LAYOUTS:
        for n in SIZES:
            for share in SHARES:
                yield cell(layout, n, share, draws, level)


def main(draws: int) -> None:
    print(describe())
    lines = list(grid(draws))
    print(
        f"{'layout':28} {'n':>4} {'Kish':>5}"
        + "".join(f"   p = {share:.2f}    " for share in SHARES)
    )
    for layout in LAYOUTS:
        for n in SIZES:
            mine = [line for line in lines if (line.layout, line.n) == (layout, n)]
            cells = "".join(
                f" {100 * x.coverage[METHODS[0]]:5.1f} ({100 * x.coverage[METHODS[1]]:4.1f})  "
                for x in mine
            )
            print(f"{layout:28} {n:4} {mine[0].kish:5.2f}{cells}")
    for name in METHODS:
        least = min(lines, key=lambda line, name=name: line.coverage[name])  # type: ignore[misc]
        mean = np.mean([line.width[name] for line in lines])
        short = sum(line.coverage[name] < 0.93 for line in lines)
        print(
            f"{name}: least {100 * least.coverage[name]:.1f} % ({least.layout}, n {least.n}, p "
            f"{least.share}), "
            f"{short} of {len(lines)} cells below 93 %, mean width {100 * mean:.2f} points"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
