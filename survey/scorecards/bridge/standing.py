"""Where agencies stand among their like, from the rows an edition shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import analysis
from survey.scorecards.bridge.methods import Target

Modelled: TypeAlias = analysis.ModelledShare


def model_shares(shares: Sequence[tuple[float, float, float, float]]) -> list[Modelled]:
    """What a model says of agencies of one kind, from index, lower and upper limit, and answers."""
    return analysis.model_shares(shares)


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
