"""Frameworks of a scorecard (bộ tiêu chí) as data: reform area, criterion, sub-criterion.

A framework is one TOML file, known by its checksum. ``read_framework`` finds every fault in it at
once; a framework that was read is sound, so scoring never has to doubt it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Final, Literal

from analysis.scorecards.rules import Rule

FRAMEWORKS: Final = Path(__file__).parent / "frameworks"

Effect = Literal["base", "bonus", "deduction"]
EFFECTS: Final = ("base", "bonus", "deduction")
INPUTS: Final = (
    "choice",
    "number",
    "ratio",
    "formula",
    "satisfaction_index",
    "on_time_rate",
    "online_share",
    "survey_group",
    "imported",
    "leader_rating",
)
"""How the measure of a criterion comes about."""
MEASURED_INPUTS: Final = frozenset({"satisfaction_index", "on_time_rate", "online_share"})
"""What the product counts itself: never declared by those it is about."""
APPRAISED_INPUTS: Final = MEASURED_INPUTS | {"survey_group", "imported", "leader_rating"}
"""What an agency never declares of itself: counted, or entered by the appraisers."""
ZERO_RULES: Final = ("full", "none", "not_applicable", "missing")
"""What a ratio over nothing gives: all points, none, no place in the maximum, or no figure."""


@dataclass(frozen=True)
class Option:
    """An answer to choose, and the share of the maximum it is worth."""

    code: str
    title: str
    share: Fraction


@dataclass(frozen=True)
class DeclaredFigure:
    """A figure a formula uses."""

    code: str
    title: str


@dataclass(frozen=True)
class RespondentGroup:
    """People asked about a criterion who are no citizens (deputies, heads); weights sum to 1."""

    code: str
    title: str
    weight: Fraction


@dataclass(frozen=True)
class Criterion:
    """A line of a framework: a reform area, a criterion (tiêu chí) or a sub-criterion (tiêu chí
    thành phần).

    Attributes
    ----------
    parent : code of the line it is a part of, "" for a reform area.
    maximum : points at most; of a line with parts it is the sum of theirs, for a bonus or a
        deduction it may be less and caps them.
    input, rule : of lines without parts; a ``choice`` has ``options`` instead of a rule.
    optional : without a figure it leaves the maximum, instead of leaving the sum unfinished.
    serves : code of the province's own criterion that gains by it.
    decimals : places of its points.
    criteria_count : of a reform area published without its criteria, how many it has; 0 unknown.
    """

    code: str
    title: str
    parent: str
    maximum: Fraction
    effect: Effect = "base"
    input: str = ""
    rule: Rule | None = None
    options: tuple[Option, ...] = ()
    figures: tuple[DeclaredFigure, ...] = ()
    formula: str = ""
    groups: tuple[RespondentGroup, ...] = ()
    zero: str = "missing"
    not_applicable: bool = False
    optional: bool = False
    self_scored: bool = True
    evidence: str = ""
    applies_to: tuple[str, ...] = ()
    owner: str = ""
    co_owners: tuple[str, ...] = ()
    serves: str = ""
    decimals: int = 2
    criteria_count: int = 0
    example: bool = False


@dataclass(frozen=True)
class Framework:
    """A whole framework.

    Attributes
    ----------
    titles : by language, ``vi`` there always.
    source : the document that issued it.
    applies_to : kinds of agencies, empty for all.
    valid_from, valid_to : days between which it scores; ``valid_to`` None while in force.
    bands : (lower edge, name), highest first; ``bands_on`` says of what: percent of the applicable
        maximum, or points.
    """

    id: str
    version: int
    titles: Mapping[str, str]
    source: str
    applies_to: tuple[str, ...]
    valid_from: date
    valid_to: date | None
    criteria: tuple[Criterion, ...]
    bands: tuple[tuple[Fraction, str], ...] = ()
    bands_on: Literal["percent", "points"] = "percent"
    text: str = field(default="", repr=False)

    @property
    def sha256(self) -> str:
        """Checksum of the file."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @cached_property
    def by_code(self) -> dict[str, Criterion]:
        """Criteria by their code."""
        return {criterion.code: criterion for criterion in self.criteria}

    @cached_property
    def parts(self) -> dict[str, list[Criterion]]:
        """Parts of each line that has some; "" holds the reform areas."""
        found: dict[str, list[Criterion]] = {}
        for criterion in self.criteria:
            found.setdefault(criterion.parent, []).append(criterion)
        return found

    def leaves(self, kind: str = "") -> list[Criterion]:
        """Lines that are scored, of an agency of this kind; "" for all of them."""
        return [
            criterion
            for criterion in self.criteria
            if criterion.code not in self.parts and self.applies(criterion, kind)
        ]

    def applies(self, criterion: Criterion, kind: str) -> bool:
        """Whether a line and everything above it is for agencies of a kind."""
        above = self.by_code.get(criterion.parent)
        fits = not kind or not criterion.applies_to or kind in criterion.applies_to
        return fits and (above is None or self.applies(above, kind))

    @property
    def total(self) -> Decimal:
        """Points at most, without bonuses."""
        whole = sum((c.maximum for c in self.parts.get("", []) if c.effect == "base"), Fraction(0))
        return Decimal(whole.numerator) / whole.denominator


def list_frameworks() -> list[str]:
    """Names of the frameworks that come with the product.

    Examples
    --------
    >>> "766-2022" in list_frameworks()
    True
    """
    return sorted(path.stem for path in FRAMEWORKS.glob("*.toml"))


def read_framework_text(name: str) -> str:
    """The file of a framework that comes with the product."""
    return (FRAMEWORKS / f"{name}.toml").read_text(encoding="utf-8")
