"""Which pictures a result has, from publishable rows and a snapshot. Only what may be shown goes in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from statistics import median
from typing import Any, Final

import numpy as np

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
    "levels_of", "render", "told_apart", "weights_of",
]  # fmt: skip
Row = Mapping[str, Any]
TARGET: Final = 90.0
FEWEST_IN_FUNNEL: Final = 12
SHOWN: Final = ("published", "few", "unverified")


def told_apart(rows: Iterable[Row]) -> dict[str, str]:
    """Agency key -> name; agencies of one name get their code behind it."""
    named = {str(row["agency"]): row for row in rows}
    twice = Counter(str(row["agency_name"]) for row in named.values())
    return {
        key: f"{row['agency_name']} ({row['agency_code'] or key})"
        if twice[str(row["agency_name"])] > 1
        else str(row["agency_name"])
        for key, row in named.items()
    }


def _score(row: Row, name: str) -> Score:
    low, high = (float(row["ci_low"]), float(row["ci_high"]))
    return Score(name, float(row["weighted_index"]), low, high, int(row["n"]))


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
    names = told_apart(chosen)
    scores = [_score(row, names[str(row["agency"])]) for row in chosen]
    order = {score.name: place for place, score in enumerate(sorted(scores, key=lambda s: (-s.value, s.name)), start=1)}
    ranks = [
        RankSet(score.name, order[score.name], int(row["rank_best"]), int(row["rank_worst"]))
        for row, score in zip(chosen, scores, strict=True)
    ]
    spread = _spread(chosen)
    funnel = [score._replace(n=round(float(row["n_eff"]))) for score, row in zip(scores, chosen, strict=True)]
    found = {"index": index_picture(scores, TARGET, frame)}
    if len(chosen) < int(chosen[0]["ranked"]):
        # Places and funnel are about all agencies of the kind; an account that sees a few of them gets neither.
        return found
    found["ranks"] = ranks_picture(ranks, frame)
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
        Trend(period, series[sha], *_score(mine, "")[1:4], float(whole["weighted_index"]))
        for period, sha, mine, whole in usable
    ]
    return trend_picture(periods, str(usable[0][2]["agency_name"]), frame)


def coverage_rows(snapshot: Snapshot, engine: Engine, shown: Iterable[str], min_n: int) -> list[list[Any]]:
    """[agency, month, answers per 100 dossiers] of agencies that may be shown.

    None where fewer than ``min_n`` answered, or where such a month could be found by subtraction.
    """
    cells = engine.cells(snapshot.parts, ("agency", "month"), [Variable("n", "", "one")])
    n = dict(zip(zip(cells.key("agency"), cells.key("month"), strict=True), cells.n.tolist(), strict=True))
    wanted = set(shown)
    months: dict[str, dict[str, int]] = {}
    for (agency, month), big in sorted(snapshot.monthly_totals().items()):
        if agency in wanted and big:
            months.setdefault(agency, {})[month] = big
    return [
        [agency, month, None if month in closed else min(round(100 * n[agency, month] / big, 1), 100.0)]
        for agency, completed in months.items()
        for closed in [_closed_months({month: n.get((agency, month), 0) for month in completed}, min_n)]
        for month, big in completed.items()
    ]


def _closed_months(n: Mapping[str, int], min_n: int) -> set[str]:
    """Months of an agency to leave out: few answers, and more until the sum of the year does not tell them."""
    closed = {month for month, count in n.items() if count < min_n}
    others = sorted((month for month in n if month not in closed), key=lambda month: (n[month], month))
    while closed and others and (len(closed) < 2 or sum(n[month] for month in closed) < min_n):
        closed.add(others.pop(0))
    return closed


def level_rows(snapshot: Snapshot, method: Method, engine: Engine, shown: Iterable[str]) -> list[list[Any]]:
    """[agency, five whole percentages] of the overall question, for agencies that may be shown.

    Counted and weighted as the index is: the same evidence classes, caps and dossiers. Left out where fewer than the
    minimum for a place (``min_n_eff``) answered this question.
    """
    variables = [Variable(f"l{level}", "overall", "among", (level,)) for level in range(1, 6)]
    completed = {key: n for key, (n, _) in snapshot.totals().items()}
    cells, weights = weighted(engine.cells(snapshot.parts, KEYS, variables), completed, method)
    sums: dict[str, Any] = {}
    answered: dict[str, float] = {}
    for agency, total, weight in zip(cells.key("agency"), cells.total, weights.weight.tolist(), strict=True):
        sums[agency] = sums.get(agency, 0) + weight * total
        answered[agency] = answered.get(agency, 0.0) + float(total.sum())
    return [
        [agency, [round(100 * part) for part in (sums[agency] / sums[agency].sum()).tolist()]]
        for agency in sorted(set(shown) & set(sums))
        if answered[agency] >= method.min_n_eff
    ]


def coverage_of(stored: Iterable[Sequence[Any]], names: Mapping[str, str], frame: Frame) -> Picture | None:
    """Picture of ``coverage_rows``."""
    cells = [Cell(names[agency], month, percent) for agency, month, percent in stored if agency in names]
    return coverage_picture(cells, frame) if cells else None


def levels_of(stored: Iterable[Sequence[Any]], names: Mapping[str, str], frame: Frame) -> Picture | None:
    """Picture of ``level_rows``."""
    items = [Shares(names[agency], tuple(shares)) for agency, shares in stored if agency in names]
    return likert_picture(items, frame) if items else None


def weights_of(
    snapshot: Snapshot, method: Method, engine: Engine, shown: Iterable[str], frame: Frame
) -> Picture | None:
    """Weights of the agencies shown, before and after the method's trimming; weights of few answers are left out."""
    cells = engine.cells(snapshot.parts, KEYS, method.variables())
    completed = {key: n for key, (n, _) in snapshot.totals().items()}
    counted, before = weighted(cells, completed, replace(method, trim=0.0))
    after = weighted(cells, completed, method)[1].weight
    names, size = np.unique(np.round(before.weight, 1), return_inverse=True)[1], counted.n
    large = np.bincount(names, weights=size)[names] >= method.min_n
    inside = np.isin(counted.key("agency"), list(shown)) & large
    if not inside.any():
        return None
    return weights_picture(before.weight[inside], after[inside], size[inside], None, frame)
