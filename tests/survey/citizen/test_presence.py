"""Proof of presence: the changing code on a screen (E1) and the code on a receipt slip (E2)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from survey.access.models import Dispute, Screen, ScreenUse, Slip
from survey.access.screens import check_code, enrol_screen, find_display, shown
from survey.access.slips import Batch, issue_slips
from survey.agencies.models import ProcedureDomain
from survey.responses.models import Response
from survey.transactions.models import DossierEvent
from tests.survey.factories import Cast, hidden, receipt_of

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 16, 5, 0, tzinfo=UTC)  # a Monday, 12:00 in Vietnam


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A clock the test moves."""

    class Clock:
        now = NOON

        def tick(self, seconds: float) -> None:
            self.now += timedelta(seconds=seconds)

    made = Clock()
    monkeypatch.setattr(timezone, "now", lambda: made.now)
    return made


@pytest.fixture
def screen(cast: Cast, clock: Any) -> Screen:
    return enrol_screen(counter=cast.land_counter, now=NOON)[0]


def rate(
    citizen: Client, screen: Screen, ticket: dict[str, str], level: str = "5", **more: str
) -> Any:
    return citizen.post(f"/q/{screen.number}", {**ticket, "overall": level, **more})


def test_a_screen_code_opens_the_form_and_the_answer_is_e1(
    citizen: Client, screen: Screen, clock: Any
) -> None:
    page = citizen.get(f"/q/{shown(screen, clock.now).code}")
    assert page.status_code == 200
    clock.tick(1500)  # a slow reader: the ticket of the page lives on
    assert rate(citizen, screen, hidden(page.content)).status_code == 303
    row = Response.objects.get()
    assert (row.evidence, row.counter, row.marks) == ("E1", screen.counter, None)
    assert ScreenUse.objects.get().count == 1


@pytest.mark.parametrize(
    ("late", "good"), [(0, True), (45, True), (60, True), (90, False), (-60, True), (-90, False)]
)
def test_a_code_is_good_for_a_minute_either_way(screen: Screen, late: int, good: bool) -> None:
    for offset in range(15):
        made = NOON + timedelta(seconds=offset)
        assert (
            check_code(shown(screen, made).code, made + timedelta(seconds=late)) == screen
        ) is good


def test_there_are_no_codes_after_hours_and_none_of_a_withdrawn_screen(
    citizen: Client, screen: Screen, clock: Any
) -> None:
    evening, sunday = NOON + timedelta(hours=7, minutes=30), NOON - timedelta(days=1)
    for moment in (evening, sunday):
        clock.now = moment
        assert not screen.is_open(moment)
        assert citizen.get(f"/q/{shown(screen, moment).code}").status_code == 410
    clock.now = NOON
    ticket = hidden(citizen.get(f"/q/{shown(screen, NOON).code}").content)
    Screen.objects.update(revoked_at=NOON)
    assert citizen.get(f"/q/{shown(screen, NOON).code}").status_code == 410
    assert not Response.objects.exists()
    # What was begun while the screen was in use is kept, and proves nothing.
    assert rate(citizen, screen, ticket).status_code == 303
    assert stored() == [("E0", "unproven")]


def stored() -> list[tuple[str, str]]:
    """(evidence class, mark) of every answer."""
    return [(row.evidence, (row.marks or {}).get("flag", "")) for row in Response.objects.all()]


def test_no_post_proves_presence(citizen: Client, screen: Screen, clock: Any) -> None:
    """The four letters of the screen stand in every code it ever showed: they open a form, and
    prove nothing.
    """
    for _ in range(3):
        page = citizen.post(f"/q/{screen.number}", {"overall": "5"})
        assert page.status_code == 422
        assert "quét mã" in page.content.decode()
        assert rate(citizen, screen, hidden(page.content)).status_code == 303
    assert stored() == [("E0", "unproven")] * 3
    assert not ScreenUse.objects.exists()


