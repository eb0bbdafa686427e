"""A database that cannot be reached: everybody is told in their own words, without a 500."""

from __future__ import annotations

import errno
import os
import sqlite3
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from survey.common.outage import is_out
from tests.survey.factories import Cast, flat

pytestmark = pytest.mark.django_db


def failing(name: str = "SQLITE_CANTOPEN") -> OperationalError:
    cause = sqlite3.OperationalError("unable to open database file")
    cause.sqlite_errorname = name
    error = OperationalError("unable to open database file")
    error.__cause__ = cause
    return error


@pytest.fixture
def gone(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse("SQLITE_CANTOPEN", monkeypatch)


def refuse(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sessions cannot be read, and neither can keys."""

    def fail(*_given: object, **_more: object) -> Any:
        raise failing(name)

    monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore.load", fail)
    monkeypatch.setattr("survey.api.access.find_api_key", fail)


@pytest.fixture
def client(cast: Cast) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(cast.analyst)
    return client


@pytest.mark.parametrize("page", ["/staff/", "/staff/scoring/", "/admin/"])
def test_officials_are_told_in_their_language(client: Client, gone: None, page: str) -> None:
    told = client.get(page)
    assert told.status_code == 503
    assert told.headers["Retry-After"] == "5"
    assert "Hiện chưa đọc và lưu được dữ liệu" in flat(told)
    assert "Data cannot be read or stored" in flat(client.get(f"{page}?lang=en"))
    assert is_out(), "citizens are answered from the disk at once"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_a_file_there_is_no_room_for_is_told_alike(
    client: Client, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def fail(*_given: object) -> Any:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore.load", fail)
    told = client.get("/staff/")
    assert told.status_code == 503
    assert "Hiện chưa đọc và lưu được dữ liệu" in flat(told)


def test_a_page_that_fails_for_another_reason_is_a_fault_of_ours(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse("SQLITE_ERROR", monkeypatch)
    assert client.get("/staff/").status_code == 500
    assert not is_out()


def test_programs_are_told_to_send_it_again(cast: Cast, gone: None) -> None:
    told = Client(raise_request_exception=False).get(
        "/api/v1/editions", headers={"Authorization": "Bearer hl_abc"}
    )
    assert told.status_code == 503
    assert told.headers["Content-Type"] == "application/problem+json"
    assert told.headers["Retry-After"] == "5"
    assert told.json()["detail"] == "The database cannot be reached at the moment."
    sent = Client(raise_request_exception=False).post(
        "/api/v1/totals", headers={"Authorization": "Bearer hl_abc", "Idempotency-Key": "a"}
    )
    assert "same Idempotency-Key" in sent.json()["detail"]


def test_visitors_of_the_results_are_told_on_a_citizens_page(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_given: object) -> Any:
        raise failing()

    monkeypatch.setattr("survey.public.views.find_page", fail)
    told = Client(raise_request_exception=False).get("/ket-qua/")
    assert told.status_code == 503
    assert "Hệ thống đang bận" in flat(told)
