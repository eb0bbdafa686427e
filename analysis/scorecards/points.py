"""Scorecard arithmetic: from a rate to points, by rules kept as data. Everything in decimals,
rounded half up.

Rules compare the unrounded rate, then round. Sources: local conversion rules in use; Quyết định
766/QĐ-TTg (satisfaction group); Thông tư 01/2018/TT-VPCP Art. 15 (nine indices).
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Literal

from analysis.errors import MethodError
from analysis.publication.targets import Target
from analysis.rounding import half_up

FRAMEWORKS: Final = Path(__file__).parent / "frameworks"
Number = Decimal | int | str


@dataclass(frozen=True)
class ScoringRule:
    """How a rate in percent becomes points.

    ``proportional``: rate/100 * max. ``capped``: min(max, rate/target * max). ``steps``: the share
    of max of the highest band whose lower edge the rate reaches (half-open bands). Below ``floor``
    every rule gives 0.
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
    rule: ScoringRule
    target: Target | None
    parent: str


@dataclass(frozen=True)
class Scored:
    """Points of one criterion: lost = maximum - achieved; ``met`` is None without a target or
    without a value.
    """

    criterion: Criterion
    rate: Decimal | None
    achieved: Decimal | None
    lost: Decimal | None
    met: bool | None

    def as_row(self) -> dict[str, str | bool | None]:
        """The line of a scorecard, decimals as text."""
        criterion = self.criterion
        numbers = (criterion.maximum, self.rate, self.achieved, self.lost)
        names = ("maximum", "rate", "achieved", "lost")
        row = {name: None if n is None else str(n) for name, n in zip(names, numbers, strict=True)}
        about = {"code": criterion.code, "parent": criterion.parent, "title": criterion.title}
        return {**about, **row, "met": self.met}


def read_rates(path: Path) -> dict[str, Decimal | None]:
    """Rates in percent by code of the criterion, from JSON; null where there is none.

    Raises
    ------
    MethodError
        Naming the code whose rate is no number.

    Examples
    --------
    >>> _ = (folder / "rates.json").write_text('{"1.1": "96.5", "1.2": null}')
    >>> read_rates(folder / "rates.json")
    {'1.1': Decimal('96.5'), '1.2': None}
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
        rates = {code: None if rate is None else Decimal(rate) for code, rate in data.items()}
    except (OSError, ValueError, TypeError, AttributeError, ArithmeticError) as error:
        raise MethodError(f"{path} holds no rates by code of the criterion: {error}") from error
    for code, rate in rates.items():
        if rate is not None and not rate.is_finite():
            raise MethodError(f"{path}: the rate of {code} is no number")
    return rates


def load_framework(path: Path) -> list[Criterion]:
    r"""Criteria from a TOML file: ``[[criterion]]`` with code, title, maximum, rule, optional
    target and parent.

    Raises
    ------
    MethodError
        Naming the criterion and the key.

    Examples
    --------
    >>> import tempfile
    >>> framework = 'code = "1"\ntitle = "On time"\nmaximum = 2\n'
    >>> framework += 'rule = { kind = "capped", target = 95 }'
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "framework.toml"
    ...     _ = path.write_text("[[criterion]]\n" + framework)
    ...     criteria = load_framework(path)
    >>> criteria[0].title, criteria[0].rule.kind, criteria[0].maximum
    ('On time', 'capped', Decimal('2'))
    """
    data = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    criteria = [_criterion(entry, path) for entry in data.get("criterion", [])]
    codes = [criterion.code for criterion in criteria]
    for criterion in criteria:
        if codes.count(criterion.code) > 1 or (criterion.parent and criterion.parent not in codes):
            raise MethodError(
                f"{path}: criterion {criterion.code}: the code is used twice, or its parent is "
                f"unknown"
            )
    return criteria


def _criterion(entry: Mapping[str, Any], path: Path) -> Criterion:
    code = entry.get("code", "?")
    try:
        rule, target = dict(entry["rule"]), entry.get("target")
        steps = tuple((Decimal(edge), Decimal(share)) for edge, share in rule.pop("steps", []))
        kind = rule.pop("kind")
        numbers = {key: Decimal(value) for key, value in rule.items()}
        if (
            kind not in ("proportional", "capped", "steps")
            or numbers.get("target", Decimal(1)) <= 0
        ):
            raise ValueError(kind)
        return Criterion(
            code=code,
            title=entry["title"],
            maximum=Decimal(entry["maximum"]),
            rule=ScoringRule(kind, steps=steps, **numbers),
            target=Target(target["operator"], Decimal(target["value"])) if target else None,
            parent=entry.get("parent", ""),
        )
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise MethodError(f"{path}: criterion {code}: {error} is missing or not usable") from error


def score(
    criteria: Sequence[Criterion], rates: Mapping[str, Number | None], places: int = 2
) -> list[Scored]:
    """Points per criterion from rates in percent; without a rate it has the points of its parts, if
    any.

    Raises
    ------
    MethodError
        A rate belongs to no criterion: a code mistyped must not cost points unseen.

    Examples
    --------
    >>> rule = ScoringRule("capped", target=Decimal(90))
    >>> part = Criterion("1", "Satisfied citizens", Decimal(10), rule, Target(">", Decimal(90)), "")
    >>> [item] = score([part], {"1": Decimal("81")})
    >>> item.achieved, item.lost, item.met
    (Decimal('9.00'), Decimal('1.00'), False)
    """
    unknown = rates.keys() - {criterion.code for criterion in criteria}
    if unknown:
        raise MethodError(f"no criterion has the code {', '.join(sorted(unknown))}")
    result = []
    for criterion in criteria:
        raw = rates.get(criterion.code)
        if raw is None:
            result.append(Scored(criterion, None, None, None, None))
            continue
        rate = Decimal(raw)
        achieved = round_points(criterion.rule.points(rate, criterion.maximum), places)
        met = criterion.target.met(rate) if criterion.target else None
        result.append(Scored(criterion, rate, achieved, criterion.maximum - achieved, met))
    return _with_sums(result)


def _with_sums(scored: Sequence[Scored]) -> list[Scored]:
    """A criterion without a rate of its own has the points of its parts; parts without points are
    left out.
    """
    found = {item.criterion.code: item for item in scored}
    # Parts stand below their criterion, so the last ones are summed first.
    for item in reversed(scored):
        code = item.criterion.code
        parts = [p for p in found.values() if p.criterion.parent == code and p.achieved is not None]
        if item.rate is None and parts:
            achieved = sum((part.achieved or Decimal(0) for part in parts), Decimal(0))
            found[code] = replace(item, achieved=achieved, lost=item.criterion.maximum - achieved)
    return list(found.values())


def round_points(value: Decimal, places: int) -> Decimal:
    """Half up."""
    return half_up(value, places) or Decimal(0)


def percent_of_maximum(
    appraised: Number, surveyed: Number | None, maximum: Number, survey_maximum: Number
) -> Decimal:
    """Index of a commune framework: with a survey ``100 (appraised + surveyed) / maximum``, without
    it the appraised part alone, rescaled to its own maximum (two places).

    Examples
    --------
    >>> percent_of_maximum(70, 15, 100, 20), percent_of_maximum(70, None, 100, 20)
    (Decimal('85.00'), Decimal('87.50'))
    """
    if surveyed is None:
        return round_points(
            100 * Decimal(appraised) / (Decimal(maximum) - Decimal(survey_maximum)), 2
        )
    return round_points(100 * (Decimal(appraised) + Decimal(surveyed)) / Decimal(maximum), 2)


# --- Points kept as data: Bộ chỉ số 766 and Thông tư 01/2018 --------------------------------------
