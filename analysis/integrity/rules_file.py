"""The rules as data: thresholds and texts of a TOML file, with the checksum of the file."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from analysis.errors import AnalysisError

SHIPPED: Final = Path(__file__).with_name("rules.toml")
LEVELS: Final = ("watch", "review", "quarantine")
_NUMBERS: Final = ("least_answers", "least_units", "history_months", "rounds")


@dataclass(frozen=True)
class Rule:
    """One rule. ``counts``: families it stands for; ``least``: below it the rule is silent."""

    code: str
    threshold: float
    title: Mapping[str, str]
    text: Mapping[str, str]
    is_hard: bool = False
    counts: int = 1
    least: float = 0.0
    false_alarm: float | None = None


@dataclass(frozen=True)
class Rules:
    """All rules of a version; ``sha256`` is that of the file."""

    version: int
    sha256: str
    least_answers: int
    least_units: int
    history_months: int
    rounds: int
    discovery: float
    levels: Mapping[str, int]
    rules: Mapping[str, Rule]

    @property
    def text_of_version(self) -> str:
        """Version and the first letters of the checksum, for a reader."""
        return f"{self.version} ({self.sha256[:12]})"


@cache
def load_rules(path: Path = SHIPPED) -> Rules:
    """The rules of a file.

    Raises
    ------
    AnalysisError
        It cannot be read, or a value is missing or of another kind; says which.

    Examples
    --------
    >>> load_rules().rules["F1"].threshold
    5.0
    """
    try:
        raw = path.read_bytes()
        data = tomllib.loads(raw.decode())
    except (OSError, ValueError) as error:
        raise AnalysisError("{path} cannot be read: {error}", path=path, error=error) from error
    numbers = {name: int(_number(data, name, path)) for name in _NUMBERS}
    rules = [_read_rule(entry, number, path) for number, entry in enumerate(_rules(data, path), 1)]
    levels = {name: int(_number(data.get("levels", {}), name, path)) for name in LEVELS}
    return Rules(
        version=int(_number(data, "version", path)),
        sha256=hashlib.sha256(raw).hexdigest(),
        discovery=_number(data, "discovery", path),
        levels=levels,
        rules={rule.code: rule for rule in rules},
        **numbers,
    )


def _rules(data: Mapping[str, Any], path: Path) -> list[Mapping[str, Any]]:
    found = data.get("rules")
    if not isinstance(found, list) or not found:
        raise AnalysisError("{path}: rules: none are there", path=path)
    return found


def _number(data: Mapping[str, Any], name: str, path: Path, default: float | None = None) -> float:
    value = data.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise AnalysisError("{path}: {name} must be a number, 0 or more", path=path, name=name)
    return float(value)


def _read_rule(entry: Mapping[str, Any], number: int, path: Path) -> Rule:
    where = Path(f"{path}: rule {number}")
    texts = {}
    for kind in ("title", "text"):
        texts[kind] = {
            language: str(entry.get(f"{kind}_{language}", "")) for language in ("vi", "en")
        }
        if not all(texts[kind].values()):
            raise AnalysisError(
                "{where}: {kind}_vi and {kind}_en are needed", where=where, kind=kind
            )
    if not isinstance(entry.get("code"), str):
        raise AnalysisError("{where}: code is needed", where=where)
    return Rule(
        code=entry["code"],
        threshold=_number(entry, "threshold", where),
        is_hard=entry.get("hard") is True,
        counts=int(_number(entry, "counts", where, 1)),
        least=_number(entry, "least", where, 0),
        false_alarm=_number(entry, "false_alarm", where) if "false_alarm" in entry else None,
        **texts,
    )
