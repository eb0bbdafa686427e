"""Made-up months of honest agencies and of those that stuff, copy and press, as facts.

Three worlds: ``own`` (agencies that differ, families that come together), ``heavy`` (heavier tails
of everything, days when a school or a village comes), ``real`` (answers of people to 16 ordinal
items of a real questionnaire, resampled: give its CSV). None knows the thresholds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from analysis.integrity.adding import BELOW, LEVELS
from analysis.integrity.facts import UnitMonth

ITEMS: Final = 17
SLOTS: Final = 48
DAYS: Final = 22
TOP: Final = 5
BOUND: Final = 20
"""Answers an hour that count at a counter without a feed."""
QUICK: Final = 5.0
Ints = NDArray[np.int64]
FRAUDS: Final = ("lazy 10", "lazy 20", "lazy 30", "careful 10", "careful 20", "careful 30",
                 "blocks 10", "blocks 20", "coerced 30", "coerced 60")  # fmt: skip


@dataclass
class Agency:
    """What stays the same of an agency over the months."""

    key: str
    size: int
    quality: float
    by_link: float
    mode: float
    straight: float
    marks: float
    counters: int
    rhythm: NDArray[np.float64]
    odd: float


@dataclass
class Answers:
    """Answers of a month: levels (n, items), whether by link, counter, day, ten minutes, marked."""

    levels: Ints
    link: NDArray[np.bool_]
    counter: Ints
    day: Ints
    slot: Ints
    marked: NDArray[np.bool_]


Draw = Callable[[np.random.Generator, Agency, int], Ints]


def make_agencies(generator: np.random.Generator, count: int, *, heavy: bool) -> list[Agency]:
    """Agencies that differ from each other as much as real ones, or more."""
    found = []
    for number in range(count):
        tail = generator.standard_t(3) if heavy else generator.normal()
        rhythm = 1 + np.cos(np.linspace(0, 4 * np.pi, SLOTS) + generator.normal(0, 0.4)) * 0.6
        found.append(
            Agency(
                key=f"u{number:03d}",
                size=int(np.exp(generator.uniform(np.log(40), np.log(1000)))),
                quality=0.9 + 0.25 * float(np.clip(tail, -4, 4)),
                by_link=float(generator.uniform(0.25, 0.55)),
                mode=float(generator.normal(0.12, 0.08)),
                straight=float(np.clip(generator.normal(0.35, 0.08), 0.05, 0.7)),
                marks=float(generator.beta(0.6, 200) if heavy else generator.beta(1, 250)),
                counters=int(generator.integers(1, 5)),
                rhythm=rhythm / rhythm.sum(),
                odd=0.05 if heavy else 0.0,
            )
        )
    return found


def draw_by_model(generator: np.random.Generator, agency: Agency, count: int) -> Ints:
    """Levels by a latent trait, with people who tick one level all the way down."""
    trait = generator.normal(0, 0.8, (count, 1))
    items = np.linspace(-0.35, 0.35, ITEMS)
    noise = generator.normal(0, 0.6, (count, ITEMS))
    levels = np.clip(np.rint(3.2 + agency.quality + trait + items + noise), 1, TOP).astype(np.int64)
    straight = generator.random(count) < agency.straight
    levels[straight] = levels[straight][:, :1]
    return levels


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


def live_month(generator: np.random.Generator, agency: Agency, draw: Draw) -> Answers:
    """An honest month: days, queues, families, and marks that honest people get."""
    count = int(generator.poisson(agency.size * np.exp(generator.normal(0, 0.1))))
    month = Agency(**{**vars(agency), "quality": agency.quality + generator.normal(0, 0.04)})
    levels = draw(generator, month, count)
    link = generator.random(count) < agency.by_link
    at_counter = ~link
    levels[at_counter, 0] = np.where(
        generator.random(at_counter.sum()) < agency.mode,
        np.minimum(levels[at_counter, 0] + 1, TOP),
        levels[at_counter, 0],
    )
    answers = Answers(
        levels,
        link,
        generator.integers(0, agency.counters, count),
        generator.integers(0, DAYS, count),
        generator.choice(SLOTS, size=count, p=agency.rhythm),
        generator.random(count) < agency.marks,
    )
    _together(generator, answers, 0.1)
    if generator.random() < agency.odd:
        _rush(generator, answers)
    return answers


def _together(generator: np.random.Generator, answers: Answers, share: float) -> None:
    """Families: somebody comes with the one before, to the same counter at the same time."""
    for k in np.nonzero(generator.random(len(answers.day)) < share)[0]:
        if k:
            for name in ("counter", "day", "slot"):
                part = getattr(answers, name)
                part[k] = part[k - 1]
            answers.marked[k] |= bool(generator.random() < 0.03)


def _rush(generator: np.random.Generator, answers: Answers) -> None:
    """A school or a village comes on one day, and ticks the top."""
    chosen = generator.random(len(answers.day)) < 0.12
    answers.day[chosen] = generator.integers(0, DAYS)
    answers.slot[chosen] = generator.integers(8, 30, int(chosen.sum()))
    ticks = chosen & (generator.random(len(chosen)) < 0.5)
    answers.levels[ticks] = TOP


def stuff(generator: np.random.Generator, answers: Answers, agency: Agency, fraud: str) -> Answers:
    """The month with a fraud: ``lazy 10`` adds ten in a hundred."""
    kind, _space, percent = fraud.partition(" ")
    share = int(percent) / 100
    if kind == "coerced":
        pressed = ~answers.link & (generator.random(len(answers.link)) < share)
        answers.levels[pressed] = TOP
        return answers
    count = max(1, round(share * len(answers.day)))
    make = {"lazy": _lazy, "careful": _careful, "blocks": _blocks}[kind]
    return _join(answers, make(generator, answers, agency, count))


def _lazy(generator: np.random.Generator, answers: Answers, agency: Agency, count: int) -> Answers:
    """All at the top, in a few bursts of one person who taps as fast as the tablet lets."""
    bursts = max(1, -(-count // 40))
    place = np.arange(count) % bursts
    day, counter = (
        generator.integers(0, DAYS, bursts),
        generator.integers(0, agency.counters, bursts),
    )
    start = generator.integers(0, SLOTS - 3, bursts)
    gaps = generator.exponential(9.0, count)
    seconds = np.zeros(count)
    for burst in range(bursts):
        own = place == burst
        seconds[own] = np.cumsum(gaps[own])
    slot = np.minimum(start[place] + (seconds // 600).astype(np.int64), SLOTS - 1)
    levels = np.full((count, ITEMS), TOP)
    no = np.zeros(count, bool)
    return Answers(levels, no, counter[place], day[place], slot, gaps < QUICK)


def _careful(
    generator: np.random.Generator, answers: Answers, agency: Agency, count: int
) -> Answers:
    """Spread over month and day, fours and fives."""
    levels = generator.choice([4, 5], p=[0.35, 0.65], size=(count, ITEMS))
    return Answers(
        levels,
        np.zeros(count, bool),
        generator.integers(0, agency.counters, count),
        generator.integers(0, DAYS, count),
        generator.choice(SLOTS, size=count, p=agency.rhythm),
        np.zeros(count, bool),
    )


def _blocks(
    generator: np.random.Generator, answers: Answers, agency: Agency, count: int
) -> Answers:
    """Forms of earlier citizens typed once more, a day's after another, on other days."""
    at_counter = np.nonzero(~answers.link)[0]
    order = at_counter[np.lexsort((answers.slot[at_counter], answers.day[at_counter]))]
    start = int(generator.integers(0, max(1, len(order) - count)))
    source = order[start : start + count]
    count = len(source)
    return Answers(
        answers.levels[source].copy(),
        np.zeros(count, bool),
        answers.counter[source].copy(),
        (answers.day[source] + int(generator.integers(1, DAYS))) % DAYS,
        generator.choice(SLOTS, size=count, p=agency.rhythm),
        np.zeros(count, bool),
    )


def _join(one: Answers, two: Answers) -> Answers:
    return Answers(
        *(np.concatenate([getattr(one, name), getattr(two, name)]) for name in vars(one))
    )


def tell_facts(answers: Answers, agency: Agency, month: str, dossiers: int) -> UnitMonth:
    """What the product would know of these answers."""
    levels, link = answers.levels, answers.link
    _bound(answers)
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


def _bound(answers: Answers) -> None:
    """More than a counter can have served in an hour are marked."""
    seen: dict[tuple[int, int, int], int] = {}
    for k in np.nonzero(~answers.link)[0]:
        key = (int(answers.counter[k]), int(answers.day[k]), int(answers.slot[k]) // 6)
        seen[key] = seen.get(key, 0) + 1
        if seen[key] > BOUND:
            answers.marked[k] = True


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
