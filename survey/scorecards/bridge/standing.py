"""Where agencies stand among their like, from the rows an edition shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import analysis
from survey.scorecards.bridge.methods import Target


def find_standing(rows: Iterable[Mapping[str, Any]], target: Target) -> dict[str, dict[str, Any]]:
    """Agency key -> its verdicts and expected rank; agencies of which nothing can be said are not
    among them.
    """
    lines = analysis.standing_by_kind({"rows": list(rows)}, float(target.value))
    kept = (
        "compared",
        "verdict_mean",
        "expected_rank",
        "rank_low",
        "rank_high",
        "list_reliability",
        "answers_to_next",
        "answers_apart",
    )
    return {str(line["agency"]): {name: line[name] for name in kept} for line in lines}
