"""SPEC.toml: what to estimate from any survey file, read and checked before a row is touched
(docs/method.md).
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, cast

from analysis.counting.variables import Variable
from analysis.data.csv_text import decode_text
from analysis.errors import SpecError
from analysis.estimation.intervals import INTERVALS
from analysis.sample_survey.margins import KnownTotal, read_bounds, read_margins
from analysis.sample_survey.spec_values import (
    Bound,
    check_choice,
    check_keys,
    parse_codes,
    parse_comparison,
    parse_level,
    parse_names,
    parse_table,
    parse_tables,
    parse_text,
)
from analysis.weighting.calibrate import Kind, Margin

_USED: Final = {
    "mean": frozenset({"numerator"}),
    "total": frozenset({"numerator"}),
    "ratio": frozenset({"numerator", "denominator"}),
    "share": frozenset({"numerator", "condition"}),
    "mean-of-shares": frozenset({"items", "weights", "condition"}),
}
KINDS: Final = ("mean", "total", "ratio", "share", "mean-of-shares")
LONELY: Final = ("fail", "remove", "certainty", "adjust", "average")


@dataclass(frozen=True)
class Condition:
    """``column operator bound``; a missing value meets no condition."""

    column: str
    operator: str
    bound: Bound


@dataclass(frozen=True)
class Term:
    """coefficient * numerator / denominator; a term without denominator is the total itself."""

    coefficient: float
    numerator: str
    denominator: str | None


@dataclass(frozen=True)
class Estimand:
    """A named sum of terms, for the whole and for the combinations of the columns in ``by``.

    ``answered`` is the variable that says who answered it, or any part of it.
    """

    name: str
    kind: str
    terms: tuple[Term, ...]
    by: tuple[str, ...]
    answered: str


@dataclass(frozen=True)
class Spec:
    """Everything a run needs; columns are checked against the data when they are read.

    ``covariance``: whether the full matrix is asked for; None gives it where there are few
    estimates.
    """

    data: Path
    weight: str | None
    stratum: str | None
    psu: str | None
    fpc: str | None
    fpc2: str | None
    lonely: str
    where: tuple[Condition, ...]
    calibration: Kind | None
    margins: tuple[Margin, ...]
    totals: tuple[KnownTotal, ...]
    bounds: tuple[float, float] | None
    estimands: tuple[Estimand, ...]
    variables: tuple[Variable, ...]
    interval: str | None
    level: float
    covariance: bool | None
    missing: tuple[float | str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """Columns that name a cell besides the design's own."""
        names = [column for margin in self.margins for column in margin.columns]
        names += [column for estimand in self.estimands for column in estimand.by]
        return tuple(dict.fromkeys(names))


