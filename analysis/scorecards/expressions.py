"""Formulas over declared figures: plus, minus, times, divided by, brackets, names and numbers.
Nothing else is understood, so a framework brought from outside can compute and do no more.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Final

from analysis.scorecards.exact_numbers import read_number

MAX_FORMULA_LENGTH: Final = 300


class FormulaError(ValueError):
    """A formula uses something else than figures, numbers and the four operations."""


def names_in(formula: str) -> frozenset[str]:
    """Figures a formula uses.

    Raises
    ------
    FormulaError
        It is no formula, or uses more than is understood.

    Examples
    --------
    >>> sorted(names_in("100 * (early + on_time) / closed"))
    ['closed', 'early', 'on_time']
    """
    tree = _parse(formula)
    _check(tree)
    return frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))


def evaluate(formula: str, figures: Mapping[str, Fraction]) -> Fraction:
    """Value of a checked formula.

    Raises
    ------
    ZeroDivisionError
        It divides by a figure that is 0.

    Examples
    --------
    >>> evaluate("100 * good / all", {"good": Fraction(9), "all": Fraction(10)})
    Fraction(90, 1)
    """
    return _value(_parse(formula), figures)


def _parse(formula: str) -> ast.expr:
    if len(formula) > MAX_FORMULA_LENGTH:
        raise FormulaError(formula[:30])
    try:
        return ast.parse(formula.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise FormulaError(formula) from error


_OPERATIONS: Final[dict[type[ast.operator], Callable[[Fraction, Fraction], Fraction]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def _check(tree: ast.expr) -> None:
    for node in ast.walk(tree):
        number = isinstance(node, ast.Constant) and _number(node.value) is not None
        if not (number or isinstance(node, (ast.Name, ast.Load, ast.BinOp, *_OPERATIONS))):
            raise FormulaError(type(node).__name__)


def _number(value: object) -> Fraction | None:
    return read_number(Decimal(str(value))) if type(value) in (int, float) else None


def _value(node: ast.expr, figures: Mapping[str, Fraction]) -> Fraction:
    if isinstance(node, ast.Name):
        return figures[node.id]
    if isinstance(node, ast.Constant):
        # By its shortest decimal form: 0.9 is nine tenths, not the float nearest to it.
        return _number(node.value) or Fraction(0)
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATIONS:
        return _OPERATIONS[type(node.op)](_value(node.left, figures), _value(node.right, figures))
    raise FormulaError(type(node).__name__)
