"""Answers two people take out of every figure, and count again."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from survey.accounts.approvals import ApprovalRequest
from survey.accounts.models import Role, User
from survey.common.periods import parse_period
from survey.responses.exclusions import (
    Exclusion,
    LevelShares,
    compare_levels,
    exclude_answers,
    is_excluded,
    read_exclusions,
)
from survey.responses.models import Response
from survey.responses.services import record_response
from survey.scorecards.bridge.snapshots import take_snapshot
from survey.scorecards.models import AgencyResult, Edition
from survey.scorecards.queries import ToldWithExcluded, told_with_excluded
from tests.survey.console.builders import signed_in
from tests.survey.factories import NOW, Cast, flat

PAGE = reverse("console:exclusions")


@pytest.fixture
def approver(cast: Cast) -> Client:
    return signed_in(
        User.objects.create_user(username="approver", role=Role.APPROVER, body="Thanh tra tỉnh")
    )


def sent(cast: Cast, **more: str) -> dict[str, str]:
    day = f"{timezone.localtime(NOW):%d/%m/%Y}"
    hour = str(timezone.localtime(NOW).hour)
    return {
        "code": cast.code.code,
        "first": day,
        "first_hour": hour,
        "last": day,
        "last_hour": hour,
        "reason": "Tờ dán bị dùng sai",
        **more,
    }


def approve(approver: Client) -> None:
    row = ApprovalRequest.objects.order_by("-pk")[0]
    approver.post(
        reverse("console:approval-decide", args=[row.pk]), {"decision": "approve"}, follow=True
    )


def flags(tmp_path: Path, name: str) -> list[str]:
    snapshot = take_snapshot(
        period=parse_period("2026-Q3"), folder=tmp_path / name, now=NOW, province="Tỉnh"
    )
    return sorted(pl.concat([pl.read_parquet(part) for part in snapshot.parts])["flag"].to_list())


def test_two_people_take_answers_out_and_count_them_again(
    cast: Cast, approver: Client, tmp_path: Path
) -> None:
    for number, hours in enumerate((0, 0, 2)):
        record_response(submission=cast.submission(f"a{number}", now=NOW + timedelta(hours=hours)))
    analyst = signed_in(cast.analyst)
    analyst.post(PAGE, sent(cast))
    assert not Exclusion.objects.exists(), "one person takes nothing out"
    approve(approver)
    assert flags(tmp_path, "a") == ["", "excluded", "excluded"]
    assert Response.objects.count() == 3, "they stay in the record"
    assert "Tờ dán bị dùng sai" in flat(analyst.get(PAGE))
    row = Exclusion.objects.get()
    analyst.post(reverse("console:exclusion-lift", args=[row.pk]), {"reason": "Đã kiểm tra"})
    approve(approver)
    assert flags(tmp_path, "b") == ["", "", ""]
    assert analyst.post(reverse("console:exclusion-lift", args=[row.pk])).status_code == 404


def test_who_only_reads_takes_nothing_out(cast: Cast, approver: Client) -> None:
    assert approver.get(PAGE).status_code == 200
    assert approver.post(PAGE, sent(cast)).status_code == 403
    assert not ApprovalRequest.objects.exists()


def test_answers_by_link_have_no_hour_and_are_never_taken_out(cast: Cast) -> None:
    Exclusion.objects.create(
        counter=cast.land_counter,
        begins=NOW - timedelta(days=1),
        ends=NOW + timedelta(days=1),
        reason="x",
        made_at=NOW,
    )
    spans = read_exclusions(parse_period("2026-Q3"))
    assert is_excluded(spans, cast.land_counter.pk, NOW)
    assert not is_excluded(spans, cast.commune_counter.pk, NOW)
    assert not is_excluded(spans, None, NOW)


@pytest.mark.parametrize(
    "more",
    [
        {"code": "XXXXXXXX"},
        {"code": "\x00"},
        {"first": "31/12/2099", "last": "31/12/2099"},
        {"first": "02/08/2026", "last": "01/08/2026"},
        {"first": "01/01/2026", "last": "01/08/2026"},
        {"first_hour": "24"},
        {"last_hour": "-1"},
        {"reason": ""},
    ],
)
def test_a_span_that_cannot_be_is_refused(cast: Cast, more: dict[str, Any]) -> None:
    assert signed_in(cast.analyst).post(PAGE, sent(cast, **more)).status_code == 422
    assert not ApprovalRequest.objects.exists()


def test_no_method_counts_what_was_taken_out(cast: Cast, approver: Client, tmp_path: Path) -> None:
    """Not even one of the province's own that names no flag."""
    from analysis import open_run
    from analysis.method import FOLDER, load_method

    for number in range(12):
        record_response(submission=cast.submission(f"a{number}"))
    signed_in(cast.analyst).post(PAGE, sent(cast))
    approve(approver)
    flags(tmp_path, "a")
    own = tmp_path / "own.toml"
    text = (FOLDER / "overall.toml").read_text(encoding="utf-8")
    own.write_text(text.replace("[evidence]", "[evidence]\nuncounted_flags = []"))
    for method in (load_method("overall"), load_method(own)):
        run = open_run(tmp_path / "a", method)
        assert {figure.n for figure in run.result.figures} == {0}


