"""Scorecard arithmetic: from a rate to points, by rules kept as data. Everything in decimals, rounded half up.

Rules compare the unrounded rate, then round. Sources: local conversion rules in use; Quyết định 766/QĐ-TTg
(satisfaction group); Thông tư 01/2018/TT-VPCP Art. 15 (nine indices).
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Literal

from analysis.disclosure import half_up
from analysis.errors import MethodError

Number = Decimal | int | str


@dataclass(frozen=True)
class Target:
    """A target with its comparison: ``>`` is strict, ``>=`` is not."""

    operator: Literal[">", ">="]
    value: Decimal

    def met(self, rate: Decimal) -> bool:
        """Whether the unrounded rate reaches the target."""
        return rate > self.value if self.operator == ">" else rate >= self.value


@dataclass(frozen=True)
class Rule:
    """How a rate in percent becomes points.

    ``proportional``: rate/100 * max. ``capped``: min(max, rate/target * max). ``steps``: the share of max of the
    highest band whose lower edge the rate reaches (half-open bands). Below ``floor`` every rule gives 0.
    """

    kind: Literal["proportional", "capped", "steps"]
    target: Decimal = Decimal(100)
    steps: tuple[tuple[Decimal, Decimal], ...] = ()
    floor: Decimal = Decimal(0)

    def points(self, rate: Decimal, maximum: Decimal) -> Decimal:
        """Points for an unrounded rate."""
        if rate < self.floor:
            return Decimal(0)
        if self.kind == "proportional":
            return rate / 100 * maximum
        if self.kind == "capped":
            return min(maximum, rate / self.target * maximum)
        reached = [share for edge, share in self.steps if rate >= edge]
        return max(reached, default=Decimal(0)) * maximum


@dataclass(frozen=True)
class Criterion:
    """One criterion (tiêu chí, tiêu chí thành phần) of a framework."""

    code: str
    title: str
    maximum: Decimal
    rule: Rule
    target: Target | None
    parent: str


@dataclass(frozen=True)
class Scored:
    """Points of one criterion: lost = maximum - achieved; ``met`` is None without a target or without a value."""

    criterion: Criterion
    rate: Decimal | None
    achieved: Decimal | None
    lost: Decimal | None
    met: bool | None


def load_framework(path: Path) -> list[Criterion]:
    """Criteria from a TOML file: ``[[criterion]]`` with code, title, maximum, rule, optional target and parent.

    Raises
    ------
    MethodError
        Naming the criterion and the key.
    """
    data = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    criteria = [_criterion(entry, path) for entry in data.get("criterion", [])]
    codes = [criterion.code for criterion in criteria]
    for criterion in criteria:
        if codes.count(criterion.code) > 1 or (criterion.parent and criterion.parent not in codes):
            raise MethodError(f"{path}: criterion {criterion.code}: the code is used twice, or its parent is unknown")
    return criteria


def _criterion(entry: Mapping[str, Any], path: Path) -> Criterion:
    code = entry.get("code", "?")
    try:
        rule, target = dict(entry["rule"]), entry.get("target")
        steps = tuple((Decimal(edge), Decimal(share)) for edge, share in rule.pop("steps", []))
        kind = rule.pop("kind")
        numbers = {key: Decimal(value) for key, value in rule.items()}
        if kind not in ("proportional", "capped", "steps") or numbers.get("target", Decimal(1)) <= 0:
            raise ValueError(kind)
        return Criterion(
            code=code,
            title=entry["title"],
            maximum=Decimal(entry["maximum"]),
            rule=Rule(kind, steps=steps, **numbers),
            target=Target(target["operator"], Decimal(target["value"])) if target else None,
            parent=entry.get("parent", ""),
        )
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise MethodError(f"{path}: criterion {code}: {error} is missing or not usable") from error


def score(criteria: Sequence[Criterion], rates: Mapping[str, Number | None], places: int = 2) -> list[Scored]:
    """Points per criterion from rates in percent; a criterion without a rate has neither points nor losses."""
    result = []
    for criterion in criteria:
        raw = rates.get(criterion.code)
        if raw is None:
            result.append(Scored(criterion, None, None, None, None))
            continue
        rate = Decimal(raw)
        achieved = _rounded(criterion.rule.points(rate, criterion.maximum), places)
        met = criterion.target.met(rate) if criterion.target else None
        result.append(Scored(criterion, rate, achieved, criterion.maximum - achieved, met))
    return result


def _rounded(value: Decimal, places: int) -> Decimal:
    return half_up(value, places) or Decimal(0)


def percent_of_maximum(appraised: Number, surveyed: Number | None, maximum: Number, survey_maximum: Number) -> Decimal:
    """Index of a commune framework: with a survey ``100 (appraised + surveyed) / maximum``, without it the appraised
    part alone, rescaled to its own maximum (two places)."""  # noqa: D205, D209
    if surveyed is None:
        return _rounded(100 * Decimal(appraised) / (Decimal(maximum) - Decimal(survey_maximum)), 2)
    return _rounded(100 * (Decimal(appraised) + Decimal(surveyed)) / Decimal(maximum), 2)


# --- Bộ chỉ số 766: the satisfaction group, 18 of 100 points -------------------------------------------------------


def dossier_satisfaction_766(clean: int, total: int, maximum: Number = 6, full_at: Number = "0.90") -> Decimal:
    """Dossiers neither overdue nor complained about: full points from 90 % on; no dossier gives 0."""
    if total == 0:
        return _rounded(Decimal(0), 2)
    share = Decimal(clean) / total
    return _rounded(min(Decimal(maximum), Decimal(maximum) * share / Decimal(full_at)), 2)


def petition_points_766(good: int, total: int, maximum: Number = 6) -> Decimal:
    """Petitions answered on time, or satisfied: proportional; no petition gives full points."""
    return _rounded(Decimal(maximum) if total == 0 else Decimal(maximum) * good / total, 2)


# --- Thông tư 01/2018/TT-VPCP: nine indices of 0, 1 or 2 points ----------------------------------------------------

TT01_BANDS: Final = ((15, "xuất sắc"), (12, "tốt"), (9, "khá"), (6, "trung bình"), (0, "yếu"))
TT01_OFFICER_BANDS: Final = (("5", "100 %"), ("3.5", "70-100 %"), ("0", "dưới 70 %"))


def tt01_index(points: Sequence[int]) -> Decimal | None:
    """Mean of the dossiers' 0/1/2 points, one decimal half up; None without dossiers."""
    if any(point not in (0, 1, 2) for point in points):
        raise MethodError("TT 01/2018: every dossier has 0, 1 or 2 points")
    return half_up(Decimal(sum(points)) / len(points), 1) if points else None


def tt01_total(indices: Sequence[Number | None]) -> tuple[Decimal, str]:
    """Sum of the indices there is information for, and its band; missing ones are left out, not rescaled."""
    total = sum((Decimal(value) for value in indices if value is not None), Decimal(0))
    return total, next(name for edge, name in TT01_BANDS if total >= edge)


def tt01_officer(indices: Sequence[Number | None]) -> tuple[Decimal, str]:
    """Sum of the five dossier indices of an officer (at most 10) and the share of the task it stands for."""
    total = sum((Decimal(value) for value in indices if value is not None), Decimal(0))
    return total, next(name for edge, name in TT01_OFFICER_BANDS if total >= Decimal(edge))
