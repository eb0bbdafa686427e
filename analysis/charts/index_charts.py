"""Charts of an index, from publishable rows and what stands beside them. Only what may be shown
goes in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from statistics import median
from typing import Any, Final

from analysis.charts import (
    CoverageCell,
    FactorScore,
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
    trend_picture,
)
from analysis.index.results import PROVINCE
from analysis.publication.targets import SATISFACTION_TARGET, Target

Row = Mapping[str, Any]
MIN_AGENCIES_IN_FUNNEL: Final = 12
SHOWN: Final = ("published", "few", "unverified")


def unique_names(rows: Iterable[Row]) -> dict[str, str]:
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
        if row["level"] == "overall"
        and row["status"] == "published"
        and row["agency"] != PROVINCE
        and (not kind or row["agency_kind"] == kind)
    ]


def comparison_pictures(
    rows: Sequence[Row], kind: str, frame: Frame, target: Target = SATISFACTION_TARGET
) -> dict[str, Picture]:
    """Index, possible ranks and, of enough agencies, the funnel of a kind; nothing when fewer than
    two are shown.
    """
    chosen = _overall(rows, kind)
    if len(chosen) < 2:
        return {}
    names = unique_names(chosen)
    scores = [_score(row, names[str(row["agency"])]) for row in chosen]
    order = {
        score.name: place
        for place, score in enumerate(sorted(scores, key=lambda s: (-s.value, s.name)), start=1)
    }
    ranks = [
        RankSet(score.name, order[score.name], int(row["rank_best"]), int(row["rank_worst"]))
        for row, score in zip(chosen, scores, strict=True)
    ]
    spread = _spread(chosen)
    funnel = [
        score._replace(n=round(float(row["n_eff"])))
        for score, row in zip(scores, chosen, strict=True)
    ]
    found = {"index": index_picture(scores, target, frame)}
    if len(chosen) < int(chosen[0]["ranked"]):
        # Places and funnel are about all agencies of the kind; an account that sees a few of them
        # gets neither.
        return found
    found["ranks"] = ranks_picture(ranks, frame)
    if len(chosen) >= MIN_AGENCIES_IN_FUNNEL:
        found["funnel"] = funnel_picture(
            funnel, median(score.value for score in scores), spread, frame
        )
    return found


def _spread(rows: Sequence[Row]) -> Callable[[float], float]:
    """Standard deviation an agency of n effective answers has by chance and by ordinary differences
    between agencies.

    The second part is the robust spread beyond sampling error (additive over-dispersion,
    Spiegelhalter 2005): without it a funnel of large agencies calls every one of them unusual.
    """
    # What one effective answer is worth: the same for all, so that the limits depend on the number
    # of answers only.
    unit = max(median(float(row["se"]) ** 2 * float(row["n_eff"]) for row in rows), 1e-9)
    values = [float(row["weighted_index"]) for row in rows]
    middle = median(values)
    robust = (1.4826 * median(abs(value - middle) for value in values)) ** 2
    between = max(robust - median(float(row["se"]) ** 2 for row in rows), 0.0)
    return lambda n: float((unit / n + between) ** 0.5)


def factor_profile(rows: Sequence[Row], agency: str, frame: Frame) -> Picture | None:
    """Factors of one agency beside the province; None when a factor may not be shown."""
    mine = [row for row in rows if row["agency"] == agency and row["level"] == "factor"]
    whole = {
        row["code"]: row for row in rows if row["agency"] == PROVINCE and row["level"] == "factor"
    }
    usable = [
        row
        for row in mine
        if row["status"] in SHOWN
        and row["code"] in whole
        and whole[row["code"]]["weighted_index"] is not None
    ]
    if not usable:
        return None
    factors = []
    for row in usable:
        value, low, high = (
            float(row[column]) for column in ("weighted_index", "ci_low", "ci_high")
        )
        factors.append(
            FactorScore(
                str(row["label"]), value, low, high, float(whole[row["code"]]["weighted_index"])
            )
        )
    return profile_picture(factors, str(usable[0]["agency_name"]), frame)


def index_trend(
    editions: Sequence[tuple[str, str, Row, Row]], frame: Frame, reworded: Collection[str] = ()
) -> Picture | None:
    """Index of an agency over (period, method checksum, its row, the province's row); a new method
    breaks the line, periods in which a question was ``reworded`` are marked on it.
    """
    usable, marked, pending = [], [], False
    for period, sha, mine, whole in editions:
        # A mark in a period without a figure goes to the next one that has one.
        pending = pending or period in reworded
        if mine["status"] in SHOWN and whole["weighted_index"] is not None:
            usable.append((period, sha, mine, whole))
            marked.append(pending)
            pending = False
    if len(usable) < 2:
        return None
    series = {
        sha: number for number, sha in enumerate(dict.fromkeys(sha for _, sha, _, _ in usable))
    }
    periods = [
        Trend(
            period,
            series[sha],
            *_score(mine, "")[1:4],
            float(whole["weighted_index"]),
            mark,
        )
        for (period, sha, mine, whole), mark in zip(usable, marked, strict=True)
    ]
    return trend_picture(periods, str(usable[0][2]["agency_name"]), frame)


def draw_coverage(
    stored: Iterable[Sequence[Any]], names: Mapping[str, str], frame: Frame
) -> Picture | None:
    """Picture of ``coverage_rows``."""
    cells = [
        CoverageCell(names[agency], month, percent)
        for agency, month, percent in stored
        if agency in names
    ]
    return coverage_picture(cells, frame) if cells else None


def draw_levels(
    stored: Iterable[Sequence[Any]], names: Mapping[str, str], frame: Frame
) -> Picture | None:
    """Picture of ``level_rows``."""
    items = [Shares(names[agency], tuple(shares)) for agency, shares in stored if agency in names]
    return likert_picture(items, frame) if items else None