def load_spec(path: Path) -> Spec:
    """Read a SPEC file; paths in it are relative to its folder.

    Raises
    ------
    SpecError
        Missing file, unreadable TOML, unknown key, or a value of the wrong kind or out of range;
        the message names the key.

    Examples
    --------
    >>> spec = load_spec(folder / "SPEC.toml")
    >>> [estimand.name for estimand in spec.estimands]
    ['satisfied']
    """
    try:
        text, _ = decode_text(path.read_bytes(), path.name)
        data = tomllib.loads(text.removeprefix("\ufeff").replace("\r\n", "\n"))
    except (OSError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise SpecError("{path}: {error}", path=path, error=error) from error
    return build_spec(data, path.parent)


def build_spec(data: dict[str, Any], folder: Path) -> Spec:
    """A Spec from parsed TOML.

    Raises
    ------
    SpecError
        A key is unknown or missing, or its value of the wrong kind or out of range.
    """
    check_keys("", data)
    design, calibration, interval = (
        parse_table(data, name) for name in ("design", "calibration", "interval")
    )
    # Without strata the whole sample is one: a single response has no spread, and that is said, not
    # refused.
    lonely = design.get("lonely", "fail" if "stratum" in design else "remove")
    check_choice("design.lonely", lonely, LONELY)
    if "method" in interval:
        check_choice("interval.method", interval["method"], INTERVALS)
    variables: dict[str, Variable] = {}
    missing = parse_codes("missing", data.get("missing", []))
    entries = parse_tables("estimand", data.get("estimand", []))
    estimands = tuple(_estimand(entry, variables, missing) for entry in entries)
    if not estimands:
        raise SpecError("estimand: at least one [[estimand]] is needed")
    if len({estimand.name for estimand in estimands}) < len(estimands):
        raise SpecError("estimand: two estimands have the same name")
    columns = {
        key: parse_text(f"design.{key}", column)
        for key, column in design.items()
        if key != "lonely"
    }
    if columns.get("fpc2") and not (columns.get("psu") and columns.get("fpc")):
        raise SpecError("design.fpc2 needs design.psu and design.fpc: it is the size of each PSU")
    if calibration:
        check_choice(
            "calibration.method", calibration.get("method"), ("poststratify", "rake", "linear")
        )
    margins, totals = read_margins(calibration)
    covariance = data.get("covariance")
    if covariance is not None and not isinstance(covariance, bool):
        raise SpecError("covariance must be true or false")
    return Spec(
        data=folder / parse_text("data", data.get("data")),
        **{key: columns.get(key) for key in ("weight", "stratum", "psu", "fpc", "fpc2")},
        lonely=lonely,
        where=tuple(_where(entry) for entry in parse_tables("where", data.get("where", []))),
        calibration=cast("Kind | None", calibration.get("method")),
        margins=margins,
        totals=totals,
        bounds=read_bounds(calibration),
        estimands=estimands,
        variables=_with_presence(variables),
        interval=interval.get("method"),
        level=parse_level(interval.get("level", 0.95)),
        covariance=covariance,
        missing=missing,
    )


def _with_presence(variables: dict[str, Variable]) -> tuple[Variable, ...]:
    """Every counted value has a variable beside it that says whether it is there."""
    for variable in list(variables.values()):
        if variable.rule == "value":
            _add(
                variables,
                "present",
                variable.column,
                needs=variable.needs,
                missing=variable.missing,
            )
    return tuple(variables.values())


def _where(entry: dict[str, Any]) -> Condition:
    if set(entry) != {"column", "op", "value"}:
        raise SpecError("where: each condition needs column, op and value")
    column = parse_text("where: column", entry["column"])
    return Condition(
        column, *parse_comparison("where", {"op": entry["op"], "value": entry["value"]})
    )


def _estimand(
    entry: dict[str, Any], variables: dict[str, Variable], missing: Sequence[float | str]
) -> Estimand:
    check_keys("estimand", entry)
    name, kind = parse_text("estimand.name", entry.get("name")), entry.get("kind", "mean")
    check_choice(f"estimand {name}: kind", kind, KINDS)
    if unused := sorted(set(entry) - {"name", "kind", "by", "missing"} - _USED[kind]):
        needs = next((other for other, keys in _USED.items() if unused[0] in keys), "another")
        raise SpecError(
            "estimand {name}: {unused} is not used by kind {kind}; say kind = {needs!r}?",
            name=name,
            unused=unused[0],
            kind=kind,
            needs=needs,
        )
    codes = (
        parse_codes(f"estimand {name}: missing", entry["missing"])
        if "missing" in entry
        else tuple(missing)
    )
    terms, answered = (_shares if kind == "mean-of-shares" else _term)(
        name, kind, entry, variables, codes
    )
    return Estimand(
        name, kind, terms, parse_names(f"estimand {name}: by", entry.get("by", [])), answered
    )


Rule = Literal["value", "present", "compare", "any"]


def _add(variables: dict[str, Variable], rule: Rule, column: str, **more: Any) -> str:
    for name, variable in variables.items():
        if variable == Variable(name, column, rule, **more):
            return name
    name = f"z{len(variables)}"
    variables[name] = Variable(name, column, rule, **more)
    return name


_Terms = tuple[tuple[Term, ...], str]


def _term(
    name: str,
    kind: str,
    entry: dict[str, Any],
    variables: dict[str, Variable],
    codes: tuple[float | str, ...],
) -> _Terms:
    column = parse_text(f"estimand {name}: numerator", entry.get("numerator"))
    if kind == "share":
        op, bound = parse_comparison(f"estimand {name}", entry.get("condition"))
        answered = _add(variables, "present", column, missing=codes)
        over = _add(variables, "compare", column, operator=op, bound=bound, missing=codes)
        return (Term(1.0, over, answered),), answered
    if kind == "ratio":
        other = parse_text(f"estimand {name}: denominator", entry.get("denominator"))
        both = {"needs": (column, other), "missing": codes}
        answered = _add(variables, "present", column, **both)
        return (
            Term(1.0, *(_add(variables, "value", name_, **both) for name_ in (column, other))),
        ), answered
    answered = _add(variables, "present", column, missing=codes)
    over = _add(variables, "value", column, missing=codes)
    return (Term(1.0, over, None if kind == "total" else answered),), answered


def _shares(
    name: str,
    kind: str,
    entry: dict[str, Any],
    variables: dict[str, Variable],
    codes: tuple[float | str, ...],
) -> _Terms:
    items = parse_names(f"estimand {name}: items", entry.get("items", []))
    weights = entry.get("weights", [1] * len(items))
    whole = isinstance(weights, list) and all(type(w) is int and 0 < w < 10**9 for w in weights)
    if not items or not whole or len(weights) != len(items):
        raise SpecError(
            "estimand {name}: items are needed, and as many weights (whole numbers above "
            "0) or none",
            name=name,
        )
    op, bound = parse_comparison(f"estimand {name}", entry.get("condition"))
    terms = tuple(
        Term(
            weight / sum(weights),
            _add(variables, "compare", item, operator=op, bound=bound, missing=codes),
            _add(variables, "present", item, missing=codes),
        )
        for item, weight in zip(items, weights, strict=True)
    )
    return terms, _add(variables, "any", items[0], more=items[1:], missing=codes)
