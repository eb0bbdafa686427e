"""The API for programs: keys, scope, paging, ETag, problems, totals done once; and no 500."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import IntegrityError, close_old_connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, settings

from survey.accounts.api_keys import ApiKey, find_api_key, make_api_key, revoke_api_key
from survey.accounts.models import AuditEvent, Role, User
from survey.api import access, totals
from survey.api.models import ApiCall
from survey.common.text import plain_content_type
from survey.scorecards.models import Edition
from survey.transactions.models import MonthlyTotal
from tests.survey.console.builders import release, signed_in
from tests.survey.factories import Cast, flat
from tests.survey.scorecards.builders import fill, snapshot

BASE = "/api/v1"
ROW = {
    "month": "2026-07",
    "agency_code": "H20.01",
    "domain_code": "land",
    "channel": "counter",
    "completed": 600,
    "on_time": 570,
}


@pytest.fixture(autouse=True)
def fresh() -> None:
    access._calls.clear()


def key_of(user: User, *scopes: str) -> str:
    last = timezone.localdate() + timedelta(days=30)
    _row, text = make_api_key(
        owner=user,
        name="Thử",
        scopes=list(scopes) or ["figures"],
        expires_on=last,
        now=timezone.now(),
    )
    return text


def get(path: str, key: str, **headers: str) -> Any:
    return Client().get(BASE + path, headers={"Authorization": f"Bearer {key}", **headers})


def send(key: str, rows: list[dict[str, Any]], once: str = "lan-thu-nhat") -> Any:
    return Client().post(
        f"{BASE}/totals",
        data=json.dumps({"rows": rows}),
        content_type="application/json",
        headers={"Authorization": f"Bearer {key}", "Idempotency-Key": once},
    )


@pytest.fixture
def edition(cast: Cast, tmp_path: Path) -> Edition:
    fill(cast, good=50, bad=10)
    return release(snapshot(tmp_path))


def test_without_a_good_key_there_is_nothing(cast: Cast) -> None:
    for key in ("", "x", "hl_000000000000_x", "hl_\x00_x"):
        answer = get("/agencies", key)
        assert answer.status_code == 401
        assert answer["Content-Type"] == "application/problem+json"
        assert answer["WWW-Authenticate"] == "Bearer"


def test_a_key_ends_with_its_day_its_owner_and_by_hand(cast: Cast) -> None:
    text = key_of(cast.analyst)
    now = timezone.now()
    assert find_api_key(text, now) is not None
    assert find_api_key(text + "x", now) is None
    assert find_api_key(text, now + timedelta(days=32)) is None
    User.objects.filter(pk=cast.analyst.pk).update(is_active=False)
    assert get("/agencies", text).status_code == 401
    User.objects.filter(pk=cast.analyst.pk).update(is_active=True, ends_on=now - timedelta(days=2))
    assert get("/agencies", text).status_code == 401, "the assignment has ended"
    User.objects.filter(pk=cast.analyst.pk).update(ends_on=None, role=Role.HOTLINE)
    assert get("/agencies", text).status_code == 401, "such accounts have no keys"
    User.objects.filter(pk=cast.analyst.pk).update(role=Role.ANALYST)
    assert get("/agencies", text).status_code == 200
    assert ApiKey.objects.get().used_at is not None
    revoke_api_key(key=ApiKey.objects.get(), now=now)
    assert get("/agencies", text).status_code == 401


def test_a_key_sees_what_its_owner_sees(cast: Cast, edition: Edition) -> None:
    whole = get("/agencies", key_of(cast.analyst)).json()["items"]
    assert {row["key"] for row in whole} >= {"h20.01", "28261"}
    branch = User.objects.create_user(
        username="b", password=None, role=Role.ANALYST, agency=cast.land
    )
    key = key_of(branch)
    assert [row["key"] for row in get("/agencies", key).json()["items"]] == ["h20.01"]
    path = f"/editions/{edition.pk}/figures"
    rows = get(f"{path}?limit=500", key).json()["items"]
    assert {row["agency"] for row in rows} == {"*", "h20.01"}
    assert get("/editions/999999/figures", key).status_code == 404


def test_figures_come_in_parts_and_as_one_line_of_pandas(cast: Cast, edition: Edition) -> None:
    key, found, cursor = key_of(cast.analyst), [], ""
    while True:
        path = f"/editions/{edition.pk}/figures?limit=7&cursor={cursor}"
        part = get(path, key).json()
        found += part["items"]
        cursor = part["next"] or ""
        if not cursor:
            break
    answer = get(f"/editions/{edition.pk}/figures.csv", key)
    table = pd.read_csv(io.BytesIO(answer.content))
    assert len(table) == len(found)
    overall = get(f"/editions/{edition.pk}/figures?level=overall", key).json()["items"]
    assert {row["level"] for row in overall} == {"overall"}
    assert [one["name"] for one in get("/codebook", key).json()] == list(table.columns)


def test_what_a_caller_has_is_not_sent_again(cast: Cast, edition: Edition) -> None:
    key = key_of(cast.analyst)
    first = get("/editions", key)
    assert first.json()["items"][0]["id"] == edition.pk
    assert first.json()["items"][0]["state"] == "released"
    again = get("/editions", key, **{"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    for known in (f"W/{first['ETag']}", f'"x", W/{first["ETag"]}', "*"):
        answer = get("/editions", key, **{"If-None-Match": known})
        assert answer.status_code == 304, known
    for other in ({"If-None-Match": '"x"'}, {"If-Match": '"x"'}):
        assert get("/editions", key, **other).status_code == 200
    since = {"If-Unmodified-Since": "Sat, 01 Jan 2000 00:00:00 GMT"}
    assert get("/editions", key, **since).status_code == 200


def test_addresses_and_bodies_the_api_does_not_take_are_problems_too(cast: Cast) -> None:
    key = key_of(cast.analyst, "totals")
    client = Client(enforce_csrf_checks=True)
    answers = [
        get("/nothing", key),
        client.get(f"{BASE}/"),
        client.post(f"{BASE}/nothing"),
        client.delete(f"{BASE}/agencies"),
        send(key, [{**ROW, "x": "y" * 2**20}]),
    ]
    assert [answer.status_code for answer in answers] == [404, 404, 404, 405, 413]
    for answer in answers:
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["status"] == answer.status_code
    assert answers[3]["Allow"] == "GET"
    most = send(key, [ROW] * 5000, "nhieu-nhat")
    assert most.status_code == 422, "read to the end: the rows are twice there"
    assert len(most.json()["errors"]) == 100


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/agencies?on=x", "on"),
        ("/agencies?limit=0", "limit"),
        ("/agencies?limit=9999", "limit"),
        ("/editions/0/figures", "number"),
        ("/editions/x/figures", "number"),
    ],
)
def test_faults_name_their_field(cast: Cast, path: str, field: str) -> None:
    answer = get(path, key_of(cast.analyst))
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["errors"]] == [field]


@pytest.mark.parametrize("cursor", ["x", "zzzz", "ZnJvbTotMQ", "ZnJvbTpY", "é"])
def test_cursors_of_ones_own_are_refused(cast: Cast, cursor: str) -> None:
    assert get(f"/agencies?cursor={cursor}", key_of(cast.analyst)).status_code == 422


def test_too_many_requests_are_told_when_to_come_again(cast: Cast) -> None:
    key = key_of(cast.analyst)
    ApiKey.objects.update(per_minute=2)
    assert [get("/agencies", key).status_code for _n in range(3)] == [200, 200, 429]
    answer = get("/agencies", key)
    assert 1 <= int(answer["Retry-After"]) <= 60
    assert get("/agencies", key_of(cast.operator)).status_code == 200, "others are not held up"
    ApiKey.objects.update(per_minute=0)
    assert get("/agencies", key).status_code == 429


def test_totals_are_stored_once_and_a_repeat_is_answered_alike(cast: Cast) -> None:
    key = key_of(cast.analyst, "totals")
    first = send(key, [ROW])
    assert first.status_code == 200, first.content
    assert first.json()["rows"] == 1
    again = send(key, [ROW])
    assert again.json() == first.json()
    assert MonthlyTotal.objects.count() == 1
    assert ApiCall.objects.count() == 1
    other = send(key, [{**ROW, "completed": 700}])
    assert other.status_code == 409
    assert MonthlyTotal.objects.get().completed == 600
    replaced = send(key, [{**ROW, "completed": 700}], "lan-thu-hai")
    assert (first.json()["replaced"], replaced.json()["replaced"]) == (0, 1)
    assert MonthlyTotal.objects.get().completed == 700


def test_a_wrong_row_names_its_field_and_nothing_is_stored(cast: Cast) -> None:
    key = key_of(cast.analyst, "totals")
    answer = send(key, [ROW, {**ROW, "agency_code": "nobody"}])
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["errors"]] == ["rows[1].agency_code"]
    assert not MonthlyTotal.objects.exists()
    assert not ApiCall.objects.exists(), "it can be sent again, mended, under the same key"
    shape = send(key, [{**ROW, "completed": -1}])
    assert shape.status_code == 422
    assert shape.json()["errors"][0]["field"] == "rows[0].completed"
    broken = send(key, [{**ROW, "agency_code": "a\nb"}, ROW])
    assert [fault["field"] for fault in broken.json()["errors"]] == ["rows[0].agency_code"]
    assert send(key, [ROW]).status_code == 200


def test_a_repeat_is_not_an_unchanged_page(cast: Cast) -> None:
    key = key_of(cast.analyst, "totals")
    send(key, [ROW])
    again = Client().post(
        f"{BASE}/totals",
        data=json.dumps({"rows": [ROW]}),
        content_type="application/json",
        headers={
            "Authorization": f"Bearer {key}",
            "Idempotency-Key": "lan-thu-nhat",
            "If-None-Match": "*",
        },
    )
    assert (again.status_code, again.json()["rows"]) == (200, 1)


def test_a_conflict_of_totals_is_no_repeat_and_stores_nothing(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def collide(**_words: Any) -> None:
        raise IntegrityError("another import")

    monkeypatch.setattr(totals, "store_totals", collide)
    answer = send(key_of(cast.analyst, "totals"), [ROW])
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert not ApiCall.objects.exists()


def test_what_was_sent_is_forgotten_after_a_month(cast: Cast) -> None:
    send(key_of(cast.analyst, "totals"), [ROW])
    assert totals.forget_calls(timezone.now() + timedelta(days=29)) == 0
    assert totals.forget_calls(timezone.now() + timedelta(days=31)) == 1
    assert MonthlyTotal.objects.count() == 1


def test_a_key_does_only_what_it_is_for(cast: Cast) -> None:
    assert send(key_of(cast.analyst), [ROW]).status_code == 403
    assert get("/agencies", key_of(cast.analyst, "totals")).status_code == 403
    branch = User.objects.create_user(
        username="b", password=None, role=Role.ANALYST, agency=cast.land
    )
    assert send(key_of(branch, "totals"), [ROW]).status_code == 403
    assert not MonthlyTotal.objects.exists()


def test_keys_are_made_shown_once_and_revoked_by_pages(cast: Cast) -> None:
    client, page = signed_in(cast.analyst), reverse("console:api-keys")
    last = timezone.localdate() + timedelta(days=30)
    sent = {"name": "Kho dữ liệu", "scopes": ["figures"], "expires_on": f"{last:%d/%m/%Y}"}
    shown = flat(client.post(page, sent))
    key = ApiKey.objects.get()
    text = shown.partition("<code>")[2].partition("</code>")[0]
    assert find_api_key(text, timezone.now()) == key
    assert text not in flat(client.get(page))
    assert AuditEvent.objects.filter(action="api-keys").exists()
    other = User.objects.create_user(username="o", password=None, role=Role.ANALYST)
    address = reverse("console:api-key-revoke", args=[key.pk])
    assert signed_in(other).post(address).status_code == 404
    assert client.post(address).status_code == 302
    key.refresh_from_db()
    assert key.revoked_at is not None
    far = {**sent, "expires_on": "01/01/2099"}
    assert client.post(page, far).status_code == 422
    assert client.post(page, {**sent, "scopes": ["all"]}).status_code == 422


_django = get_wsgi_application()


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """As ``survey.wsgi`` has it, without the worker that begins with a server."""
    environ["CONTENT_TYPE"] = plain_content_type(environ.get("CONTENT_TYPE", ""))
    return _django(environ, start_response)


schema = schemathesis.openapi.from_wsgi(f"{BASE}/openapi.json", application)


@pytest.fixture
def program(cast: Cast) -> Iterator[str]:
    """A key that may do everything, as often as it likes; the test's connection stays open."""
    text = key_of(cast.analyst, "figures", "totals")
    ApiKey.objects.update(per_minute=30_000)
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield text
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@schema.parametrize()
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
def test_nothing_a_program_sends_is_a_500(case: Any, program: str) -> None:
    """Of every operation of the description, requests made up from it and against it."""
    response = case.call(headers={"Authorization": f"Bearer {program}"})
    assert response.status_code < 500, (case, response.text)
