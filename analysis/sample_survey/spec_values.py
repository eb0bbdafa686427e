"""Values of a SPEC, each checked for what it has to be; the message names the key."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final, cast

from analysis.counting.variables import COMPARISONS
from analysis.data.names import normal
from analysis.errors import AnalysisError, Named, SpecError

Bound = float | str | bool
_KEYS: Final[Mapping[str, frozenset[str]]] = {
    "": frozenset(
        {"data", "missing", "where", "covariance", "design", "calibration", "estimand", "interval"}
    ),
    "design": frozenset({"weight", "stratum", "psu", "fpc", "fpc2", "lonely"}),
    "calibration": frozenset({"method", "bounds", "margin"}),
    "calibration.margin": frozenset({"columns", "targets", "number", "total"}),
    "estimand": frozenset(
        {
            "name",
            "kind",
            "numerator",
            "denominator",
            "condition",
            "by",
            "items",
            "weights",
            "missing",
        }
    ),
    "interval": frozenset({"method", "level"}),
}


def check_keys(section: str, table: Any) -> None:
    """A table of a SPEC without unknown keys."""
    if not isinstance(table, dict):
        raise SpecError("{section} must be a table", section=section)
    if unknown := sorted(set(table) - _KEYS[section]):
        known = ", ".join(sorted(_KEYS[section]))
        raise SpecError(
            "unknown key {section}{unknown}; known: {known}",
            section=f"{section}." if section else "",
            unknown=unknown[0],
            known=known,
        )


def parse_table(data: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A table of the SPEC, empty when it is not there."""
    table = data.get(name, {})
    check_keys(name, table)
    return cast("dict[str, Any]", table)


def parse_tables(name: str, value: Any) -> list[dict[str, Any]]:
    """A list of tables."""
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise SpecError("{name} must be a list of tables: write [[{name}]]", name=name)
    return value


def check_choice(name: str, value: Any, allowed: Any) -> None:
    """One of some words."""
    if not isinstance(value, str) or value not in allowed:
        raise SpecError(
            "{name} is {value!r}; use one of {allowed}",
            name=name,
            value=value,
            allowed=", ".join(allowed),
        )


def parse_text(name: Named, value: Any) -> str:
    """A text that is not empty, in normal form."""
    if not isinstance(value, str) or not normal(value):
        raise SpecError("{name} must be given as text", name=name)
    return normal(value)


def parse_names(name: str, value: Any) -> tuple[str, ...]:
    """A list of column names, each once."""
    if isinstance(value, str):
        raise SpecError(
            '{name} must be a list: write {key} = ["{value}"]',
            name=name,
            key=name.split(" ")[-1],
            value=value,
        )
    if not isinstance(value, list):
        raise SpecError("{name} must be a list of column names", name=name)
    names = tuple(
        parse_text(AnalysisError("{name}: each column", name=name), entry) for entry in value
    )
    if twice := sorted({entry for entry in names if names.count(entry) > 1}):
        raise SpecError("{name} names {twice!r} twice", name=name, twice=twice[0])
    return names


def parse_number(name: Named, value: Any) -> float:
    """A finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise SpecError("{name} must be a number", name=name)
    return float(value)


def parse_level(value: Any) -> float:
    """A confidence level."""
    if not isinstance(value, float) or not 0.5 < value < 1:
        raise SpecError("interval.level must lie between 0.5 and 1")
    return value


def parse_codes(name: str, value: Any) -> tuple[float | str, ...]:
    """Codes that stand for no answer: numbers or texts."""
    if not isinstance(value, list):
        raise SpecError(
            "{name} must be a list of the codes that mean no answer: [-9, 99]", name=name
        )
    return tuple(
        normal(code)
        if isinstance(code, str)
        else parse_number(AnalysisError("{name}: each code", name=name), code)
        for code in value
    )


def parse_category(where: str, column: str, value: Any) -> str:
    """The name of a category as the data write it: ``true`` is the word of a CSV file."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | float) or value != value:
        raise SpecError(
            "{where}: the category of {column} must be a text, a number, or true or false",
            where=where,
            column=column,
        )
    return normal(str(value))


def parse_comparison(name: str, condition: Any) -> tuple[str, Bound]:
    """The operator and the value of a condition."""
    ops = ", ".join(COMPARISONS)
    if not isinstance(condition, dict) or set(condition) != {"op", "value"}:
        raise SpecError("{name}: condition needs op (one of {ops}) and value", name=name, ops=ops)
    op, value = condition["op"], condition["value"]
    if not isinstance(op, str) or op not in COMPARISONS:
        raise SpecError("{name}: condition needs op (one of {ops}) and value", name=name, ops=ops)
    if not isinstance(value, str | int | float) or (
        not isinstance(value, str) and not math.isfinite(value)
    ):
        raise SpecError(
            "{name}: the value of a condition must be a number, a text, or true or false", name=name
        )
    return op, value
