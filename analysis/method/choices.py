"""Which values a method may have, and which go together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from analysis.data.schema import EVIDENCE, ITEMS
from analysis.errors import AnalysisError, MethodError
from analysis.estimation.intervals import INTERVALS
from analysis.rounding import MODES

if TYPE_CHECKING:
    from analysis.method import Method

RULES: Final = ("mean-of-items", "pooled", "factor-weighted")
STATISTICS: Final = ("share", "score", "net")
MISSING: Final = ("available", "complete")


def check_values(method: Method, path: Path) -> None:
    """Refuse what cannot be computed or published.

    Raises
    ------
    MethodError
        The first rule that does not hold.
    """
    unknown = [item for item in method.items if item not in ITEMS]
    net = method.statistic == "net"
    low, high = method.range
    checks = [
        (
            method.statistic != "score"
            or (low <= min(method.answers) and max(method.answers) <= high),
            AnalysisError("scale.range must reach from the lowest to the highest answer"),
        ),
        (
            net or method.statistic == "score" or bool(method.satisfied),
            AnalysisError("scale.satisfied names at least one answer"),
        ),
        (bool(method.items), AnalysisError("factors: at least one factor with items is needed")),
        (
            not unknown,
            AnalysisError(
                "factors: item {unknown} is not a column of the snapshot", unknown=unknown[:1]
            ),
        ),
        (
            len(set(method.items)) == len(method.items),
            AnalysisError("factors: an item stands in two factors"),
        ),
        (
            set(method.satisfied) < set(method.answers),
            AnalysisError("scale.satisfied must be a part of scale.answers"),
        ),
        (
            net == bool(method.opposed)
            and set(method.opposed) <= set(method.answers) - set(method.satisfied),
            AnalysisError(
                "scale.opposed belongs to statistic net: answers that count against, none of "
                "them satisfied"
            ),
        ),
        (
            method.rule in RULES,
            AnalysisError("index.rule must be one of {choices}", choices=", ".join(RULES)),
        ),
        (
            method.statistic in STATISTICS,
            AnalysisError(
                "index.statistic must be one of {choices}", choices=", ".join(STATISTICS)
            ),
        ),
        (
            method.detail == "items"
            or (method.detail, method.rule, method.statistic, method.missing)
            == ("factors", "pooled", "share", "available"),
            AnalysisError(
                "index.detail is items, or factors with rule pooled, statistic share and "
                "missing available"
            ),
        ),
        (
            method.missing in MISSING,
            AnalysisError("index.missing must be one of {choices}", choices=", ".join(MISSING)),
        ),
        (
            (method.rule == "factor-weighted") == bool(method.factor_weights)
            and set(method.factor_weights) in (set(), set(method.factors)),
            AnalysisError("factor_weights belong to rule factor-weighted and name each factor"),
        ),
        (
            method.statistic == "share" or method.interval == "t",
            AnalysisError("weighting.interval must be t for a score or a net share"),
        ),
        (
            method.interval in INTERVALS,
            AnalysisError(
                "weighting.interval must be one of {choices}", choices=", ".join(INTERVALS)
            ),
        ),
        (
            bool(method.counted) and {*method.counted, *method.beside} <= set(EVIDENCE),
            AnalysisError(
                "evidence.counted and evidence.beside may hold {choices}",
                choices=", ".join(EVIDENCE),
            ),
        ),
        (
            set(method.weighting_cells) <= {"domain", "channel"},
            AnalysisError("weighting.cells may hold domain and channel"),
        ),
        (
            not method.channel_mix or "channel" in method.weighting_cells,
            AnalysisError("channel_mix needs channel in weighting.cells"),
        ),
        (
            method.trim == 0 or method.trim > 1,
            AnalysisError("weighting.trim is 0 (never) or a multiple of the median above 1"),
        ),
        (
            method.min_cell >= 2,
            AnalysisError("weighting.min_cell must be at least 2: a variance needs two answers"),
        ),
        (
            0.5 < method.confidence < 1,
            AnalysisError("weighting.confidence must lie between 0.5 and 1"),
        ),
        (
            method.min_n >= 1 and method.min_n_eff >= 1,
            AnalysisError("publication: minimum numbers start at 1"),
        ),
        (0 <= method.decimals <= 6, AnalysisError("publication.decimals must lie between 0 and 6")),
        (
            method.rounding in MODES,
            AnalysisError(
                "publication.rounding must be one of {choices}", choices=", ".join(MODES)
            ),
        ),
    ]
    for good, message in checks:
        if not good:
            raise MethodError("{path}: {message}", path=path, message=message)
