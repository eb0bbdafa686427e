"""Hotline 1022 writes down what a caller says: the same question, a class of its own, once."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from survey.accounts.models import Role, User
from survey.responses.models import Comment, Response
from tests.survey.factories import Cast, flat, hidden

pytestmark = pytest.mark.django_db


@pytest.fixture
def hotline(cast: Cast) -> Client:
    client = Client()
    client.force_login(User.objects.create_user("hotline", password=None, role=Role.HOTLINE))
    return client


def told(client: Client, cast: Cast, **more: Any) -> Any:
    page = client.get("/staff/calls")
    values = {"agency": cast.land.pk, "channel": "counter", "overall": "2", **more}
    return client.post("/staff/calls", {**hidden(page.content), **values}, follow=True)


def test_the_same_words_are_read_out(hotline: Client, cast: Cast) -> None:
    page = flat(hotline.get("/staff/calls"))
    assert "Ông/Bà có hài lòng với lần phục vụ này không?" in page
    assert "Rất không hài lòng" in page
    assert page.index("Rất không hài lòng") < page.index("Rất hài lòng")
    assert " checked" not in page


def test_a_call_is_stored_once_in_a_class_of_its_own(hotline: Client, cast: Cast) -> None:
    page = hotline.get("/staff/calls")
    values = {
        **hidden(page.content),
        "agency": cast.land.pk,
        "channel": "online",
        "overall": "2",
        "reasons": ["late"],
        "comment": "Chờ lâu",
    }
    answers = [hotline.post("/staff/calls", values, follow=True) for _ in range(2)]
    row = Response.objects.get()
    assert (row.evidence, row.channel, row.agency_id, row.answers) == (
        "E6",
        "online",
        cast.land.pk,
        {"overall": 2, "reasons": ["late"]},
    )
    assert Comment.objects.get().text == "Chờ lâu"
    assert "mã đánh giá" in answers[0].content.decode()
    other = hotline.post("/staff/calls", {**values, "comment": "Khác", "channel": "counter"})
    assert "từ trước" in hotline.get(other.headers["Location"]).content.decode()
    assert Comment.objects.get().text == "Chờ lâu"
    assert "hotline" not in str(vars(row))


def test_the_words_are_cleaned_as_on_the_page_of_citizens(hotline: Client, cast: Cast) -> None:
    told(hotline, cast, comment="Chờ\r\nlâu \u200b")
    assert Comment.objects.get().text == "Chờ\nlâu"


def test_reasons_of_a_high_rating_are_left_out(hotline: Client, cast: Cast) -> None:
    told(hotline, cast, overall="5", reasons=["late"])
    assert Response.objects.get().answers == {"overall": 5}


@pytest.mark.parametrize(
    "bad",
    [
        {"overall": ""},
        {"overall": "6"},
        {"overall": ["1", "5"]},
        {"reasons": ["waiting", "waiting"]},
        {"comment": "a\x00b"},
        {"agency": "0"},
        {"agency": ""},
        {"channel": "drum"},
        {"reasons": ["none"]},
        {"comment": "x" * 501},
        {"ticket": "forged"},
        {"ticket": ""},
    ],
)
def test_what_cannot_be_stored_is_said(hotline: Client, cast: Cast, bad: dict[str, Any]) -> None:
    page = told(hotline, cast, **bad)
    assert page.status_code == 422
    assert "error-text" in page.content.decode()
    assert not Response.objects.exists()


def test_the_page_of_another_operator_is_not_taken(hotline: Client, cast: Cast) -> None:
    other = Client()
    other.force_login(cast.analyst)
    ticket = hidden(other.get("/staff/calls").content)["ticket"]
    assert told(hotline, cast, ticket=ticket).status_code == 422
    assert not Response.objects.exists()


def test_no_agency_writes_down_calls_about_itself(client: Client, cast: Cast) -> None:
    client.force_login(cast.head)
    assert client.get("/staff/calls").status_code == 403
    assert client.post("/staff/calls", {"agency": cast.land.pk}).status_code == 403
