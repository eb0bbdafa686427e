"""Without a code the office is chosen: the answer counts for it, is marked, and never enters the
index.
"""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from survey.agencies.models import Counter, Office
from survey.common.text import fold_accents
from survey.responses.flags import find_flag
from survey.responses.models import Response
from tests.survey.factories import Cast, hidden

pytestmark = pytest.mark.django_db


def test_the_office_is_found_without_accents_and_rated_with_a_mark(
    citizen: Client, cast: Cast
) -> None:
    page = citizen.get("/offices", {"name": "my tho"}).content.decode()
    assert "/offices/hall/28261" in page
    assert "/offices/centre" not in page
    form = citizen.get("/offices/hall/28261?lang=km")
    sent = citizen.post(
        "/offices/hall/28261", {**hidden(form.content), "overall": "2", "assisted": "nobody"}
    )
    assert sent.status_code == 303
    row = Response.objects.get()
    assert (row.agency, row.counter, row.domain) == (cast.commune, None, None)
    assert row.office == cast.commune_counter.office
    assert (row.evidence, row.language, row.marks) == ("E0", "km", {"flag": "no-code"})
    assert find_flag(row.channel, timezone.localtime(row.answered_hour), row.marks) == "no-code"


def test_a_hall_with_several_agencies_asks_for_the_agency(citizen: Client, cast: Cast) -> None:
    Counter.objects.create(office=cast.land_counter.office, agency=cast.commune, number=9)
    page = citizen.get("/offices", {"name": "nông nghiệp"}).content.decode()
    assert "/offices/centre/h20.01" in page
    assert "/offices/centre/28261" in page
    assert "Sở Nông nghiệp" in citizen.get("/offices/centre/h20.01").content.decode()
    assert "UBND phường Mỹ Tho" in citizen.get("/offices/centre/28261").content.decode()


@pytest.mark.parametrize(
    "path", ["nowhere/28261", "hall/h20.01", "%00/x", "hall/%00", "%ED%A0%80/x", "hall/28261%27"]
)
def test_what_is_no_office_is_told_kindly(citizen: Client, cast: Cast, path: str) -> None:
    answer = citizen.get(f"/offices/{path}")
    assert answer.status_code == 404
    assert "1022" in answer.content.decode()
    assert not Response.objects.exists()


def test_closed_counters_and_strange_names(citizen: Client, cast: Cast) -> None:
    Counter.objects.update(closed_on=timezone.localdate())
    assert "/offices/hall" not in citizen.get("/offices").content.decode()
    assert citizen.get("/offices/hall/28261").status_code == 404
    for name in ("\x00", "%", "<b>", "ấ" * 500):
        assert citizen.get("/offices", {"name": name}).status_code == 200
    office = Office.objects.create(key="<i>", name="<b>Đồng Tháp</b>")
    Counter.objects.create(office=office, agency=cast.land, number=1)
    assert "<b>Đồng" not in citizen.get("/offices", {"name": "dong thap"}).content.decode()


@pytest.mark.parametrize(
    ("text", "found"),
    [("Đồng  Tháp", "dong thap"), ("ĐẤT ĐAI", "dat dai"), ("", ""), ("ភាសា", "ភាសា")],
)
def test_names_are_compared_as_people_type_them(text: str, found: str) -> None:
    assert fold_accents(text) == found
