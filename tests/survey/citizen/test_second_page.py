"""One idea a page: the rating is stored at once, what is added is a revision of it, and nobody but
who has just sent it is asked what a low rating asks.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from survey.citizen.onward import SECOND_PAGE_TTL
from survey.responses.models import Comment, Response
from tests.survey.factories import Cast, answer, flat, hidden, receipt_of

pytestmark = pytest.mark.django_db
LOW, HIGH = 'name="reasons"', 'name="good"'


def second(citizen: Client, cast: Cast, overall: str) -> tuple[str, Any]:
    """The receipt of a rating, and its second page."""
    sent = answer(citizen, cast, overall=overall)
    return receipt_of(sent), citizen.get(sent.headers["Location"])


def send(citizen: Client, receipt: str, page: Any, **fields: Any) -> Any:
    return citizen.post(f"/r/{receipt}/more", {**hidden(page.content), **fields})


def latest() -> Response:
    row = Response.objects.order_by("-revision").first()
    assert row is not None
    return row


def test_the_first_page_asks_one_thing(citizen: Client, cast: Cast) -> None:
    page = flat(citizen.get(f"/{cast.code.code}"))
    assert page.count("<fieldset") == 1
    assert "<textarea" not in page
    assert "assisted" not in page


@pytest.mark.parametrize(
    ("overall", "asked"),
    [("1", (True, False)), ("3", (True, False)), ("4", (False, True)), ("5", (False, True))],
)
def test_what_is_asked_next_depends_on_the_rating_which_is_stored(
    citizen: Client, cast: Cast, overall: str, asked: tuple[bool, bool]
) -> None:
    _receipt, page = second(citizen, cast, overall)
    text = flat(page)
    assert (LOW in text, HIGH in text) == asked
    assert '<textarea name="comment"' in text
    assert Response.objects.get().answers == {"overall": int(overall)}
    assert " checked" not in text


def test_reasons_words_and_help_are_one_revision_however_often_they_are_sent(
    citizen: Client, cast: Cast
) -> None:
    receipt, page = second(citizen, cast, "2")
    added = {"reasons": ["late", "money"], "comment": "Chờ lâu", "assisted": "helped"}
    for _ in range(2):
        sent = send(citizen, receipt, page, **added)
        assert sent.headers["Location"].startswith(f"/r/{receipt}?")
        assert "noted=1" in sent.headers["Location"]
    assert Response.objects.count() == 2
    row = latest()
    assert row.answers == {"overall": 2, "reasons": ["money", "late"]}
    assert row.marks == {"assisted": "helped"}
    assert Comment.objects.get().text == "Chờ lâu"
    assert "Đã thêm góp ý" in citizen.get(sent.headers["Location"]).content.decode()


def test_what_was_chosen_is_said_to_be_added_only_when_it_was(citizen: Client, cast: Cast) -> None:
    receipt, page = second(citizen, cast, "5")
    empty = send(citizen, receipt, page)
    assert Response.objects.count() == 1
    told = citizen.get(empty.headers["Location"]).content.decode()
    assert "Đã ghi thêm" not in told
    assert "Đã thêm" not in told
    sent = send(citizen, receipt, page, good=["quick"])
    assert latest().answers == {"overall": 5, "good": ["quick"]}
    assert "Đã ghi thêm" in citizen.get(sent.headers["Location"]).content.decode()


def test_a_rating_changed_meanwhile_is_not_undone_and_its_reasons_go(
    citizen: Client, cast: Cast
) -> None:
    receipt, page = second(citizen, cast, "1")
    again = hidden(citizen.get(f"/r/{receipt}/change").content)
    changed = citizen.post(f"/r/{receipt}/change", {**again, "overall": "5"})
    assert "/more?" in changed.headers["Location"]
    assert "thay cho" in citizen.get(changed.headers["Location"]).content.decode()
    send(citizen, receipt, page, reasons=["late"], comment="Chờ lâu")
    assert latest().answers == {"overall": 5}
    assert Comment.objects.get().text == "Chờ lâu"


def test_the_receipt_alone_never_tells_by_what_it_takes(citizen: Client, cast: Cast) -> None:
    told = []
    for overall in ("1", "5"):
        receipt = receipt_of(answer(citizen, cast, overall=overall))
        for fields in ({"reasons": "waiting"}, {"good": "quick"}, {"reasons": "none"}):
            sent = citizen.post(f"/r/{receipt}/more", fields)
            told.append(sent.headers["Location"].replace(receipt, "X").split("&pressed")[0])
        row = Response.objects.filter(answers__overall=int(overall)).latest("revision")
        assert row.answers == {"overall": int(overall)}, "no reason is put into it"
    assert len(set(told)) == 1


def test_what_is_ticked_no_more_goes(citizen: Client, cast: Cast) -> None:
    receipt, page = second(citizen, cast, "2")
    send(citizen, receipt, page, reasons=["late", "waiting"], assisted="helped")
    send(citizen, receipt, page, reasons=["waiting"])
    assert latest().answers == {"overall": 2, "reasons": ["waiting"]}
    assert latest().marks is None
    send(citizen, receipt, page, comment="Chờ lâu")
    assert latest().answers == {"overall": 2}
    assert Comment.objects.get().text == "Chờ lâu"


def test_words_too_long_on_an_old_page_come_back_on_the_page_of_comments(
    citizen: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    receipt, page = second(citizen, cast, "2")
    late = timezone.now() + SECOND_PAGE_TTL + timedelta(minutes=1)
    monkeypatch.setattr("survey.citizen.receipts.second_page.timezone.now", lambda: late)
    again = send(citizen, receipt, page, comment="ă" * 501, reasons=["late"])
    assert again.status_code == 422
    assert "ă" * 501 in again.content.decode()
    assert 'name="reasons"' not in again.content.decode()
    assert latest().answers == {"overall": 2, "reasons": ["late"]}, "what was right is stored"


def test_the_same_words_sent_once_more_are_stored_once(citizen: Client, cast: Cast) -> None:
    receipt, page = second(citizen, cast, "2")
    send(citizen, receipt, page, comment="Chờ lâu", reasons=["late"])
    send(citizen, receipt, page, comment="Chờ lâu", reasons=["late", "waiting"])
    assert latest().answers == {"overall": 2, "reasons": ["waiting", "late"]}
    assert Comment.objects.count() == 1


def test_who_holds_the_receipt_only_is_not_asked(
    citizen: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = answer(citizen, cast, overall="1")
    receipt = receipt_of(sent)
    for address in (f"/r/{receipt}/more", f"/r/{receipt}/more?t=forged"):
        assert citizen.get(address).headers["Location"].startswith(f"/r/{receipt}?")
    late = timezone.now() + SECOND_PAGE_TTL + timedelta(minutes=1)
    monkeypatch.setattr("survey.citizen.receipts.second_page.timezone.now", lambda: late)
    closed = citizen.get(sent.headers["Location"])
    assert closed.headers["Location"].startswith(f"/r/{receipt}?")


def test_what_was_typed_on_a_page_that_is_too_old_is_stored(
    citizen: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    receipt, page = second(citizen, cast, "2")
    late = timezone.now() + SECOND_PAGE_TTL + timedelta(minutes=1)
    monkeypatch.setattr("survey.citizen.receipts.second_page.timezone.now", lambda: late)
    assert send(citizen, receipt, page, comment="Muộn").status_code == 303
    assert Comment.objects.get().text == "Muộn"


BAD: list[dict[str, Any]] = [
    {"comment": "x" * 501},
    {"reasons": ["none-of-these"]},
    {"foreign": "1"},
    {"comment": ["a", "b"]},
]


@pytest.mark.parametrize("fields", BAD)
def test_what_cannot_be_taken_is_shown_again_and_stores_nothing(
    citizen: Client, cast: Cast, fields: dict[str, Any]
) -> None:
    receipt, page = second(citizen, cast, "2")
    again = send(citizen, receipt, page, **fields)
    assert again.status_code == 422
    assert 'id="problem"' in flat(again)
    assert Response.objects.count() == 1


def test_the_hotline_is_one_press_away_and_takes_what_was_written(
    citizen: Client, cast: Cast
) -> None:
    receipt, page = second(citizen, cast, "1")
    assert "Gửi phản ánh đến 1022" in page.content.decode()
    onward = send(citizen, receipt, page, comment="Chờ lâu", next="handover")
    assert onward.headers["Location"].startswith(f"/r/{receipt}/handover?")
    assert Comment.objects.get().text == "Chờ lâu"


def test_another_language_keeps_what_was_chosen_and_the_right_to_be_asked(
    citizen: Client, cast: Cast
) -> None:
    receipt, page = second(citizen, cast, "2")
    switched = send(citizen, receipt, page, reasons=["late"], comment="Chờ", switch="en")
    text = flat(switched)
    assert '<html lang="en">' in text
    assert 'id="reasons-late" value="late" checked' in text
    assert ">Chờ</textarea>" in text
    assert Response.objects.count() == 1
    assert f"?lang=km&amp;t={hidden(page.content)['t']}" in text


def test_without_a_code_the_page_says_that_it_does_not_count(citizen: Client, cast: Cast) -> None:
    path = f"/offices/{cast.land_counter.office.key}/{cast.land.key}"
    sent = citizen.post(path, {**hidden(citizen.get(path).content), "overall": "4"})
    for address in (sent.headers["Location"], f"/r/{receipt_of(sent)}"):
        assert "không tính vào điểm" in citizen.get(address).content.decode()
    counted = answer(citizen, cast, overall="4")
    assert "không tính vào điểm" not in citizen.get(counted.headers["Location"]).content.decode()
