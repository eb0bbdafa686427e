"""Operating curves of the rules: honest agencies they would have reviewed, frauds they found.

    python -m benchmarks.integrity [20] [--real bfi.csv] [--first 1000]

``bfi.csv``: Rscript -e 'library(psych); write.csv(bfi, "bfi.csv", row.names = FALSE)'. Thresholds
were chosen on seeds 1 to 6; what is reported comes from others.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from scipy.stats import binomtest

from analysis.integrity.facts import UnitMonth
from analysis.integrity.flags import UnitFlag, flag_units
from analysis.integrity.rules_file import load_rules
from benchmarks import integrity_worlds as worlds

UNITS, BAD, PAST = 200, 4, 6
LARGE = 150
"""Answers a month; agencies have 40 to 1,000."""
MONTHS = [f"2026-{number:02d}" for number in range(1, PAST + 2)]
Counts = Counter[tuple[str, str]]


def run_seed(seed: int, world: str, real: Path | None) -> Counts:
    """Flags of one seed: (fraud or honest, level or rule) -> how many agencies."""
    generator = np.random.default_rng(seed)
    draw = worlds.read_real(real) if world == "real" and real else worlds.draw_by_model
    agencies = worlds.make_agencies(generator, UNITS, heavy=world == "heavy")
    dossiers = {one.key: int(one.size * generator.uniform(1.5, 6)) for one in agencies}
    facts: list[UnitMonth] = []
    bad = {
        one.key: worlds.FRAUDS[number // BAD]
        for number, one in enumerate(agencies[: BAD * len(worlds.FRAUDS)])
    }
    for month in MONTHS:
        for one in agencies:
            answers = worlds.live_month(generator, one, draw)
            if month == MONTHS[-1] and one.key in bad:
                answers = worlds.stuff(generator, answers, one, bad[one.key])
            facts.append(worlds.tell_facts(answers, one, month, dossiers[one.key]))
    flags = {one.unit: one for one in flag_units(facts, MONTHS[-1], load_rules())}
    large = {one.key for one in agencies if one.size >= LARGE}
    return _count(flags, {one.key: bad.get(one.key, "honest") for one in agencies}, large)


def _count(flags: dict[str, UnitFlag], fates: dict[str, str], large: set[str]) -> Counts:
    """Every agency counts among all, and among the large ones where it is."""
    sized = list(fates.items())
    sized += [(key, f"{fate} *") for key, fate in fates.items() if key in large]
    found: Counts = Counter()
    for key, fate in sized:
        found[fate, "all"] += 1
        flag = flags.get(key)
        if flag is None:
            continue
        found[fate, "watched"] += 1
        found[fate, "review"] += flag.families >= 2
        found[fate, "three"] += flag.families >= 3
        for one in flag.findings:
            found[fate, one.rule] += 1
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seeds", type=int, nargs="?", default=20)
    parser.add_argument("--first", type=int, default=1000)
    parser.add_argument("--real", type=Path)
    asked = parser.parse_args()
    seeds = range(asked.first, asked.first + asked.seeds)
    for world in ("own", "heavy", *(["real"] if asked.real else [])):
        begun, total = time.perf_counter(), Counts()
        with ProcessPoolExecutor() as pool:
            for one in pool.map(partial(run_seed, world=world, real=asked.real), seeds):
                total.update(one)
        _print(world, total, time.perf_counter() - begun)


def _print(world: str, total: Counts, seconds: float) -> None:
    print(f"\n{world}, {seconds:.0f} s; *: {LARGE} answers a month and more")
    rules = sorted({name for _fate, name in total} - {"all", "watched", "review", "three"})
    print(f"{'':12} {'n':>5} {'watched':>8} {'review (95 %)':>22} {'three':>6}  {' '.join(rules)}")
    for fate in (f"{name}{mark}" for mark in ("", " *") for name in ("honest", *worlds.FRAUDS)):
        n, review = total[fate, "all"], total[fate, "review"]
        ends = binomtest(review, n).proportion_ci(method="exact")
        shares = " ".join(f"{100 * total[fate, rule] / n:.1f}" for rule in rules)
        print(
            f"{fate:12} {n:5d} {100 * total[fate, 'watched'] / n:8.1f} "
            f"{100 * review / n:8.2f} ({100 * ends.low:.2f}-{100 * ends.high:.2f}) "
            f"{100 * total[fate, 'three'] / n:6.1f}  {shares}"
        )


if __name__ == "__main__":
    main()
