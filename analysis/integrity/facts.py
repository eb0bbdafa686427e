"""What is looked at of one agency in one month: whole numbers, no answer and no person."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from analysis.errors import AnalysisError

VERSION: Final = 1
Moments = tuple[int, int, int]
"""(answers, sum of their levels, sum of the squares)."""
NONE: Final[Moments] = (0, 0, 0)


@dataclass(frozen=True)
class UnitMonth:
    """Facts of an agency in a month. Answers are those whose presence or dossier is proven.

    Attributes
    ----------
    unit, kind, month : key of the agency, what it is, YYYY-MM.
    answers : all of them, also marked ones.
    dossiers : completed ones; None where nobody told.
    tied : answers that are each tied to one dossier, and counted.
    marked : answers an entrance marked: too fast, too many, out of hours, without presence.
    counter, link : moments of the overall level at the counter and by links.
    top_counter, top_link : (all at the top, answers with five items and more) of either.
    rich : (how often the same, how many such answers): of answers with eight items and more on
        three levels and more, at least five of them below the top.
    shared : the most rich answers two days of a counter share.
    slots : (counter, day, ten minutes of the day, answers) on its screens and tablets.
    same_comment : how often the most frequent comment of fifteen letters and more was written.
    left : (low left, low sent, high left, high sent) on tablets, by the first level touched.
    phone : dossiers behind the telephone number that stands behind most.
    gaps : numbers of its tablets that never arrived, of all time.
    hard : code of a hard rule -> what broke it, in number.
    """

    unit: str
    kind: str
    month: str
    answers: int = 0
    dossiers: int | None = None
    tied: int = 0
    marked: int = 0
    top_counter: tuple[int, int] = (0, 0)
    top_link: tuple[int, int] = (0, 0)
    counter: Moments = NONE
    link: Moments = NONE
    rich: tuple[tuple[int, int], ...] = ()
    shared: int = 0
    slots: tuple[tuple[int, int, int, int], ...] = ()
    same_comment: int = 0
    left: tuple[int, int, int, int] = (0, 0, 0, 0)
    phone: int = 0
    gaps: int = 0
    hard: Mapping[str, int] = field(default_factory=dict)

    @property
    def top(self) -> tuple[int, int]:
        """(all at the top, answers with five items and more), wherever they were given."""
        one, two = self.top_counter, self.top_link
        return (one[0] + two[0], one[1] + two[1])

    @property
    def levels(self) -> Moments:
        """Moments of the overall level, wherever it was given."""
        one, two = self.counter, self.link
        return (one[0] + two[0], one[1] + two[1], one[2] + two[2])

    @property
    def rich_answers(self) -> int:
        """How many answers are rich."""
        return sum(size * count for size, count in self.rich)

    @property
    def same_pairs(self) -> int:
        """Pairs of rich answers that are the same."""
        return sum(count * size * (size - 1) // 2 for size, count in self.rich)


def write_facts(rows: Iterable[UnitMonth]) -> dict[str, Any]:
    """Facts as data for JSON, in the order of month and key."""
    ordered = sorted(rows, key=lambda row: (row.month, row.unit))
    return {"version": VERSION, "facts": [asdict(row) for row in ordered]}


def read_facts(data: Any, where: str = "facts") -> list[UnitMonth]:
    """Facts from data; lists become tuples.

    Raises
    ------
    AnalysisError
        It is of another version, or a row is none.
    """
    if not isinstance(data, dict) or data.get("version") != VERSION:
        raise AnalysisError("{where}: no facts of version {VERSION}", where=where, VERSION=VERSION)
    known = {one.name for one in fields(UnitMonth)}
    found = []
    for number, row in enumerate(data.get("facts", ()), 1):
        if not isinstance(row, Mapping) or not {"unit", "kind", "month"} <= set(row) <= known:
            raise AnalysisError(
                "{where}: row {number} is no facts of an agency and month",
                where=where,
                number=number,
            )
        found.append(UnitMonth(**{name: _freeze(value) for name, value in row.items()}))
    return found


def _freeze(value: Any) -> Any:
    return tuple(map(_freeze, value)) if isinstance(value, list) else value


def open_facts(path: Path) -> list[UnitMonth]:
    """Facts from a file.

    Raises
    ------
    AnalysisError
        It cannot be read, or holds none.
    """
    try:
        return read_facts(json.loads(path.read_text(encoding="utf-8")), str(path))
    except (OSError, ValueError) as error:
        raise AnalysisError("{path} cannot be read: {error}", path=path, error=error) from error
