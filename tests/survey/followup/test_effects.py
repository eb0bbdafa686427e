"""What became of it in figures: re-checks, pilots beside others, targets, risks."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from survey.followup.effects import (
    editions_after,
    evaluate_initiative,
    find_effect,
    is_reached,
    recheck_choices,
    standing_editions,
)
from survey.followup.inspections import inspected_share, list_risks
from survey.followup.models import FollowUp
from survey.followup.targets import target_progress
from tests.survey.factories import NOW, Cast
from tests.survey.followup.builders import DAY, opened, released, step


def test_a_recheck_compares_the_last_figures_before_with_later_ones(cast: Cast) -> None:
    before = released("2026-Q2", {cast.land: (80, 77, 83)})
    released("2026-Q3", {cast.land: (70, 67, 73)})
    after = released("2026-Q4", {cast.land: (87, 84, 90)})
    released("2026", {cast.land: (99, 98, 100)})
    row = step(opened(cast, "finding"), "report", cast.head)
    first, later = recheck_choices(row)
    # The third quarter holds days before the finding, the year is no quarter.
    assert (first, later) == (before, [after])
    effect = find_effect(cast.land.pk, before, after)
    assert effect is not None
    assert effect.as_data() == {
        "before": "2026-Q2",
        "after": "2026-Q4",
        "index_before": 80.0,
        "index_after": 87.0,
        "difference": 7.0,
        "low": 2.76,
        "high": 11.24,
        "verdict": "better",
    }


@pytest.mark.parametrize(("day", "counts"), [(1, True), (10, True), (11, False), (30, False)])
def test_a_period_that_had_just_begun_comes_after(cast: Cast, day: int, counts: bool) -> None:
    """Of the 92 days of a quarter at most nine before the report."""
    like = released("2026-Q2", {})
    quarter = released("2026-Q3", {})
    found = editions_after([like, quarter], date(2026, 7, day), like)
    assert found == ([quarter] if counts else [])


def test_withdrawn_figures_and_those_of_another_method_are_none(cast: Cast) -> None:
    stands = released("2026-Q2", {cast.land: (80, 77, 83)})
    released("2026-Q1", {}, withdrawn_at=NOW)
    released("2025-Q4", {}, method="skm-2017")
    assert standing_editions() == [stands]
    assert find_effect(cast.commune.pk, stands, stands) is None


def test_a_pilot_is_held_against_others(cast: Cast) -> None:
    released("2026-Q2", {cast.land: (80, 79, 81), cast.commune: (80, 79, 81)})
    row = opened(cast, "initiative")
    row.details |= {"started_on": "2026-07-05", "others": [cast.commune.pk]}
    assert evaluate_initiative(row) is None
    released("2026-Q4", {cast.land: (90, 89, 91), cast.commune: (85, 84, 86)})
    found = evaluate_initiative(row)
    assert found is not None
    assert found.own.shift.difference == pytest.approx(10)
    assert found.beyond is not None
    assert found.beyond.difference == pytest.approx(5)
    assert found.beyond.verdict == "better"
    assert list(found.others) == [str(cast.commune)]


@pytest.mark.parametrize(
    ("value", "operator", "target", "reached"),
    [("90", ">", "90", False), ("90", ">=", "90", True), ("90.01", ">", "90", True)],
)
def test_above_is_not_at_least(value: str, operator: str, target: str, reached: bool) -> None:
    assert is_reached(Decimal(value), operator, Decimal(target)) is reached


def test_targets_know_where_they_stand(cast: Cast) -> None:
    released("2026-Q2", {cast.land: (90, 88, 92), None: (91.5, 91, 92)})
    own = opened(cast, "target")
    province = FollowUp.objects.create(
        kind="target",
        agency=cast.province,
        title="x",
        details=own.details,
        state="doing",
        opened_by=cast.analyst,
        opened_at=NOW,
    )
    found = target_progress([own, province], DAY)
    assert (found[own.pk].value, found[own.pk].reached) == (Decimal("90.0"), False)
    assert (found[province.pk].value, found[province.pk].reached) == (Decimal("91.50"), True)


def test_nothing_known_is_not_missed(cast: Cast) -> None:
    row = opened(cast, "target")
    assert target_progress([row], DAY)[row.pk].reached is None


def test_the_share_of_inspected_units_counts_those_carried_out(cast: Cast) -> None:
    today = NOW.date()
    assert inspected_share(today).percent == 0
    row = opened(cast, "inspection")
    assert (inspected_share(today).done, inspected_share(today).planned) == (0, 1)
    step(row, "carry-out", cast.analyst, text="Kết luận số 3")
    share = inspected_share(today)
    assert (share.done, share.units, share.percent, share.still_needed) == (1, 2, Decimal(50), 0)
    assert [risk.agency for risk in list_risks(today)] == [cast.commune]
    # Next year counts anew, and remembers.
    next_year = date(2027, 3, 1)
    assert inspected_share(next_year).done == 0
    assert {risk.agency: risk.last_year for risk in list_risks(next_year)} == {
        cast.land: 2026,
        cast.commune: None,
    }


def test_where_to_look_first_says_why(cast: Cast) -> None:
    released("2026-Q2", {cast.land: (70, 67, 73), cast.commune: (95, 93, 97), None: (90, 89, 91)})
    opened(cast, "task", due_on=DAY)
    risks = list_risks(DAY + timedelta(days=40))
    assert risks[0].agency == cast.land
    assert list(risks[0].reasons) == [
        "mức hài lòng chắc chắn thấp hơn toàn tỉnh",
        "quá hạn: 1",
        "chưa thực hiện: 1",
    ]
    assert risks[1].reasons == ()
