"""From declared figures to the points of a scorecard, line by line.

Every line is rounded first and sums are made of rounded lines, so that a signed total is always the
sum of what stands above it. The denominator is what applies: a line that does not apply to an
agency, or that lacks its task, leaves the maximum. A line without a figure has no points, never 0.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

from analysis.errors import AnalysisError
from analysis.rounding import half_up
from analysis.scorecards.framework import Criterion, Framework
from analysis.scorecards.inputs import Declared, measure
from analysis.scorecards.rules import round_points

_ZERO: Final = Decimal(0)
_GROUP: Final = "group"


@dataclass(frozen=True)
class ScoredLine:
    """One line of a scorecard.

    Attributes
    ----------
    state : ``scored``, ``missing``, ``not_applicable``, or ``group`` for a line with parts.
    measure : percent, number or points the rule was given; None for a group.
    points : rounded; None without a figure.
    maximum : what applies of it; 0 where nothing does.
    complete : whether everything below it has a figure.
    """

    criterion: Criterion
    state: str
    measure: Decimal | None
    points: Decimal | None
    maximum: Decimal
    complete: bool = True

    @property
    def lost(self) -> Decimal | None:
        """Points that are missing to the maximum; of a deduction, what it takes."""
        if self.points is None or not self.complete or self.criterion.effect == "bonus":
            return None
        taken = self.criterion.effect == "deduction"
        return self.points if taken else self.maximum - self.points

    def as_row(self) -> dict[str, str | None]:
        """The line for a file, decimals as text."""
        criterion = self.criterion
        numbers = {"measure": self.measure, "points": self.points, "lost": self.lost}
        return {
            "code": criterion.code,
            "parent": criterion.parent,
            "title": criterion.title,
            "state": self.state,
            "maximum": str(self.maximum),
            **{name: None if n is None else str(n) for name, n in numbers.items()},
        }


@dataclass(frozen=True)
class Scorecard:
    """All lines of one agency under one framework, and their sum.

    Attributes
    ----------
    total : base points with bonuses, less deductions; from 0 to ``maximum``.
    maximum : points at most, of what applies.
    missing : codes of the lines without a figure: while there are some, the total is unfinished.
    percent : total in percent of the maximum, two places; None while unfinished.
    band : name of the framework's band; "" without one.
    """

    lines: tuple[ScoredLine, ...]
    total: Decimal
    maximum: Decimal
    missing: tuple[str, ...]
    percent: Decimal | None
    band: str

    def as_record(self) -> dict[str, object]:
        """The scorecard for a file."""
        return {
            "lines": [line.as_row() for line in self.lines],
            "total": str(self.total),
            "maximum": str(self.maximum),
            "missing": list(self.missing),
            "percent": None if self.percent is None else str(self.percent),
            "band": self.band,
        }


def score(framework: Framework, declared: Mapping[str, Declared], kind: str = "") -> Scorecard:
    """Points of one agency of a ``kind`` from what was declared by code of the criterion.

    Raises
    ------
    AnalysisError
        A code belongs to no line that is scored: one mistyped must not cost points unseen.
    FigureError
        A figure cannot be used.

    Examples
    --------
    >>> from analysis.scorecards.framework import read_framework_text
    >>> from analysis.scorecards.framework_file import read_framework
    >>> framework = read_framework(read_framework_text("766-2022"))
    >>> figures = {"1": {"part": "880", "whole": "1000"}, "2": {"part": "0", "whole": "0"}}
    >>> card = score(framework, figures)
    >>> [str(line.points) for line in card.lines], card.missing
    (['5.87', '6.00', 'None'], ('3',))
    """
    leaves = {criterion.code: criterion for criterion in framework.leaves(kind)}
    known = {criterion.code for criterion in framework.leaves()}
    unknown = sorted(code for code in declared if code not in known)
    if unknown:
        raise AnalysisError(
            "no line that is scored has the code {unknown}", unknown=", ".join(unknown)
        )
    scored = {
        code: score_line(criterion, declared.get(code, {})) for code, criterion in leaves.items()
    }
    lines = tuple(
        line
        for criterion in framework.criteria
        if (line := _line(framework, criterion, scored)) is not None
    )
    return _add_up(framework, lines)


def score_line(criterion: Criterion, declared: Declared) -> ScoredLine:
    """Points of one line from what was declared for it.

    Raises
    ------
    FigureError
        A figure cannot be used.
    """
    found = measure(criterion, declared)
    whole = round_points(criterion.maximum, criterion.decimals)
    state = found.state
    if state == "missing" and criterion.optional:
        state = "not_applicable"
    if state in ("missing", "not_applicable"):
        maximum = whole if state == "missing" else _ZERO
        return ScoredLine(criterion, state, None, None, maximum, state != "missing")
    if found.value is None:
        points = whole if state == "full" else round_points(Fraction(0), criterion.decimals)
        return ScoredLine(criterion, "scored", None, points, whole)
    raw = _points(criterion, found.value)
    shown = round_points(found.value, 2)
    return ScoredLine(criterion, "scored", shown, round_points(raw, criterion.decimals), whole)


def _points(criterion: Criterion, value: Fraction) -> Fraction:
    if criterion.rule is None:
        return value / 100 * criterion.maximum
    return criterion.rule.points(value, criterion.maximum)


def _line(
    framework: Framework, criterion: Criterion, scored: Mapping[str, ScoredLine]
) -> ScoredLine | None:
    """A line that is scored, or the sum of those below it; None where none of them applies."""
    if criterion.code not in framework.parts:
        return scored.get(criterion.code)
    below = [
        line
        for part in framework.parts[criterion.code]
        if (line := _line(framework, part, scored)) is not None
    ]
    if not below:
        return None
    whole = round_points(criterion.maximum, criterion.decimals)
    maximum = min(whole, sum((line.maximum for line in below), _ZERO))
    points = [line.points for line in below if line.points is not None]
    total = min(maximum, sum(points, _ZERO)) if points else None
    complete = all(line.complete for line in below)
    return ScoredLine(criterion, _GROUP, None, total, maximum, complete)


def _add_up(framework: Framework, lines: Sequence[ScoredLine]) -> Scorecard:
    areas = [line for line in lines if not line.criterion.parent]
    sums = {
        effect: sum(
            (line.points or _ZERO for line in areas if line.criterion.effect == effect), _ZERO
        )
        for effect in ("base", "bonus", "deduction")
    }
    maximum = sum((line.maximum for line in areas if line.criterion.effect == "base"), _ZERO)
    total = max(_ZERO, min(maximum, sums["base"] + sums["bonus"] - sums["deduction"]))
    missing = tuple(line.criterion.code for line in lines if line.state == "missing")
    percent = None if missing or not maximum else half_up(100 * total / maximum, 2)
    band = "" if percent is None else _find_band(framework, total, maximum)
    return Scorecard(tuple(lines), total, maximum, missing, percent, band)


def _find_band(framework: Framework, total: Decimal, maximum: Decimal) -> str:
    """By the unrounded percent: 89.995 % is not yet 90 %."""
    value = Fraction(total)
    if framework.bands_on == "percent":
        value = 100 * value / Fraction(maximum)
    return next((name for edge, name in framework.bands if value >= edge), "")
