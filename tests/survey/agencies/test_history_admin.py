"""The admin cannot rewrite what has been: rows that have begun stay, whoever edits them."""

from __future__ import annotations

from datetime import date, time, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from survey.access.screens import enrol_screen
from survey.agencies.models import (
    Agency,
    AgencyVersion,
    Hosting,
    Office,
    ProcedureDomain,
    Succession,
)
from tests.survey.factories import Cast

pytestmark = pytest.mark.django_db
FORM = "/admin/survey/agency/{}/change/"


@pytest.fixture
def operator(client: Client, cast: Cast) -> Client:
    cast.operator.is_staff = True
    cast.operator.save()
    client.force_login(cast.operator)
    return client


def fields_of(page: Any) -> dict[str, Any]:
    """What a browser would send of the admin's forms as they stand; locked fields included, as an
    attacker would.
    """
    sent = dict(page.context["adminform"].form.initial)
    for inline in page.context["inline_admin_formsets"]:
        for form in [inline.formset.management_form, *inline.formset.forms]:
            for bound in form:
                sent[bound.html_name] = bound.value()
    return {name: "" if value is None else value for name, value in sent.items()}


def day(value: date) -> str:
    return value.strftime("%d/%m/%Y")


def send(client: Client, path: str, **changed: Any) -> Any:
    fields = fields_of(client.get(path))
    fields |= {name: day(value) for name, value in fields.items() if hasattr(value, "strftime")}
    return client.post(path, {**fields, **changed})


@pytest.mark.long
def test_a_name_a_kind_or_a_day_that_was_cannot_be_changed(operator: Client, cast: Cast) -> None:
    before = AgencyVersion.objects.filter(agency=cast.land).values().get()
    path = FORM.format(cast.land.pk)
    for change in (
        {"versions-0-name": "X"},
        {"versions-0-kind": "commune"},
        {"versions-0-valid_from": "01/01/2024"},
        {"versions-0-DELETE": "on"},
        {"versions-0-agency_code": "H99"},
        {"key": "other"},
    ):
        assert send(operator, path, **change).status_code in (200, 302), change
        assert AgencyVersion.objects.filter(agency=cast.land).values().get() == before, change
    assert Agency.objects.get(pk=cast.land.pk).key == "h20.01"


def test_an_agency_is_renamed_from_today_on_and_no_earlier(operator: Client, cast: Cast) -> None:
    path, today = FORM.format(cast.land.pk), timezone.localdate()
    for start, taken in ((today - timedelta(days=30), False), (today, True)):
        page = send(operator, path, **{"versions-0-valid_to": day(start)})
        assert (page.status_code == 302) is taken
        assert taken or "Những gì trước hôm nay" in page.content.decode()
    for start, taken in ((today - timedelta(days=30), False), (today, True)):
        page = send(operator, path, **following(cast, day(start)))
        assert (page.status_code == 302) is taken
        assert AgencyVersion.objects.filter(agency=cast.land).count() == 1 + taken
    assert str(cast.land) == "Sở mới"


def following(cast: Cast, start: str) -> dict[str, Any]:
    """The name of an agency from a day on, as the second row of its history."""
    new = {
        "name": "Sở mới",
        "kind": "department",
        "parent": cast.province.pk,
        "agency_code": "H20.01",
    }
    new |= {"agency": cast.land.pk, "unit_code": "", "valid_from": start, "valid_to": ""}
    return {
        "versions-TOTAL_FORMS": "2",
        **{f"versions-1-{name}": value for name, value in new.items()},
    }


def test_whom_an_office_served_and_who_followed_whom_stays(operator: Client, cast: Cast) -> None:
    long_ago = timezone.localdate() - timedelta(days=90)
    office = cast.land_counter.office
    Hosting.objects.get_or_create(
        office=office, agency=cast.land, defaults={"valid_from": long_ago}
    )
    Succession.objects.create(
        predecessor=cast.land, successor=cast.commune, on=long_ago, change="merge"
    )
    kept = [list(model.objects.order_by("pk").values()) for model in (Hosting, Succession)]
    send(
        operator,
        f"/admin/survey/office/{office.pk}/change/",
        **{"hostings-0-agency": cast.commune.pk, "hostings-0-DELETE": "on", "key": "x"},
    )
    send(
        operator,
        FORM.format(cast.land.pk),
        **{"successions-0-successor": cast.province.pk, "successions-0-DELETE": "on"},
    )
    assert [list(model.objects.order_by("pk").values()) for model in (Hosting, Succession)] == kept
    assert Office.objects.get(pk=office.pk).key == office.key


