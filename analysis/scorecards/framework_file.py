"""Frameworks from their files: every fault is found at once, with the criterion it is in."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, Final, Literal, cast

from analysis.errors import MethodError, Translate
from analysis.scorecards.framework import (
    APPRAISED_INPUTS,
    EFFECTS,
    INPUTS,
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
from analysis.scorecards.toml_reader import CODE, FIGURE, PART, Entry, TomlReader, show_value

MAX_LINES: Final = 500
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

    def tell(self, translate: Translate) -> str:
        """All faults in another language."""
        return "; ".join(fault.tell(translate) for fault in self.faults)


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
    except (ValueError, RecursionError, InvalidOperation) as error:
        raise FrameworkError([FrameworkFault("toml", "", str(error)[:200])]) from error
    reader = _Reader()
    try:
        framework = reader.framework(data, text)
    except _UnreadableError:
        raise FrameworkError(reader.faults) from None
    except RecursionError as error:
        raise FrameworkError([FrameworkFault("toml", "", "RecursionError")]) from error
    faults = reader.faults or find_faults(framework, reader.stated)
    if faults:
        raise FrameworkError(faults)
    return framework


class _UnreadableError(Exception):
    """Nothing more can be read of the file."""


class _Reader(TomlReader):
    """Reads a framework and keeps what was wrong with it."""

    def __init__(self) -> None:
        super().__init__()
        self.stated = Stated()

    def framework(self, data: Mapping[str, Any], text: str) -> Framework:
        top = Entry(data, "")
        self.known_keys(top, _TOP_KEYS)
        lines = data.get("criterion")
        if not isinstance(lines, list) or not lines or not all(isinstance(e, dict) for e in lines):
            self.fault("empty", "", "criterion")
            raise _UnreadableError
        if len(lines) > MAX_LINES:
            self.fault("many", "", str(MAX_LINES))
            raise _UnreadableError
        self.stated = Stated(
            total=self.number(top, "total") if "total" in data else None,
            criteria=self.whole(top, "criteria_count", 0),
        )
        return Framework(
            id=self.words(top, "id", required=True),
            version=self.whole(top, "version", 1),
            titles=self.titles(top),
            source=self.words(top, "source", required=True),
            applies_to=self.several(top, "applies_to"),
            valid_from=self.day(top, "valid_from") or date.min,
            valid_to=self.day(top, "valid_to") if "valid_to" in data else None,
            criteria=tuple(self.criterion(entry) for entry in lines),
            bands=self.names_of_bands(top),
            bands_on=cast(
                'Literal["percent", "points"]',
                self.choose(top, "bands_on", ("percent", "points"), "percent"),
            ),
            text=text,
        )

    def titles(self, top: Entry) -> dict[str, str]:
        found = top.data.get("title")
        if not isinstance(found, dict):
            self.fault("missing", "", "title.vi")
            return {"vi": ""}
        entry = Entry(found, "")
        self.words(entry, "vi", required=True)
        return {str(key): self.words(entry, key) for key in found}

    def criterion(self, data: Mapping[str, Any]) -> Criterion:
        entry = Entry(data, show_value(data.get("code", "?")))
        self.known_keys(entry, _CRITERION_KEYS)
        given = self.words(entry, "input")
        if given and given not in INPUTS:
            self.fault("input", entry.where, given)
        return Criterion(
            code=self.code(entry, CODE),
            title=self.words(entry, "title", required=True),
            parent=self.words(entry, "parent"),
            maximum=self.number(entry, "maximum"),
            effect=cast("Effect", self.choose(entry, "effect", EFFECTS, "base")),
            input=given,
            rule=self.rule(entry) if "rule" in data else None,
            options=tuple(
                Option(self.code(e, PART), self.words(e, "title", True), self.share(e))
                for e in self.tables(entry, "options")
            ),
            figures=tuple(
                DeclaredFigure(self.code(e, FIGURE), self.words(e, "title", True))
                for e in self.tables(entry, "figures")
            ),
            formula=self.words(entry, "formula"),
            groups=tuple(
                RespondentGroup(
                    self.code(e, PART),
                    self.words(e, "title", True),
                    self.number(e, "weight"),
                )
                for e in self.tables(entry, "groups")
            ),
            zero=self.choose(entry, "zero", ZERO_RULES, "missing"),
            not_applicable=self.flag(entry, "not_applicable", False),
            optional=self.flag(entry, "optional", False),
            self_scored=self.flag(entry, "self_scored", given not in APPRAISED_INPUTS),
            evidence=self.words(entry, "evidence"),
            applies_to=self.several(entry, "applies_to"),
            owner=self.words(entry, "owner"),
            co_owners=self.several(entry, "co_owners"),
            serves=self.words(entry, "serves"),
            decimals=self.whole(entry, "decimals", 2),
            criteria_count=self.whole(entry, "criteria_count", 0),
            example=self.flag(entry, "example", False),
        )

    def rule(self, entry: Entry) -> Rule:
        data = entry.data["rule"]
        kind = show_value(data.get("kind")) if isinstance(data, dict) else ""
        if kind not in RULE_KEYS:
            self.fault("rule", entry.where, kind[:40])
            return Rule("points")
        inner = Entry(data, entry.where)
        self.known_keys(inner, {"kind", "floor", *RULE_KEYS[kind]})
        return Rule(
            kind=cast("RuleKind", kind),
            target=self.number(inner, "target", Fraction(100)),
            each=self.number(inner, "each") if "each" in RULE_KEYS[kind] else Fraction(0),
            bands=self.bands(inner) if kind == "bands" else (),
            floor=self.number(inner, "floor") if "floor" in data else None,
        )

    def bands(self, entry: Entry) -> tuple[Band, ...]:
        steps = entry.data.get("bands")
        if not isinstance(steps, list) or not steps:
            self.fault("missing", entry.where, "bands")
            return ()
        return tuple(self.band(entry, step) for step in steps)

    def band(self, entry: Entry, step: object) -> Band:
        if not isinstance(step, list) or len(step) != 3 or step[0] not in (">", ">="):
            self.fault("band", entry.where, show_value(step))
            return Band(">", Fraction(0), Fraction(0))
        edge, share = (self.fraction(entry.where, "bands", value) for value in step[1:])
        return Band(cast("Comparison", step[0]), edge, share)

    def names_of_bands(self, top: Entry) -> tuple[tuple[Fraction, str], ...]:
        steps = top.data.get("bands", [])
        if not isinstance(steps, list) or not all(
            isinstance(s, list) and len(s) == 2 and isinstance(s[1], str) for s in steps
        ):
            self.fault("band", "", show_value(steps))
            return ()
        found = [(self.fraction("", "bands", edge), name) for edge, name in steps]
        return tuple(sorted(found, reverse=True))
