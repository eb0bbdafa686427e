"""Paper ballots: printed, counted by two people who do not see each other's count, stored once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from survey.access.ballots import BLANK, LEVELS, BallotBatch, BallotCount, issue_ballots
from survey.access.print.ballots import ballots_pdf
from survey.access.print.sheets import TooLongToPrint
from survey.accounts.models import Role, User
from survey.responses.ballots import CountOutcome, enter_count
from survey.responses.models import Response
from tests.survey.factories import Cast

pytestmark = pytest.mark.django_db
COUNTED = {"1": 2, "2": 0, "3": 1, "4": 5, "5": 12, BLANK: 3}


@pytest.fixture
def batch(cast: Cast) -> BallotBatch:
    return issue_ballots(counter=cast.land_counter, count=30, now=timezone.now())


@pytest.fixture
def other(cast: Cast) -> User:
    return User.objects.create_user(username="second", password=None, role=Role.ANALYST)


def enter(batch: BallotBatch, by: User, levels: dict[str, int] = COUNTED, **more: Any) -> str:
    values = {"opened_on": timezone.localdate(), "now": timezone.now(), **more}
    return str(enter_count(batch=batch, by=by, levels=levels, **values))


def test_two_equal_counts_of_two_people_become_answers_once(
    cast: Cast, batch: BallotBatch, other: User
) -> None:
    assert enter(batch, cast.analyst) == CountOutcome.FIRST
    assert enter(batch, cast.analyst) == CountOutcome.FIRST, "one person is not two"
    assert not Response.objects.exists()
    assert enter(batch, other) == CountOutcome.STORED
    rows = Response.objects.all()
    stored = {level: rows.filter(answers={"overall": int(level)}).count() for level in LEVELS}
    assert stored == {level: COUNTED[level] for level in LEVELS}
    assert {(row.evidence, row.channel, row.counter_id, row.agency_id) for row in rows} == {
        ("E5", "counter", cast.land_counter.pk, cast.land.pk)
    }
    for person in (cast.analyst, other):
        assert enter(batch, person, {**COUNTED, "5": 1}) == CountOutcome.CLOSED
    assert Response.objects.count() == 20


def test_counts_that_differ_store_nothing_until_they_agree(
    cast: Cast, batch: BallotBatch, other: User
) -> None:
    enter(batch, cast.analyst)
    assert enter(batch, other, {**COUNTED, "4": 4}) == CountOutcome.DIFFERS
    assert not Response.objects.exists()
    yesterday = timezone.localdate() - timedelta(days=1)
    BallotBatch.objects.update(issued_at=timezone.now() - timedelta(days=3))
    batch.refresh_from_db()
    assert enter(batch, other, opened_on=yesterday) == CountOutcome.DIFFERS
    assert enter(batch, other) == CountOutcome.STORED
    assert Response.objects.count() == 20


@pytest.mark.parametrize(
    ("levels", "days"),
    [
        ({**COUNTED, "5": 20}, 0),
        (dict.fromkeys((*LEVELS, BLANK), 0), 0),
        (COUNTED, 1),
        (COUNTED, -1),
    ],
)
def test_what_cannot_have_been_in_the_box_is_refused(
    cast: Cast, batch: BallotBatch, levels: dict[str, int], days: int
) -> None:
    with pytest.raises(ValidationError):
        enter(batch, cast.analyst, levels, opened_on=timezone.localdate() + timedelta(days=days))
    assert not BallotCount.objects.exists()


def test_batches_of_sensible_size_for_open_counters_only(cast: Cast) -> None:
    for count in (0, 401):
        with pytest.raises(ValidationError):
            issue_ballots(counter=cast.land_counter, count=count, now=timezone.now())
    cast.land_counter.closed_on = timezone.localdate()
    with pytest.raises(ValidationError):
        issue_ballots(counter=cast.land_counter, count=4, now=timezone.now())


@pytest.mark.parametrize("second", ["", "en", "km"])
def test_the_sheets_hold_a_cover_and_as_many_ballots(batch: BallotBatch, second: str) -> None:
    document = pypdfium2.PdfDocument(ballots_pdf(batch, second=second))
    assert len(document) == 1 + 8
    cover = document[0].render(scale=2).to_pil()
    assert zxingcpp.read_barcodes(cover)[0].text.lower().endswith(f"/ballots/{batch.code}".lower())
    question = "Ông/Bà có hài lòng"
    per_page = [
        page.get_textpage().get_text_range().replace("\r\n", " ").count(question)
        for page in list(document)[1:]
    ]
    assert per_page == [4] * 7 + [2]


def test_names_too_long_for_a_ballot_are_said_and_no_batch_is_made(
    client: Client, cast: Cast, batch: BallotBatch
) -> None:
    batch.counter.office.name = "W" * 200
    with pytest.raises(TooLongToPrint):
        ballots_pdf(batch)
    batch.counter.office.save()
    client.force_login(cast.operator)
    page = client.post(
        "/staff/ballots/print", {"counter": cast.land_counter.pk, "count": 4}, follow=True
    )
    assert "quá dài" in page.content.decode()
    assert BallotBatch.objects.count() == 1


# --- the staff pages ------------------------------------------------------------------------------


def fields(levels: dict[str, int], day: str = "") -> dict[str, Any]:
    counted = {f"level_{level}": levels[level] for level in LEVELS}
    return {
        **counted,
        BLANK: levels[BLANK],
        "opened_on": day or timezone.localdate().strftime("%d/%m/%Y"),
    }


def test_a_batch_is_printed_counted_and_stored_on_the_pages(
    client: Client, cast: Cast, other: User
) -> None:
    client.force_login(cast.analyst)
    pdf = client.post(
        "/staff/ballots/print", {"counter": cast.land_counter.pk, "count": 30, "with": "km"}
    )
    assert pdf.headers["Content-Type"] == "application/pdf"
    batch = BallotBatch.objects.get()
    address = f"/staff/ballots/{batch.code.lower()}"
    assert client.post(address, fields(COUNTED)).status_code == 302
    wrong = client.post(address, fields({**COUNTED, "5": 30}))
    assert wrong.status_code == 422
    assert "chỉ in 30" in wrong.content.decode()
    client.force_login(other)
    page = client.get(address).content.decode()
    assert 'value="12"' not in page, "nobody sees what the other counted"
    assert client.post(address, fields(COUNTED)).status_code == 302
    assert Response.objects.count() == 20
    told = client.get(address, follow=True).content.decode()
    assert "đã được lưu" in told


@pytest.mark.parametrize(
    "bad", [{"level_5": "-1"}, {"level_5": ""}, {"level_5": "x"}, {"opened_on": "2026"}]
)
def test_what_is_no_count_names_the_field(
    client: Client, cast: Cast, batch: BallotBatch, bad: dict[str, str]
) -> None:
    client.force_login(cast.analyst)
    page = client.post(f"/staff/ballots/{batch.code}", {**fields(COUNTED), **bad})
    assert page.status_code == 422
    assert f'id="e-{next(iter(bad))}"' in page.content.decode()
    assert not BallotCount.objects.exists()


def test_the_rated_agency_counts_no_ballots_of_its_own(
    client: Client, cast: Cast, batch: BallotBatch
) -> None:
    client.force_login(cast.head)
    assert client.get("/staff/ballots").status_code == 403
    assert client.post(f"/staff/ballots/{batch.code}", fields(COUNTED)).status_code == 403
    assert not BallotCount.objects.exists()
