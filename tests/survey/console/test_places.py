"""Places by pages: offices, counters, agencies; what ends is decided by two."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from survey.access.posters import issue_code
from survey.accounts.approvals import ApprovalRequest
from survey.accounts.audit import record_event
from survey.accounts.models import Role
from survey.agencies.models import Agency, Counter, Hosting, Office, ProcedureDomain
from survey.agencies.queries import tree_on, version_on
from survey.scorecards.models import AgencyResult, Edition
from survey.transactions.models import MonthlyTotal, TotalsImport
from tests.survey.accounts.builders import account
from tests.survey.console.builders import signed_in
from tests.survey.factories import START, Cast


@pytest.fixture
def admin(cast: Cast) -> Client:
    return signed_in(account("admin", role=Role.PROVINCE_ADMIN))


def day(offset: int = 0) -> str:
    return (timezone.localdate() + timedelta(days=offset)).strftime("%d/%m/%Y")


def test_from_a_new_office_to_an_answer_by_pages_only(
    cast: Cast, admin: Client, citizen: Client
) -> None:
    sent = {"name": "Trung tâm xã An Bình", "address": "Ấp 3", "phone": ""}
    assert admin.post("/staff/places/new", sent).status_code == 302
    office = Office.objects.get(name="Trung tâm xã An Bình")
    counter = {"agency": cast.commune.pk, "domain": "", "number": "1", "name": ""}
    assert admin.post(f"/staff/places/{office.pk}/counters", counter).status_code == 302
    made = office.counters.get()
    assert Hosting.objects.filter(office=office, agency=cast.commune, valid_to=None).exists()
    again = admin.post(f"/staff/places/{office.pk}/counters", counter)
    assert again.status_code == 422
    assert "đã có quầy mang số đó" in again.content.decode()
    admin.post(f"/staff/counters/{made.pk}/issue")
    code = made.codes.get().code
    assert "An Bình" in citizen.get(f"/{code}").content.decode()
    admin.post(f"/staff/counters/{made.pk}/close")
    made.refresh_from_db()
    assert made.closed_on == timezone.localdate()
    page = admin.post(f"/staff/counters/{made.pk}/close", follow=True).content.decode()
    assert "đã đóng" in page
    admin.post(f"/staff/places/{office.pk}", sent | {"address": "Ấp 4"})
    office.refresh_from_db()
    assert office.address == "Ấp 4"


def test_offices_and_agencies_are_found_without_accents_and_by_code(
    cast: Cast, admin: Client
) -> None:
    assert "Mỹ Tho" in admin.get("/staff/agencies?q=my tho").content.decode()
    assert "Sở Nông nghiệp" in admin.get("/staff/agencies?q=h20.01").content.decode()
    assert "Sở Nông nghiệp" not in admin.get("/staff/agencies?kind=commune").content.decode()
    assert "phường" in admin.get("/staff/places?q=my tho").content.decode()
    Office.objects.bulk_create(Office(key=f"q{n}", name=f"A&B {n}") for n in range(25))
    page = admin.get("/staff/places?q=A%26B").content.decode()
    assert "?q=A%26B&amp;page=2" in page, "the way to the next page keeps what was searched"
    assert "A&amp;B 24" in admin.get("/staff/places?q=A%26B&page=2").content.decode()
    for odd in ("?q=%00%25", "?page=9999", "?kind=odd", "?q=" + "x" * 500):
        assert admin.get(f"/staff/agencies{odd}").status_code == 200
        assert admin.get(f"/staff/places{odd}").status_code == 200


def test_a_new_agency_and_a_new_name_hold_from_their_day(cast: Cast, admin: Client) -> None:
    sent = {
        "name": "Sở Dân tộc và Tôn giáo",
        "kind": "department",
        "parent": cast.province.pk,
        "agency_code": "H20.77",
        "on": day(),
    }
    assert admin.post("/staff/agencies/new", sent).status_code == 302
    made = Agency.objects.get(versions__agency_code="H20.77")
    assert admin.post("/staff/agencies/new", sent).status_code == 422, "the code is taken"
    renamed = sent | {"name": "Sở Dân tộc", "on": day(1)}
    assert admin.post(f"/staff/agencies/{made.pk}", renamed).status_code == 302
    today = timezone.localdate()
    before, after = version_on(made, today), version_on(made, today + timedelta(days=1))
    assert before is not None
    assert after is not None
    assert (before.name, after.name) == ("Sở Dân tộc và Tôn giáo", "Sở Dân tộc")
    clash = sent | {"agency_code": "H20.01", "on": day(2)}
    page = admin.post(f"/staff/agencies/{made.pk}", clash)
    assert page.status_code == 422
    assert "thuộc về cơ quan khác" in page.content.decode()
    for change in ({"on": "99/99/2026"}, {"name": ""}, {"kind": "odd"}, {"parent": "x"}):
        assert admin.post("/staff/agencies/new", sent | change).status_code == 422, change


def test_a_merge_is_asked_for_by_one_and_done_by_another(cast: Cast, admin: Client) -> None:
    path = f"/staff/agencies/{cast.land.pk}"
    sent: dict[str, Any] = {
        "other": cast.commune.pk,
        "name": "Cơ quan mới",
        "code": "H20.99",
        "on": day(),
        "reason": "Nghị quyết 12",
    }
    assert admin.post(f"{path}/merge", sent | {"other": ""}).status_code == 422
    assert admin.post(f"{path}/merge", sent | {"on": day(3)}).status_code == 422
    admin.post(f"{path}/merge", sent)
    row = ApprovalRequest.objects.get()
    assert "Cơ quan mới" in row.subject
    admin.post(f"/staff/approvals/{row.pk}/decide", {"decision": "approve"})
    assert version_on(cast.land, timezone.localdate()), "not by who asked"
    approver = signed_in(account("approver", role=Role.APPROVER))
    assert "Cơ quan mới" in approver.get("/staff/approvals").content.decode()
    approver.post(f"/staff/approvals/{row.pk}/decide", {"decision": "approve"})
    assert version_on(cast.land, timezone.localdate()) is None
    successor = Agency.objects.get(versions__agency_code="H20.99")
    assert set(Counter.objects.values_list("agency", flat=True)) == {successor.pk}
    cast.head.refresh_from_db()
    assert cast.head.agency == successor, "accounts go on under it, too"
    assert "Cơ quan mới" in admin.get(path).content.decode(), "history says what it became"


def test_who_decides_sees_what_moves_and_what_stays(cast: Cast, admin: Client) -> None:
    source = TotalsImport.objects.create(file_name="t.csv", imported_at=timezone.now(), rows=2)
    for month in (date(2026, 7, 1), date(2026, 8, 1)):
        MonthlyTotal.objects.create(
            agency=cast.land,
            domain=ProcedureDomain.objects.all()[0],
            channel="counter",
            month=month,
            completed=10,
            on_time=9,
            source=source,
        )
    edition = Edition.objects.create(
        period="2026-Q3",
        method="overall",
        responses=0,
        snapshot_sha256="",
        about={},
        made_at=timezone.now(),
        method_version=1,
        released_at=timezone.now(),
    )
    AgencyResult.objects.create(edition=edition, agency=cast.land, name="Sở", kind="x", rows=[])
    moving, staying = f"quầy đang mở: {cast.land.counters.count()}", "tháng có hồ sơ: 2"
    assert cast.land.staff.count() == 1
    shown = admin.get(f"/staff/agencies/{cast.land.pk}").content.decode()
    assert moving in shown
    assert staying in shown
    assert "kỳ đã công bố số liệu: 1" in shown
    assert "Phải chuyển trước" not in shown
    above = admin.get(f"/staff/agencies/{cast.province.pk}").content.decode()
    assert "Phải chuyển trước:" in above, "what lies below is moved by nobody"
    sent = {"other": cast.commune.pk, "name": "Mới", "on": day(), "reason": "x"}
    admin.post(f"/staff/agencies/{cast.land.pk}/merge", sent)
    row = ApprovalRequest.objects.get()
    approver = signed_in(account("approver", role=Role.APPROVER))
    shown = approver.get(f"/staff/approvals/{row.pk}").content.decode()
    assert moving in shown
    assert staying in shown
    assert "tháng có hồ sơ: 0" in shown, "of the other one too"
    approver.post(f"/staff/approvals/{row.pk}/decide", {"decision": "approve"})
    assert "tháng có hồ sơ" not in approver.get(f"/staff/approvals/{row.pk}").content.decode()


def test_an_agency_ends_by_two_and_hands_its_counters_over(cast: Cast, admin: Client) -> None:
    Hosting.objects.create(
        office=cast.commune_counter.office, agency=cast.commune, valid_from=START
    )
    alone = {"other": "", "on": day(), "reason": "giải thể"}
    page = admin.post(f"/staff/agencies/{cast.commune.pk}/dissolve", alone, follow=True)
    assert "Đóng lại:" in page.content.decode(), "without an heir nothing moves"
    ApprovalRequest.objects.all().delete()
    sent = {"other": cast.land.pk, "on": day(), "reason": "giải thể"}
    page = admin.post(f"/staff/agencies/{cast.commune.pk}/dissolve", sent, follow=True)
    assert "Chuyển sang cơ quan thay thế:" in page.content.decode()
    row = ApprovalRequest.objects.get()
    approver = signed_in(account("approver", role=Role.APPROVER))
    approver.post(f"/staff/approvals/{row.pk}/decide", {"decision": "approve"})
    assert version_on(cast.commune, timezone.localdate()) is None
    cast.commune_counter.refresh_from_db()
    assert cast.commune_counter.agency == cast.land
    hosted = Hosting.objects.filter(office=cast.commune_counter.office, valid_to=None)
    assert [row.agency for row in hosted] == [cast.land]


def test_an_agency_that_ends_without_an_heir_closes_its_counters(cast: Cast, admin: Client) -> None:
    office = cast.commune_counter.office
    Hosting.objects.create(
        office=office, agency=cast.commune, valid_from=cast.code.issued_at.date()
    )
    sent = {"other": "", "on": day(), "reason": "giải thể"}
    admin.post(f"/staff/agencies/{cast.commune.pk}/dissolve", sent)
    approver = signed_in(account("approver", role=Role.APPROVER))
    row = ApprovalRequest.objects.get()
    approver.post(f"/staff/approvals/{row.pk}/decide", {"decision": "approve"})
    cast.commune_counter.refresh_from_db()
    assert cast.commune_counter.closed_on == timezone.localdate()


def test_no_change_breaks_the_tree(cast: Cast, admin: Client) -> None:
    """Below itself, below its own child, merged with its parent, ended over somebody's head."""
    sent = {"name": "Tên", "kind": "province", "agency_code": "", "unit_code": "82", "on": day()}
    for parent in (cast.province, cast.commune):
        page = admin.post(f"/staff/agencies/{cast.province.pk}", sent | {"parent": parent.pk})
        assert page.status_code == 422, parent
    merge = {"other": cast.province.pk, "name": "Mới", "on": day(), "reason": "x"}
    page = admin.post(f"/staff/agencies/{cast.land.pk}/merge", merge)
    assert page.status_code == 422
    assert "trực thuộc" in page.content.decode()
    assert 'value="Mới"' in page.content.decode(), "what was typed is still there"
    end = {"other": "", "on": day(), "reason": "x"}
    page = admin.post(f"/staff/agencies/{cast.province.pk}/dissolve", end, follow=True)
    assert "Chuyển" in page.content.decode()
    assert not ApprovalRequest.objects.exists()
    assert len(tree_on(timezone.localdate())) == 3


