"""How the measure of a criterion comes about from declared figures.

What is declared is a flat table of texts by field (``number``, ``part``, ``whole``, the codes of a
formula's figures, ``option``): the same in a form, in a file and in the record of a round. An
appraiser corrects these figures; points follow from them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

from analysis.errors import AnalysisError
from analysis.scorecards.exact_numbers import read_number, write_number
from analysis.scorecards.expressions import evaluate
from analysis.scorecards.framework import Criterion

NOT_APPLICABLE: Final = "not_applicable"
Declared = Mapping[str, str]


class FigureError(AnalysisError):
    """A declared figure cannot be used: ``criterion``, ``field``, and ``kind`` of what is wrong
    (``number``, ``negative``, ``option``, ``field``, ``more``, ``not_applicable``).
    """

    def __init__(self, criterion: str, field: str, kind: str) -> None:
        fault = AnalysisError(_SENTENCES[kind])
        super().__init__(
            "criterion {criterion}, {field}: {fault}",
            criterion=criterion,
            field=field,
            fault=fault,
        )
        self.criterion, self.field, self.kind = criterion, field, kind


_SENTENCES: Final = {
    "number": "is no number",
    "negative": "is less than 0",
    "option": "is none of the answers",
    "field": "is no figure of this criterion",
    "more": "a part is more than the whole",
    "not_applicable": "this criterion always applies",
}


@dataclass(frozen=True)
class Measure:
    """What a criterion measured: a ``value``, or a ``state`` that says why there is none.

    ``state``: ``scored``, ``missing`` (no figure yet), ``not_applicable``, ``full`` or ``none``
    (what a ratio over nothing gives).
    """

    state: str
    value: Fraction | None = None


_MISSING: Final = Measure("missing")


def field_names(criterion: Criterion) -> tuple[str, ...]:
    """Fields to fill in for a criterion.

    Examples
    --------
    >>> field_names(Criterion("1", "On time", "", Fraction(2), input="ratio"))
    ('part', 'whole')
    """
    if criterion.input == "choice":
        return ("option",)
    if criterion.input == "ratio":
        return ("part", "whole")
    if criterion.input == "formula":
        return tuple(figure.code for figure in criterion.figures)
    if criterion.input == "survey_group":
        return tuple(f"{g.code}.{o.code}" for g in criterion.groups for o in criterion.options)
    return ("number",)


def measure(criterion: Criterion, declared: Declared) -> Measure:
    """The measure of a criterion from what was declared.

    Raises
    ------
    FigureError
        A figure is none, below 0, or belongs to another criterion.

    Examples
    --------
    >>> ratio = Criterion("1", "On time", "", Fraction(2), input="ratio")
    >>> measure(ratio, {"part": "9", "whole": "10"}).value
    Fraction(90, 1)
    """
    filled = {name: text.strip() for name, text in declared.items() if text.strip()}
    if filled.pop(NOT_APPLICABLE, ""):
        if not criterion.not_applicable:
            raise FigureError(criterion.code, NOT_APPLICABLE, "not_applicable")
        return Measure("not_applicable")
    names = field_names(criterion)
    for name in filled.keys() - set(names):
        raise FigureError(criterion.code, name, "field")
    if criterion.input != "choice":
        for name in filled:
            _figure(criterion, filled, name)
    if not filled.keys() >= set(names):
        return _MISSING
    return _BY_INPUT.get(criterion.input, _number)(criterion, filled)


def read_declared(path: Path) -> dict[str, dict[str, str]]:
    """Declared figures by code of the criterion, from JSON; a single one may stand by itself, and
    null is none.

    Raises
    ------
    AnalysisError
        The file holds something else.

    Examples
    --------
    >>> _ = (folder / "figures.json").write_text('{"1": {"part": 9, "whole": 10}, "2": 96.50}')
    >>> read_declared(folder / "figures.json")
    {'1': {'part': '9', 'whole': '10'}, '2': {'number': '96,50'}}
    """
    try:
        data = json.loads(
            path.read_text(encoding="utf-8-sig"), parse_float=write_number, parse_int=str
        )
        return {code: _texts(value) for code, value in data.items()}
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise AnalysisError(
            "{path} holds no figures by code of the criterion: {error}", path=path, error=error
        ) from error


def _texts(value: object) -> dict[str, str]:
    table = value if isinstance(value, dict) else {"number": value}
    filled = {}
    for name, text in table.items():
        if isinstance(text, (str, bool)):
            filled[name] = text if isinstance(text, str) else "yes" * text
        elif text is not None:
            raise TypeError(f"{value!r:.60}")
    return filled


def _figure(criterion: Criterion, filled: Declared, name: str) -> Fraction:
    found = read_number(filled[name])
    if found is None:
        raise FigureError(criterion.code, name, "number")
    if found < 0:
        raise FigureError(criterion.code, name, "negative")
    return found


def _number(criterion: Criterion, filled: Declared) -> Measure:
    return Measure("scored", _figure(criterion, filled, "number"))


def _choice(criterion: Criterion, filled: Declared) -> Measure:
    shares = {option.code: option.share for option in criterion.options}
    if filled["option"] not in shares:
        raise FigureError(criterion.code, "option", "option")
    return Measure("scored", 100 * shares[filled["option"]])


def _ratio(criterion: Criterion, filled: Declared) -> Measure:
    part, whole = (_figure(criterion, filled, name) for name in ("part", "whole"))
    if part > whole:
        raise FigureError(criterion.code, "part", "more")
    return Measure("scored", 100 * part / whole) if whole else Measure(criterion.zero)


def _formula(criterion: Criterion, filled: Declared) -> Measure:
    figures = {name: _figure(criterion, filled, name) for name in filled}
    try:
        return Measure("scored", evaluate(criterion.formula, figures))
    except ZeroDivisionError:
        return Measure(criterion.zero)


def _survey_group(criterion: Criterion, filled: Declared) -> Measure:
    """Weighted mean over the groups of what their answers are worth; a group nobody answered for
    leaves the whole unmeasured.
    """
    value = Fraction(0)
    for group in criterion.groups:
        counts = {
            option: _figure(criterion, filled, f"{group.code}.{option.code}")
            for option in criterion.options
        }
        answers = sum(counts.values())
        if not answers:
            return _MISSING
        worth = sum((option.share * n for option, n in counts.items()), Fraction(0))
        value += group.weight * 100 * worth / answers
    return Measure("scored", value)


_BY_INPUT: Final[Mapping[str, Callable[[Criterion, Declared], Measure]]] = {
    "choice": _choice,
    "ratio": _ratio,
    "formula": _formula,
    "survey_group": _survey_group,
}
