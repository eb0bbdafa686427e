"""Where points are lost: by criterion, by who answers for it, zeros, gaps to the self-score, sharp
falls, and what stays low for years. From the rows of ``results``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from survey.scorecards.bridge.frameworks import Framework
from survey.scorecards.rounds.results import Row

SHARP_FALL: Final = Decimal(20)
"""Percent of a line's maximum it loses from one round to the next."""
LOW: Final = Decimal(50)
"""Below this percent of its maximum a line is low."""
MIN_YEARS: Final = 2


@dataclass(frozen=True)
class CriterionLoss:
    """What a criterion costs all agencies together."""

    code: str
    title: str
    owner: str
    lost: Decimal
    agencies: int
    """Agencies that lost something by it."""
    zeros: int
    """Agencies with no point of it."""


@dataclass(frozen=True)
class LineOfAgency:
    """One line of one agency."""

    agency: int
    name: str
    code: str
    title: str
    before: Decimal | None
    points: Decimal
    maximum: Decimal
    years: int = 0


def find_owner(framework: Framework, code: str) -> str:
    """Who answers for a criterion: named at it, or at the line above it."""
    criterion = framework.by_code[code]
    if criterion.owner or not criterion.parent:
        return criterion.owner
    return find_owner(framework, criterion.parent)


def _scored(framework: Framework, row: Row) -> Iterable[Mapping[str, Any]]:
    """Lines of their own that have points."""
    return (
        line
        for line in row["lines"]
        if line["state"] == "scored" and line["code"] in framework.by_code
    )


def lost_by_criterion(framework: Framework, rows: Iterable[Row]) -> list[CriterionLoss]:
    """Criteria that cost points, the most first."""
    lost: dict[str, Decimal] = defaultdict(Decimal)
    losers: dict[str, int] = defaultdict(int)
    zeros: dict[str, int] = defaultdict(int)
    for row in rows:
        for line in _scored(framework, row):
            if line["lost"] and Decimal(line["lost"]):
                lost[line["code"]] += Decimal(line["lost"])
                losers[line["code"]] += 1
                zeros[line["code"]] += not Decimal(line["points"])
    found = [
        CriterionLoss(
            code,
            framework.by_code[code].title,
            find_owner(framework, code),
            value,
            losers[code],
            zeros[code],
        )
        for code, value in lost.items()
    ]
    return sorted(found, key=lambda loss: -loss.lost)


def lost_by_served(
    framework: Framework, losses: Iterable[CriterionLoss]
) -> list[tuple[str, Decimal]]:
    """(code of the province's own criterion, points lost by criteria that serve it)."""
    found: dict[str, Decimal] = defaultdict(Decimal)
    for loss in losses:
        if served := find_served(framework, loss.code):
            found[served] += loss.lost
    return sorted(found.items(), key=lambda line: -line[1])


def find_served(framework: Framework, code: str) -> str:
    """The province's criterion a line serves: named at it, or at the line above it."""
    criterion = framework.by_code[code]
    if criterion.serves or not criterion.parent:
        return criterion.serves
    return find_served(framework, criterion.parent)


def lost_by_owner(losses: Iterable[CriterionLoss]) -> list[tuple[str, Decimal, int]]:
    """(owner, points lost, criteria) of those who answer for criteria; "" where nobody is named."""
    found: dict[str, list[Decimal]] = defaultdict(list)
    for loss in losses:
        found[loss.owner].append(loss.lost)
    lines = [(owner, sum(values, Decimal(0)), len(values)) for owner, values in found.items()]
    return sorted(lines, key=lambda line: -line[1])


def find_zeros(framework: Framework, rows: Iterable[Row]) -> list[LineOfAgency]:
    """Lines without a single point, in the order of agencies and criteria."""
    return [
        _line(framework, row, line, None)
        for row in rows
        for line in _scored(framework, row)
        if line["lost"] and Decimal(line["lost"]) and not Decimal(line["points"])
    ]


def _line(
    framework: Framework,
    row: Row,
    line: Mapping[str, Any],
    before: Decimal | None,
    years: int = 0,
) -> LineOfAgency:
    return LineOfAgency(
        row["agency"],
        row["name"],
        line["code"],
        framework.by_code[line["code"]].title,
        before,
        Decimal(line["points"]),
        Decimal(line["maximum"]),
        years,
    )


def find_falls(framework: Framework, rows: Iterable[Row], earlier: list[Row]) -> list[LineOfAgency]:
    """Lines that lost a fifth of their maximum and more since an earlier round."""
    before = {row["agency"]: _shares(framework, row) for row in earlier}
    found = []
    for row in rows:
        known = before.get(row["agency"], {})
        now = _shares(framework, row)
        for line in _scored(framework, row):
            then, share = known.get(line["code"]), now.get(line["code"])
            if then is not None and share is not None and then - share >= SHARP_FALL:
                points = (then * Decimal(line["maximum"]) / 100).quantize(Decimal("0.01"))
                found.append(_line(framework, row, line, points))
    return found


def _shares(framework: Framework, row: Row) -> dict[str, Decimal]:
    """Percent of its maximum each line reached, deductions and bonuses left out."""
    return {
        line["code"]: 100 * Decimal(line["points"]) / Decimal(line["maximum"])
        for line in _scored(framework, row)
        if Decimal(line["maximum"]) and framework.by_code[line["code"]].effect == "base"
    }


def find_low_years(
    framework: Framework, rows: Iterable[Row], earlier: Sequence[list[Row]]
) -> list[LineOfAgency]:
    """Lines below half of their maximum in this round and those before it without a break, the
    longest first; ``earlier`` is newest first.
    """
    history = [{row["agency"]: _shares(framework, row) for row in one} for one in earlier]
    found = []
    for row in rows:
        now = _shares(framework, row)
        for line in _scored(framework, row):
            years = _count_low(now.get(line["code"]), row["agency"], line["code"], history)
            if years >= MIN_YEARS:
                found.append(_line(framework, row, line, None, years))
    return sorted(found, key=lambda line: -line.years)


def _count_low(
    now: Decimal | None, agency: int, code: str, history: Sequence[dict[int, dict[str, Decimal]]]
) -> int:
    if now is None or now >= LOW:
        return 0
    years = 1
    for shares in history:
        then = shares.get(agency, {}).get(code)
        if then is None or then >= LOW:
            break
        years += 1
    return years
