"""What releases of overlapping periods tell together."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from survey.common.periods import parse_period
from survey.scorecards.models import AgencyResult, Edition
from survey.scorecards.queries import releases_sharing
from survey.scorecards.services import _known_numbers

pytestmark = pytest.mark.django_db
FACTORS = {"OVERALL": ["overall"]}


def release(
    period: str, n: int | None, made: datetime, method: str = "overall", **about: Any
) -> Edition:
    edition = Edition.objects.create(
        period=period,
        method=method,
        method_version=2,
        method_sha256=method + period,
        snapshot_sha256=str(made),
        responses=100,
        about={"factors": FACTORS, **about},
        made_at=made,
    )
    row = {"agency": "a", "level": "overall", "code": "overall", "n": n, "status": "published"}
    AgencyResult.objects.create(edition=edition, name="A", kind="commune", rows=[row])
    return edition


def test_a_quarter_minus_two_of_its_months_is_known() -> None:
    release("2026-07", 40, datetime(2026, 8, 3, tzinfo=UTC))
    release("2026-08", 35, datetime(2026, 9, 3, tzinfo=UTC))
    period = parse_period("2026-Q3")
    known = _known_numbers(releases_sharing(period, {"overall"}), period)
    assert sorted(numbers["a", "overall", "overall"] for numbers in known) == [35, 40, 75]


def test_previews_other_periods_and_other_questions_are_not_releases() -> None:
    release("2026-08", 35, datetime(2026, 8, 20, tzinfo=UTC))
    release("2026-Q2", 35, datetime(2026, 9, 20, tzinfo=UTC))
    release("2026-07", 35, datetime(2026, 9, 20, tzinfo=UTC), factors={"ACCESS": ["A1"]})
    assert releases_sharing(parse_period("2026-Q3"), {"overall"}) == []


def test_another_method_about_the_same_questions_is_compared_and_hidden_numbers_are_not() -> None:
    release("2026-07", 35, datetime(2026, 9, 20, tzinfo=UTC), method="own-strict")
    release("2026-08", None, datetime(2026, 9, 20, tzinfo=UTC))
    period = parse_period("2026-Q3")
    assert [
        list(numbers.values())
        for numbers in _known_numbers(releases_sharing(period, {"overall"}), period)
    ] in (
        [[], [35]],
        [[35], []],
        [[], [35], []],
        [[35], [], []],
    )
