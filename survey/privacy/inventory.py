"""The inventory: which tables hold data of people, what for, who reads them, how long."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from django.utils.translation import get_language

from survey.privacy.schedule import load_schedule

FILE: Final = Path(__file__).with_name("inventory.toml")


@dataclass(frozen=True)
class Activity:
    """One activity of processing with its tables; texts are by name and language."""

    code: str
    tables: tuple[str, ...]
    keep: tuple[str, ...]
    texts: Mapping[str, str]

    def text(self, name: str) -> str:
        """A text in the language of the reader; empty where there is none."""
        language = "en" if (get_language() or "vi").startswith("en") else "vi"
        return self.texts.get(f"{name}_{language}", "")

    def kept(self) -> list[str]:
        """How long each kind of its data is kept, as sentences."""
        schedule = {entry.code: entry for entry in load_schedule()}
        told = [f"{schedule[c].title}: {schedule[c].days}" for c in self.keep if c in schedule]
        return [*told, *filter(None, [self.text("keep")])]


@cache
def _read() -> Mapping[str, Any]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def read_activities() -> list[Activity]:
    """All activities, in the order of the file."""
    return [
        Activity(
            one["code"],
            tuple(one["tables"]),
            tuple(one["keep"]),
            {name: text for name, text in one.items() if isinstance(text, str)},
        )
        for one in _read()["activities"]
    ]


def tables_about_nobody() -> list[str]:
    """Tables without data of a person."""
    return list(_read()["nobody"]["tables"])
