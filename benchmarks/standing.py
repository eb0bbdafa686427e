"""Whether ranks and verdicts hold on provinces whose truth is known. `python -m benchmarks.standing
[seeds]`
"""

from __future__ import annotations

import sys

import numpy as np

from analysis.comparison.ranks import rank_sets_max_t
from analysis.comparison.standing import expected_ranks, verdicts
from analysis.counting.cells import count_rows
from analysis.index.counted import KEYS
from analysis.index.indices import compute_indices
from analysis.index.results import PROVINCE
from analysis.method import load_method
from analysis.publication.disclosure import publish
from benchmarks.coverage import LAYOUT, frame_of
from benchmarks.machine import describe
from survey.dev.demo.generator import draw_cells, plans, true_index

TARGET = 80.0


def measure(seed: int) -> dict[str, float]:
    """One province: its communes with published figures, against their truth."""
    groups = {plan.key: list(draw_cells(plan, seed)) for plan in plans(LAYOUT, seed, total=26_000)}
    everything = [cell for group in groups.values() for cell in group]
    totals = {(c.agency, c.domain, c.channel): (c.transactions, c.on_time) for c in everything}
    method = load_method("sipas-service")
    cells = count_rows(frame_of(everything), KEYS, method.variables())
    figures = [
        figure
        for figure in compute_indices(cells, totals, method, {}).figures
        if figure.level == "overall"
        and figure.agency != PROVINCE
        and figure.agency.startswith("x")
        and publish(figure, method).status == "published"
        and figure.weighted is not None
    ]
    y = np.array([figure.weighted for figure in figures])
    se = np.array([figure.se for figure in figures])
    truth = np.array([true_index(groups[figure.agency])[0] for figure in figures])
    rank = 1 + np.argsort(np.argsort(-truth))
    ranks = expected_ranks(y, se)
    best, worst = rank_sets_max_t(y, np.diag(se**2))
    weights = np.array([float(figure.transactions) for figure in figures])
    sides = {
        "mean": (
            verdicts(y, se, weights=weights),
            np.sign(truth - weights @ truth / weights.sum()),
        ),
        "target": (verdicts(y, se, target=TARGET), np.sign(truth - TARGET)),
    }
    count = len(y)
    return {
        "agencies": count,
        "held": float(((ranks.low <= rank) & (rank <= ranks.high)).mean()),
        "width": float((ranks.high - ranks.low + 1).mean() / count),
        "reliability": float(ranks.reliability.mean()),
        "joint": float(((best <= rank) & (rank <= worst)).all()),
        "joint_width": float((worst - best + 1).mean() / count),
        **{f"told_{name}": float((told != 0).sum()) for name, (told, _true) in sides.items()},
        **{
            f"wrong_{name}": float(((told != 0) & (told != true)).sum())
            for name, (told, true) in sides.items()
        },
    }


def main(seeds: int) -> None:
    print(describe())
    found = [measure(seed) for seed in range(seeds)]
    means = {name: float(np.mean([row[name] for row in found])) for name in found[0]}
    print(f"{seeds} provinces, {means['agencies']:.0f} published communes each")
    print(f"  reliability of the list              {100 * means['reliability']:.1f} %")
    print(f"  90 % intervals of ranks hold         {100 * means['held']:.1f} % of true ranks")
    print(f"  their width                          {100 * means['width']:.1f} % of the group")
    print(f"  joint 95 % sets (max-t) hold all in  {100 * means['joint']:.0f} % of provinces")
    print(f"  their width                          {100 * means['joint_width']:.1f} % of the group")
    for name in ("mean", "target"):
        told = sum(row[f"told_{name}"] for row in found)
        wrong = sum(row[f"wrong_{name}"] for row in found)
        print(
            f"  verdicts against the {name:6}         {told / seeds:.1f} a province, "
            f"{100 * wrong / max(told, 1):.1f} % wrong"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
