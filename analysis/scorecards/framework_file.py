"""Frameworks from their files: every fault is found at once, with the criterion it is in."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, Final, cast

from analysis.errors import MethodError
from analysis.scorecards.framework import (
    EFFECTS,
    INPUTS,
    MEASURED_INPUTS,
    ZERO_RULES,
    Criterion,
    DeclaredFigure,
    Effect,
    Framework,
    Option,
    RespondentGroup,
)
from analysis.scorecards.framework_faults import FrameworkFault, Stated, find_faults
from analysis.scorecards.rules import RULE_KEYS, Band, Comparison, Rule, RuleKind

MAX_DIGITS: Final = 9
"""Before and behind the decimal sign: more is a slip, and would be slow to compute with."""
_TOP_KEYS: Final = {
    "id",
    "version",
    "title",
    "source",
    "applies_to",
    "valid_from",
    "valid_to",
    "total",
    "criteria_count",
    "bands",
    "bands_on",
    "criterion",
}
_CRITERION_KEYS: Final = set(Criterion.__dataclass_fields__)


class FrameworkError(MethodError):
    """A framework file has faults; ``faults`` lists them all."""

    def __init__(self, faults: list[FrameworkFault]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = faults


def read_framework(text: str) -> Framework:
    r"""A framework from the text of its TOML file.

    Raises
    ------
    FrameworkError
        With every fault of the file.

    Examples
    --------
    >>> head = 'id = "a"\nversion = 1\nvalid_from = 2026-01-01\nsource = "1/QĐ"\ntotal = 2\n'
    >>> line = '[[criterion]]\ncode = "1"\ntitle = "Plan"\nmaximum = 2\ninput = "number"\n'
    >>> rule = 'rule = { kind = "per_unit", each = 0.5 }\n'
    >>> read_framework(head + 'title = { vi = "Bộ" }\n' + line + rule).total
    Decimal('2')
    """
    try:
        data = tomllib.loads(text, parse_float=Decimal)
    except (tomllib.TOMLDecodeError, RecursionError, InvalidOperation) as error:
        raise FrameworkError([FrameworkFault("toml", "", str(error))]) from error
    reader = _Reader()
    try:
        framework = reader.framework(data, text)
    except _UnreadableError:
        raise FrameworkError(reader.faults) from None
    faults = reader.faults or find_faults(framework, reader.stated)
    if faults:
        raise FrameworkError(faults)
    return framework


class _UnreadableError(Exception):
    """Nothing more can be read of the file."""


@dataclass(frozen=True)
class _Entry:
    """One table of the file, and where it stands."""

    data: Mapping[str, Any]
    where: str


class _Reader:
    """Reads tables and keeps what was wrong with them."""

    def __init__(self) -> None:
        self.faults: list[FrameworkFault] = []
        self.stated = Stated()

    def framework(self, data: Mapping[str, Any], text: str) -> Framework:
        top = _Entry(data, "")
        self.known_keys(top, _TOP_KEYS)
        lines = data.get("criterion")
        if not isinstance(lines, list) or not lines or not all(isinstance(e, dict) for e in lines):
            self.fault("empty", "", "criterion")
            raise _UnreadableError
        self.stated = Stated(
            total=self.number(top, "total") if "total" in data else None,
            criteria=int(self.number(top, "criteria_count", Fraction(0))),
        )
        titles = data.get("title")
        if not isinstance(titles, dict) or not isinstance(titles.get("vi"), str):
            self.fault("missing", "", "title.vi")
            titles = {"vi": ""}
        return Framework(
            id=self.words(top, "id", required=True),
            version=int(self.number(top, "version", Fraction(1))),
            titles={str(key): str(value) for key, value in titles.items()},
            source=self.words(top, "source", required=True),
            applies_to=self.several(top, "applies_to"),
            valid_from=self.day(top, "valid_from") or date.min,
            valid_to=self.day(top, "valid_to") if "valid_to" in data else None,
            criteria=tuple(self.criterion(entry) for entry in lines),
            bands=self.names_of_bands(top),
            bands_on="points" if data.get("bands_on") == "points" else "percent",
            text=text,
        )

    def criterion(self, data: Mapping[str, Any]) -> Criterion:
        entry = _Entry(data, str(data.get("code", "?"))[:40])
        self.known_keys(entry, _CRITERION_KEYS)
        given = self.words(entry, "input")
        if given and given not in INPUTS:
            self.fault("input", entry.where, given)
        measured = given in MEASURED_INPUTS or given in ("survey_group", "leader_rating")
        return Criterion(
            code=self.words(entry, "code", required=True),
            title=self.words(entry, "title", required=True),
            parent=self.words(entry, "parent"),
            maximum=self.number(entry, "maximum"),
            effect=cast("Effect", self.choose(entry, "effect", EFFECTS, "base")),
            input=given,
            rule=self.rule(entry) if "rule" in data else None,
            options=tuple(
                Option(self.words(e, "code", True), self.words(e, "title", True), self.share(e))
                for e in self.tables(entry, "options")
            ),
            figures=tuple(
                DeclaredFigure(self.words(e, "code", True), self.words(e, "title", True))
                for e in self.tables(entry, "figures")
            ),
            formula=self.words(entry, "formula"),
            groups=tuple(
                RespondentGroup(
                    self.words(e, "code", True),
                    self.words(e, "title", True),
                    self.number(e, "weight"),
                )
                for e in self.tables(entry, "groups")
            ),
            zero=self.choose(entry, "zero", ZERO_RULES, "missing"),
            not_applicable=self.flag(entry, "not_applicable", False),
            optional=self.flag(entry, "optional", False),
            self_scored=self.flag(entry, "self_scored", not measured),
            evidence=self.words(entry, "evidence"),
            applies_to=self.several(entry, "applies_to"),
            owner=self.words(entry, "owner"),
            co_owners=self.several(entry, "co_owners"),
            serves=self.words(entry, "serves"),
            decimals=int(self.number(entry, "decimals", Fraction(2))),
            criteria_count=int(self.number(entry, "criteria_count", Fraction(0))),
            example=self.flag(entry, "example", False),
        )

    def rule(self, entry: _Entry) -> Rule:
        data = entry.data["rule"]
        kind = str(data.get("kind")) if isinstance(data, dict) else ""
        if kind not in RULE_KEYS:
            self.fault("rule", entry.where, kind[:40])
            return Rule("points")
        inner = _Entry(data, entry.where)
        self.known_keys(inner, {"kind", "floor", *RULE_KEYS[kind]})
        return Rule(
            kind=cast("RuleKind", kind),
            target=self.number(inner, "target", Fraction(100)),
            each=self.number(inner, "each") if "each" in RULE_KEYS[kind] else Fraction(0),
            bands=self.bands(inner) if kind == "bands" else (),
            floor=self.number(inner, "floor") if "floor" in data else None,
        )

    def bands(self, entry: _Entry) -> tuple[Band, ...]:
        steps = entry.data.get("bands")
        if not isinstance(steps, list) or not steps:
            self.fault("missing", entry.where, "bands")
            return ()
        return tuple(self.band(entry, step) for step in steps)

    def band(self, entry: _Entry, step: object) -> Band:
        if not isinstance(step, list) or len(step) != 3 or step[0] not in (">", ">="):
            self.fault("band", entry.where, str(step)[:60])
            return Band(">", Fraction(0), Fraction(0))
        edge, share = (self.fraction(entry.where, "bands", value) for value in step[1:])
        return Band(cast("Comparison", step[0]), edge, share)

    def names_of_bands(self, top: _Entry) -> tuple[tuple[Fraction, str], ...]:
        steps = top.data.get("bands", [])
        if not isinstance(steps, list) or not all(
            isinstance(s, list) and len(s) == 2 and isinstance(s[1], str) for s in steps
        ):
            self.fault("band", "", str(steps)[:60])
            return ()
        found = [(self.fraction("", "bands", edge), name) for edge, name in steps]
        return tuple(sorted(found, reverse=True))

    def tables(self, entry: _Entry, key: str) -> list[_Entry]:
        value = entry.data.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            self.fault("kind", entry.where, key)
            return []
        return [_Entry(one, entry.where) for one in value]

    def share(self, entry: _Entry) -> Fraction:
        return self.number(entry, "share")

    def number(self, entry: _Entry, key: str, default: Fraction | None = None) -> Fraction:
        if key not in entry.data:
            if default is None:
                self.fault("missing", entry.where, key)
            return default or Fraction(0)
        return self.fraction(entry.where, key, entry.data[key])

    def fraction(self, where: str, key: str, value: object) -> Fraction:
        found = read_number(value)
        if found is None:
            self.fault("number", where, f"{key} = {str(value)[:40]}")
        return found or Fraction(0)

    def words(self, entry: _Entry, key: str, required: bool = False) -> str:
        value = entry.data.get(key, "")
        if not isinstance(value, str):
            self.fault("kind", entry.where, key)
            return ""
        if required and not value.strip():
            self.fault("missing", entry.where, key)
        return value.strip()

    def several(self, entry: _Entry, key: str) -> tuple[str, ...]:
        value = entry.data.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            self.fault("kind", entry.where, key)
            return ()
        return tuple(value)

    def choose(self, entry: _Entry, key: str, known: Collection[str], default: str) -> str:
        value = entry.data.get(key, default)
        if value not in known:
            self.fault("kind", entry.where, f"{key} = {str(value)[:40]}")
            return default
        return str(value)

    def flag(self, entry: _Entry, key: str, default: bool) -> bool:
        value = entry.data.get(key, default)
        if not isinstance(value, bool):
            self.fault("kind", entry.where, key)
        return bool(value)

    def day(self, entry: _Entry, key: str) -> date | None:
        value = entry.data.get(key)
        if not isinstance(value, date) or isinstance(value, datetime):
            self.fault("missing" if value is None else "kind", entry.where, key)
            return None
        return value

    def known_keys(self, entry: _Entry, known: Collection[str]) -> None:
        for key in sorted(entry.data.keys() - set(known)):
            self.fault("unknown", entry.where, key[:60])

    def fault(self, kind: str, where: str, value: str) -> None:
        self.faults.append(FrameworkFault(kind, where, value))


def read_number(value: object) -> Fraction | None:
    """An exact number from a file or a form, of at most nine digits on each side; else None.

    Examples
    --------
    >>> read_number("83,54"), read_number(Decimal("0.5")), read_number("1e99"), read_number("x")
    (Fraction(4177, 50), Fraction(1, 2), None, None)
    """
    if isinstance(value, bool) or not isinstance(value, (int, str, Decimal)):
        return None
    try:
        number = Decimal(value.strip().replace(",", ".") if isinstance(value, str) else value)
    except InvalidOperation:
        return None
    if not number.is_finite() or number.adjusted() >= MAX_DIGITS:
        return None
    exponent = number.as_tuple().exponent
    return Fraction(number) if isinstance(exponent, int) and exponent >= -MAX_DIGITS else None
