"""Every mark is told to analysts, and a method counts by marks that exist."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest
from django.utils import timezone

import analysis
from survey.responses.flags import Flag, find_flag

SNAPSHOT = Path(__file__).parents[3] / "docs" / "snapshot.md"


def test_every_flag_is_described_to_analysts() -> None:
    [line] = re.findall(r"^\| `flag` \|.*$", SNAPSHOT.read_text(encoding="utf-8"), re.MULTILINE)
    assert {flag for flag in Flag if f"`{flag}`" not in line} == set()


def test_what_a_method_never_counts_are_flags() -> None:
    method = analysis.load_method("sipas-service")
    assert set(method.uncounted_flags) < {str(flag) for flag in Flag}


@pytest.mark.parametrize(
    ("channel", "hour", "marks", "flag"),
    [
        ("counter", 9, None, ""),
        ("counter", 5, None, "hours"),
        ("counter", 6, None, ""),
        ("counter", 20, None, "hours"),
        ("online", 23, None, ""),
        ("counter", 9, {"assisted": "relative"}, ""),
        ("counter", 9, {"assisted": "officer"}, "assisted"),
        ("counter", 9, {"assisted": "officer", "flag": "over"}, "over"),
        ("counter", 5, {"flag": "quick"}, "quick"),
    ],
)
def test_an_answer_has_the_mark_of_the_rule(
    channel: str, hour: int, marks: dict[str, str] | None, flag: str
) -> None:
    moment = datetime(2026, 7, 6, hour, tzinfo=timezone.get_default_timezone())
    assert find_flag(channel, moment, marks) == flag
