"""What happens while a page is open: a new version, a second tab, a dispute, a whole night."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.test import Client
from django.utils import timezone

from survey.citizen.receipts import guard
from survey.questionnaires.models import VersionStatus
from survey.questionnaires.services import LIBRARY, load_questionnaire, retire_version
from survey.responses.flags import Flag
from survey.responses.models import Response
from survey.responses.queries import find_response
from survey.responses.services import mark_response
from tests.survey.factories import Cast, answer, hidden, receipt_of

pytestmark = pytest.mark.django_db


def send(client: Client, path: str, page: Any, **answers: Any) -> Any:
    return client.post(path, {**hidden(page.content), **answers})


def latest() -> Response:
    row = Response.objects.order_by("-revision").first()
    assert row is not None
    return row


def publish_another(folder: Path, *changes: tuple[str, str]) -> None:
    text = (LIBRARY / "service-block.toml").read_text(encoding="utf-8")
    for old, new in changes:
        text = text.replace(old, new)
    (folder / "v2.toml").write_text(text, encoding="utf-8")
    version = load_questionnaire(path=folder / "v2.toml")
    # Published by hand: the core is locked today, and was not in every installation.
    for other in version.questionnaire.versions.filter(status=VersionStatus.PUBLISHED):
        retire_version(version=other, now=timezone.now())
    version.status, version.published_at = VersionStatus.PUBLISHED, timezone.now()
    version.save()


@pytest.mark.parametrize("button", [{}, {"stop": "1"}], ids=["on", "stop"])
@pytest.mark.parametrize(
    "changes",
    [[('"A1"', '"A9"'), ('code = "ACCESS"', 'code = "ENTRY"')], [('"A1"', '"A9"')]],
    ids=["part", "question"],
)
def test_a_part_is_taken_with_the_version_it_was_opened_with(
    citizen: Client,
    cast: Cast,
    tmp_path: Path,
    changes: list[tuple[str, str]],
    button: dict[str, str],
) -> None:
    path = f"/r/{receipt_of(answer(citizen, cast, overall='4'))}/full"
    page = citizen.get(path)
    publish_another(tmp_path, *changes)
    send(citizen, path, page, A1="4", A2="3", **button)
    assert latest().answers == {"overall": 4, "A1": 4, "A2": 3}


def test_a_page_left_over_night_keeps_what_is_written_on_it(
    citizen: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/r/{receipt_of(answer(citizen, cast, overall='4'))}/full"
    page = citizen.get(path)
    later = timezone.now() + timedelta(hours=20)
    monkeypatch.setattr("django.core.signing.time.time", later.timestamp)
    assert send(citizen, path, page, A1="4").status_code == 200
    assert latest().answers["A1"] == 4


def test_going_back_keeps_every_answer_that_is_one(citizen: Client, cast: Cast) -> None:
    path = f"/r/{receipt_of(answer(citizen, cast, overall='4'))}/full"
    second = send(citizen, path, citizen.get(path), A1="4")
    send(citizen, path, second, B1="1", B2="9", wizard_goto_step="ACCESS")
    assert latest().answers["B1"] == 1


def test_a_change_loses_no_mark_and_no_part_that_came_in_between(
    citizen: Client, cast: Cast
) -> None:
    base = f"/r/{receipt_of(answer(citizen, cast, overall='1'))}"
    page = citizen.get(f"{base}/change")
    full = citizen.get(f"{base}/full")
    send(citizen, f"{base}/full", full, A1="2")
    mark_response(row=latest(), flag=Flag.DISPUTED, key="k" * 64)
    find = find_response

    def stale(code: str) -> Response | None:
        """The row as it was read before the other page wrote."""
        row = find(code)
        return Response.objects.filter(response=row.response, revision=0).first() if row else None

    with mock.patch.object(guard, "find_response", stale):
        send(citizen, f"{base}/change", page, overall="5")
    assert latest().answers == {"overall": 5, "A1": 2}
    assert latest().marks == {"flag": "disputed"}
