"""Methods as the statistics know them: those that are shipped, and files of the province's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

import analysis

Target = analysis.Target
DEFAULT_TARGET: Final = analysis.SATISFACTION_TARGET
OPERATORS: Final = (">", ">=")


@dataclass(frozen=True)
class MethodSummary:
    """What a person choosing a method has to know of it."""

    id: str
    version: int
    sha256: str
    titles: Mapping[str, str]
    items: tuple[str, ...]
    answers: tuple[int, ...]
    satisfied: tuple[int, ...]
    rule: str
    statistic: str
    counted: tuple[str, ...]
    cells: tuple[str, ...]
    interval: str
    min_n: int
    min_n_eff: int
    flagged: bool
    uncounted_flags: tuple[str, ...]

    @property
    def counts(self) -> tuple[object, ...]:
        """Which answers it counts: methods that are alike in it differ by no single person."""
        return (self.counted, self.flagged, self.uncounted_flags)


@lru_cache(maxsize=64)
def summarise_method(method: str) -> MethodSummary:
    """A method by its name or the path of its file.

    Raises
    ------
    ValueError
        There is none, or its file is wrong: says where (in English).
    """
    found = analysis.load_method(method)
    return MethodSummary(
        id=found.id,
        version=found.version,
        sha256=found.sha256,
        titles=dict(found.titles),
        items=found.items,
        answers=found.answers,
        satisfied=found.satisfied,
        rule=found.rule,
        statistic=found.statistic,
        counted=found.counted,
        cells=found.weighting_cells,
        interval=found.interval,
        min_n=found.min_n,
        min_n_eff=found.min_n_eff,
        flagged=found.flagged,
        uncounted_flags=found.uncounted_flags,
    )


def shipped_methods() -> list[MethodSummary]:
    """The methods that come with the product."""
    return [summarise_method(name) for name in analysis.list_methods()]


def method_text(name: str) -> str:
    """The file of a shipped method."""
    return analysis.read_method_text(name)


def read_target(about: Mapping[str, Any]) -> analysis.Target:
    """The target an edition was computed beside; the national one where it names none."""
    told = about.get("target")
    if not told:
        return DEFAULT_TARGET
    return analysis.Target(told["operator"], Decimal(told["value"]))
