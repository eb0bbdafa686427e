"""Frameworks and scorecards as the statistics know them."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache

import analysis

Framework = analysis.Framework
FrameworkError = analysis.FrameworkError
FigureError = analysis.FigureError
Scorecard = analysis.Scorecard
ScoredLine = analysis.ScoredLine
NOT_APPLICABLE = analysis.NOT_APPLICABLE
field_names = analysis.field_names
Declared = Mapping[str, Mapping[str, str]]
"""Declared figures: by code of the criterion, then by field."""


def read_number(text: str) -> Fraction | None:
    """An exact number as offices write it, 1.234,5; None where it is none."""
    return analysis.read_number(text)


@lru_cache(maxsize=256)
def read_framework(text: str) -> Framework:
    """A framework from its text.

    Raises
    ------
    FrameworkError
        With every fault.
    """
    return analysis.read_framework(text)


def shipped_frameworks() -> dict[str, Framework]:
    """The frameworks that come with the product, by name."""
    return {name: read_framework(framework_text(name)) for name in analysis.list_frameworks()}


def framework_text(name: str) -> str:
    """The file of a framework that comes with the product."""
    return analysis.read_framework_text(name)


def compute_scorecard(framework: Framework, declared: Declared, kind: str) -> Scorecard:
    """Points of an agency of a kind.

    Raises
    ------
    FigureError
        A figure cannot be used.
    """
    return analysis.score(framework, declared, kind)
