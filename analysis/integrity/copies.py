"""F6: answers that are exactly the same. Of short and skewed forms many honest ones are, so only
rich answers are looked at, and agencies of the same kind tell how many of these are the same by
themselves.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from analysis.integrity.facts import UnitMonth
from analysis.integrity.families import Month, compare
from analysis.integrity.findings import Finding
from analysis.integrity.rules_file import Rule
from analysis.integrity.spread import upper_p

LEAST_SHARE = 1e-4
"""Of pairs that are the same by themselves: where nobody has any, this much is expected."""


def find_copies(month: Month, rule: Rule) -> list[Finding]:
    """Pairs of the same rich answers above what equals have: 2 (sqrt(pairs) - sqrt(expected))."""
    large = [unit for unit in month.units if unit.rich_answers >= month.rules.least_answers]
    figures, expected = {}, {}
    for unit in large:
        pairs = unit.rich_answers * (unit.rich_answers - 1) / 2
        expected[unit.unit] = pairs * _usual_share(unit, large)
        root = np.sqrt(unit.same_pairs + 0.375) - np.sqrt(expected[unit.unit] + 0.375)
        figures[unit.unit] = (2 * float(root), 1.0)
    found = []
    by_key = {unit.unit: unit for unit in large}
    for key, (z, _spread) in compare(month, figures, by_kind=False).items():
        unit = by_key[key]
        inputs = {
            "count": unit.same_pairs,
            "size": unit.rich_answers,
            "expected": expected[key],
        }
        fired = z > rule.threshold and unit.same_pairs >= rule.least
        found.append(Finding(rule.code, key, z, upper_p(z), fired, inputs))
    return found


def _usual_share(unit: UnitMonth, units: Sequence[UnitMonth]) -> float:
    """Share of pairs that are the same among the lower three quarters of the others."""
    others = [one for one in units if one.unit != unit.unit]
    shares = sorted(
        one.same_pairs / (one.rich_answers * (one.rich_answers - 1) / 2) for one in others
    )
    kept = shares[: max(1, 3 * len(shares) // 4)]
    return max(LEAST_SHARE, float(np.mean(kept)) if kept else 0.0)


def find_blocks(month: Month, rule: Rule) -> list[Finding]:
    """F6b: rich answers two days of a counter share."""
    return [
        Finding(
            rule.code,
            unit.unit,
            unit.shared,
            None,
            unit.shared >= rule.threshold,
            {"count": unit.shared, "size": unit.rich_answers},
        )
        for unit in month.units
        if unit.shared
    ]


def find_same_comments(month: Month, rule: Rule) -> list[Finding]:
    """F6c: one comment of some length written again and again."""
    return [
        Finding(
            rule.code,
            unit.unit,
            unit.same_comment,
            None,
            unit.same_comment >= rule.threshold,
            {"count": unit.same_comment},
        )
        for unit in month.units
        if unit.same_comment > 1
    ]
