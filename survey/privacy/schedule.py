"""The schedule of retention: which data, how many days, what then."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.utils.translation import get_language

SHIPPED: Final = Path(__file__).with_name("schedule.toml")
TEXTS: Final = ("title", "then", "from")


class ScheduleError(Exception):
    """A schedule that cannot be read; says which entry."""


@dataclass(frozen=True)
class Entry:
    """One kind of data. ``texts`` are by name and language."""

    code: str
    days: int
    least: int
    """No shorter time takes a right away that citizens were promised."""
    texts: Mapping[str, Mapping[str, str]]

    def text(self, name: str) -> str:
        """A text in the language of the reader."""
        language = "en" if (get_language() or "vi").startswith("en") else "vi"
        return self.texts[name][language]

    @property
    def title(self) -> str:
        """What is kept."""
        return self.text("title")

    @property
    def then(self) -> str:
        """What happens after its days."""
        return self.text("then")

    @property
    def since(self) -> str:
        """From when the days are counted."""
        return self.text("from")


def load_schedule() -> list[Entry]:
    """The schedule in force: the province's own file may shorten the shipped days, never lengthen.

    Raises
    ------
    ScheduleError
        A file cannot be read, an entry is unknown, or its days are no whole number above 0.
    """
    shipped = {entry.code: entry for entry in _read(SHIPPED)}
    if not settings.RETENTION_SCHEDULE:
        return list(shipped.values())
    path = Path(settings.RETENTION_SCHEDULE)
    for code, days in _read_days(path).items():
        if code not in shipped:
            raise ScheduleError(f"{path}: {code!r} is no entry of the schedule")
        if days > shipped[code].days:
            raise ScheduleError(f"{path}: {code}: at most {shipped[code].days} days")
        if days < shipped[code].least:
            raise ScheduleError(f"{path}: {code}: at least {shipped[code].least} days")
        shipped[code] = replace(shipped[code], days=days)
    return list(shipped.values())


def _load(path: Path) -> list[Mapping[str, Any]]:
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8")).get("entries", [])
    except (OSError, ValueError) as error:
        raise ScheduleError(f"{path}: {error}") from error
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        raise ScheduleError(f"{path}: entries must be tables")
    return entries


def _read(path: Path) -> list[Entry]:
    return [
        Entry(
            entry["code"],
            entry["days"],
            entry.get("least", 1),
            {name: {lang: entry[f"{name}_{lang}"] for lang in ("vi", "en")} for name in TEXTS},
        )
        for entry in _load(path)
    ]


def _read_days(path: Path) -> dict[str, int]:
    found = {}
    for number, entry in enumerate(_load(path), 1):
        code, days = entry.get("code"), entry.get("days")
        if not isinstance(code, str) or type(days) is not int or days < 1:
            raise ScheduleError(f"{path}: entry {number} needs code and days, a number from 1")
        found[code] = days
    return found
