"""SPEC.toml: what to estimate from any survey file, read and checked before a row is touched (docs/method.md)."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, cast

from analysis.cells import COMPARISONS, Variable
from analysis.errors import SpecError
from analysis.interval import METHODS
from analysis.weighting.calibrate import Kind, Margin

_KEYS: Final[Mapping[str, frozenset[str]]] = {
    "": frozenset({"data", "design", "calibration", "estimand", "interval"}),
    "design": frozenset({"weight", "stratum", "psu", "fpc", "fpc2", "lonely"}),
    "calibration": frozenset({"method", "bounds", "margin"}),
    "estimand": frozenset({"name", "kind", "numerator", "denominator", "condition", "by", "items", "weights"}),
    "interval": frozenset({"method", "level"}),
}
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
class Term:
    """coefficient * numerator / denominator; a term without denominator is the total itself.

    ``answered`` is the variable that says who answered; None where the parts of an estimand have different ones.
    """

    coefficient: float
    numerator: str
    denominator: str | None
    answered: str | None = None


@dataclass(frozen=True)
class Estimand:
    """A named sum of terms, for the whole and for the combinations of the columns in ``by``."""

    name: str
    kind: str
    terms: tuple[Term, ...]
    by: tuple[str, ...]


@dataclass(frozen=True)
class Spec:
    """Everything a run needs; columns are checked against the data when they are read."""

    data: Path
    weight: str | None
    stratum: str | None
    psu: str | None
    fpc: str | None
    fpc2: str | None
    lonely: str
    calibration: Kind | None
    margins: tuple[Margin, ...]
    bounds: tuple[float, float] | None
    estimands: tuple[Estimand, ...]
    variables: tuple[Variable, ...]
    interval: str
    level: float

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
        Missing file, unreadable TOML, unknown key, or a value out of range; the message names the key.

    Examples
    --------
    >>> spec = load_spec(folder / "SPEC.toml")
    >>> [estimand.name for estimand in spec.estimands]
    ['satisfied']
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SpecError(f"{path}: {error}") from error
    try:
        return build_spec(data, path.parent)
    except (TypeError, AttributeError, ValueError, KeyError) as error:
        if isinstance(error, SpecError):
            raise
        raise SpecError(
            f"{path}: a value is of the wrong kind ({error}); docs/method.md says what each key takes"
        ) from error


def build_spec(data: dict[str, Any], folder: Path) -> Spec:
    """A Spec from parsed TOML."""
    _known("", data)
    design, calibration, interval = (data.get(name, {}) for name in ("design", "calibration", "interval"))
    for name, table in (("design", design), ("calibration", calibration), ("interval", interval)):
        _known(name, table)
    _one_of("design.lonely", design.get("lonely", "remove"), LONELY)
    _one_of("interval.method", interval.get("method", "t"), METHODS)
    variables: dict[str, Variable] = {}
    estimands = tuple(_estimand(entry, variables) for entry in data.get("estimand", []))
    if not estimands:
        raise SpecError("estimand: at least one [[estimand]] is needed")
    if len({estimand.name for estimand in estimands}) < len(estimands):
        raise SpecError("estimand: two estimands have the same name")
    if design.get("fpc2") and not (design.get("psu") and design.get("fpc")):
        raise SpecError("design.fpc2 needs design.psu and design.fpc: it is the size of each PSU")
    for key, column in design.items():
        if key != "lonely":
            _text(f"design.{key}", column)
    method = calibration.get("method")
    if calibration:
        _one_of("calibration.method", method, ("poststratify", "rake", "linear"))
    return Spec(
        data=folder / _text("data", data.get("data")),
        weight=design.get("weight"),
        stratum=design.get("stratum"),
        psu=design.get("psu"),
        fpc=design.get("fpc"),
        fpc2=design.get("fpc2"),
        lonely=design.get("lonely", "remove"),
        calibration=cast("Kind | None", method),
        margins=_margins(calibration),
        bounds=_bounds(calibration),
        estimands=estimands,
        variables=_with_presence(variables),
        interval=interval.get("method", "t"),
        level=_level(interval.get("level", 0.95)),
    )


def _with_presence(variables: dict[str, Variable]) -> tuple[Variable, ...]:
    """Every counted value has a variable beside it that says whether it is there."""
    for variable in list(variables.values()):
        if variable.rule == "value":
            _add(variables, "present", variable.column, needs=variable.needs)
    return tuple(variables.values())


def _known(section: str, table: Any) -> None:
    if not isinstance(table, dict):
        raise SpecError(f"{section} must be a table")
    if unknown := sorted(set(table) - _KEYS[section]):
        known = ", ".join(sorted(_KEYS[section]))
        raise SpecError(f"unknown key {f'{section}.' if section else ''}{unknown[0]}; known: {known}")


def _one_of(name: str, value: Any, allowed: Any) -> None:
    if value not in allowed:
        raise SpecError(f"{name} is {value!r}; use one of {', '.join(allowed)}")


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise SpecError(f"{name} must be given as text")
    return value


def _level(value: Any) -> float:
    if not isinstance(value, float) or not 0.5 < value < 1:
        raise SpecError("interval.level must lie between 0.5 and 1")
    return value


def _bounds(calibration: dict[str, Any]) -> tuple[float, float] | None:
    bounds = calibration.get("bounds")
    if bounds is None:
        return None
    if calibration["method"] != "linear" or len(bounds) != 2 or not 0 <= bounds[0] < 1 < bounds[1]:
        raise SpecError("calibration.bounds: two numbers, below and above 1, for method linear only")
    return float(bounds[0]), float(bounds[1])


def _margins(calibration: dict[str, Any]) -> tuple[Margin, ...]:
    margins = []
    for place, entry in enumerate(calibration.get("margin", []), start=1):
        columns = tuple(entry.get("columns", ()))
        rows = entry.get("targets", [])
        if not columns or not rows:
            raise SpecError(f"calibration.margin {place}: columns and targets are needed")
        targets: dict[tuple[str, ...], float] = {}
        for row in rows:
            total = row.get("total")
            if not isinstance(total, int | float) or total < 0 or set(row) != {*columns, "total"}:
                raise SpecError(
                    f"calibration.margin {place}: each target names {', '.join(columns)} and a total of 0 or more"
                )
            category = tuple(str(row[column]) for column in columns)
            if category in targets or not math.isfinite(total) or isinstance(total, bool):
                raise SpecError(f"calibration.margin {place}: {category} has two totals, or one that is no number")
            targets[category] = float(total)
        margins.append(Margin(columns, targets))
    if calibration and not margins:
        raise SpecError("calibration.margin: at least one [[calibration.margin]] is needed")
    if calibration.get("method") == "poststratify" and len(margins) != 1:
        raise SpecError("calibration.method poststratify takes one margin; name several columns in it, or use rake")
    return tuple(margins)


def _estimand(entry: dict[str, Any], variables: dict[str, Variable]) -> Estimand:
    _known("estimand", entry)
    chosen = entry.get("kind", "mean")
    if unused := sorted(set(entry) - {"name", "kind", "by"} - _USED.get(chosen, frozenset())):
        needs = next((kind for kind, keys in _USED.items() if unused[0] in keys), "another")
        raise SpecError(
            f"estimand {entry.get('name')}: {unused[0]} is not used by kind {chosen}; say kind = {needs!r}?"
        )
    name, kind = _text("estimand.name", entry.get("name")), entry.get("kind", "mean")
    _one_of(f"estimand {name}: kind", kind, KINDS)
    shares = kind == "mean-of-shares"
    terms = _shares(name, entry, variables) if shares else (_term(name, kind, entry, variables),)
    return Estimand(name, kind, terms, tuple(entry.get("by", ())))


def _add(variables: dict[str, Variable], rule: Literal["value", "present", "compare"], column: str, **more: Any) -> str:
    for name, variable in variables.items():
        if variable == Variable(name, column, rule, **more):
            return name
    name = f"z{len(variables)}"
    variables[name] = Variable(name, column, rule, **more)
    return name


def _condition(name: str, entry: dict[str, Any]) -> dict[str, Any]:
    condition = entry.get("condition")
    if not isinstance(condition, dict) or set(condition) != {"op", "value"} or condition["op"] not in COMPARISONS:
        raise SpecError(f"estimand {name}: condition needs op (one of {', '.join(COMPARISONS)}) and value")
    return {"operator": condition["op"], "bound": condition["value"]}


def _term(name: str, kind: str, entry: dict[str, Any], variables: dict[str, Variable]) -> Term:
    column = _text(f"estimand {name}: numerator", entry.get("numerator"))
    if kind == "share":
        answered = _add(variables, "present", column)
        return Term(1.0, _add(variables, "compare", column, **_condition(name, entry)), answered, answered)
    if kind == "ratio":
        other = _text(f"estimand {name}: denominator", entry.get("denominator"))
        both = (column, other)
        answered = _add(variables, "present", column, needs=both)
        over, under = (_add(variables, "value", name_, needs=both) for name_ in both)
        return Term(1.0, over, under, answered)
    answered = _add(variables, "present", column)
    return Term(1.0, _add(variables, "value", column), None if kind == "total" else answered, answered)


def _shares(name: str, entry: dict[str, Any], variables: dict[str, Variable]) -> tuple[Term, ...]:
    items = entry.get("items", [])
    weights = entry.get("weights", [1] * len(items))
    if not items or len(weights) != len(items) or not all(isinstance(w, int) and w > 0 for w in weights):
        raise SpecError(f"estimand {name}: items are needed, and as many weights (whole numbers above 0) or none")
    condition = _condition(name, entry)
    return tuple(
        Term(weight / sum(weights), _add(variables, "compare", item, **condition), _add(variables, "present", item))
        for item, weight in zip(items, weights, strict=True)
    )
