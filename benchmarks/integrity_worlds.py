"""Facts of made-up months: what the product would know of them.

Three worlds: ``own`` (agencies that differ, families that come together), ``heavy`` (heavier tails
of everything, days when a school or a village comes), ``real`` (answers of people to 16 ordinal
items of a real questionnaire, resampled: give its CSV). None knows the thresholds.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analysis.integrity.adding import BELOW, LEVELS
from analysis.integrity.facts import UnitMonth
from survey.dev.demo.worlds import (
    TOP,
    Agency,
    Answers,
    Draw,
    Ints,
    draw_by_model,
    live_month,
    make_agencies,
    mark_over,
    stuff,
)

__all__ = ["draw_by_model", "live_month", "make_agencies", "stuff"]
FRAUDS: Final = ("lazy 10", "lazy 20", "lazy 30", "careful 10", "careful 20", "careful 30",
                 "blocks 10", "blocks 20", "coerced 30", "coerced 60")  # fmt: skip


def read_real(path: Path) -> Draw:
    """Levels of real people to 16 items (R package psych, bfi, as CSV), shifted by quality."""
    names = path.read_text().splitlines()[0].replace('"', "").split(",")
    raw = np.genfromtxt(path, delimiter=",", skip_header=1)
    keyed = raw[:, [names.index(f"{part}{k}") for part in "ACEO" for k in (2, 3, 4, 5)]]
    keyed = keyed[~np.isnan(keyed).any(axis=1)]

    def draw(generator: np.random.Generator, agency: Agency, count: int) -> Ints:
        rows = keyed[generator.choice(len(keyed), size=count, replace=count > len(keyed))]
        jitter = generator.normal(0, 0.5, rows.shape)
        levels = np.rint(1 + (rows - 1) * 0.8 + agency.quality * 0.8 + jitter)
        levels = np.clip(levels, 1, TOP).astype(np.int64)
        overall = np.clip(np.rint(levels.mean(axis=1)), 1, TOP).astype(np.int64)
        levels = np.column_stack([overall, levels])
        straight = generator.random(count) < agency.straight
        levels[straight] = levels[straight][:, :1]
        return levels

    return draw


def tell_facts(answers: Answers, agency: Agency, month: str, dossiers: int) -> UnitMonth:
    """What the product would know of these answers."""
    levels, link = answers.levels, answers.link
    mark_over(answers)
    below = (levels < TOP).sum(axis=1)
    hit = np.stack([(levels == level).any(axis=1) for level in range(1, TOP + 1)])
    rich = (below >= BELOW) & (hit.sum(axis=0) >= LEVELS)
    sizes = np.unique(np.unique(levels[rich], axis=0, return_counts=True)[1], return_counts=True)
    counted = ~link & ~answers.marked
    keys = np.column_stack([answers.counter, answers.day, answers.slot])[counted]
    places, counts = np.unique(keys, axis=0, return_counts=True)
    return UnitMonth(
        agency.key,
        "commune",
        month,
        answers=len(levels),
        dossiers=dossiers,
        marked=int(answers.marked.sum()),
        top_counter=(int((below[~link] == 0).sum()), int((~link).sum())),
        top_link=(int((below[link] == 0).sum()), int(link.sum())),
        counter=_moments(levels[~link, 0]),
        link=_moments(levels[link, 0]),
        rich=tuple(zip(sizes[0].tolist(), sizes[1].tolist(), strict=True)),
        shared=_shared(levels, rich & ~link, answers),
        slots=tuple(
            (int(place[0]), int(place[1]), int(place[2]), int(n))
            for place, n in zip(places, counts, strict=True)
        ),
    )


def _moments(levels: Ints) -> tuple[int, int, int]:
    return (len(levels), int(levels.sum()), int((levels**2).sum()))


def _shared(levels: Ints, chosen: NDArray[np.bool_], answers: Answers) -> int:
    """The most rich answers two days of a counter share."""
    days: dict[bytes, set[tuple[int, int]]] = {}
    for k in np.nonzero(chosen)[0]:
        key = levels[k].astype(np.int8).tobytes()
        days.setdefault(key, set()).add((int(answers.counter[k]), int(answers.day[k])))
    pairs: dict[tuple[tuple[int, int], tuple[int, int]], int] = {}
    for places in days.values():
        ordered = sorted(places)
        for number, one in enumerate(ordered):
            for two in ordered[number + 1 :]:
                if one[0] == two[0]:
                    pairs[one, two] = pairs.get((one, two), 0) + 1
    return max(pairs.values()) if pairs else 0