def test_who_takes_out_low_ratings_is_seen(cast: Cast) -> None:
    """Of twelve excluded answers nine are low, of all forty twelve."""
    hour = NOW.replace(minute=0)
    for number in range(40):
        early, low = number < 12, number < 9 or number in (20, 21, 22)
        at = hour if early else hour + timedelta(hours=2)
        record_response(submission=cast.submission(f"s{number}", 2 if low else 5, now=at))
    assert compare_levels() == LevelShares(0, 0, 0, 0)
    span = {"begins": hour, "ends": hour + timedelta(hours=1)}
    exclude_answers(counter=cast.land_counter, reason="x", now=timezone.now(), **span)
    assert compare_levels() == LevelShares(12, 9, 40, 12)
    page = flat(signed_in(cast.analyst).get(PAGE))
    assert "75,0% (9 trên 12)" in page
    assert "30,0% (12 trên 40)" in page
    assert not LevelShares(9, 9, 40, 12).is_shown


def released(cast: Cast, period: str = "2026-Q3") -> Edition:
    return Edition.objects.create(
        period=period,
        method="overall",
        method_version=1,
        method_sha256="m",
        snapshot_sha256="s",
        responses=100,
        made_at=NOW,
        released_at=NOW,
    )


def test_what_released_figures_count_is_frozen(cast: Cast, approver: Client) -> None:
    analyst = signed_in(cast.analyst)
    analyst.post(PAGE, sent(cast))
    edition = released(cast)
    approve(approver)
    assert not Exclusion.objects.exists(), "asked before, released meanwhile"
    answered = analyst.post(PAGE, sent(cast), follow=True)
    assert "đã được công bố" in flat(answered)
    assert not Exclusion.objects.exists()
    Edition.objects.filter(pk=edition.pk).update(withdrawn_at=NOW)
    ApprovalRequest.objects.all().delete()
    analyst.post(PAGE, sent(cast))
    approve(approver)
    row = Exclusion.objects.get()
    released(cast, "2026")
    analyst.post(reverse("console:exclusion-lift", args=[row.pk]), {"reason": "Đã kiểm tra"})
    approve(approver)
    row.refresh_from_db()
    assert row.lifted_at is None


def test_a_figure_says_what_it_would_be_with_excluded_answers(cast: Cast) -> None:
    edition = released(cast)
    edition.about = {"with_excluded": {"H20.01": [24, "60.00"]}, "factors": {}}
    edition.save()
    row = {"agency": "H20.01", "level": "overall"}
    told = AgencyResult(edition=edition, agency=cast.land, rows=[row])
    assert told_with_excluded(told) == ToldWithExcluded(24, "60.00")
    other = AgencyResult(edition=edition, agency=cast.commune, rows=[{**row, "agency": "x"}])
    assert told_with_excluded(other) is None
    assert told_with_excluded(None) is None
