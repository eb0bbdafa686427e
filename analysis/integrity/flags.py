"""From findings to what is proposed: watch, review, quarantine. Only people decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from analysis.errors import AnalysisError
from analysis.integrity.bursts import find_bursts
from analysis.integrity.copies import find_blocks, find_copies, find_same_comments
from analysis.integrity.facts import UnitMonth
from analysis.integrity.families import FAMILIES, Family, Month, find_broken
from analysis.integrity.findings import Finding
from analysis.integrity.rules_file import LEVELS, Rules
from analysis.integrity.spread import find_discoveries

_ALL: Final[Mapping[str, Family]] = {
    **FAMILIES,
    "F1": find_bursts,
    "F6": find_copies,
    "F6b": find_blocks,
    "F6c": find_same_comments,
}
DIGITS: Final = 10
"""Significant digits that are kept: the same on every machine."""


@dataclass(frozen=True)
class UnitFlag:
    """What is proposed for an agency in a month; ``families``: how many fired."""

    unit: str
    month: str
    level: str
    families: int
    findings: tuple[Finding, ...]

    def as_data(self) -> dict[str, Any]:
        """The flag for JSON: lists, no tuples."""
        data = asdict(self)
        return {**data, "findings": list(data["findings"])}


def flag_units(facts: Sequence[UnitMonth], month: str, rules: Rules) -> list[UnitFlag]:
    """Flags of one month, by key; the months before it in ``facts`` are the agencies' own past.

    Raises
    ------
    AnalysisError
        A rule is not known here.
    """
    units = sorted((row for row in facts if row.month == month), key=lambda row: row.unit)
    past: dict[str, list[UnitMonth]] = {}
    for row in facts:
        past.setdefault(row.unit, []).append(row)
    looked = Month(units, past, rules)
    found = [one for code in rules.rules for one in _apply(looked, code)]
    return _gather(_tell_discoveries(found, rules), month, rules)


def _apply(month: Month, code: str) -> list[Finding]:
    rule = month.rules.rules[code]
    family = find_broken if rule.is_hard else _ALL.get(code)
    if family is None:
        raise AnalysisError("rule {code} is not known", code=code)
    return family(month, rule)


def _tell_discoveries(found: list[Finding], rules: Rules) -> list[Finding]:
    tested = [place for place, one in enumerate(found) if one.p is not None]
    stand = find_discoveries([found[place].p or 0.0 for place in tested], rules.discovery)
    stands = dict(zip(tested, stand, strict=True))
    return [replace(one, discovery=stands.get(place, False)) for place, one in enumerate(found)]


def _gather(found: list[Finding], month: str, rules: Rules) -> list[UnitFlag]:
    by_unit: dict[str, list[Finding]] = {}
    for one in found:
        if one.fired:
            by_unit.setdefault(one.unit, []).append(_settle(one))
    flags = []
    for unit, own in sorted(by_unit.items()):
        own = sorted(own, key=lambda one: one.rule)
        # F6, F6b and F6c are one family: rules that see the same copies are no two witnesses.
        seen: dict[str, int] = {}
        for one in own:
            family = one.rule.rstrip("bc")
            seen[family] = max(seen.get(family, 0), rules.rules[one.rule].counts)
        count = sum(value for family, value in seen.items() if family.startswith("F"))
        hard = any(rules.rules[one.rule].is_hard for one in own)
        flags.append(UnitFlag(unit, month, _level(count, hard, rules), count, tuple(own)))
    return flags


def _level(count: int, hard: bool, rules: Rules) -> str:
    if hard:
        return LEVELS[-1]
    return [name for name in LEVELS if count >= rules.levels[name]][-1]


def _settle(one: Finding) -> Finding:
    inputs = {name: _round(value) for name, value in one.inputs.items()}
    return replace(one, value=_round(one.value), p=_round(one.p), inputs=inputs)


def _round(value: Any) -> Any:
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value
