"""Reading tables of a TOML file with every fault kept, instead of stopping at the first."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from analysis.scorecards.exact_numbers import read_number
from analysis.scorecards.framework_faults import FrameworkFault

CODE: Final = re.compile(r"\w[\w.-]{0,39}")
PART: Final = re.compile(r"\w[\w-]{0,39}")
FIGURE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")
_TAKEN: Final = ("note", "file", "not_applicable")
"""Fields of a form that are no figures."""


@dataclass(frozen=True)
class Entry:
    """One table of the file, and where it stands."""

    data: Mapping[str, Any]
    where: str


class TomlReader:
    """Reads values of tables and keeps what was wrong with them."""

    def __init__(self) -> None:
        self.faults: list[FrameworkFault] = []

    def tables(self, entry: Entry, key: str) -> list[Entry]:
        """Tables of a list."""
        value = entry.data.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            self.fault("kind", entry.where, key)
            return []
        return [Entry(one, entry.where) for one in value]

    def share(self, entry: Entry) -> Fraction:
        """The share of an option."""
        return self.number(entry, "share")

    def number(self, entry: Entry, key: str, default: Fraction | None = None) -> Fraction:
        """A number; one that is missing is a fault, unless there is a default."""
        if key not in entry.data:
            if default is None:
                self.fault("missing", entry.where, key)
            return default or Fraction(0)
        return self.fraction(entry.where, key, entry.data[key])

    def fraction(self, where: str, key: str, value: object) -> Fraction:
        """An exact number."""
        found = read_number(value)
        if found is None:
            self.fault("number", where, f"{key} = {show_value(value)}")
        return found or Fraction(0)

    def words(self, entry: Entry, key: str, required: bool = False) -> str:
        """A text without control characters."""
        value = entry.data.get(key, "")
        if not isinstance(value, str) or any(c < " " and c != "\n" for c in value):
            self.fault("kind", entry.where, key)
            return ""
        if required and not value.strip():
            self.fault("missing", entry.where, key)
        return value.strip()

    def code(self, entry: Entry, form: re.Pattern[str]) -> str:
        """A code that can stand in a form and in an address."""
        found = self.words(entry, "code", required=True)
        if found and (form.fullmatch(found) is None or found in _TAKEN):
            self.fault("code", entry.where, found[:40])
        return found

    def whole(self, entry: Entry, key: str, default: int) -> int:
        """A whole number from 0 on."""
        found = self.number(entry, key, Fraction(default))
        if found.denominator != 1 or found < 0:
            self.fault("number", entry.where, f"{key} = {show_value(entry.data.get(key))}")
        return int(found)

    def several(self, entry: Entry, key: str) -> tuple[str, ...]:
        """A list of texts."""
        value = entry.data.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            self.fault("kind", entry.where, key)
            return ()
        return tuple(value)

    def choose(self, entry: Entry, key: str, known: Collection[str], default: str) -> str:
        """One of the known values."""
        value = entry.data.get(key, default)
        if value not in known:
            self.fault("kind", entry.where, f"{key} = {show_value(value)}")
            return default
        return str(value)

    def flag(self, entry: Entry, key: str, default: bool) -> bool:
        """True or false."""
        value = entry.data.get(key, default)
        if not isinstance(value, bool):
            self.fault("kind", entry.where, key)
        return bool(value)

    def day(self, entry: Entry, key: str) -> date | None:
        """A day without a time."""
        value = entry.data.get(key)
        if not isinstance(value, date) or isinstance(value, datetime):
            self.fault("missing" if value is None else "kind", entry.where, key)
            return None
        return value

    def known_keys(self, entry: Entry, known: Collection[str]) -> None:
        """Nothing but known keys: one mistyped is a fault."""
        for key in sorted(entry.data.keys() - set(known)):
            self.fault("unknown", entry.where, key[:60])

    def fault(self, kind: str, where: str, value: str) -> None:
        """Keep a fault."""
        self.faults.append(FrameworkFault(kind, where, value))


def show_value(value: object) -> str:
    """A value of the file for a sentence; what may be huge by its kind only."""
    if isinstance(value, (str, bool, Decimal, float)) or value is None:
        return str(value)[:40]
    if isinstance(value, int) and abs(value) < 10**12:
        return str(value)
    if isinstance(value, list) and all(isinstance(one, (str, Decimal)) for one in value):
        return str([str(one)[:20] for one in value[:4]])
    return type(value).__name__
