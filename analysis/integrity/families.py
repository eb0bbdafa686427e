"""Families that compare an agency with its equals and its own past."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from scipy.stats import binom, fisher_exact

from analysis.integrity.facts import Moments, UnitMonth
from analysis.integrity.findings import Finding
from analysis.integrity.rules_file import Rule, Rules
from analysis.integrity.spread import Spread, find_spread, stabilise_share, upper_p

Figure = tuple[float, float]
"""(figure, its variance)."""


@dataclass(frozen=True)
class Month:
    """A month under rules: its agencies, and those of the months before by key."""

    units: Sequence[UnitMonth]
    past: Mapping[str, Sequence[UnitMonth]]
    rules: Rules

    def history(self, unit: UnitMonth) -> list[UnitMonth]:
        """The agency's months that are compared with."""
        before = sorted(self.past.get(unit.unit, ()), key=lambda one: one.month)
        return [one for one in before if one.month < unit.month][-self.rules.history_months :]


def compare(
    month: Month, figures: Mapping[str, Figure], *, by_kind: bool = True
) -> dict[str, tuple[float, Spread]]:
    """Unit -> (z, spread of its equals); nothing where too few can be compared."""
    found: dict[str, tuple[float, Spread]] = {}
    kinds = {unit.unit: unit.kind for unit in month.units}
    for key, (y, se2) in figures.items():
        equals = [one for one in figures if kinds[one] == kinds[key]] if by_kind else []
        if len(equals) < month.rules.least_units:
            equals = list(figures)
        if len(equals) < month.rules.least_units:
            continue
        spread = find_spread(
            np.array([figures[one][0] for one in equals]),
            np.array([figures[one][1] for one in equals]),
        )
        found[key] = (spread.z(y, se2), spread)
    return found


def _judge(
    rule: Rule, compared: Mapping[str, tuple[float, Spread]], *, two_sided: bool = False
) -> dict[str, Finding]:
    found = {}
    for unit, (z, spread) in compared.items():
        size = abs(z) if two_sided else z
        p = upper_p(size) * (2 if two_sided else 1)
        inputs = {"median": spread.median, "tau": float(np.sqrt(spread.tau2))}
        found[unit] = Finding(rule.code, unit, z, p, size > rule.threshold, inputs)
    return found


def _with(finding: Finding, inputs: Mapping[str, Any], *, fired: bool = True) -> Finding:
    """The finding with the numbers it comes from; silent where ``fired`` says so."""
    return replace(finding, fired=finding.fired and fired, inputs={**finding.inputs, **inputs})


def find_marked(month: Month, rule: Rule) -> list[Finding]:
    """F2: the share an entrance marked, against equals."""
    large = [unit for unit in month.units if unit.answers >= month.rules.least_answers]
    figures = {unit.unit: stabilise_share(unit.marked, unit.answers) for unit in large}
    judged = _judge(rule, compare(month, figures))
    return [
        _with(
            judged[unit.unit],
            {"count": unit.marked, "size": unit.answers},
            fired=unit.marked >= rule.least,
        )
        for unit in large
        if unit.unit in judged
    ]


def find_top(month: Month, rule: Rule) -> list[Finding]:
    """F3: answers that are all at the top, against the own past."""
    figures, inputs = {}, {}
    for unit in month.units:
        before = month.history(unit)
        count, size = sum(one.top[0] for one in before), sum(one.top[1] for one in before)
        if min(unit.top[1], size) < month.rules.least_answers:
            continue
        now, old = stabilise_share(*unit.top), stabilise_share(count, size)
        figures[unit.unit] = (now[0] - old[0], now[1] + old[1])
        inputs[unit.unit] = {
            "count": unit.top[0],
            "size": unit.top[1],
            "count_before": count,
            "size_before": size,
        }
    judged = _judge(rule, compare(month, figures, by_kind=False))
    return [_with(one, inputs[key]) for key, one in judged.items()]


def _mean(moments: Moments) -> Figure:
    n, total, squares = moments
    mean = total / n
    return mean, max(squares / n - mean**2, 0.0) / max(n - 1, 1)


def find_gap(month: Month, rule: Rule) -> list[Finding]:
    """F4: the counter above the links, against the gaps of others: in the mean level (Welch), and
    in the share of answers that are all at the top. The larger one counts.
    """
    found = {one.unit: one for one in _find_gap_of_means(month, rule)}
    for one in _find_gap_of_tops(month, rule):
        before = found.get(one.unit)
        if before is None or (one.fired, one.value) > (before.fired, before.value):
            found[one.unit] = one
    return list(found.values())


def _find_gap_of_means(month: Month, rule: Rule) -> list[Finding]:
    figures, inputs = {}, {}
    for unit in month.units:
        if min(unit.counter[0], unit.link[0]) < month.rules.least_answers:
            continue
        (one, se2_one), (two, se2_two) = _mean(unit.counter), _mean(unit.link)
        figures[unit.unit] = (one - two, se2_one + se2_two)
        n = unit.levels[0]
        inputs[unit.unit] = {
            "counter": one,
            "link": two,
            "size_counter": unit.counter[0],
            "size_link": unit.link[0],
            "deviation": float(np.sqrt(_mean(unit.levels)[1] * max(n - 1, 1))),
        }
    judged = _judge(rule, compare(month, figures, by_kind=False))
    found = []
    for key, finding in judged.items():
        above = figures[key][0] - finding.inputs["median"]
        wide = above >= rule.least * inputs[key]["deviation"]
        found.append(_with(finding, inputs[key], fired=wide))
    return found


