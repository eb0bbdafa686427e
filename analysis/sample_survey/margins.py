"""Margins and bounds of a calibration, as a SPEC names them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from analysis.data.names import normal
from analysis.errors import AnalysisError, SpecError
from analysis.sample_survey.spec_values import (
    check_keys,
    parse_category,
    parse_names,
    parse_number,
    parse_tables,
    parse_text,
)
from analysis.weighting.calibrate import Margin


@dataclass(frozen=True)
class KnownTotal:
    """A column of numbers whose total in the population is known."""

    column: str
    total: float


def read_bounds(calibration: dict[str, Any]) -> tuple[float, float] | None:
    """How far calibrated weights may move, or None."""
    bounds = calibration.get("bounds")
    if bounds is None:
        return None
    pair = (
        [parse_number(AnalysisError("calibration.bounds: each"), b) for b in bounds]
        if isinstance(bounds, list)
        else []
    )
    if calibration["method"] != "linear" or len(pair) != 2 or not 0 <= pair[0] < 1 < pair[1]:
        raise SpecError(
            "calibration.bounds: two numbers, below and above 1, for method linear only"
        )
    return pair[0], pair[1]


def read_margins(
    calibration: dict[str, Any],
) -> tuple[tuple[Margin, ...], tuple[KnownTotal, ...]]:
    """The margins a SPEC names: those of categories, and those of numbers."""
    entries = parse_tables("calibration.margin", calibration.get("margin", []))
    margins: list[Margin] = []
    totals: list[KnownTotal] = []
    for place, entry in enumerate(entries, start=1):
        where = f"calibration.margin {place}"
        check_keys("calibration.margin", entry)
        if "number" in entry:
            totals.append(_known_total(where, entry))
        else:
            margins.append(_margin(where, entry))
    if calibration and not entries:
        raise SpecError("calibration.margin: at least one [[calibration.margin]] is needed")
    if calibration.get("method") == "poststratify" and (totals or len(margins) != 1):
        raise SpecError(
            "calibration.method poststratify takes one margin of categories; name several columns "
            "in it, or use rake or linear"
        )
    if len({known.column for known in totals}) < len(totals):
        raise SpecError("calibration.margin: a number has two totals")
    return tuple(margins), tuple(totals)


def _known_total(where: str, entry: dict[str, Any]) -> KnownTotal:
    if set(entry) != {"number", "total"}:
        raise SpecError(
            "{where}: a number has a total, and neither columns nor targets", where=where
        )
    column = parse_text(f"{where}: number", entry["number"])
    return KnownTotal(
        column,
        parse_number(
            AnalysisError("{where}: the total of {column}", where=where, column=column),
            entry["total"],
        ),
    )


def _margin(where: str, entry: dict[str, Any]) -> Margin:
    if "total" in entry:
        raise SpecError(
            "{where}: a total stands in each target, or beside number = ...", where=where
        )
    columns = parse_names(f"{where}: columns", entry.get("columns", []))
    rows = parse_tables(f"{where}: targets", entry.get("targets", []))
    if not columns or not rows:
        raise SpecError("{where}: columns and targets are needed", where=where)
    targets: dict[tuple[str, ...], float] = {}
    for row in rows:
        named = {normal(key): value for key, value in row.items()}
        if set(named) != {*columns, "total"}:
            raise SpecError(
                "{where}: each target names {columns} and a total of 0 or more",
                where=where,
                columns=", ".join(columns),
            )
        category = tuple(parse_category(where, column, named[column]) for column in columns)
        total = parse_number(
            AnalysisError(
                "{where}: the total of {column}", where=where, column=", ".join(category)
            ),
            named["total"],
        )
        if category in targets or total < 0:
            raise SpecError(
                "{where}: {category} has two totals, or one below 0",
                where=where,
                category=", ".join(category),
            )
        targets[category] = total
    if not sum(targets.values()) > 0:
        raise SpecError("{where}: the totals add up to 0", where=where)
    return Margin(columns, targets)
