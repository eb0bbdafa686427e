"""Published numbers as people read them: decimal comma and thousands point in Vietnamese."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from django.utils.translation import get_language

_SWAPPED = str.maketrans(",.", ".,")


def round_down_to_ten(count: int) -> int:
    """A count in steps of ten, rounded down: it stands still until ten more have come.

    >>> round_down_to_ten(9), round_down_to_ten(41)
    (0, 40)
    """
    return count // 10 * 10


def share_in_percent(part: int, whole: int) -> Decimal:
    """A share in percent with two places, half up; 0 of nothing.

    >>> share_in_percent(2, 3)
    Decimal('66.67')
    """
    if not whole:
        return Decimal(0)
    return (Decimal(100) * part / whole).quantize(Decimal("0.01"), ROUND_HALF_UP)


def format_number(value: Decimal | int | float | None, places: int | None = None) -> str:
    """``83,54`` and ``1.234`` in Vietnamese, ``83.54`` and ``1,234`` otherwise; empty for None.

    ``places`` rounds half up: Python's own format rounds 0.25 to 0.2.
    """
    if value is None:
        return ""
    if places is not None:
        value = Decimal(str(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    text = f"{value:,}" if places is None else f"{value:,.{places}f}"
    if (get_language() or "vi").startswith("vi"):
        return text.translate(_SWAPPED)
    return text
