"""Points of the national and legacy service indicators: TT 01/2018 and the service group of 766."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache

from analysis.errors import MethodError
from analysis.rounding import half_up
from analysis.scorecards.points import FRAMEWORKS, Number, round_points


@dataclass(frozen=True)
class Metric:
    """One metric of 766: ``min(maximum, maximum * share / full_at)``; ``zero`` = share of points
    without any case.
    """

    maximum: Decimal
    full_at: Decimal
    zero: Decimal

    def points(self, good: int, total: int, decimals: int) -> Decimal:
        """Points for ``good`` of ``total`` cases."""
        if total == 0:
            return round_points(self.maximum * self.zero, decimals)
        return round_points(
            min(self.maximum, self.maximum * (Decimal(good) / total) / self.full_at), decimals
        )


@dataclass(frozen=True)
class Points:
    """A points scheme from ``analysis/frameworks``: metrics (766), or levels, indices and bands (TT
    01/2018).
    """

    id: str
    version: int
    decimals: int
    metrics: Mapping[str, Metric]
    levels: tuple[int, ...]
    indices: Mapping[str, str]
    officer: tuple[str, ...]
    bands: Mapping[str, tuple[tuple[Decimal, str], ...]]
    sha256: str

    def band(self, kind: str, total: Decimal) -> str:
        """Name of the band a total lies in; the lower edges belong to it."""
        return next(name for edge, name in self.bands[kind] if total >= edge)


@cache
def load_points(name: str) -> Points:
    """A shipped scheme: ``766-2022`` or ``tt01-2018``.

    Raises
    ------
    MethodError
        There is no such scheme.

    Examples
    --------
    >>> load_points("766-2022").metrics["dossiers"].points(880, 1000, 2)
    Decimal('5.87')
    """
    path = FRAMEWORKS / f"{name}.toml"
    if not path.is_file():
        raise MethodError(f"there is no points scheme {name!r} in {FRAMEWORKS}")
    raw = path.read_bytes()
    data = tomllib.loads(raw.decode("utf-8"))
    bands = data.get("bands", {})
    return Points(
        id=data["id"],
        version=data["version"],
        decimals=data["decimals"],
        metrics={
            code: Metric(**{key: Decimal(value) for key, value in metric.items()})
            for code, metric in data.get("metrics", {}).items()
        },
        levels=tuple(data.get("levels", ())),
        indices={code: index["title"] for code, index in data.get("indices", {}).items()},
        officer=tuple(data.get("officer", ())),
        bands={
            kind: tuple((Decimal(edge), name) for edge, name in edges)
            for kind, edges in bands.items()
        },
        sha256=hashlib.sha256(raw).hexdigest(),
    )


def points_766(metric: str, good: int, total: int, maximum: Number | None = None) -> Decimal:
    """Points of a metric of the satisfaction group, two places; ``maximum`` where a province's
    table differs.

    Examples
    --------
    >>> points_766("dossiers", 880, 1000), points_766("petitions_on_time", 0, 0)
    (Decimal('5.87'), Decimal('6.00'))
    """
    scheme = load_points("766-2022")
    known = scheme.metrics[metric]
    chosen = known if maximum is None else replace(known, maximum=Decimal(maximum))
    return chosen.points(good, total, scheme.decimals)


def tt01_index(points: Sequence[int]) -> Decimal | None:
    """Mean of the dossiers' 0/1/2 points, one decimal half up; None without dossiers.

    Examples
    --------
    >>> tt01_index([2, 2, 1, 0])
    Decimal('1.3')
    """
    scheme = load_points("tt01-2018")
    if any(point not in scheme.levels for point in points):
        raise MethodError("TT 01/2018: every dossier has 0, 1 or 2 points")
    return half_up(Decimal(sum(points)) / len(points), scheme.decimals) if points else None


def tt01_total(indices: Sequence[Number | None]) -> tuple[Decimal, str]:
    """Sum of the indices there is information for, and its band; missing ones are left out, not
    rescaled.

    Examples
    --------
    >>> tt01_total([2, 2, 2, 2, 2, 1, 2, 1, None])
    (Decimal('14'), 'tốt')
    """
    total = sum((Decimal(value) for value in indices if value is not None), Decimal(0))
    return total, load_points("tt01-2018").band("agency", total)


def tt01_officer(indices: Sequence[Number | None]) -> tuple[Decimal, str]:
    """Sum of the five dossier indices of an officer (at most 10) and the share of the task it
    stands for.

    Examples
    --------
    >>> tt01_officer([2, 2, 2, 1, 1])
    (Decimal('8'), '100 %')
    """
    total = sum((Decimal(value) for value in indices if value is not None), Decimal(0))
    return total, load_points("tt01-2018").band("officer", total)
