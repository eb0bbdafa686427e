"""How far places depend on choices of the method: how many agencies would have another set of
possible places under another rule, other weights, without marked answers, with equal channels.

One table per edition, as the handbook on composite indicators asks for (OECD/JRC 2008, step 7). A
set changes when its first or last place does; agencies are compared with those of their kind, the
same under both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Final

from analysis.comparison.change import interval_sides
from analysis.comparison.quality import Totals, overall_figures
from analysis.comparison.ranks import rank_sets_from_limits
from analysis.counting.cells import Cells
from analysis.index.results import Figure
from analysis.method import Method

STEP: Final = Fraction(1, 5)
"""Weights are moved by a fifth, one factor at a time, the others made up for it."""
OTHER_RULE: Final = {"mean-of-items": "pooled", "pooled": "mean-of-items"}


@dataclass(frozen=True)
class RankSensitivity:
    """``changed`` of ``compared`` agencies have another set of possible places under a variant."""

    variant: str
    compared: int
    changed: int


def rank_sensitivity(
    cells: Cells, totals: Totals, method: Method, kinds: Mapping[str, str]
) -> list[RankSensitivity]:
    """One line per variant that says something for the method.

    ``kinds`` names the kind of every agency that has a place. Of ``weights`` the step that moves
    most agencies is told.

    Examples
    --------
    >>> kinds = {"s00": "department", "s05": "department", "s06": "department"}
    >>> lines = rank_sensitivity(cells, snapshot.totals(), method, kinds)
    >>> [(line.variant, line.compared) for line in lines][:2]
    [('rule', 2), ('weights', 2)]
    """
    base = overall_figures(cells, totals, method)
    worst: dict[str, RankSensitivity] = {}
    for name, variant in _variants(method, totals):
        other = overall_figures(cells, totals, variant)
        found = _compare(name, base, other, (method, variant), kinds)
        before = worst.get(name)
        if before is None or _share(found) > _share(before):
            worst[name] = found
    return list(worst.values())


def _variants(method: Method, totals: Totals) -> Iterator[tuple[str, Method]]:
    if len(method.items) > 1:
        rule = OTHER_RULE.get(method.rule, "mean-of-items")
        yield "rule", replace(method, rule=rule, factor_weights={})
    if len(method.factors) > 1 and method.rule != "pooled":
        yield from (("weights", one) for one in _moved_weights(method))
    if method.flagged:
        yield "without_flagged", replace(method, flagged=False)
    channels = sorted({key[2] for key, (n, _) in totals.items() if n})
    if len(channels) > 1 and "channel" in method.weighting_cells:
        equal = {channel: Fraction(1, len(channels)) for channel in channels}
        yield "equal_channels", replace(method, channel_mix=equal)


def _moved_weights(method: Method) -> Iterator[Method]:
    """Methods whose factors weigh otherwise; a mean of items weighs a factor by its items."""
    weights = dict(method.factor_weights) or {
        name: Fraction(len(items), len(method.items)) for name, items in method.factors.items()
    }
    for name in weights:
        for sign in (1, -1):
            moved = {**weights, name: weights[name] * (1 + sign * STEP)}
            whole = sum(moved.values())
            yield replace(
                method,
                rule="factor-weighted",
                factor_weights={key: weight / whole for key, weight in moved.items()},
            )


def _compare(
    name: str,
    base: Mapping[str, Figure],
    other: Mapping[str, Figure],
    methods: tuple[Method, Method],
    kinds: Mapping[str, str],
) -> RankSensitivity:
    compared = changed = 0
    for kind in sorted(set(kinds.values())):
        members = [
            agency
            for agency in sorted(kinds)
            if kinds[agency] == kind and _has_place(base, agency) and _has_place(other, agency)
        ]
        if len(members) > 1:
            sets = [
                _places([table[agency] for agency in members], method)
                for table, method in zip((base, other), methods, strict=True)
            ]
            compared += len(members)
            changed += sum(one != two for one, two in zip(*sets, strict=True))
    return RankSensitivity(name, compared, changed)


def _has_place(table: Mapping[str, Figure], agency: str) -> bool:
    figure = table.get(agency)
    return figure is not None and figure.weighted is not None and figure.se is not None


def _places(figures: list[Figure], method: Method) -> list[tuple[int, int]]:
    level = 1 - (1 - method.confidence) / len(figures)
    best, worst = rank_sets_from_limits(*interval_sides(figures, method).limits(level))
    return list(zip(best.tolist(), worst.tolist(), strict=True))


def _share(line: RankSensitivity) -> float:
    return line.changed / line.compared if line.compared else 0.0
