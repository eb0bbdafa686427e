"""Which pictures a result has, from publishable rows and a snapshot. Only what may be shown goes in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from statistics import median
from typing import Any, Final

from analysis.cells import Variable
from analysis.charts import (
    Cell,
    Factor,
    Frame,
    Picture,
    RankSet,
    Score,
    Shares,
    Trend,
    coverage_picture,
    funnel_picture,
    index_picture,
    likert_picture,
    profile_picture,
    ranks_picture,
    render,
    trend_picture,
    weights_picture,
)
from analysis.engine import Engine
from analysis.method import Method
from analysis.result import PROVINCE
from analysis.snapshot import Snapshot
from analysis.tables import KEYS, weighted

__all__ = [
    "Frame", "comparison_pictures", "coverage_of", "coverage_rows", "factor_profile", "index_trend", "level_rows",
    "levels_of", "render", "weights_of",
]  # fmt: skip
Row = Mapping[str, Any]
TARGET: Final = 90.0
FEWEST_IN_FUNNEL: Final = 12
SHOWN: Final = ("published", "few")


def _score(row: Row) -> Score:
    low, high = (float(row["ci_low"]), float(row["ci_high"]))
    return Score(str(row["agency_name"]), float(row["weighted_index"]), low, high, int(row["n"]))


def _overall(rows: Iterable[Row], kind: str) -> list[Row]:
    return [
        row
        for row in rows
        if row["level"] == "overall" and row["status"] == "published" and row["agency"] != PROVINCE
        and (not kind or row["agency_kind"] == kind)
    ]  # fmt: skip


def comparison_pictures(rows: Sequence[Row], kind: str, frame: Frame) -> dict[str, Picture]:
    """Index, possible ranks and, of enough agencies, the funnel of a kind; nothing when fewer than two are shown."""
    chosen = _overall(rows, kind)
    if len(chosen) < 2:
        return {}
    scores = [_score(row) for row in chosen]
    order = {score.name: place for place, score in enumerate(sorted(scores, key=lambda s: -s.value), start=1)}
    ranks = [
        RankSet(str(row["agency_name"]), order[str(row["agency_name"])], int(row["rank_best"]), int(row["rank_worst"]))
        for row in chosen
    ]
    spread = _spread(chosen)
    funnel = [score._replace(n=round(float(row["n_eff"]))) for score, row in zip(scores, chosen, strict=True)]
    found = {"index": index_picture(scores, TARGET, frame), "ranks": ranks_picture(ranks, frame)}
    if len(chosen) >= FEWEST_IN_FUNNEL:
        found["funnel"] = funnel_picture(funnel, median(score.value for score in scores), spread, frame)
    return found


def _spread(rows: Sequence[Row]) -> Callable[[float], float]:
    """Standard deviation an agency of n effective answers has by chance and by ordinary differences between agencies.

    The second part is the robust spread beyond sampling error (additive over-dispersion, Spiegelhalter 2005): without
    it a funnel of large agencies calls every one of them unusual.
    """
    # What one effective answer is worth: the same for all, so that the limits depend on the number of answers only.
    unit = max(median(float(row["se"]) ** 2 * float(row["n_eff"]) for row in rows), 1e-9)
    values = [float(row["weighted_index"]) for row in rows]
    middle = median(values)
    robust = (1.4826 * median(abs(value - middle) for value in values)) ** 2
    between = max(robust - median(float(row["se"]) ** 2 for row in rows), 0.0)
    return lambda n: float((unit / n + between) ** 0.5)


def factor_profile(rows: Sequence[Row], agency: str, frame: Frame) -> Picture | None:
    """Factors of one agency beside the province; None when a factor may not be shown."""
    mine = [row for row in rows if row["agency"] == agency and row["level"] == "factor"]
    whole = {row["code"]: row for row in rows if row["agency"] == PROVINCE and row["level"] == "factor"}
    usable = [
        row for row in mine
        if row["status"] in SHOWN and row["code"] in whole and whole[row["code"]]["weighted_index"] is not None
    ]  # fmt: skip
    if not usable:
        return None
    factors = []
    for row in usable:
        value, low, high = (float(row[column]) for column in ("weighted_index", "ci_low", "ci_high"))
        factors.append(Factor(str(row["label"]), value, low, high, float(whole[row["code"]]["weighted_index"])))
    return profile_picture(factors, str(usable[0]["agency_name"]), frame)


def index_trend(editions: Sequence[tuple[str, str, Row, Row]], frame: Frame) -> Picture | None:
    """Index of an agency over (period, method checksum, its row, the province's row); a new method breaks the line."""
    usable = [
        (period, sha, mine, whole)
        for period, sha, mine, whole in editions
        if mine["status"] in SHOWN and whole["weighted_index"] is not None
    ]
    if len(usable) < 2:
        return None
    series = {sha: number for number, sha in enumerate(dict.fromkeys(sha for _, sha, _, _ in usable))}
    periods = [
        Trend(period, series[sha], *_score(mine)[1:4], float(whole["weighted_index"]))
        for period, sha, mine, whole in usable
    ]
    return trend_picture(periods, str(usable[0][2]["agency_name"]), frame)


def coverage_rows(snapshot: Snapshot, engine: Engine, shown: Iterable[str], min_n: int) -> list[list[Any]]:
    """[agency, month, answers per 100 dossiers] of agencies that may be shown; None where fewer than ``min_n``."""
    cells = engine.cells(snapshot.parts, ("agency", "month"), [Variable("n", "", "one")])
    n = dict(zip(zip(cells.key("agency"), cells.key("month"), strict=True), cells.n.tolist(), strict=True))
    completed = snapshot.monthly_totals()
    wanted = set(shown)
    return [
        [
            agency,
            month,
            min(round(100 * n[agency, month] / big, 1), 100.0) if n.get((agency, month), 0) >= min_n else None,
        ]
        for (agency, month), big in sorted(completed.items())
        if agency in wanted and big
    ]


def level_rows(snapshot: Snapshot, engine: Engine, shown: Iterable[str]) -> list[list[Any]]:
    """[agency, five whole percentages] of the overall question, unweighted, for agencies that may be shown."""
    variables = [Variable(f"l{level}", "overall", "among", (level,)) for level in range(1, 6)]
    cells = engine.cells(snapshot.parts, ("agency",), variables)
    wanted = set(shown)
    result = []
    for agency, counts in zip(cells.key("agency"), cells.total.tolist(), strict=True):
        if agency in wanted and sum(counts):
            result.append([agency, [round(100 * count / sum(counts)) for count in counts]])
    return result


def coverage_of(stored: Iterable[Sequence[Any]], names: Mapping[str, str], frame: Frame) -> Picture | None:
    """Picture of ``coverage_rows``."""
    cells = [Cell(names[agency], month, percent) for agency, month, percent in stored if agency in names]
    return coverage_picture(cells, frame) if cells else None


def levels_of(stored: Iterable[Sequence[Any]], names: Mapping[str, str], frame: Frame) -> Picture | None:
    """Picture of ``level_rows``."""
    items = [Shares(names[agency], tuple(shares)) for agency, shares in stored if agency in names]
    return likert_picture(items, frame) if items else None


def weights_of(snapshot: Snapshot, method: Method, engine: Engine, frame: Frame) -> Picture | None:
    """Weights before and after the method's trimming; with ``trim = 0`` both are the same."""
    cells = engine.cells(snapshot.parts, KEYS, method.variables())
    completed = {key: n for key, (n, _) in snapshot.totals().items()}
    counted, before = weighted(cells, completed, replace(method, trim=0.0))
    if not len(counted):
        return None
    return weights_picture(before.weight, weighted(cells, completed, method)[1].weight, counted.n, None, frame)