def test_presence_lasts_minutes_and_ends_with_the_day(
    citizen: Client, screen: Screen, clock: Any
) -> None:
    clock.now = NOON + timedelta(hours=5, minutes=10)  # 17:10; the office closes at 17:30
    pages = [hidden(citizen.get(f"/q/{shown(screen, clock.now).code}").content) for _ in range(3)]
    assert rate(citizen, screen, pages[0]).status_code == 303
    clock.tick(25 * 60)
    assert rate(citizen, screen, pages[1]).status_code == 303  # in time, but the office is closed
    clock.tick(10 * 60)
    assert rate(citizen, screen, pages[2]).status_code == 303
    assert sorted(stored()) == [("E0", "unproven"), ("E0", "unproven"), ("E1", "")]


def test_a_switch_of_language_keeps_presence_and_renews_nothing(
    citizen: Client, screen: Screen, clock: Any
) -> None:
    page = citizen.get(f"/q/{shown(screen, clock.now).code}")
    english = rate(citizen, screen, hidden(page.content), switch="en")
    assert hidden(english.content)["ticket"] == hidden(page.content)["ticket"]
    assert rate(citizen, screen, hidden(english.content)).status_code == 303
    assert stored() == [("E1", "")]


def test_a_page_of_yesterday_sent_once_more_finds_what_it_stored(
    citizen: Client, screen: Screen, clock: Any
) -> None:
    ticket = hidden(citizen.get(f"/q/{shown(screen, clock.now).code}").content)
    first = rate(citizen, screen, ticket).headers["Location"]
    clock.tick(30 * 3600)
    assert rate(citizen, screen, ticket).headers["Location"].startswith(first.partition("?")[0])
    assert stored() == [("E1", "")]


@pytest.mark.parametrize("code", ["", "0" * 11, "ABCD", "x" * 40, "%00", "Ấ" * 11])
def test_invented_codes_open_nothing(citizen: Client, screen: Screen, code: str) -> None:
    assert citizen.get(f"/q/{code or 'x'}").status_code in (404, 410)
    assert check_code(screen.number + "0" * 7, NOON) is None


def test_a_ticket_of_a_poster_is_none_of_a_screen_and_each_counts_once(
    citizen: Client, cast: Cast, screen: Screen, clock: Any
) -> None:
    poster = hidden(citizen.get(f"/s/{cast.code.code}").content)
    assert rate(citizen, screen, poster).status_code == 422
    ticket = hidden(citizen.get(f"/q/{shown(screen, NOON).code}").content)
    for _ in range(3):
        assert rate(citizen, screen, ticket).status_code == 303
    assert Response.objects.count() == 1
    assert ScreenUse.objects.get().count == 1


def events(cast: Cast, count: int, moment: datetime) -> None:
    domain = ProcedureDomain.objects.get(code="land")
    DossierEvent.objects.bulk_create(
        DossierEvent(
            province="H20",
            dossier_code=f"H20.01-261116-{k:04d}",
            kind="returned",
            happened_at=moment,
            agency=cast.land,
            domain=domain,
            channel="counter",
            received_at=moment,
        )
        for k in range(count)
    )


@pytest.mark.long
@pytest.mark.slow
def test_a_relayed_code_counts_no_more_than_the_counter_can_have_served(
    citizen: Client, cast: Cast, screen: Screen, clock: Any
) -> None:
    """300 opens in ten minutes at a counter with 12 transactions: at most 23 count as given
    there.
    """
    events(cast, 12, NOON - timedelta(minutes=20))
    for k in range(300):
        clock.now = NOON + timedelta(seconds=2 * k)
        ticket = hidden(citizen.get(f"/q/{shown(screen, clock.now).code}").content)
        if k < 60 or k % 5 == 0:
            assert rate(citizen, screen, ticket).status_code == 303
    rows = Response.objects.all()
    assert rows.filter(evidence="E1").count() == 23
    over = rows.exclude(evidence="E1")
    assert over.count() == 60 + 48 - 23
    assert {(row.evidence, row.marks["flag"]) for row in over if row.marks} == {("E0", "over")}


def test_the_display_is_found_by_its_secret_address_only(cast: Cast, clock: Any) -> None:
    made, display = enrol_screen(counter=cast.land_counter, now=NOON)
    assert find_display(display.lower()) == made
    assert find_display(made.number) is None
    assert display not in str(vars(Screen.objects.get(pk=made.pk)))


