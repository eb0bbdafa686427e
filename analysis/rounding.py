"""Rounding of published numbers."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Final

MODES: Final[Mapping[str, str]] = {"half-up": ROUND_HALF_UP, "half-even": ROUND_HALF_EVEN}


def half_up(value: float | Decimal | None, places: int) -> Decimal | None:
    """Round half away from zero, as published tables do; floats by their shortest decimal form.

    Examples
    --------
    >>> half_up(1.25, 1), half_up(0.125, 2)
    (Decimal('1.3'), Decimal('0.13'))
    """
    return rounded(value, places, "half-up")


def rounded(value: float | Decimal | None, places: int, rounding: str) -> Decimal | None:
    """Round a number as a method says: ``half-up`` or ``half-even``.

    Examples
    --------
    >>> rounded(0.125, 2, "half-up"), rounded(0.125, 2, "half-even")
    (Decimal('0.13'), Decimal('0.12'))
    """
    if value is None:
        return None
    # Ten digits are more than any figure is worth, and turn 2.4999999999999996 back into the half
    # it is.
    exact = value if isinstance(value, Decimal) else Decimal(repr(round(value, 10)))
    # Adding 0 turns -0.00 into 0.00.
    return exact.quantize(Decimal(1).scaleb(-places), rounding=MODES[rounding]) + 0


def rounded_row(
    row: Mapping[str, float | None], places: int, rounding: str
) -> dict[str, float | None]:
    """The numbers of a row rounded as a table shows them, as floats for JSON.

    Examples
    --------
    >>> rounded_row({"a": 0.125, "b": None}, 2, "half-up")
    {'a': 0.13, 'b': None}
    """
    shown = {name: rounded(value, places, rounding) for name, value in row.items()}
    return {name: None if value is None else float(value) for name, value in shown.items()}
