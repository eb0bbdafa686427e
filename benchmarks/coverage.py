"""How often the 95 % interval of a published agency holds its known truth. `python -m
benchmarks.coverage [seeds]`
"""

from __future__ import annotations

import sys

import numpy as np
import polars as pl

from analysis.counting.cells import count_rows
from analysis.index.counted import KEYS
from analysis.index.indices import compute_indices
from analysis.index.results import PROVINCE
from analysis.method import load_method
from analysis.publication.disclosure import publish
from benchmarks.machine import describe
from survey.dev.demo.generator import ALL, CellData, draw_cells, plans, true_index

LAYOUT = [(f"s{i:02d}", ("land", "construction")) for i in range(10)] + [
    (f"x{i:03d}", ("land", "civil-status", "authentication")) for i in range(110)
]


def frame_of(cells: list[CellData]) -> pl.DataFrame:
    parts = []
    for cell in cells:
        if len(cell.full):
            levels = pl.DataFrame(cell.levels, schema=dict.fromkeys(ALL, pl.Int8), orient="row")
            keys = {
                "agency": cell.agency,
                "domain": cell.domain,
                "channel": cell.channel,
                "evidence": "E3",
                "flag": "",
                "applicant": "",
            }
            parts.append(
                levels.select(
                    *(pl.lit(value).alias(name) for name, value in keys.items()), pl.all()
                )
            )
    return pl.concat(parts)


def true_item(group: list[CellData], item: str) -> float:
    big = np.array([cell.transactions for cell in group], float)
    truth = np.array([cell.truth[ALL.index(item)] for cell in group])
    return float(100 * big @ truth / big.sum())


def once(seed: int, methods: list[str]) -> list[tuple[str, str, bool, float]]:
    """(method, status, covered, error) of every agency of one province."""
    groups = {plan.key: list(draw_cells(plan, seed)) for plan in plans(LAYOUT, seed, total=26_000)}
    everything = [cell for group in groups.values() for cell in group]
    data = frame_of(everything)
    totals = {(c.agency, c.domain, c.channel): (c.transactions, c.on_time) for c in everything}
    result: list[tuple[str, str, bool, float]] = []
    for place, name in enumerate(methods):
        method = load_method(name)
        cells = count_rows(data, KEYS, method.variables())
        for figure in compute_indices(cells, totals, method, {}).figures:
            if figure.level in ("factor", "domain") or figure.agency == PROVINCE:
                continue
            shown = publish(figure, method)
            if shown.low is None or shown.high is None or figure.weighted is None:
                continue
            group = groups[figure.agency]
            truth = (
                true_index(group)[place]
                if figure.level == "overall"
                else true_item(group, figure.code)
            )
            covered = float(shown.low) <= truth <= float(shown.high)
            result.append(
                (f"{name} {figure.level}", shown.status, covered, figure.weighted - truth)
            )
    return result


def main(seeds: int) -> None:
    print(describe())
    methods = ["sipas-service", "overall"]
    rows = [row for seed in range(seeds) for row in once(seed, methods)]
    for method in (f"{name} {level}" for name in methods for level in ("overall", "item")):
        for status in ("published", "few"):
            hits = [
                (covered, error)
                for name, state, covered, error in rows
                if (name, state) == (method, status)
            ]
            share, n = np.mean([covered for covered, _ in hits]), len(hits)
            noise = 196 * np.sqrt(share * (1 - share) / n)
            bias = np.mean([error for _, error in hits])
            print(
                f"{method:22} {status:10} {n:6} intervals over {seeds} seeds: {100 * share:.1f} % "
                f"hold the truth "
                f"(+-{noise:.1f}), mean error {bias:+.2f} points"
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40)
