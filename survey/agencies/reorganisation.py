"""Loads the real units before and after the reorganisation of 2025-07-01, for some provinces or the
whole country.

Keys: units in force since 2025-07-01 have their official code as key (``82`` province, ``28249``
commune); units that ended carry ``-2025`` behind it, because the official codes were used again for
other units.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from django.db import transaction
from tqdm import tqdm

from survey.agencies.models import Agency, AgencyKind, AgencyVersion, Succession, SuccessionKind

DATA: Final = Path(__file__).parent / "data"
REORGANISED_ON: Final = date(2025, 7, 1)
BEGAN_ON: Final = date(2004, 1, 1)
"""Start given to the older units: the data say how they were, not since when."""


@dataclass(frozen=True)
class Unit:
    """One administrative unit with its people's committee."""

    key: str
    code: str
    name: str
    kind: AgencyKind
    parent: str | None
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True)
class Loaded:
    """How many rows are there after loading."""

    units: int
    links: int


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _old(code: str) -> str:
    return f"{code}-2025"


def committee(unit: str) -> str:
    """Name of the people's committee of a unit: «Phường Mỹ Tho» -> «UBND phường Mỹ Tho»."""
    first, _space, rest = unit.partition(" ")
    return (
        f"UBND {first.lower()} {rest}"
        if first in ("Tỉnh", "Phường", "Xã", "Huyện", "Quận")
        else f"UBND {unit[0].lower()}{unit[1:]}"
    )


def units_now() -> Iterator[Unit]:
    """34 provinces and their communes, provinces first."""
    rows = list(_rows("units_2025.csv"))
    for code, name in sorted({(row["province_code"], row["province"]) for row in rows}):
        yield Unit(code, code, committee(name), AgencyKind.PROVINCE, None, REORGANISED_ON, None)
    for row in rows:
        name = committee(row["commune"])
        yield Unit(
            row["commune_code"],
            row["commune_code"],
            name,
            AgencyKind.COMMUNE,
            row["province_code"],
            REORGANISED_ON,
            None,
        )


def units_before() -> Iterator[Unit]:
    """63 provinces, their districts and communes as they were until 2025-06-30."""
    rows = list(_rows("units_before_2025_07.csv"))
    span = (BEGAN_ON, REORGANISED_ON)
    for code, name in sorted({(row["province_code"], row["province"]) for row in rows}):
        yield Unit("p" + _old(code), code, committee(name), AgencyKind.PROVINCE, None, *span)
    for province, code, name in sorted(
        {(row["province_code"], row["district_code"], row["district"]) for row in rows}
    ):
        yield Unit(
            "h" + _old(code),
            code,
            committee(name),
            AgencyKind.DISTRICT,
            "p" + _old(province),
            *span,
        )
    for row in rows:
        name = committee(row["commune"])
        code, parent = row["commune_code"], "h" + _old(row["district_code"])
        yield Unit(_old(code), code, name, AgencyKind.COMMUNE, parent, *span)


def _find_provinces(units: Iterable[Unit]) -> dict[str, str]:
    """Key of every unit -> key of its province; parents come before children."""
    province: dict[str, str] = {}
    for unit in units:
        province[unit.key] = unit.key if unit.parent is None else province[unit.parent]
    return province


def _links(province_of: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    """(old key, new key, extent) for communes, and for provinces as a whole."""
    provinces = {}
    for row in _rows("mergers_2025.csv"):
        old, new = _old(row["old_commune_code"]), row["new_commune_code"]
        yield old, new, row["extent"]
        provinces[province_of[old], province_of[new]] = "whole"
    for (old, new), extent in provinces.items():
        yield old, new, extent


@transaction.atomic
def load_units(*, provinces: Collection[str] | None = None, progress: bool = False) -> Loaded:
    """Load units, predecessors and successor links; what is already there is left as it is.

    Parameters
    ----------
    provinces : codes of today's provinces, e.g. ``{"82"}``; None loads the whole country.
    """
    units = [*units_now(), *units_before()]
    province_of = _find_provinces(units)
    links = list(_links(province_of))
    wanted = {province_of[unit.key] for unit in units}
    if provinces is not None:
        wanted = set(provinces) | {
            old for old, new, _ in links if new in provinces and old.startswith("p")
        }
    chosen = [unit for unit in units if province_of[unit.key] in wanted]
    ids = dict(Agency.objects.values_list("key", "pk"))
    new = [unit for unit in chosen if unit.key not in ids]
    with tqdm(
        total=len(new) + len(links), desc="Đơn vị hành chính", disable=not progress, unit=""
    ) as bar:
        Agency.objects.bulk_create((Agency(key=unit.key) for unit in new), batch_size=1000)
        ids = dict(Agency.objects.values_list("key", "pk"))
        for start in range(0, len(new), 1000):
            batch = new[start : start + 1000]
            AgencyVersion.objects.bulk_create(_version(unit, ids) for unit in batch)
            bar.update(len(batch))
        fitting = [link for link in links if link[0] in ids and link[1] in ids]
        for start in range(0, len(fitting), 1000):
            batch_links = fitting[start : start + 1000]
            Succession.objects.bulk_create(
                (_succession(link, ids) for link in batch_links), ignore_conflicts=True
            )
            bar.update(len(batch_links))
    return Loaded(units=len(chosen), links=len(fitting))


def _version(unit: Unit, ids: dict[str, int]) -> AgencyVersion:
    return AgencyVersion(
        agency_id=ids[unit.key],
        name=unit.name,
        kind=unit.kind,
        parent_id=ids[unit.parent] if unit.parent else None,
        unit_code=unit.code,
        valid_from=unit.valid_from,
        valid_to=unit.valid_to,
    )


def _succession(link: tuple[str, str, str], ids: dict[str, int]) -> Succession:
    old, new, extent = link
    return Succession(
        predecessor_id=ids[old],
        successor_id=ids[new],
        on=REORGANISED_ON,
        change=SuccessionKind.MERGE,
        extent=extent,
    )
