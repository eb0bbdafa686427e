"""What releases of overlapping periods tell together."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from survey.common.periods import parse_period
from survey.scorecards.differencing import ReleasedFigure, known_numbers
from survey.scorecards.models import AgencyResult, Edition
from survey.scorecards.queries import figures_shown, releases_about

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


def known(period: str, n: int) -> set[int]:
    """Numbers that a figure of ``n`` answers would tell, small ones told by their distance."""
    place = ("a", "overall", "overall")
    releases = [figures_shown(edition) for edition in releases_about({"overall"})]
    rows = known_numbers(
        parse_period(period), "overall", {place: ReleasedFigure(n, None)}, releases
    )
    return {abs(n - row[place]) for row in rows if place in row}


def test_a_quarter_minus_two_of_its_months_is_known() -> None:
    release("2026-07", 40, datetime(2026, 8, 3, tzinfo=UTC))
    release("2026-08", 35, datetime(2026, 9, 3, tzinfo=UTC))
    assert 4 in known("2026-Q3", 79)


@pytest.mark.parametrize("last", ["2026-07", "2026-08", "2026-09", "2026-Q3"])
def test_every_month_a_release_completes_is_known(last: str) -> None:
    """Whatever comes last: the month that was not released is told by the others."""
    n = {"2026-07": 40, "2026-08": 35, "2026-09": 4, "2026-Q3": 79}
    missing = "2026-09" if last != "2026-09" else "2026-08"
    for period in n:
        if period not in (last, missing):
            release(period, n[period], datetime(2026, 11, 3, tzinfo=UTC))
    assert n[missing] in known(last, n[last])


def test_a_year_is_known_without_quarters_and_months_in_it() -> None:
    for period, n in (("2026-Q1", 120), ("2026-Q2", 110), ("2026-9M", 330), ("2026-11", 30)):
        release(period, n, datetime(2027, 1, 3, tzinfo=UTC))
    assert 5 in known("2026", 330 + 30 + 5), "October and December together"


def test_months_that_do_not_follow_each_other_are_known_together() -> None:
    release("2026-08", 35, datetime(2026, 11, 3, tzinfo=UTC))
    assert 6 in known("2026-Q3", 41), "July and September"


def test_previews_and_other_questions_are_not_releases() -> None:
    release("2026-08", 35, datetime(2026, 8, 20, tzinfo=UTC))
    release("2026-07", 35, datetime(2026, 9, 20, tzinfo=UTC), factors={"ACCESS": ["A1"]})
    assert releases_about({"overall"}) == []


def test_another_method_about_the_same_questions_is_compared_and_hidden_numbers_are_not() -> None:
    release("2026-07", 35, datetime(2026, 9, 20, tzinfo=UTC), method="own-strict")
    release("2026-08", None, datetime(2026, 9, 20, tzinfo=UTC))
    assert known("2026-Q3", 40) == {5}
