"""F1: more answers in ten minutes than the rhythm of a counter explains.

Each day's answers are thrown anew over the ten minutes of a day, by the profile of the counter's
month; the fullest ten minutes of each throw say what happens by chance. No p-value: families come
together and queues empty, so honest counters have clusters too, and six deviations are asked for.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable

import numpy as np
from scipy.stats import norm

from analysis.integrity.facts import UnitMonth
from analysis.integrity.families import Month
from analysis.integrity.findings import Finding
from analysis.integrity.rules_file import Rule

LEAST_DEVIATION = 0.5
SMOOTH = 3
"""Ten minutes to either side a profile is smoothed over: a burst must not be its own excuse."""


def find_bursts(month: Month, rule: Rule) -> list[Finding]:
    """The fullest ten minutes of an agency, in deviations of what its days explain."""
    found = []
    for unit in month.units:
        if unit.answers < month.rules.least_answers or not unit.slots:
            continue
        most, mean, deviation = _worst(unit, month.rules.rounds, rule.least)
        z = (most - mean) / max(deviation, LEAST_DEVIATION)
        fired = z > rule.threshold and most >= rule.least
        inputs = {"count": most, "mean": mean, "deviation": deviation}
        found.append(Finding(rule.code, unit.unit, z, float(norm.sf(z)), fired, inputs))
    return found


def _worst(unit: UnitMonth, rounds: int, least: float) -> tuple[int, float, float]:
    """(fullest ten minutes, its mean and deviation by chance) of the counter that stands out."""
    by_counter: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for counter, day, slot, count in unit.slots:
        by_counter[counter].append((day, slot, count))
    worst = (0, 0.0, LEAST_DEVIATION)
    for counter, rows in sorted(by_counter.items()):
        most = max(count for _day, _slot, count in rows)
        if most < least:
            mean, deviation = float(most), LEAST_DEVIATION
        else:
            mean, deviation = _throw(rows, rounds, _seed(unit, counter))
        if _z(most, mean, deviation) >= _z(*worst):
            worst = (most, mean, deviation)
    return worst


def _z(most: int, mean: float, deviation: float) -> float:
    return (most - mean) / max(deviation, LEAST_DEVIATION)


def _seed(unit: UnitMonth, counter: int) -> int:
    """From what is looked at: the same in whatever order and company."""
    text = f"{unit.unit} {unit.month} {counter}".encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "big")


def _throw(rows: Iterable[tuple[int, int, int]], rounds: int, seed: int) -> tuple[float, float]:
    rows = list(rows)
    first = min(slot for _day, slot, _count in rows)
    width = max(slot for _day, slot, _count in rows) - first + 1
    profile = np.zeros(width)
    days: dict[int, int] = defaultdict(int)
    for day, slot, count in rows:
        # Each ten minutes of a day once: how many came then must not shape the rhythm.
        profile[slot - first] += min(count, 1)
        days[day] += count
    profile = np.convolve(np.pad(profile, SMOOTH, mode="edge"), np.ones(2 * SMOOTH + 1), "valid")
    generator = np.random.default_rng(seed)
    most = np.zeros(rounds, dtype=np.int64)
    for day in sorted(days):
        thrown = generator.multinomial(days[day], profile / profile.sum(), size=rounds)
        most = np.maximum(most, thrown.max(axis=1))
    return float(most.mean()), float(most.std(ddof=1))
