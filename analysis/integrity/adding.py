"""Facts of one agency and month, added up answer by answer: for who knows counters and days, which
no snapshot does.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any, Final

from analysis.data.schema import SERVICE_ITEMS
from analysis.integrity.facts import UnitMonth

ANSWERED: Final = ("overall", *SERVICE_ITEMS)
"""Items that are looked at, in the order of ``levels``."""
PROVEN: Final = ("E1", "E2", "E3")
TIED: Final = ("E2", "E3")
BY_LINK: Final = "E3"
ON_DEVICE: Final = "E1"
UNMARKED: Final = ("", "assisted")
TOP: Final = 5
FULL: Final = 5
"""Items of an answer whose pattern is looked at."""
RICH: Final = 8
BELOW: Final = 3
LEVELS: Final = 3
LOW: Final = 3
"""Highest first level that counts as low."""
Levels = tuple[int, ...]


def is_rich(levels: Sequence[int]) -> bool:
    """Whether an answer is so varied that nobody gives it twice by chance; 0 is no answer."""
    given = [level for level in levels if level]
    below = sum(level < TOP for level in given)
    return len(given) >= RICH and below >= BELOW and len(set(given)) >= LEVELS


class UnitSums:
    """Adds answers of an agency in a month."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._tops = {"counter": [0, 0], "link": [0, 0]}
        self._moments = {"counter": [0, 0, 0], "link": [0, 0, 0]}
        self._rich: Counter[Levels] = Counter()
        self._days: dict[Levels, set[tuple[int, int]]] = defaultdict(set)
        self._left = [0, 0, 0, 0]

    def add(self, evidence: str, flag: str, levels: Levels, place: tuple[int, int] | None) -> None:
        """One answer: its class, its mark, levels of ``ANSWERED`` (0 is none), (counter, day)."""
        if evidence not in PROVEN:
            return
        where = "link" if evidence == BY_LINK else "counter"
        is_marked = flag not in UNMARKED
        self._counts["answers"] += 1
        self._counts["marked"] += is_marked
        self._counts["tied"] += evidence in TIED and not is_marked
        self._counts["late"] += evidence == ON_DEVICE and flag == "hours"
        self._add_overall(levels[0], where, evidence, flag)
        given = [level for level in levels if level]
        if len(given) >= FULL:
            self._tops[where][0] += min(given) == TOP
            self._tops[where][1] += 1
        if is_rich(levels):
            self._rich[levels] += 1
            if place is not None and where == "counter":
                self._days[levels].add(place)

    def _add_overall(self, level: int, where: str, evidence: str, flag: str) -> None:
        if not level:
            return
        for number, value in enumerate((1, level, level * level)):
            self._moments[where][number] += value
        if evidence == ON_DEVICE:
            self._left[2 * (level > LOW) + (flag != "unsent")] += 1

    def _count_shared(self) -> int:
        """The most rich answers two days of a counter share."""
        pairs: Counter[tuple[tuple[int, int], tuple[int, int]]] = Counter()
        for places in self._days.values():
            ordered = sorted(places)
            pairs.update(
                (one, two)
                for number, one in enumerate(ordered)
                for two in ordered[number + 1 :]
                if one[0] == two[0]
            )
        return max(pairs.values()) if pairs else 0

    def as_facts(self, unit: str, kind: str, month: str, **known: Any) -> UnitMonth:
        """The facts; ``known`` are those that come from elsewhere."""
        hard = dict(known.pop("hard", {}))
        dossiers = known.get("dossiers")
        if dossiers is not None and self._counts["tied"] > dossiers:
            hard["H1"] = self._counts["tied"] - dossiers
        if self._counts["late"]:
            hard["H2"] = self._counts["late"]
        one, two = self._moments["counter"], self._moments["link"]
        left = self._left
        return UnitMonth(
            unit,
            kind,
            month,
            answers=self._counts["answers"],
            tied=self._counts["tied"],
            marked=self._counts["marked"],
            top_counter=(self._tops["counter"][0], self._tops["counter"][1]),
            top_link=(self._tops["link"][0], self._tops["link"][1]),
            counter=(one[0], one[1], one[2]),
            link=(two[0], two[1], two[2]),
            rich=tuple(sorted(Counter(self._rich.values()).items())),
            shared=self._count_shared(),
            left=(left[0], left[1], left[2], left[3]),
            hard=hard,
            **known,
        )
