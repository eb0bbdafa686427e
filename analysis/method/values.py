"""Values of a method file that need more than their type checked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from analysis.errors import MethodError


def check_range(span: Any, path: Path) -> None:
    """Two numbers, the lower first: what 0 and what 100 stands for."""
    numbers = len(span) == 2 and all(isinstance(v, int | float) and math.isfinite(v) for v in span)
    if not numbers or not span[0] < span[1]:
        raise MethodError(
            "{path}: scale.range must be two numbers, what 0 and what 100 stands for: [1, 5]",
            path=path,
        )


def read_fractions(section: str, data: Mapping[str, Any], path: Path) -> dict[str, Fraction]:
    """Weights as exact fractions, written ``"1/9"``; they have to add up to exactly 1."""
    try:
        weights = {name: Fraction(str(weight)) for name, weight in data.get(section, {}).items()}
    except (ValueError, ZeroDivisionError) as error:
        raise MethodError(
            '{path}: {section}: write fractions as "1/9" ({error})',
            path=path,
            section=section,
            error=error,
        ) from error
    if weights and (sum(weights.values()) != 1 or min(weights.values()) <= 0):
        raise MethodError(
            "{path}: {section} must be above 0 and add up to exactly 1", path=path, section=section
        )
    return weights


def read_bands(entries: list[Any], path: Path) -> tuple[tuple[Decimal, str], ...]:
    """Bands as (lower edge, name), highest first."""
    try:
        bands = [(Decimal(str(entry["from"])), str(entry["name"])) for entry in entries]
    except (KeyError, TypeError, ArithmeticError) as error:
        raise MethodError(
            "{path}: publication.bands: each needs from and name ({error})", path=path, error=error
        ) from error
    if any(not edge.is_finite() for edge, _ in bands):
        raise MethodError("{path}: publication.bands: from must be a number", path=path)
    if len({edge for edge, _ in bands}) != len(bands):
        raise MethodError("{path}: publication.bands: two bands begin at the same value", path=path)
    return tuple(sorted(bands, reverse=True))
