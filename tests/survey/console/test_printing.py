"""Posters of many offices in one file, codes issued and withdrawn together, the log of issues."""

from __future__ import annotations

import io
from typing import Any

import pypdfium2
import pytest
from django.test import Client
from django.urls import reverse

from survey.access.models import CodeStatus, CounterCode
from survey.access.posters import issue_code
from survey.accounts.models import AuditEvent, Role, User
from survey.agencies.models import Counter, Office
from tests.survey.console.builders import signed_in
from tests.survey.factories import NOW, Cast, flat

PAGE = reverse("console:printing")


def act(client: Client, action: str, *offices: Office, **more: str) -> Any:
    sent = {
        "office": [str(office.pk) for office in offices],
        "paper": "A4",
        "with": "",
        "do": action,
        **more,
    }
    return client.post(reverse("console:printing-act"), sent, follow=True)


@pytest.fixture
def offices(cast: Cast) -> list[Office]:
    """Two offices with a code each, and a counter of the first without one."""
    Counter.objects.create(office=cast.land_counter.office, agency=cast.land, number=9)
    return [cast.land_counter.office, cast.commune_counter.office]


def test_one_file_holds_the_posters_of_the_chosen_offices(
    cast: Cast, offices: list[Office]
) -> None:
    answer = act(signed_in(cast.analyst), "print", *offices, **{"with": "km"})
    assert len(pypdfium2.PdfDocument(io.BytesIO(answer.content))) == 2
    event = AuditEvent.objects.get(action="print-posters")
    assert "vi+km" in event.detail
    assert "vi+km" in flat(signed_in(cast.analyst).get(PAGE)), "the log of printed files"


def test_all_that_match_the_search_are_printed(cast: Cast, offices: list[Office]) -> None:
    address = reverse("console:printing-act") + "?q=My+Tho"
    answer = signed_in(cast.analyst).post(
        address, {"all": "1", "paper": "A5", "with": "", "do": "print"}
    )
    assert len(pypdfium2.PdfDocument(io.BytesIO(answer.content))) == 1


def test_codes_are_issued_where_there_are_none(cast: Cast, offices: list[Office]) -> None:
    page = act(signed_in(cast.analyst), "issue", *offices)
    assert "Đã phát hành 1 mã" in flat(page)
    assert CounterCode.objects.filter(status=CodeStatus.ACTIVE).count() == 3
    act(signed_in(cast.analyst), "issue", *offices)
    assert CounterCode.objects.count() == 3, "nothing is issued twice"


def test_codes_are_withdrawn_together_by_who_is_sure(cast: Cast, offices: list[Office]) -> None:
    client = signed_in(cast.analyst)
    act(client, "withdraw", *offices)
    assert CounterCode.objects.filter(status=CodeStatus.ACTIVE).count() == 2
    act(client, "withdraw", *offices, sure="1")
    assert not CounterCode.objects.filter(status=CodeStatus.ACTIVE).exists()
    page = flat(client.get(PAGE))
    assert cast.code.code in page, "the log keeps withdrawn codes"


def test_the_log_tells_every_issue(cast: Cast, offices: list[Office]) -> None:
    fresh = issue_code(counter=cast.land_counter, now=NOW)
    page = flat(signed_in(cast.analyst).get(PAGE))
    assert cast.code.code in page
    assert fresh.code in page


def test_offices_of_others_are_not_touched(cast: Cast, offices: list[Office]) -> None:
    manager = User.objects.create_user(username="m", role=Role.OFFICE_MANAGER, agency=cast.land)
    client = signed_in(manager)
    assert cast.commune_code.code not in flat(client.get(PAGE))
    act(client, "withdraw", *offices, sure="1")
    act(client, "withdraw", offices[1], sure="1")
    cast.commune_code.refresh_from_db()
    assert cast.commune_code.status == CodeStatus.ACTIVE


def test_who_only_reads_prints_and_changes_nothing(cast: Cast, offices: list[Office]) -> None:
    client = signed_in(cast.head)
    assert client.post(reverse("console:printing-act"), {"do": "withdraw"}).status_code == 403
    assert client.post(reverse("console:printing-act")).status_code == 404
    assert act(client, "print", offices[0])["Content-Type"] == "application/pdf"


@pytest.mark.parametrize(
    "sent",
    [
        {"office": ["x", "-1", "9" * 40]},
        {"office": []},
        {"paper": "A0"},
        {"with": "xx"},
        {"paper": "\x00"},
    ],
)
def test_what_cannot_be_printed_is_told(
    cast: Cast, offices: list[Office], sent: dict[str, Any]
) -> None:
    data = {"office": [str(offices[0].pk)], "paper": "A4", "with": "", "do": "print", **sent}
    client = signed_in(cast.analyst)
    page = client.post(reverse("console:printing-act"), data, follow=True)
    assert page.status_code == 200
    assert page["Content-Type"].startswith("text/html")
    assert "Hãy chọn" in flat(page)
