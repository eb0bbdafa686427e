"""Made-up months of honest agencies, of odd ones, and of those that stuff, copy and press: answers
with counter, day and ten minutes. No Django, no statistics; nothing here knows a threshold.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

ITEMS: Final = 17
SLOTS: Final = 48
DAYS: Final = 22
TOP: Final = 5
BOUND: Final = 20
"""Answers an hour that count at a counter without a feed."""
QUICK: Final = 5.0
Ints = NDArray[np.int64]


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
    _bring_families(generator, answers, 0.1)
    if generator.random() < agency.odd:
        come_together(generator, answers)
    return answers


def _bring_families(generator: np.random.Generator, answers: Answers, share: float) -> None:
    """Families: somebody comes with the one before, to the same counter at the same time."""
    for k in np.nonzero(generator.random(len(answers.day)) < share)[0]:
        if k:
            for name in ("counter", "day", "slot"):
                part = getattr(answers, name)
                part[k] = part[k - 1]
            answers.marked[k] |= bool(generator.random() < 0.03)


def come_together(generator: np.random.Generator, answers: Answers) -> None:
    """A school or a village comes on one day, and half of it ticks the top."""
    chosen = generator.random(len(answers.day)) < 0.12
    answers.day[chosen] = generator.integers(0, DAYS)
    answers.slot[chosen] = generator.integers(8, 30, int(chosen.sum()))
    ticks = chosen & (generator.random(len(chosen)) < 0.5)
    answers.levels[ticks] = TOP


def live_oddly(
    generator: np.random.Generator, answers: Answers, agency: Agency, oddity: str
) -> Answers:
    """An honest month that looks odd: ``school`` (two in five come on one day), ``outreach`` (half
    as many again in one afternoon, at one table), ``village`` (people who always tick the top: that
    is how the agency is made, and nothing is added).
    """
    if oddity == "school":
        chosen = generator.random(len(answers.day)) < 0.4
        answers.day[chosen] = generator.integers(0, DAYS)
        answers.slot[chosen] = generator.integers(4, 40, int(chosen.sum()))
    if oddity == "outreach":
        count = len(answers.day) // 2
        more = live_month(generator, Agency(**{**vars(agency), "size": count}), draw_by_model)
        more.link[:] = False
        more.counter[:], more.day[:] = 0, generator.integers(0, DAYS)
        more.slot[:] = generator.integers(24, 42, len(more.day))
        return _join(answers, more)
    return answers


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


def mark_over(answers: Answers) -> None:
    """More than a counter can have served in an hour are marked."""
    seen: dict[tuple[int, int, int], int] = {}
    for k in np.nonzero(~answers.link)[0]:
        key = (int(answers.counter[k]), int(answers.day[k]), int(answers.slot[k]) // 6)
        seen[key] = seen.get(key, 0) + 1
        if seen[key] > BOUND:
            answers.marked[k] = True
