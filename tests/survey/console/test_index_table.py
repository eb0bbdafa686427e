"""The target has one definition; a page says it with its comparison."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.utils.translation import override

from analysis import Target
from survey.console.index_table import Axis, build_line


def row(low: str, high: str) -> dict[str, Any]:
    keys = (
        "level code status n transactions response_rate unweighted_index weighted_index n_eff "
        "rank_best rank_worst"
    )
    empty = dict.fromkeys(keys.split())
    return {**empty, "status": "published", "weighted_index": low, "ci_low": low, "ci_high": high}


@pytest.mark.parametrize(
    ("operator", "low", "high", "met"),
    [
        (">", "90.01", "95", True),
        (">", "90", "95", None),
        (">", "85", "90", False),
        (">=", "90", "95", True),
        (">=", "85", "90", None),
        (">=", "85", "89.99", False),
    ],
)
def test_a_line_meets_the_target_in_force(
    operator: Any, low: str, high: str, met: bool | None
) -> None:
    axis = Axis(0, Target(operator, Decimal(90)))
    assert build_line(row(low, high), axis, label="A").met is met


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (Target(">", Decimal(90)), "Mục tiêu: trên 90%"),
        (Target(">=", Decimal("92.5")), "Mục tiêu: từ 92,5% trở lên"),
    ],
)
def test_the_target_is_said_with_its_comparison(target: Target, words: str) -> None:
    with override("vi"):
        assert Axis(0, target).target_words == words
