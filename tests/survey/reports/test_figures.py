"""Sentences about figures in a report: what they say of a change."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from survey.reports.figures import tell_index
from survey.scorecards.models import Edition


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (
            81.5,
            90.5,
            "+6,00 điểm phần trăm (tốt hơn trước)",
        ),  # the intervals overlap, the change is sure
        (79.0, 93.0, "+6,00 điểm phần trăm (không thấy khác biệt)"),
    ],
)
def test_the_change_is_judged_by_the_interval_of_the_difference(
    low: float, high: float, words: str
) -> None:
    before = {"weighted_index": 80, "ci_low": 77, "ci_high": 83}
    row = {"weighted_index": 86, "ci_low": low, "ci_high": high, "n": 100}
    with override("vi"):
        blocks = tell_index(Edition(period="2026-Q3", about={}), row, before)
    assert words in str(blocks)
