"""An agency split by pages, and changes taken back until something was counted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from survey.accounts.approvals import ApprovalRequest
from survey.accounts.models import Role, User
from survey.agencies.models import Agency, AgencyVersion, Counter, Hosting, Succession
from survey.agencies.queries import version_on
from survey.agencies.services import (
    Attributes,
    dissolve_agency,
    found_agency,
    merge_agencies,
    split_agency,
)
from survey.agencies.undoing import undo_change
from survey.responses.services import AnswerPlace, record_response
from tests.survey.console.builders import signed_in
from tests.survey.factories import Cast, flat


@pytest.fixture
def approver(cast: Cast) -> Client:
    return signed_in(User.objects.create_user(username="approver", role=Role.APPROVER))


def state() -> list[Any]:
    """Everything a change of agencies may move."""
    return [
        sorted(Agency.objects.values_list("pk", flat=True)),
        sorted(AgencyVersion.objects.values_list("agency", "name", "valid_from")),
        sorted(AgencyVersion.objects.filter(valid_to=None).values_list("agency", flat=True)),
        sorted(Counter.objects.values_list("pk", "agency", "closed_on")),
        sorted(Hosting.objects.filter(valid_to=None).values_list("office", "agency")),
        sorted(User.objects.values_list("pk", "agency")),
        Succession.objects.count(),
    ]


@pytest.fixture
def settled(cast: Cast) -> Cast:
    """The land department with two counters, hosted at their offices."""
    second = cast.commune_counter.office
    Counter.objects.create(office=second, agency=cast.land, number=7)
    for office in (cast.land_counter.office, second):
        Hosting.objects.create(office=office, agency=cast.land, valid_from="2025-07-01")
    Hosting.objects.create(office=second, agency=cast.commune, valid_from="2025-07-01")
    return cast


def split(cast: Cast, **more: Any) -> Any:
    sent = {
        "name": "Sở Nông nghiệp",
        "code": "H20.31",
        "second_name": "Sở Môi trường",
        "second_code": "H20.32",
        "counters": [str(Counter.objects.get(number=7).pk)],
        "on": f"{timezone.localdate():%d/%m/%Y}",
        "reason": "Nghị quyết của HĐND tỉnh",
        **more,
    }
    address = reverse("console:unit-split", args=[cast.land.pk])
    return signed_in(cast.analyst).post(address, sent, follow=True)


def approve(approver: Client) -> Any:
    row = ApprovalRequest.objects.order_by("-pk")[0]
    address = reverse("console:approval-decide", args=[row.pk])
    return approver.post(address, {"decision": "approve"}, follow=True)


def undo(cast: Cast, agency: Agency) -> Any:
    address = reverse("console:unit-undo", args=[agency.pk])
    return signed_in(cast.analyst).post(address, {"reason": "Nhầm ngày"}, follow=True)


def test_two_people_split_an_agency_and_its_counters_go_where_they_were_put(
    settled: Cast, approver: Client
) -> None:
    split(settled)
    assert version_on(settled.land, timezone.localdate()) is not None, "one person changes nothing"
    approve(approver)
    settled.land_counter.refresh_from_db()
    moved = Counter.objects.get(number=7)
    assert str(settled.land_counter.agency) == "Sở Nông nghiệp"
    assert str(moved.agency) == "Sở Môi trường"
    settled.head.refresh_from_db()
    assert settled.head.agency == settled.land_counter.agency
    hosted = Hosting.objects.filter(office=moved.office, agency=moved.agency, valid_to=None)
    assert hosted.exists()
    page = flat(signed_in(settled.analyst).get(reverse("console:unit", args=[settled.land.pk])))
    assert "Sở Môi trường" in page


def test_a_split_is_taken_back_whole(settled: Cast, approver: Client) -> None:
    before = state()
    split(settled)
    approve(approver)
    assert state() != before
    undo(settled, settled.land)
    approve(approver)
    assert state() == before


@pytest.mark.parametrize("kind", ["merge", "dissolve"])
def test_mergers_and_dissolutions_are_taken_back_whole(settled: Cast, kind: str) -> None:
    before = state()
    today = timezone.localdate()
    if kind == "merge":
        merge_agencies(
            agencies=[settled.land, settled.commune],
            into_key="new",
            on=today,
            attributes=Attributes(name="Mới", kind="department", parent=settled.province),
        )
    else:
        dissolve_agency(agency=settled.land, on=today, successor=settled.commune)
    assert state() != before
    undo_change(agency=settled.land)
    assert state() == before


def test_what_was_counted_is_not_taken_back(settled: Cast, approver: Client) -> None:
    split(settled)
    approve(approver)
    settled.land_counter.refresh_from_db()
    place = AnswerPlace.at_counter(settled.land_counter)
    record_response(submission=settled.submission("x", place=place))
    before = state()
    assert "không thể hoàn tác" in flat(undo(settled, settled.land))
    assert state() == before


def test_after_a_dissolution_an_answer_at_its_counters_counts(settled: Cast) -> None:
    dissolve_agency(agency=settled.land, on=timezone.localdate(), successor=settled.commune)
    settled.land_counter.refresh_from_db()
    record_response(
        submission=settled.submission("x", place=AnswerPlace.at_counter(settled.land_counter))
    )
    assert "không thể hoàn tác" in flat(undo(settled, settled.land))


def test_what_changed_again_is_undone_in_order(settled: Cast) -> None:
    today = timezone.localdate()
    merged = merge_agencies(
        agencies=[settled.land, settled.commune],
        into_key="new",
        on=today - timedelta(days=9),
        attributes=Attributes(name="Mới", kind="department", parent=settled.province),
    )
    dissolve_agency(agency=merged, on=today, successor=settled.province)
    before = state()
    with pytest.raises(ValidationError):
        undo_change(agency=settled.land)
    assert state() == before
    undo_change(agency=merged)
    undo_change(agency=settled.land)
    assert version_on(settled.land, today) is not None


def test_an_agency_in_force_has_nothing_to_take_back(settled: Cast) -> None:
    assert undo(settled, settled.land).status_code == 404


def test_a_dissolution_whose_successor_merged_is_not_taken_back_first(settled: Cast) -> None:
    today = timezone.localdate()
    dissolve_agency(agency=settled.land, on=today - timedelta(days=5), successor=settled.commune)
    other = found_agency(
        key="x",
        on=today - timedelta(days=50),
        attributes=Attributes(name="X", kind="department", parent=settled.province),
    )
    merge_agencies(
        agencies=[settled.commune, other],
        into_key="new",
        on=today,
        attributes=Attributes(name="Mới", kind="department", parent=settled.province),
    )
    before = state()
    with pytest.raises(ValidationError):
        undo_change(agency=settled.land)
    assert state() == before


def test_who_decides_sees_codes_and_counters_and_a_closed_counter_voids_the_request(
    settled: Cast, approver: Client
) -> None:
    split(settled)
    row = ApprovalRequest.objects.get()
    for words in ("H20.31", "H20.32", str(Counter.objects.get(number=7))):
        assert words in row.subject
    Counter.objects.filter(number=7).update(closed_on=timezone.localdate())
    before = state()
    approve(approver)
    assert state() == before


@pytest.mark.parametrize(
    "sent",
    [
        {"name": ""},
        {"second_name": ""},
        {"counters": ["999999"]},
        {"counters": ["x"]},
        {"on": "31/12/2099"},
        {"on": "\x00"},
        {"reason": ""},
    ],
)
def test_a_split_that_cannot_be_is_refused(settled: Cast, sent: dict[str, Any]) -> None:
    assert split(settled, **sent).status_code == 422
    assert not ApprovalRequest.objects.exists()


def test_codes_of_others_and_twice_the_same_are_refused(settled: Cast) -> None:
    for codes in ({"code": "28261"}, {"code": "H20.9", "second_code": "H20.9"}):
        assert "Mã này đã thuộc về cơ quan khác" in flat(split(settled, **codes))
        assert not ApprovalRequest.objects.exists()
        assert version_on(settled.land, timezone.localdate()) is not None


def test_the_library_function_needs_two_parts(settled: Cast) -> None:
    with pytest.raises(ValidationError):
        split_agency(agency=settled.land, on=timezone.localdate(), parts={}, counters={})