def _find_gap_of_tops(month: Month, rule: Rule) -> list[Finding]:
    figures, inputs = {}, {}
    for unit in month.units:
        if min(unit.top_counter[1], unit.top_link[1]) < month.rules.least_answers:
            continue
        one, two = stabilise_share(*unit.top_counter), stabilise_share(*unit.top_link)
        figures[unit.unit] = (one[0] - two[0], one[1] + two[1])
        inputs[unit.unit] = {
            "top_counter": unit.top_counter[0],
            "size_counter": unit.top_counter[1],
            "top_link": unit.top_link[0],
            "size_link": unit.top_link[1],
        }
    judged = _judge(rule, compare(month, figures, by_kind=False))
    return [_with(one, inputs[key]) for key, one in judged.items()]


def find_shift(month: Month, rule: Rule) -> list[Finding]:
    """F5: the mean level against the own past, to either side."""
    figures, inputs = {}, {}
    for unit in month.units:
        before = [one.levels for one in month.history(unit)]
        old = tuple(sum(part) for part in zip(*before, strict=True)) or (0, 0, 0)
        if min(unit.levels[0], old[0]) < month.rules.least_answers:
            continue
        (now, se2_now), (was, se2_was) = _mean(unit.levels), _mean((old[0], old[1], old[2]))
        figures[unit.unit] = (now - was, se2_now + se2_was)
        inputs[unit.unit] = {
            "mean": now,
            "mean_before": was,
            "size": unit.levels[0],
            "size_before": old[0],
        }
    judged = _judge(rule, compare(month, figures, by_kind=False), two_sided=True)
    return [_with(one, inputs[key]) for key, one in judged.items()]


def find_coverage(month: Month, rule: Rule) -> list[Finding]:
    """F8: answers per dossier against the own past."""
    figures, inputs = {}, {}
    for unit in month.units:
        before = [one for one in month.history(unit) if one.dossiers]
        answers = sum(one.answers for one in before)
        dossiers = sum(one.dossiers or 0 for one in before)
        if min(unit.answers, answers) < month.rules.least_answers or not unit.dossiers:
            continue
        change = np.log(unit.answers / unit.dossiers) - np.log(answers / dossiers)
        figures[unit.unit] = (float(change), 1 / unit.answers + 1 / answers)
        inputs[unit.unit] = {
            "count": unit.answers,
            "size": unit.dossiers,
            "count_before": answers,
            "size_before": dossiers,
        }
    judged = _judge(rule, compare(month, figures, by_kind=False))
    return [_with(one, inputs[key]) for key, one in judged.items()]


def find_phones(month: Month, rule: Rule) -> list[Finding]:
    """F9: one number behind many dossiers, against the largest share elsewhere (binomial)."""
    told = [unit for unit in month.units if unit.dossiers and unit.phone]
    found = []
    for unit in told:
        others = [one.phone / (one.dossiers or 1) for one in told if one.unit != unit.unit]
        if len(others) + 1 < month.rules.least_units:
            continue
        share = float(np.quantile(others, 0.95))
        p = float(binom.sf(unit.phone - 1, unit.dossiers or 0, min(1.0, share)))
        fired = p < rule.threshold and unit.phone >= rule.least
        inputs = {"count": unit.phone, "size": unit.dossiers, "share": share}
        found.append(Finding(rule.code, unit.unit, p, p, fired, inputs))
    return found


def find_left(month: Month, rule: Rule) -> list[Finding]:
    """F10: left after a low first level more often than after a high one (Fisher, one-sided)."""
    found = []
    for unit in month.units:
        low_left, low_sent, high_left, high_sent = unit.left
        if min(low_left + low_sent, high_left + high_sent) < rule.least:
            continue
        table = np.array([[low_left, low_sent], [high_left, high_sent]])
        p = float(fisher_exact(table, alternative="greater").pvalue)
        found.append(
            Finding(rule.code, unit.unit, p, p, p < rule.threshold, {"table": list(unit.left)})
        )
    return found


def find_broken(month: Month, rule: Rule) -> list[Finding]:
    """Hard rules: what cannot be honest was counted where it is known."""
    return [
        Finding(rule.code, unit.unit, count, None, count > rule.threshold, {"count": count})
        for unit in month.units
        if (count := unit.hard.get(rule.code, 0)) > rule.threshold
    ]


Family = Callable[[Month, Rule], list[Finding]]
FAMILIES: Final[Mapping[str, Family]] = {
    "F2": find_marked,
    "F3": find_top,
    "F4": find_gap,
    "F5": find_shift,
    "F8": find_coverage,
    "F9": find_phones,
    "F10": find_left,
}
