"""More requests than can be answered: who waited too long is told at once, in an order."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.test import Client

from survey.operations.shedding import LONGEST_WAIT, find_kind, seconds_waited
from survey.responses.models import Response
from tests.survey.factories import Cast, flat, open_form

pytestmark = pytest.mark.django_db


def waited(seconds: float) -> dict[str, Any]:
    """The header of a proxy in front of which a request has waited."""
    return {"headers": {"X-Request-Start": f"t={time.time() - seconds:.3f}"}}


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("GET", "/staff/reports/7.pdf", "report"),
        ("POST", "/staff/exports", "report"),
        ("GET", "/staff/audit.csv", "report"),
        ("GET", "/staff/pictures/ranks.svg", "report"),
        ("GET", "/tables/ABCD", "report"),
        ("GET", "/ket-qua/2026/q3/1/data.csv", "report"),
        ("GET", "/api/v1/editions/1/figures.csv", "report"),
        ("GET", "/staff/", "staff"),
        ("POST", "/staff/comments", "staff"),
        ("POST", "/api/v1/totals", "staff"),
        ("GET", "/admin/", "staff"),
        ("GET", "/s/ABCD1234", "page"),
        ("GET", "/ket-qua/", "page"),
        ("POST", "/s/ABCD1234", "answer"),
        ("POST", "/kiosk/sync", "answer"),
        ("POST", "/sms/status", "answer"),
        ("GET", "/static/kiosk.js", "answer"),
        ("GET", "/kiosk/worker.js", "answer"),
        ("GET", "/ket-qua/style.css", "page"),
        ("GET", "/s/ABCD1234.", "page"),
    ],
)
def test_what_is_asked_decides_who_waits(method: str, path: str, kind: str) -> None:
    assert find_kind(method, path) == kind


def test_reports_give_way_first_and_answers_never() -> None:
    assert list(LONGEST_WAIT) == ["report", "staff", "page"]
    assert sorted(LONGEST_WAIT.values()) == list(LONGEST_WAIT.values())
    assert "answer" not in LONGEST_WAIT


@pytest.mark.parametrize(
    "stamp", ["", "t=", "t=x", "1700000000", "t=-5", "t=1e9", "t=99999999999999"]
)
def test_a_stamp_that_says_nothing_is_no_wait(stamp: str) -> None:
    assert seconds_waited(stamp, time.time()) == 0.0


@pytest.mark.parametrize("skew", [-3600.0, -5.0, 121.0, 86_400.0])
def test_another_clock_is_not_believed(cast: Cast, skew: float) -> None:
    page = Client().get(f"/s/{cast.code.code}", **waited(skew))
    assert page.status_code == 200


def test_an_official_is_told_at_once_that_nothing_was_done(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.analyst)
    assert client.get("/staff/", **waited(2.5)).status_code == 200
    for told in (
        client.get("/staff/", **waited(3.5)),
        client.get("/staff/audit.csv", **waited(1.5)),
        client.post("/staff/exports", **waited(1.5)),
    ):
        assert told.status_code == 503
        assert told.headers["Retry-After"] == "5"
        assert "Máy chủ đang có rất nhiều yêu cầu" in flat(told)
        assert '<a class="button primary" href="">Thử lại</a>' in flat(told)
        assert "Đăng nhập" not in flat(told), "who waits need not sign in again"
        for header in ("Content-Security-Policy", "X-Frame-Options", "X-Content-Type-Options"):
            assert header in told.headers


def test_thousands_of_refusals_fill_no_log(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    assert Client().get("/ket-qua/", **waited(9)).status_code == 503
    assert caplog.records == []


def test_a_program_is_told_as_a_problem(cast: Cast) -> None:
    told = Client().get("/api/v1/editions", **waited(4))
    assert told.status_code == 503
    assert told.headers["Content-Type"] == "application/problem+json"
    assert told.headers["Retry-After"] == "5"


def test_a_page_of_a_citizen_gives_way_late_and_an_answer_never(
    cast: Cast, citizen: Client
) -> None:
    path = f"/s/{cast.code.code}"
    data = {**open_form(citizen, cast.code.code), "overall": "4"}
    assert citizen.get(path, **waited(7)).status_code == 200
    told = citizen.get(path, **waited(9))
    assert told.status_code == 503
    assert "Hệ thống đang bận" in flat(told)
    assert citizen.post(path, data, **waited(60)).status_code == 303
    assert Response.objects.count() == 1
