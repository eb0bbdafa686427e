"""What can be wrong with a framework as a whole: sums, parents, rules, formulas."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from analysis.errors import Translate
from analysis.scorecards.expressions import FormulaError, names_in
from analysis.scorecards.framework import APPRAISED_INPUTS, Criterion, Framework
from analysis.scorecards.rules import round_points

SENTENCES: Final = {
    "toml": "the file is no TOML: {value}",
    "empty": "there is no criterion",
    "missing": "{value} is missing",
    "unknown": "{value} is not known",
    "kind": "{value} cannot be used",
    "number": "{value} is no number that can be used",
    "input": "there is no input {value}",
    "rule": "there is no rule {value}",
    "band": "the step {value} cannot be used: comparison, edge, share from 0 to 1",
    "twice": "the code stands twice",
    "parent": "there is no line {value} it could be a part of",
    "cycle": "it is a part of itself",
    "sum": "its parts add up to {value}",
    "total": "the reform areas add up to {value}, not to the total that is stated",
    "count": "the reform areas have {value} criteria together, not as many as is stated",
    "maximum": "the maximum has to be more than 0",
    "share": "{value} is not from 0 to 1",
    "options": "a choice needs at least two options with codes of their own, and no rule",
    "ruleless": "a line that is scored needs an input and a rule",
    "group": "a line with parts has no input, rule or options of its own",
    "weights": "the weights of the groups add up to {value}, not to 1",
    "formula": "the formula cannot be used: {value}",
    "dates": "the last day is before the first",
    "declared": "{value} is counted or appraised and cannot be scored by the agency itself",
    "code": "the code {value} cannot be used: letters, digits, hyphens, and points between them",
    "many": "there are more than {value} lines",
    "deep": "the line stands more than {value} lines deep",
    "places": "the maximum {value} has more places than its points",
    "large": "the total {value} is too large",
    "nobody": "no line applies to {value}",
    "effect": "a part has another effect than the line it is a part of",
    "decimals": "points have from 0 to 4 places",
}
"""Kinds of faults, in English; ``value`` is what was found."""


MAX_DEPTH: Final = 6
MAX_TOTAL: Final = 100_000


@dataclass(frozen=True)
class FrameworkFault:
    """One fault: its kind (a key of ``SENTENCES``), the code of the criterion, what was found."""

    kind: str
    criterion: str
    value: str

    def __str__(self) -> str:
        return self.tell(str)

    def tell(self, translate: Translate) -> str:
        """The fault in another language."""
        fault = translate(SENTENCES[self.kind]).format(value=self.value)
        if not self.criterion:
            return fault
        return translate("criterion {criterion}: {fault}").format(
            criterion=self.criterion, fault=fault
        )


@dataclass(frozen=True)
class Stated:
    """What the document itself states: its total, and how many criteria it has (0 unknown)."""

    total: Fraction | None = None
    criteria: int = 0


def find_faults(framework: Framework, stated: Stated) -> list[FrameworkFault]:
    """Everything that does not fit together in a framework that could be read. A document that
    contradicts itself is found here.
    """
    faults = list(_tree_faults(framework))
    if not faults:
        faults = [fault for criterion in framework.criteria for fault in _line_faults(criterion)]
        faults += [f for criterion in framework.criteria for f in _sum_faults(framework, criterion)]
        faults += _whole_faults(framework, stated)
    return faults


def _tree_faults(framework: Framework) -> Iterator[FrameworkFault]:
    codes = [criterion.code for criterion in framework.criteria]
    for number, criterion in enumerate(framework.criteria):
        if criterion.code in codes[:number]:
            yield FrameworkFault("twice", criterion.code, criterion.code)
        if criterion.parent and criterion.parent not in codes:
            yield FrameworkFault("parent", criterion.code, criterion.parent)
    for criterion in framework.criteria:
        seen, above = {criterion.code}, criterion.parent
        while above in framework.by_code and above not in seen:
            seen.add(above)
            above = framework.by_code[above].parent
        if above in seen:
            yield FrameworkFault("cycle", criterion.code, above)
        elif len(seen) > MAX_DEPTH:
            yield FrameworkFault("deep", criterion.code, str(MAX_DEPTH))


def _line_faults(criterion: Criterion) -> Iterator[FrameworkFault]:
    if criterion.maximum <= 0:
        yield FrameworkFault("maximum", criterion.code, str(criterion.maximum))
    if not 0 <= criterion.decimals <= 4:
        yield FrameworkFault("decimals", criterion.code, str(criterion.decimals))
    elif Fraction(round_points(criterion.maximum, criterion.decimals)) != criterion.maximum:
        yield FrameworkFault("places", criterion.code, decimal_text(criterion.maximum))
    if criterion.self_scored and criterion.input in APPRAISED_INPUTS:
        yield FrameworkFault("declared", criterion.code, criterion.input)
    yield from _rule_faults(criterion)


def _rule_faults(criterion: Criterion) -> Iterator[FrameworkFault]:
    shares = [option.share for option in criterion.options]
    if criterion.rule:
        shares += [band.share for band in criterion.rule.bands]
        numbers = {"target": criterion.rule.target > 0, "each": criterion.rule.each >= 0}
        for name in (name for name, fits in numbers.items() if not fits):
            yield FrameworkFault("number", criterion.code, name)
    for share in shares:
        if not 0 <= share <= 1:
            yield FrameworkFault("share", criterion.code, decimal_text(share))


def _sum_faults(framework: Framework, criterion: Criterion) -> Iterator[FrameworkFault]:
    parts = framework.parts.get(criterion.code)
    kinds = set(criterion.applies_to)
    if kinds and framework.applies_to and not kinds & set(framework.applies_to):
        yield FrameworkFault("nobody", criterion.code, ", ".join(criterion.applies_to))
    if parts is None:
        yield from _leaf_faults(criterion)
        return
    if criterion.input or criterion.rule or criterion.options:
        yield FrameworkFault("group", criterion.code, "")
    if any(part.effect != criterion.effect for part in parts):
        yield FrameworkFault("effect", criterion.code, "")
    total = sum((part.maximum for part in parts), Fraction(0))
    if total != criterion.maximum and (criterion.effect == "base" or total < criterion.maximum):
        yield FrameworkFault("sum", criterion.code, decimal_text(total))


def _leaf_faults(criterion: Criterion) -> Iterator[FrameworkFault]:
    codes = [option.code for option in criterion.options]
    if criterion.input == "choice":
        if len(codes) < 2 or len(set(codes)) < len(codes) or criterion.rule:
            yield FrameworkFault("options", criterion.code, "")
    elif not criterion.input or criterion.rule is None:
        yield FrameworkFault("ruleless", criterion.code, "")
    yield from _INPUT_FAULTS.get(criterion.input, _no_faults)(criterion)


def _no_faults(criterion: Criterion) -> Iterator[FrameworkFault]:
    yield from ()


def _group_faults(criterion: Criterion) -> Iterator[FrameworkFault]:
    weights = sum((group.weight for group in criterion.groups), Fraction(0))
    if weights != 1 or any(group.weight <= 0 for group in criterion.groups):
        yield FrameworkFault("weights", criterion.code, decimal_text(weights))
    codes = [option.code for option in criterion.options]
    if len(codes) < 2 or len(set(codes)) < len(codes):
        yield FrameworkFault("options", criterion.code, "")
    groups = [group.code for group in criterion.groups]
    for code in sorted({code for code in groups if groups.count(code) > 1}):
        yield FrameworkFault("code", criterion.code, code)


def _formula_faults(criterion: Criterion) -> Iterator[FrameworkFault]:
    codes = [figure.code for figure in criterion.figures]
    declared = set(codes)
    if not codes or len(declared) < len(codes):
        yield FrameworkFault("formula", criterion.code, criterion.formula)
    try:
        unknown = names_in(criterion.formula) ^ declared
    except FormulaError as error:
        yield FrameworkFault("formula", criterion.code, str(error))
        return
    for name in sorted(unknown):
        yield FrameworkFault("formula", criterion.code, name)


_INPUT_FAULTS: Final[dict[str, Callable[[Criterion], Iterator[FrameworkFault]]]] = {
    "survey_group": _group_faults,
    "formula": _formula_faults,
}


def _whole_faults(framework: Framework, stated: Stated) -> Iterator[FrameworkFault]:
    if framework.valid_to is not None and framework.valid_to < framework.valid_from:
        yield FrameworkFault("dates", "", framework.valid_to.isoformat())
    if stated.total is not None and stated.total != Fraction(framework.total):
        yield FrameworkFault("total", "", str(framework.total))
    if framework.total >= MAX_TOTAL:
        yield FrameworkFault("large", "", str(framework.total))
    for kind in framework.applies_to or ("",):
        if not framework.leaves(kind):
            yield FrameworkFault("nobody", "", kind)
    count = sum(area.criteria_count for area in framework.parts.get("", []))
    if stated.criteria and count and stated.criteria != count:
        yield FrameworkFault("count", "", str(count))


def decimal_text(value: Fraction) -> str:
    """A fraction as a short decimal, for a sentence.

    Examples
    --------
    >>> decimal_text(Fraction(21, 2)), decimal_text(Fraction(10))
    ('10.5', '10')
    """
    return f"{float(value):.6g}"
