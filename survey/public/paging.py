"""A public page as data, and long lists cut into pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class PublicPage:
    """A template with what it shows."""

    template: str
    context: Mapping[str, Any]


Part = tuple[Sequence[Any], int, int]
"""Lines of a page, its number, and how many pages there are."""


def cut_part(lines: Sequence[Any], number: int, size: int) -> Part | None:
    """One page of a list; None where the list has none of this number."""
    count = max(1, -(-len(lines) // size))
    if not 1 <= number <= count:
        return None
    return lines[(number - 1) * size : number * size], number, count


def list_parts(name: str, lines: Sequence[Any], size: int) -> Iterator[str]:
    """Addresses of the pages of a list."""
    for number in range(1, max(1, -(-len(lines) // size)) + 1):
        yield f"{name}{number}/"
