"""Figures of an edition as the public pages show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from survey.common.numbers import format_number
from survey.common.text import name_order
from survey.public.editions import PublicEdition
from survey.public.words import STATUSES, VERDICTS, label
from survey.scorecards.bridge.methods import Target, read_target
from survey.scorecards.bridge.open_data import public_rows
from survey.scorecards.models import AgencyResult
from survey.scorecards.queries import find_overall

WHOLE: Final = "*"
"""Key of the province as a whole."""


@dataclass(frozen=True)
class Shown:
    """One figure in the active language; ``value`` empty where nothing is told."""

    cell: str
    label: str
    value: str
    interval: tuple[str, str]
    n: str
    note: str
    verdict: str = ""
    key: str = ""


@dataclass(frozen=True)
class AgencyLine:
    """The overall figure of an agency, as lists hold it."""

    key: str
    name: str
    kind: str
    row: Mapping[str, Any]


def show(row: Mapping[str, Any], text: str = "", verdict: str = "", key: str = "") -> Shown:
    """A public row as it is read."""
    value = row["index"]

    def number(name: str) -> str:
        places = -value.as_tuple().exponent
        return format_number(row[name], places)

    told = value is not None
    return Shown(
        cell=row["cell"],
        label=text or label(row["level"], row["code"], row["label"]),
        value=number("index") if told else "",
        interval=(number("ci_low"), number("ci_high")) if told else ("", ""),
        n=format_number(row["n"]) if row["n"] else "",
        note=str(STATUSES[row["status"]]),
        verdict=verdict,
        key=key,
    )


def show_first(rows: Sequence[Mapping[str, Any]]) -> Shown | None:
    """The first of some rows as it is read."""
    return show(rows[0]) if rows else None


@dataclass(frozen=True)
class AgencyFigures:
    """What may be shown of an agency, or of the province."""

    name: str
    kind: str
    rows: list[dict[str, Any]]
    met: bool | None
    """Whether the target is reached beyond doubt (True) or missed; None where neither is sure, and
    of a figure that is not compared.
    """

    def at(self, level: str) -> list[dict[str, Any]]:
        """Rows of a level."""
        return [row for row in self.rows if row["level"] == level]


def agency_rows(one: PublicEdition, key: str) -> AgencyFigures | None:
    """The figures of an agency of an edition, or of the province; None without."""
    found = one.edition.results.filter(
        **({"agency": None} if key == WHOLE else {"agency__key": key})
    ).first()
    if found is None:
        return None
    return AgencyFigures(
        found.name, found.kind, public_rows(found.rows), _is_met(one, find_overall(found))
    )


def _is_met(one: PublicEdition, stored: Mapping[str, Any]) -> bool | None:
    """Decided by the exact limits: rounded ones may lie on the other side."""
    row = public_rows([stored])[0] if stored else None
    if row is None or row["status"] != "published" or row["index"] is None:
        return None
    target = find_target(one)
    if target.met(Decimal(stored["ci_low"])):
        return True
    return None if target.met(Decimal(stored["ci_high"])) else False


@lru_cache(maxsize=8)
def _lines(pk: int, _sum: str) -> tuple[list[AgencyLine], dict[str, list[AgencyLine]]]:
    rows = AgencyResult.objects.filter(edition=pk).exclude(agency=None).select_related("agency")
    lines: list[AgencyLine] = []
    domains: dict[str, list[AgencyLine]] = {}
    for result in rows.iterator(chunk_size=200):
        key = result.agency.key if result.agency else ""
        wanted = (row for row in result.rows if row["level"] in ("overall", "domain"))
        for row in public_rows(wanted):
            line = AgencyLine(key, result.name, result.kind, row)
            if row["level"] == "overall":
                lines.append(line)
            else:
                domains.setdefault(row["code"], []).append(line)
    for found in (lines, *domains.values()):
        found.sort(key=lambda line: name_order(line.name))
    return lines, domains


def agency_lines(one: PublicEdition) -> list[AgencyLine]:
    """Every agency of an edition by name."""
    return _lines(one.edition.pk, one.edition.snapshot_sha256)[0]


def domain_lines(one: PublicEdition) -> Mapping[str, Sequence[AgencyLine]]:
    """By code of a procedure domain the agencies with a figure of it, by name."""
    return _lines(one.edition.pk, one.edition.snapshot_sha256)[1]


def find_verdict(one: PublicEdition, key: str, row: Mapping[str, Any]) -> str:
    """How an agency stands to the mean of its kind; empty where its own figure is not shown or not
    compared.
    """
    if row["level"] != "overall" or row["status"] != "published" or row["index"] is None:
        return ""
    found = one.edition.about.get("standing", {}).get(key)
    return str(VERDICTS[found["verdict_mean"]]) if found else ""


def find_target(one: PublicEdition) -> Target:
    """The target an edition was computed beside."""
    return read_target(one.edition.about)
