"""What became of it in figures: re-checks, pilots beside others, targets, risks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from survey.agencies.models import AgencyKind
from survey.agencies.services import Attributes, found_agency, merge_agencies
from survey.common.periods import parse_period
from survey.followup.effects import (
    edition_pairs,
    evaluate_initiative,
    find_effect,
    is_reached,
    recheck_pairs,
    standing_editions,
)
from survey.followup.inspections import inspected_share, inspections_in, list_risks
from survey.followup.models import FollowUp
from survey.followup.overdue import hand_over_matters
from survey.followup.targets import target_progress
from survey.scorecards.archive import keep_snapshot
from survey.scorecards.bridge.snapshots import snapshot_checksum, take_snapshot
from survey.transactions.services import import_totals
from tests.survey.factories import NOW, Cast
from tests.survey.followup.builders import DAY, Index, opened, released, step
from tests.survey.transactions.builders import csv_file


def test_a_recheck_compares_the_last_figures_before_with_later_ones(cast: Cast) -> None:
    before = released("2026-Q2", {cast.land: (80, 77, 83)})
    released("2026-Q3", {cast.land: (70, 67, 73)})
    after = released("2026-Q4", {cast.land: (87, 84, 90)})
    june, october = released("2026-06", {}), released("2026-10", {})
    released("2026", {cast.land: (99, 98, 100)})
    released("2027-Q1", {}, method_version=4)
    row = step(opened(cast, "finding"), "report", cast.head)
    # The third quarter holds days before the report; the year, and another version of the method,
    # have nothing to be compared with.
    assert recheck_pairs(row) == [(june, october), (before, after)]
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
    pair = released("2026-Q2", {}), released("2026-Q3", {})
    assert edition_pairs(date(2026, 7, day)) == ([pair] if counts else [])


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
    assert is_reached(Fraction(value), operator, Fraction(target)) is reached


@pytest.mark.parametrize(
    ("index", "reached"),
    [((91, 90, 92), None), ((92, 90.01, 94), True), ((80, 78, 90), False), ((90, 88, 92), None)],
)
def test_a_target_of_satisfaction_is_decided_by_the_whole_interval(
    cast: Cast, index: Index, reached: bool | None
) -> None:
    released("2026-Q2", {cast.land: index})
    row = opened(cast, "target")
    assert target_progress([row], DAY)[row.pk].reached is reached


def test_the_province_has_its_own_target_and_an_agency_never_its_figures(cast: Cast) -> None:
    released("2026-Q2", {None: (91.5, 91, 92)})
    own = opened(cast, "target")
    province = opened(cast, "target", agency=cast.province)
    found = target_progress([own, province], DAY)
    assert found[own.pk].value is None
    assert (found[province.pk].value, found[province.pk].reached) == (Decimal("91.50"), True)
    inspected = own.details | {"measure": "inspected", "value": "30"}
    FollowUp.objects.filter(pk=own.pk).update(details=inspected)
    assert target_progress([FollowUp.objects.get(pk=own.pk)], DAY)[own.pk].value is None


def test_a_share_is_compared_before_it_is_rounded(cast: Cast, tmp_path: Path) -> None:
    """94 996 of 100 000 are shown as 95,00 % and are fewer than 95 %; what came after the release
    changes nothing.
    """
    totals = csv_file("2026-05,H20.01,land,counter,100000,94996")
    import_totals(content=totals, file_name="t.csv", by=None, now=NOW)
    edition, period = released("2026-Q2", {}), parse_period("2026-Q2")
    take_snapshot(period=period, folder=tmp_path, now=NOW, province="x")
    edition.snapshot_sha256 = snapshot_checksum(folder=tmp_path)
    edition.save()
    keep_snapshot(tmp_path, edition.snapshot_sha256)
    later = csv_file("2026-05,H20.01,land,counter,100000,100000")
    import_totals(content=later, file_name="t.csv", by=None, now=NOW)
    row = opened(cast, "target")
    row.details |= {"measure": "on-time", "operator": ">=", "value": "95"}
    found = target_progress([row], DAY)[row.pk]
    assert (found.value, found.reached) == (Decimal("95.00"), False)


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
    about = {
        "standing": {cast.land.key: {"verdict_mean": -1}, cast.commune.key: {"verdict_mean": 0}}
    }
    released("2026-Q2", {}, about=about)
    opened(cast, "task", due_on=DAY)
    risks = list_risks(DAY + timedelta(days=40))
    assert risks[0].agency == cast.land
    assert list(risks[0].reasons) == [
        "mức hài lòng thấp hơn rõ rệt so với trung bình cùng loại",
        "quá hạn: 1",
        "chưa thực hiện: 1",
    ]
    assert risks[1].reasons == ()


def test_a_merged_unit_was_inspected_where_its_predecessor_was(cast: Cast) -> None:
    row = opened(cast, "inspection", agency=cast.commune)
    step(row, "carry-out", cast.analyst, text="Kết luận")
    attributes = Attributes(name="Phường mới", kind=AgencyKind.COMMUNE, parent=cast.province)
    other = found_agency(key="99999", on=date(2026, 1, 1), attributes=attributes)
    merge_agencies(
        agencies=[cast.commune, other], into_key="88888", on=date(2026, 9, 1), attributes=attributes
    )
    share = inspected_share(date(2026, 9, 2))
    assert (share.done, share.units) == (1, 2)
    assert inspected_share(date(2026, 8, 14)).done == 0, "not before it was carried out"


def test_open_work_goes_to_who_goes_on_with_the_tasks(cast: Cast) -> None:
    row, done = (
        opened(cast, "task", agency=cast.commune),
        opened(cast, "award", agency=cast.commune),
    )
    attributes = Attributes(name="Phường mới", kind=AgencyKind.COMMUNE, parent=cast.province)
    other = found_agency(key="99999", on=date(2026, 1, 1), attributes=attributes)
    successor = merge_agencies(
        agencies=[cast.commune, other], into_key="88888", on=date(2026, 9, 1), attributes=attributes
    )
    later = datetime(2026, 9, 2, tzinfo=UTC)
    assert hand_over_matters(later) == 1
    assert hand_over_matters(later) == 0
    row.refresh_from_db()
    done.refresh_from_db()
    assert (row.agency, done.agency) == (successor, cast.commune)
    assert list(row.steps.values_list("move", flat=True)) == ["open", "hand-over"]


def test_inspections_belong_to_the_year_they_are_planned_for(cast: Cast) -> None:
    opened(cast, "inspection", due_on=date(2027, 3, 1))
    assert inspections_in(2026).count() == 0
    assert inspections_in(2027).count() == 1
    assert inspected_share(DAY).planned == 0
