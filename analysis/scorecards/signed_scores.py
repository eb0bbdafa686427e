"""Scores that were signed elsewhere: whether the total is the sum of the lines, and no line more
than its maximum.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

from analysis.errors import AnalysisError, Translate
from analysis.scorecards.exact_numbers import read_number, write_number
from analysis.scorecards.framework import Criterion, Framework
from analysis.scorecards.framework_faults import decimal_text

SENTENCES: Final = {
    "line": "line {code}: no such line",
    "number": "line {code}: {value} is no number of points",
    "over": "line {code}: {value} points are more than its maximum",
    "sum": "line {code}: {value} points stand there, its parts add up to something else",
    "total": "the total says {value}, the lines add up to something else",
}


@dataclass(frozen=True)
class SignedFault:
    """What is wrong with signed scores: a key of ``SENTENCES``, the line, what stands there, and
    what it should be ("" where nobody can say).
    """

    kind: str
    code: str
    value: str
    expected: str = ""

    def __str__(self) -> str:
        return self.tell(str)

    def tell(self, translate: Translate) -> str:
        """The fault in another language."""
        found = translate(SENTENCES[self.kind]).format(code=self.code, value=self.value)
        return f"{found}: {self.expected}" if self.expected else found


def read_signed_scores(path: Path) -> tuple[dict[str, str], str]:
    """Signed points by code, and their total, from JSON.

    Raises
    ------
    AnalysisError
        The file holds something else.

    Examples
    --------
    >>> _ = (folder / "scores.json").write_text('{"points": {"1": "10,5"}, "total": 10.5}')
    >>> read_signed_scores(folder / "scores.json")
    ({'1': '10,5'}, '10,5')
    """
    try:
        data = json.loads(
            path.read_text(encoding="utf-8-sig"), parse_float=write_number, parse_int=str
        )
        points = {str(code): str(value) for code, value in data["points"].items()}
        return points, str(data["total"])
    except (OSError, ValueError, TypeError, AttributeError, LookupError, RecursionError) as error:
        raise AnalysisError(
            "{path} holds no signed points and total: {error}", path=path, error=error
        ) from error


def check_signed_scores(
    framework: Framework, points: Mapping[str, str], total: str
) -> list[SignedFault]:
    """Faults of signed scores: ``points`` by code of the line, decimals as written, and the total
    they state. Lines with parts may be given or not.

    Examples
    --------
    >>> from analysis.scorecards.framework import read_framework_text
    >>> from analysis.scorecards.framework_file import read_framework
    >>> framework = read_framework(read_framework_text("ha-tinh-so-2021"))
    >>> signed = {"1": "11", "2": "10,5", "3": "13", "4": "10", "5": "14,5", "6": "9,5"}
    >>> print(check_signed_scores(framework, signed | {"7": "14,5"}, "83,05")[0])
    the total says 83,05, the lines add up to something else: 83
    """
    faults = [
        fault
        for code, text in points.items()
        if (fault := _line_fault(framework.by_code.get(code), code, text)) is not None
    ]
    if faults:
        return faults
    found = {code: read_number(text) or Fraction(0) for code, text in points.items()}
    for code, parts in framework.parts.items():
        given = [found[part.code] for part in parts if part.code in found]
        if code not in found or not given:
            continue
        expected = min(sum(given, Fraction(0)), framework.by_code[code].maximum)
        if expected != found[code]:
            faults.append(SignedFault("sum", code, points[code], decimal_text(expected)))
    whole = _whole(framework, found)
    if read_number(total) != whole:
        faults.append(SignedFault("total", "", total, decimal_text(whole)))
    return faults


def _line_fault(criterion: Criterion | None, code: str, text: str) -> SignedFault | None:
    number = read_number(text)
    if criterion is None:
        return SignedFault("line", code, text)
    if number is None or number < 0:
        return SignedFault("number", code, text)
    if number > criterion.maximum:
        return SignedFault("over", code, text, decimal_text(criterion.maximum))
    return None


def _whole(framework: Framework, found: Mapping[str, Fraction]) -> Fraction:
    """What the lines add up to, with the caps of bonuses and deductions, within the maximum."""
    sums = {"base": Fraction(0), "bonus": Fraction(0), "deduction": Fraction(0)}
    for area in framework.parts.get("", []):
        sums[area.effect] += _add_line(framework, area, found)
    whole = sums["base"] + sums["bonus"] - sums["deduction"]
    return max(Fraction(0), min(whole, Fraction(framework.total)))


def _add_line(
    framework: Framework, criterion: Criterion, found: Mapping[str, Fraction]
) -> Fraction:
    if criterion.code in found:
        return found[criterion.code]
    parts = framework.parts.get(criterion.code, [])
    whole = sum((_add_line(framework, part, found) for part in parts), Fraction(0))
    return min(whole, criterion.maximum)