def test_another_name_keeps_the_codes_and_a_parent_that_ended(cast: Cast, admin: Client) -> None:
    page = admin.get(f"/staff/agencies/{cast.commune.pk}?change=rename").content.decode()
    assert 'value="28261"' in page
    sent = {
        "name": "UBND phường Mỹ Tho mới",
        "kind": "commune",
        "parent": cast.province.pk,
        "agency_code": "",
        "unit_code": "28261",
        "on": day(),
    }
    admin.post(f"/staff/agencies/{cast.commune.pk}", sent)
    version = version_on(cast.commune, timezone.localdate())
    assert version is not None
    assert (version.name, version.unit_code) == ("UBND phường Mỹ Tho mới", "28261")


def test_a_reason_left_out_loses_nothing_that_was_typed(cast: Cast, admin: Client) -> None:
    sent = {"other": cast.commune.pk, "name": "Cơ quan hợp nhất", "on": day(), "reason": ""}
    page = admin.post(f"/staff/agencies/{cast.land.pk}/merge", sent)
    assert page.status_code == 422
    assert "Cơ quan hợp nhất" in page.content.decode()


@pytest.mark.parametrize(
    "page", ["people", "audit", "approvals", "questionnaires", "places/{office}", "languages"]
)
def test_no_page_asks_more_the_more_rows_there_are(
    cast: Cast, django_assert_max_num_queries: Any, page: str
) -> None:
    for number in range(40):
        account(f"p{number}", role=Role.AUDITOR, agency=cast.land)
        Counter.objects.create(
            office=cast.land_counter.office, agency=cast.land, number=100 + number
        )
        record_event(None, "sign-in", agency_id=cast.land.pk)
    client = signed_in(account("chief", role=Role.PROVINCE_ADMIN))
    with django_assert_max_num_queries(40 if page == "questionnaires" else 30):
        address = page.format(office=cast.land_counter.office_id)
        assert client.get(f"/staff/{address}").status_code == 200