def test_a_new_agency_may_have_begun_before_today(operator: Client, cast: Cast) -> None:
    new = {
        "key": "h20.77",
        "versions-TOTAL_FORMS": "1",
        "versions-INITIAL_FORMS": "0",
        "versions-0-name": "Sở Y tế",
        "versions-0-kind": "department",
        "versions-0-parent": cast.province.pk,
        "versions-0-agency_code": "H20.77",
        "versions-0-unit_code": "",
        "versions-0-valid_from": "01/07/2025",
        "versions-0-valid_to": "",
        "successions-TOTAL_FORMS": "0",
        "successions-INITIAL_FORMS": "0",
    }
    page = operator.post("/admin/survey/agency/add/", new)
    assert page.status_code == 302, page.content.decode()[-3000:]
    assert str(Agency.objects.get(key="h20.77")) == "Sở Y tế"


def test_the_code_of_a_domain_that_figures_name_stays(operator: Client, cast: Cast) -> None:
    domain = cast.land_counter.domain
    assert domain
    page = operator.post(
        f"/admin/survey/proceduredomain/{domain.pk}/change/", {"code": "other", "name": "Đất đai"}
    )
    assert page.status_code == 302
    assert ProcedureDomain.objects.get(pk=domain.pk).code == "land"


@pytest.mark.parametrize("how", ["button", "list"])
def test_what_has_begun_is_not_deleted(operator: Client, cast: Cast, how: str) -> None:
    """The history went with it, and with the history what figures of past months rest on."""
    old = Agency.objects.create(key="zz")
    AgencyVersion.objects.create(agency=old, name="Cũ", kind="commune", valid_from=date(2025, 7, 1))
    office = Office.objects.create(key="o2", name="Trụ sở 2")
    Hosting.objects.create(office=office, agency=cast.land, valid_from=date(2025, 7, 1))
    for name, pk in (("agency", old.pk), ("office", office.pk)):
        if how == "button":
            operator.post(f"/admin/survey/{name}/{pk}/delete/", {"post": "yes"})
        else:
            chosen = {"action": "delete_selected", "_selected_action": [str(pk)], "post": "yes"}
            operator.post(f"/admin/survey/{name}/", chosen)
    assert Agency.objects.filter(key="zz").exists()
    assert Office.objects.filter(key="o2").exists()


def test_two_names_never_hold_on_one_day(operator: Client, cast: Cast) -> None:
    path = f"/admin/survey/agency/{cast.land.pk}/change/"
    today = timezone.localdate()
    row = {
        "versions-1-agency": str(cast.land.pk),
        "versions-1-id": "",
        "versions-1-name": "Sở thứ hai",
        "versions-1-kind": "department",
        "versions-1-parent": str(cast.province.pk),
        "versions-1-agency_code": "H20.99",
        "versions-1-unit_code": "",
        "versions-1-valid_from": day(today),
        "versions-1-valid_to": day(today + timedelta(days=400)),
        "versions-TOTAL_FORMS": "2",
    }
    assert send(operator, path, **row).status_code == 200
    assert AgencyVersion.objects.filter(agency=cast.land).count() == 1


def test_nobody_is_said_to_have_handed_over_in_the_past(operator: Client, cast: Cast) -> None:
    path = f"/admin/survey/agency/{cast.commune.pk}/change/"
    row = {
        "successions-0-predecessor": str(cast.commune.pk),
        "successions-0-successor": str(cast.land.pk),
        "successions-0-on": "01/08/2025",
        "successions-0-change": "merge",
        "successions-0-extent": "whole",
        "successions-0-id": "",
        "successions-TOTAL_FORMS": "1",
    }
    assert send(operator, path, **row).status_code == 200
    assert not Succession.objects.exists()


def test_a_counter_with_a_code_keeps_its_agency(operator: Client, cast: Cast) -> None:
    path = f"/admin/survey/office/{cast.land_counter.office.pk}/change/"
    send(operator, path, **{"counters-0-agency": str(cast.commune.pk)})
    cast.land_counter.refresh_from_db()
    assert cast.land_counter.agency_id == cast.land.pk


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("monthlytotal/?month__year=-1", {}),
        ("version/", {"action": "delete_selected", "_selected_action": "abc"}),
        ("agency/", {"action": "delete_selected", "_selected_action": "9" * 21}),
        ("office/", {"action": "delete_selected", "_selected_action": "9" * 21}),
    ],
)
def test_odd_posts_of_the_administration_are_refused_kindly(
    operator: Client, path: str, fields: dict[str, str]
) -> None:
    operator.raise_request_exception = False
    assert operator.post(f"/admin/survey/{path}", fields).status_code < 500


@pytest.mark.parametrize(
    "hours",
    [{"days": "T2-T6"}, {"days": "9"}, {"days": "11"}, {"opens": "17:00", "closes": "7:00"}],
)
def test_hours_that_are_none_are_refused(
    operator: Client, cast: Cast, hours: dict[str, str]
) -> None:
    screen = enrol_screen(counter=cast.land_counter, now=timezone.now())[0]
    page = send(operator, f"/admin/survey/screen/{screen.pk}/change/", **hours)
    assert page.status_code == 200
    screen.refresh_from_db()
    assert (screen.days, screen.opens) == ("12345", time(7, 0))