# --- receipt slips


@pytest.fixture
def code(cast: Cast) -> str:
    batch = Batch(agency_id=cast.land.pk, channel="counter", counter_id=cast.land_counter.pk)
    return issue_slips(batch=batch, count=1, now=timezone.now())[0]


def spellings(code: str) -> list[str]:
    loose = code.replace("0", "O").replace("1", "l")
    return [code, code.lower(), f"{loose[:5]}-{loose[5:]}", f"{code[:3]}%20{code[3:]}"]


def test_a_slip_is_answered_once_however_it_is_typed(citizen: Client, code: str) -> None:
    pages = [citizen.get(f"/s/{text}") for text in spellings(code)]
    assert {page.status_code for page in pages} == {200}
    ticket = hidden(pages[0].content)
    first = citizen.post(f"/s/{code}", {**ticket, "overall": "4"})
    again = citizen.post(f"/s/{code}", {**ticket, "overall": "4"})
    assert receipt_of(first) == receipt_of(again)
    row = Response.objects.get()
    assert (row.evidence, row.channel) == ("E2", "counter")
    assert code not in str(vars(Slip.objects.get()))


def test_who_only_knows_the_slip_learns_no_receipt_of_it(citizen: Client, code: str) -> None:
    mine, other = (hidden(citizen.get(f"/s/{code}").content) for _ in range(2))
    citizen.post(f"/s/{code}", {**mine, "overall": "1"})
    refused = citizen.post(f"/s/{code}", {**other, "overall": "5"})
    assert refused.status_code == 409
    assert "/r/" not in refused.content.decode()
    assert "chưa đánh giá" in citizen.get(f"/s/{code}").content.decode()
    assert Response.objects.get().answers["overall"] == 1


def test_a_disputed_pair_counts_for_neither_and_both_keep_their_receipts(
    citizen: Client, code: str
) -> None:
    staff = hidden(citizen.get(f"/s/{code}").content)
    thanks = citizen.post(f"/s/{code}", {**staff, "overall": "5"}).headers["Location"]
    form = citizen.post(f"/s/{code}", {"dispute": "1"})
    assert form.status_code == 200
    assert Response.objects.count() == 1
    mine = hidden(form.content)
    other = citizen.post(f"/s/{code}", {**mine, "overall": "2"})
    assert other.status_code == 303
    latest = {
        row.response: (row.answers["overall"], row.marks)
        for row in Response.objects.order_by("revision")
    }
    assert sorted(level for level, _marks in latest.values()) == [2, 5]
    assert all(marks == {"flag": "disputed"} for _level, marks in latest.values())
    assert Dispute.objects.count() == 1
    for receipt in (thanks, other.headers["Location"]):
        assert citizen.get(receipt).status_code == 200
    once_more = hidden(citizen.post(f"/s/{code}", {"dispute": "1"}).content)
    assert citizen.post(f"/s/{code}", {**once_more, "overall": "5"}).status_code == 409
    assert Response.objects.count() == 3


def test_a_dispute_ends_with_the_slip(citizen: Client, code: str, clock: Any) -> None:
    citizen.post(f"/s/{code}", {**hidden(citizen.get(f"/s/{code}").content), "overall": "5"})
    form = hidden(citizen.post(f"/s/{code}", {"dispute": "1"}).content)
    Slip.objects.update(expires_at=clock.now - timedelta(days=1))
    for fields in ({"dispute": "1"}, {"dispute": "1", "overall": "1"}, {**form, "overall": "1"}):
        assert citizen.post(f"/s/{code}", fields).status_code == 410
    assert Response.objects.count() == 1
    assert not Dispute.objects.exists()


def test_slips_expire_and_unknown_ones_are_no_dead_end(citizen: Client, code: str) -> None:
    Slip.objects.update(expires_at=timezone.now())
    assert citizen.get(f"/s/{code}").status_code == 410
    page = citizen.get("/s/0000000000")
    assert page.status_code == 404
    assert 'name="code"' in page.content.decode()
    with pytest.raises(ValueError, match="5000"):
        issue_slips(batch=Batch(agency_id=1, channel="counter"), count=5001, now=NOON)
