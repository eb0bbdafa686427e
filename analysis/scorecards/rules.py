"""How a measure becomes points: the rules criteria of a scorecard name, as data.

All arithmetic is in fractions, so that exactly 90 % is neither more nor less than 90; points are
rounded half up at the end. Sources: local conversion rules in use (tỷ lệ, bậc thang, điểm trừ);
Quyết định 766/QĐ-TTg; Thông tư 01/2018/TT-VPCP Art. 15.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final, Literal

RuleKind = Literal["proportional", "capped", "bands", "per_unit", "minus", "points"]
Comparison = Literal[">", ">="]


@dataclass(frozen=True)
class Band:
    """A step: a measure past ``edge`` has this ``share`` of the maximum; ``>`` leaves the edge
    itself out.
    """

    comparison: Comparison
    edge: Fraction
    share: Fraction

    def holds(self, measure: Fraction) -> bool:
        """Whether a measure reaches the band."""
        return measure > self.edge if self.comparison == ">" else measure >= self.edge


@dataclass(frozen=True)
class Rule:
    """How a measure (percent, a number of things, or points) becomes points.

    Attributes
    ----------
    kind : ``proportional`` measure/100 of the maximum; ``capped`` measure/target of it, no more
        than all; ``bands`` the share of the highest band reached; ``per_unit`` ``each`` points a
        thing; ``minus`` the maximum less ``each`` of its share a thing; ``points`` as they are.
    target : percent that gives all points (``capped``).
    each : points (``per_unit``) or share of the maximum (``minus``) of one thing.
    bands : steps (``bands``), in any order.
    floor : a measure below it gives nothing, whatever the rule.
    """

    kind: RuleKind
    target: Fraction = Fraction(100)
    each: Fraction = Fraction(0)
    bands: tuple[Band, ...] = ()
    floor: Fraction | None = None

    def points(self, measure: Fraction, maximum: Fraction) -> Fraction:
        """Points of a measure, unrounded, from 0 to ``maximum``.

        Examples
        --------
        >>> steps = (Band(">", Fraction(90), Fraction(1)), Band(">=", Fraction(80), Fraction(1, 2)))
        >>> rule = Rule("bands", bands=steps)
        >>> [int(rule.points(Fraction(rate), Fraction(10))) for rate in (91, 90, 80, 79)]
        [10, 5, 5, 0]
        """
        if self.floor is not None and measure < self.floor:
            return Fraction(0)
        return max(Fraction(0), min(maximum, _BY_KIND[self.kind](self, measure, maximum)))


def _proportional(rule: Rule, measure: Fraction, maximum: Fraction) -> Fraction:
    return measure / 100 * maximum


def _capped(rule: Rule, measure: Fraction, maximum: Fraction) -> Fraction:
    return measure / rule.target * maximum


def _bands(rule: Rule, measure: Fraction, maximum: Fraction) -> Fraction:
    reached = [band.share for band in rule.bands if band.holds(measure)]
    return max(reached, default=Fraction(0)) * maximum


def _per_unit(rule: Rule, measure: Fraction, maximum: Fraction) -> Fraction:
    return measure * rule.each


def _minus(rule: Rule, measure: Fraction, maximum: Fraction) -> Fraction:
    return maximum * (1 - measure * rule.each)


def _points(rule: Rule, measure: Fraction, maximum: Fraction) -> Fraction:
    return measure


_BY_KIND: Final[Mapping[str, Callable[[Rule, Fraction, Fraction], Fraction]]] = {
    "proportional": _proportional,
    "capped": _capped,
    "bands": _bands,
    "per_unit": _per_unit,
    "minus": _minus,
    "points": _points,
}
RULE_KEYS: Final[Mapping[str, frozenset[str]]] = {
    "proportional": frozenset(),
    "capped": frozenset({"target"}),
    "bands": frozenset({"bands"}),
    "per_unit": frozenset({"each"}),
    "minus": frozenset({"each"}),
    "points": frozenset(),
}
"""What a rule of each kind has to say, beside ``kind`` and perhaps ``floor``."""


def round_points(points: Fraction, decimals: int) -> Decimal:
    """Points as they are published: half up.

    Examples
    --------
    >>> round_points(Fraction(5, 4), 1), round_points(Fraction(5867, 1000), 2)
    (Decimal('1.3'), Decimal('5.87'))
    """
    scaled = abs(points) * 10**decimals
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    sign = -1 if points < 0 and whole else 1
    return Decimal(sign * whole).scaleb(-decimals)