def test_a_branch_sees_its_own_and_changes_no_tree(cast: Cast) -> None:
    head = signed_in(cast.head)
    assert head.get(f"/staff/agencies/{cast.commune.pk}").status_code == 404
    assert head.get(f"/staff/agencies/{cast.land.pk}").status_code == 200
    page = head.get("/staff/agencies").content.decode()
    assert "Mỹ Tho" not in page
    assert "Mỹ Tho" not in head.get("/staff/places").content.decode()
    for path in (
        f"agencies/{cast.land.pk}",
        f"agencies/{cast.land.pk}/merge",
        f"agencies/{cast.land.pk}/dissolve",
        "agencies/new",
        "places/new",
        f"places/{cast.land_counter.office_id}",
        f"places/{cast.land_counter.office_id}/counters",
        f"counters/{cast.land_counter.pk}/close",
    ):
        assert head.post(f"/staff/{path}").status_code == 403, path


def test_a_province_of_500_counters_has_pages_of_a_hundred_rows(cast: Cast) -> None:
    offices = Office.objects.bulk_create(
        Office(key=f"o{place}", name=f"Nơi {place}", address="Ấp Đông") for place in range(100)
    )
    Counter.objects.bulk_create(
        Counter(office=office, agency=cast.land, number=number)
        for office in offices
        for number in range(1, 6)
    )
    for counter in Counter.objects.exclude(codes__isnull=False):
        issue_code(counter=counter, now=timezone.now())
    client = signed_in(cast.analyst)
    for page in ("codes", "presence"):
        first = client.get(f"/staff/{page}").content.decode()
        assert 90 < first.count('<th scope="row">') <= 110, page
        found = client.get(f"/staff/{page}?q=noi 77").content.decode()
        assert found.count('<th scope="row">') == 5, "without accents, too"
        assert "Nơi 77" in found
        last = client.get(f"/staff/{page}?page=6").content.decode()
        assert "Nơi" in last
        assert client.get(f"/staff/{page}?page=x&q=%00").status_code == 200
