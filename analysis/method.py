"""A method is data: a frozen, versioned record of every choice behind a published number."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from analysis.cells import Variable
from analysis.errors import MethodError
from analysis.schema import ITEMS

FOLDER: Final = Path(__file__).parent / "methods"
RULES: Final = ("mean-of-items", "pooled", "factor-weighted")
STATISTICS: Final = ("share", "score")
INTERVALS: Final = ("korn-graubard", "wilson", "logit", "asin", "t")
_SHAPE: Final[Mapping[str, Mapping[str, type]]] = {
    "": {"id": str, "version": int, "title_vi": str, "title_en": str},
    "scale": {"answers": list, "satisfied": list},
    "index": {"rule": str},
    "weighting": {"cells": list, "min_cell": int, "interval": str, "confidence": float},
    "publication": {"min_n": int, "min_n_eff": int, "decimals": int},
}


@dataclass(frozen=True)
class Method:
    """Every choice of one method; the fields are the keys of its TOML file."""

    id: str
    version: int
    titles: Mapping[str, str]
    answers: tuple[int, ...]
    satisfied: tuple[int, ...]
    factors: Mapping[str, tuple[str, ...]]
    rule: str
    statistic: str
    factor_weights: Mapping[str, Fraction]
    weighting_cells: tuple[str, ...]
    min_cell: int
    interval: str
    confidence: float
    min_n: int
    min_n_eff: int
    decimals: int
    sha256: str

    @property
    def items(self) -> tuple[str, ...]:
        """Items in the order of the factors."""
        return tuple(item for items in self.factors.values() for item in items)

    def variables(self) -> list[Variable]:
        """What the kernel counts: per item valid answers ``v_`` and, as ``t_``, satisfied answers or the levels."""
        valid = [Variable(f"v_{item}", item, "among", self.answers) for item in self.items]
        if self.statistic == "score":
            return valid + [Variable(f"t_{item}", item, "value") for item in self.items]
        return valid + [Variable(f"t_{item}", item, "among", self.satisfied) for item in self.items]


def available() -> list[str]:
    """Names of the methods that come with the package."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def load_method(name: str | Path) -> Method:
    """Read a method by the name of a shipped file or by the path of an own one.

    Raises
    ------
    MethodError
        If there is no such file, or a key is missing, unknown or out of range; the message names the key.
    """
    path = FOLDER / f"{name}.toml"
    if not path.is_file():
        path = Path(name)
    if path.suffix != ".toml" or not path.is_file():
        raise MethodError(f"there is no method {str(name)!r}; shipped: {', '.join(available())}; or give a .toml file")
    raw = path.read_bytes()
    try:
        data = tomllib.loads(raw.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MethodError(f"{path}: not readable TOML: {error}") from error
    return _build(data, path, hashlib.sha256(raw).hexdigest())


def _build(data: dict[str, Any], path: Path, sha256: str) -> Method:
    flat = _checked(data, path)
    factors = {factor: tuple(items) for factor, items in data.get("factors", {}).items()}
    method = Method(
        id=flat["id"],
        version=flat["version"],
        titles={"vi": flat["title_vi"], "en": flat["title_en"]},
        answers=tuple(flat["answers"]),
        satisfied=tuple(flat["satisfied"]),
        factors=factors,
        rule=flat["rule"],
        statistic=data["index"].get("statistic", "share"),
        factor_weights=_fractions(data.get("factor_weights", {}), path),
        weighting_cells=tuple(flat["cells"]),
        min_cell=flat["min_cell"],
        interval=flat["interval"],
        confidence=flat["confidence"],
        min_n=flat["min_n"],
        min_n_eff=flat["min_n_eff"],
        decimals=flat["decimals"],
        sha256=sha256,
    )
    _check_values(method, path)
    return method


def _checked(data: dict[str, Any], path: Path) -> dict[str, Any]:
    known = {*_SHAPE, *_SHAPE[""], "factors", "factor_weights"}
    if unknown := sorted(set(data) - known):
        raise MethodError(f"{path}: unknown key {unknown[0]!r}; known: {', '.join(sorted(known - {''}))}")
    flat: dict[str, Any] = {}
    for section, keys in _SHAPE.items():
        table = data.get(section, {}) if section else {k: v for k, v in data.items() if k in keys}
        if unknown := sorted(set(table) - set(keys) - {"statistic"}):
            raise MethodError(f"{path}: unknown key {section}.{unknown[0]}; known: {', '.join(keys)}")
        for key, kind in keys.items():
            if not isinstance(table.get(key), kind):
                raise MethodError(f"{path}: {section or 'top level'}: {key} must be given as {kind.__name__}")
            flat[key] = table[key]
    return flat


def _fractions(table: Mapping[str, Any], path: Path) -> dict[str, Fraction]:
    """Weights as exact fractions, written ``"1/9"``; they have to add up to exactly 1."""
    try:
        weights = {factor: Fraction(str(weight)) for factor, weight in table.items()}
    except (ValueError, ZeroDivisionError) as error:
        raise MethodError(f'{path}: factor_weights: write fractions as "1/9" ({error})') from error
    if weights and (sum(weights.values()) != 1 or min(weights.values()) <= 0):
        raise MethodError(f"{path}: factor_weights must be above 0 and add up to exactly 1")
    return weights


def _check_values(method: Method, path: Path) -> None:
    unknown = [item for item in method.items if item not in ITEMS]
    checks = [
        (bool(method.items), "factors: at least one factor with items is needed"),
        (not unknown, f"factors: item {unknown[:1]} is not a column of the snapshot"),
        (len(set(method.items)) == len(method.items), "factors: an item stands in two factors"),
        (set(method.satisfied) < set(method.answers), "scale.satisfied must be a part of scale.answers"),
        (method.rule in RULES, f"index.rule must be one of {', '.join(RULES)}"),
        (method.statistic in STATISTICS, f"index.statistic must be one of {', '.join(STATISTICS)}"),
        (
            (method.rule == "factor-weighted") == bool(method.factor_weights)
            and set(method.factor_weights) in (set(), set(method.factors)),
            "factor_weights belong to rule factor-weighted and name each factor",
        ),
        (method.statistic == "share" or method.interval == "t", "weighting.interval must be t for a score"),
        (method.interval in INTERVALS, f"weighting.interval must be one of {', '.join(INTERVALS)}"),
        (set(method.weighting_cells) <= {"domain", "channel"}, "weighting.cells may hold domain and channel"),
        (method.min_cell >= 2, "weighting.min_cell must be at least 2: a variance needs two answers"),
        (0.5 < method.confidence < 1, "weighting.confidence must lie between 0.5 and 1"),
        (method.min_n >= 1 and method.min_n_eff >= 1, "publication: minimum numbers start at 1"),
    ]
    for good, message in checks:
        if not good:
            raise MethodError(f"{path}: {message}")
