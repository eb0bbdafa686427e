"""Template filters for published figures."""

from __future__ import annotations

from decimal import Decimal

from django import template

from survey.common.numbers import written

register = template.Library()


@register.filter
def figure(value: Decimal | int | str | None) -> str:
    """A published number as the reader writes it: decimal comma in Vietnamese."""
    if value is None or value == "":
        return ""
    if isinstance(value, str):
        return written(Decimal(value)) if value.replace(".", "", 1).isdigit() else value
    return written(value)
