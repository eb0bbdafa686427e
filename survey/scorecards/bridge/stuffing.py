"""The rules of vote integrity: facts in, flags out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import analysis

Facts = analysis.UnitMonth
Sums = analysis.UnitSums
ANSWERED = analysis.ANSWERED
Flag = analysis.UnitFlag
Rules = analysis.Rules

Measured = analysis.Measured
Shift = analysis.Shift


def measure_share(count: int, size: int) -> Measured:
    """A share in percent with exact limits."""
    return analysis.measure_share(count, size)


def compare_measured(one: Measured, other: Measured) -> Shift:
    """The difference of two independent shares."""
    return analysis.compare_before_after(one, other)


def open_rules() -> Rules:
    """The rules in force."""
    return analysis.load_rules()


def flag_agencies(facts: Sequence[Facts], month: str, rules: Rules) -> list[Flag]:
    """Flags of one month; earlier months in ``facts`` are the agencies' own past."""
    return analysis.flag_units(facts, month, rules)


def pack_facts(rows: Iterable[Facts]) -> dict[str, Any]:
    """Facts for JSON."""
    return analysis.write_facts(rows)


def unpack_facts(data: Any) -> list[Facts]:
    """Facts from JSON."""
    return analysis.read_facts(data)


def write_facts_file(rows: Iterable[Facts], path: Path) -> None:
    """A file ``python -m analysis integrity`` reads."""
    analysis.write_json(analysis.write_facts(rows), path)
