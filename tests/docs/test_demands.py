"""Every place the list of demands names is there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest
from django.core.management import get_commands

from survey.console.urls import urlpatterns

ROOT: Final = Path(__file__).parents[2]
TEXT: Final = (ROOT / "docs" / "demands.md").read_text(encoding="utf-8")
ROWS: Final = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in TEXT.splitlines()
    if re.match(r"\| \d\.\d", line)
]
SENTENCES: Final = (16, 24, 25, 19, 16)
"""Demands of each directive."""


def test_all_hundred_are_there_in_order() -> None:
    wanted = [
        f"{number}.{sentence}"
        for number, count in enumerate(SENTENCES)
        for sentence in range(1, count + 1)
    ]
    assert [row[0] for row in ROWS] == wanted


def test_the_count_is_the_true_one() -> None:
    served = sum(row[2] == "yes" for row in ROWS)
    assert f"{served} of {len(ROWS)} are served" in TEXT
    assert served >= 95
    assert {row[2] for row in ROWS} == {"yes", "no"}


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_every_place_exists(row: list[str]) -> None:
    """Names of pages, commands and paths in backticks; who is served is told where."""
    pages = {f"console:{pattern.name}" for pattern in urlpatterns}
    named = re.findall(r"`([^`]+)`", row[3])
    for name in named:
        if name.startswith("console:"):
            assert name in pages
        elif name.startswith("manage.py "):
            assert name.split()[1] in get_commands()
        elif "/" in name:
            assert (ROOT / name).exists()
    assert row[2] == "no" or named
