"""What a receipt gives a right to, from any phone, without ever showing an answer."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from survey.agencies.improvements import Improvement
from survey.citizen import feedback
from survey.common.outage import forget_outage
from survey.common.tokens import group_code
from survey.responses.cases import Case, open_cases
from survey.responses.models import Comment, Response
from tests.survey.factories import Cast, flat, hidden, open_form

pytestmark = pytest.mark.django_db


def rated(citizen: Client, cast: Cast, **more: Any) -> str:
    """A low rating with a reason and a comment; the path of its receipt."""
    fields = {
        **open_form(citizen, cast.code.code),
        "overall": "2",
        "reasons": ["late"],
        "comment": "Chờ lâu",
        **more,
    }
    return str(citizen.post(f"/s/{cast.code.code}", fields).headers["Location"]).partition("?")[0]


def later(monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    moment = timezone.now() + timedelta(days=days, hours=2)
    monkeypatch.setattr("survey.citizen.receipts.guard.timezone.now", lambda: moment)


def latest() -> Response:
    row = Response.objects.order_by("-revision").first()
    assert row is not None
    return row


def test_no_page_of_a_receipt_tells_what_was_answered(citizen: Client, cast: Cast) -> None:
    low, high = rated(citizen, cast), rated(citizen, cast, overall="5", reasons=[])
    for page in ("", "/more", "/change", "/comment", "/erase", "/handover", "/case"):
        texts = [citizen.get(path + page, follow=True).content.decode() for path in (low, high)]
        for path, text in zip((low, high), texts, strict=True):
            assert not re.search(r"<input[^>]* checked", text)
            assert "Chờ lâu" not in text
            assert path.removeprefix("/r/") in text.replace("-", "")

        def plain(path: str, text: str) -> str:
            code = path.removeprefix("/r/")
            text = text.replace(code, "X").replace(f"{code[:5]}-{code[5:]}", "X")
            return "".join(part for part in text.split('"') if len(part) < 30)

        assert plain(low, texts[0]) == plain(high, texts[1])


def test_the_last_answer_counts_for_seven_days(
    citizen: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = rated(citizen, cast)
    fields = hidden(citizen.get(f"{path}/change").content)
    for _ in range(2):
        answer = citizen.post(f"{path}/change", {**fields, "overall": "5"})
        assert answer.headers["Location"].startswith(path)
    assert Response.objects.count() == 2
    assert (latest().answers, latest().revision) == ({"overall": 5}, 1)
    assert citizen.get(path).status_code == 200
    later(monkeypatch, 7)
    assert citizen.get(f"{path}/change").status_code == 410
    assert "/change" not in citizen.get(path).content.decode()


def test_changing_the_short_answer_keeps_the_further_ones(citizen: Client, cast: Cast) -> None:
    path = rated(citizen, cast)
    page = citizen.get(f"{path}/full")
    for step in ({"A1": "4"}, {}, {}, {}, {}):
        page = citizen.post(f"{path}/full", {**hidden(page.content), **step})
    assert latest().answers["A1"] == 4
    fields = hidden(citizen.get(f"{path}/change").content)
    citizen.post(f"{path}/change", {**fields, "overall": "5"})
    assert latest().answers == {"overall": 5, "A1": 4}
    assert latest().base_version_id is not None
    assert "16" not in citizen.get(path).content.decode().partition("card")[0]


def test_words_are_added_and_erased_for_thirty_days(
    citizen: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = rated(citizen, cast)
    fields = hidden(citizen.get(f"{path}/comment").content)
    for _ in range(2):
        assert (
            citizen.post(f"{path}/comment", {**fields, "comment": "Thêm ghế ngồi"}).status_code
            == 303
        )
    assert sorted(Comment.objects.values_list("text", flat=True)) == ["Chờ lâu", "Thêm ghế ngồi"]
    assert latest().answers == {"overall": 2, "reasons": ["late"]}
    assert citizen.post(f"{path}/comment", {**fields, "comment": "x" * 600}).status_code == 422
    assert citizen.get(f"{path}/erase").status_code == 200
    assert Comment.objects.count() == 2
    assert citizen.post(f"{path}/erase").status_code == 303
    assert not Comment.objects.exists()
    assert latest().answers["overall"] == 2
    later(monkeypatch, 30)
    for page in ("/comment", "/erase", "/handover"):
        assert citizen.get(path + page).status_code == 410
    # What was opened on the last day may be sent on the next.
    assert (
        citizen.post(f"{path}/comment", {**fields, "ticket": "last", "comment": "Muộn"}).status_code
        == 303
    )
    later(monkeypatch, 31)
    for page in ("/comment", "/erase", "/handover"):
        assert citizen.post(path + page, {"comment": "x", "consent": "yes"}).status_code == 410


def test_a_rating_is_handed_over_by_a_consent_of_its_own_to_a_unit_above(
    citizen: Client, cast: Cast
) -> None:
    path = rated(citizen, cast)
    assert not re.search(r"<input[^>]* checked", citizen.get(f"{path}/handover").content.decode())
    assert citizen.post(f"{path}/handover", {}).status_code == 422
    assert not Case.objects.exists()
    for _ in range(2):
        sent = citizen.post(f"{path}/handover", {"consent": "yes"})
        assert sent.headers["Location"].startswith(f"{path}/case?")
    case = Case.objects.get()
    assert (case.rated, case.handler, case.text, case.reasons) == (
        cast.land,
        cast.province,
        "Chờ lâu",
        ["late"],
    )
    assert group_code(case.code) in citizen.get(path).content.decode()
    told = citizen.get(f"{path}/case").content.decode()
    assert group_code(case.code) in told
    assert f"{case.due_on():%d/%m/%Y}" in told
    assert "chưa có phần" not in told, "the case holds all that was said"
    citizen.post(f"{path}/comment", {"ticket": "more", "comment": "Thêm ghế"})
    assert "chưa có phần" in citizen.get(f"{path}/case").content.decode()
    assert "chưa có phần" in citizen.get(path).content.decode()
    citizen.post(f"{path}/handover", {"consent": "yes"})
    assert "chưa có phần" not in citizen.get(f"{path}/case").content.decode()
    case.refresh_from_db()
    assert case.text == "Chờ lâu\nThêm ghế"
    assert list(open_cases([cast.province.pk])) == [case]
    assert list(open_cases([cast.land.pk])) == []
    citizen.post(f"{path}/erase")
    case.refresh_from_db()
    assert (case.text, case.reasons) == ("", [])
    assert list(open_cases([cast.province.pk])) == []


def test_another_language_hands_nothing_over(citizen: Client, cast: Cast) -> None:
    path = rated(citizen, cast)
    page = citizen.post(f"{path}/handover", {"consent": "yes", "switch": "en"})
    assert page.status_code == 200
    assert 'value="yes" checked' in flat(page), "the tick stays"
    assert not Case.objects.exists()


def test_a_case_does_not_tell_which_rating_it_has(citizen: Client, cast: Cast) -> None:
    path = rated(citizen, cast, reasons=[], comment="").removesuffix("/more")
    citizen.post(f"{path}/handover", {"consent": "yes"})
    told = set()
    for level in "12345":
        fields = hidden(citizen.get(f"{path}/change").content)
        citizen.post(f"{path}/change", {**fields, "overall": level})
        told.add("chưa có phần" in citizen.get(f"{path}/case").content.decode())
    assert told == {True}


def test_a_closed_case_is_told_as_it_is(citizen: Client, cast: Cast) -> None:
    path = rated(citizen, cast)
    citizen.post(f"{path}/handover", {"consent": "yes"})
    assert "cũng được rút lại" in citizen.get(f"{path}/erase").content.decode()
    Case.objects.update(closed_on=timezone.localdate())
    assert "rút lại" not in citizen.get(f"{path}/erase").content.decode()
    citizen.post(f"{path}/erase")
    case = Case.objects.get()
    assert (case.text, case.withdrawn_on) == ("", None)
    page = citizen.get(path).content.decode()
    assert "/erase" not in page, "nothing is left to erase"


def test_no_button_leads_nowhere_when_the_time_is_over(
    citizen: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = rated(citizen, cast)
    citizen.post(f"{path}/handover", {"consent": "yes"})
    citizen.post(f"{path}/comment", {"ticket": "x", "comment": "Thêm"})
    later(monkeypatch, 31)
    for page in (path, f"{path}/case"):
        text = citizen.get(page).content.decode()
        assert "None" not in text.replace("none", "")
        assert "chưa có phần" not in text


def test_unknown_receipts_open_nothing(citizen: Client, cast: Cast) -> None:
    for page in ("", "/more", "/full", "/change", "/comment", "/erase", "/handover", "/case"):
        assert citizen.get(f"/r/0000000000{page}").status_code == 404
        if page not in ("", "/case"):
            assert citizen.post(f"/r/0000000000{page}", {"consent": "yes"}).status_code == 404


def test_what_the_agency_did_is_told_once_two_people_agree(citizen: Client, cast: Cast) -> None:
    made = Improvement.objects.create(
        agency=cast.land,
        done_on="2026-08-01",
        said="Thiếu ghế ngồi",
        did="Thêm 20 ghế",
        author=cast.head,
    )
    path = rated(citizen, cast)
    feedback._feedback.cache_clear()
    assert "Thêm 20 ghế" not in citizen.get(path).content.decode()
    made.approved_by, made.approved_at = cast.analyst, timezone.now()
    made.save()
    feedback._feedback.cache_clear()
    for address in (path, f"/s/{cast.code.code}/done"):
        page = citizen.get(address).content.decode()
        assert "Thêm 20 ghế" in page
        assert "01/08/2026" in page
    feedback._feedback.cache_clear()


def test_help_is_marked_and_nothing_else_is_taken_for_it(citizen: Client, cast: Cast) -> None:
    rated(citizen, cast, assisted="officer")
    assert latest().marks == {"assisted": "officer"}
    fields = {**open_form(citizen, cast.code.code), "overall": "5"}
    for wrong in ("boss", ["officer", "relative"]):
        assert (
            citizen.post(f"/s/{cast.code.code}", {**fields, "assisted": wrong}).status_code == 422
        )


def test_another_language_keeps_what_was_answered(citizen: Client, cast: Cast) -> None:
    fields = {
        **open_form(citizen, cast.code.code),
        "overall": "2",
        "reasons": ["late"],
        "comment": "Chờ",
        "assisted": "relative",
    }
    page = citizen.post(f"/s/{cast.code.code}", {**fields, "switch": "en"})
    text = page.content.decode()
    assert page.status_code == 200
    assert '<html lang="en">' in text
    assert text.count(" checked") == 1
    carried = hidden(page.content)
    assert (carried["reasons"], carried["comment"], carried["assisted"]) == (
        "late",
        "Chờ",
        "relative",
    )
    assert hidden(page.content)["ticket"] == fields["ticket"]
    assert not Response.objects.exists()
    empty = citizen.post(
        f"/s/{cast.code.code}", {**open_form(citizen, cast.code.code), "switch": "en"}
    )
    assert empty.status_code == 200
    assert "Error:" not in empty.content.decode()


def test_the_full_form_changes_language_in_the_middle(citizen: Client, cast: Cast) -> None:
    path = rated(citizen, cast)
    page = citizen.post(f"{path}/full", {**hidden(citizen.get(f"{path}/full").content), "A1": "4"})
    switched = citizen.post(f"{path}/full", {**hidden(page.content), "B1": "3", "switch": "en"})
    text = flat(switched)
    assert '<html lang="en">' in text
    assert 'id="B1-3" value="3" checked' in text
    page = switched
    for _ in range(4):
        page = citizen.post(
            f"{path}/full",
            {**hidden(page.content), **({"B1": "3"} if "B1-3" in page.content.decode() else {})},
        )
    assert latest().answers["A1"] == 4
    assert latest().answers["B1"] == 3


def test_a_database_that_is_down_loses_nothing(
    citizen: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = {**open_form(citizen, cast.code.code), "overall": "2", "comment": "Chờ <lâu>"}

    def down(*_: object) -> None:
        raise OperationalError("connection refused")

    with monkeypatch.context() as patched:
        patched.setattr("survey.citizen.entrances.poster.find_landing", down)
        patched.setattr("survey.citizen.pages.connection.close", lambda: None)
        page = citizen.post(f"/s/{cast.code.code}", fields)
        assert citizen.get(f"/s/{cast.code.code}").status_code == 503
    assert page.status_code == 503
    assert page.headers["Retry-After"] == "5"
    assert "&lt;lâu&gt;" in page.content.decode()
    forget_outage()
    assert (
        citizen.post(
            f"/s/{cast.code.code}", hidden(page.content) | {"comment": "Chờ <lâu>"}
        ).status_code
        == 303
    )
    assert Response.objects.count() == 1


def test_no_address_makes_the_page_say_what_was_not_done(citizen: Client, cast: Cast) -> None:
    path = rated(citizen, cast)
    said = {
        "erased": "Đã xóa góp ý",
        "nothing": "Không có góp ý",
        "changed": "thay cho",
        "noted": "Đã thêm góp ý",
        "added": "Đã ghi thêm lựa chọn",
    }
    shown = {
        mark
        for mark, words in said.items()
        if words in citizen.get(f"{path}?{mark}=1").content.decode()
    }
    assert shown == {"noted"}, "a comment is there; nothing was erased or changed"
    went_to = citizen.post(f"{path}/erase").headers["Location"]
    shown = {
        mark
        for mark, words in said.items()
        if words in citizen.get(f"{path}?{mark}=1").content.decode()
    }
    assert shown <= {"nothing"}, "nobody can tell any more that there were words"
    assert said["erased"] in citizen.get(went_to).content.decode(), "but who erased them is told"
