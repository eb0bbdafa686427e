"""Exact numbers from files and forms, as Vietnamese offices write them: 1.234,5 and 83,54."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from typing import Final

MAX_DIGITS: Final = 9
"""Before and behind the decimal sign: more is a slip, and would be slow to compute with."""
_THOUSANDS: Final = re.compile(r"-?[1-9][0-9]{0,2}(\.[0-9]{3}){1,2}(,[0-9]{1,9})?")
_PLAIN: Final = re.compile(r"-?[0-9]{1,9}([.,][0-9]{1,9})?")


def read_number(value: object) -> Fraction | None:
    """An exact number of at most nine digits on each side; else None. In a text, points between
    groups of three digits are thousands, as everywhere in Vietnam: ``1.000`` is a thousand.

    Examples
    --------
    >>> [str(read_number(text)) for text in ("83,54", "83.54", "1.000", "0.500", "1.234,5")]
    ['4177/50', '4177/50', '1000', '1/2', '2469/2']
    >>> read_number(Decimal("0.125")), read_number("1e9"), read_number("1_000"), read_number(True)
    (Fraction(1, 8), None, None, None)
    """
    if isinstance(value, str):
        return _read_text(value.strip())
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        return None
    if isinstance(value, int):
        return Fraction(value) if abs(value) < 10**MAX_DIGITS else None
    if not value.is_finite() or value.adjusted() >= MAX_DIGITS:
        return None
    exponent = value.as_tuple().exponent
    return Fraction(value) if isinstance(exponent, int) and exponent >= -MAX_DIGITS else None


def _read_text(text: str) -> Fraction | None:
    if _THOUSANDS.fullmatch(text):
        return Fraction(Decimal(text.replace(".", "").replace(",", ".")))
    if _PLAIN.fullmatch(text):
        return Fraction(Decimal(text.replace(",", ".")))
    return None


def write_number(number: str) -> str:
    """A decimal of a computer as ``read_number`` understands it whatever its places are.

    Examples
    --------
    >>> write_number("94.125"), str(read_number(write_number("94.125")))
    ('94,125', '753/8')
    """
    return number.replace(".", ",")
