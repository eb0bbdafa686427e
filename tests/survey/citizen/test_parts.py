"""The further questions part by part: what was answered is stored when one goes on, stops, or is
called away.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from survey.citizen.receipts import views as receipt_views
from survey.questionnaires.content import Form, QuestionSpec
from survey.questionnaires.queries import load_form
from survey.responses import parts, services
from survey.responses.flags import Flag
from survey.responses.models import Comment, Response
from survey.responses.parts import open_part, store_part
from tests.survey.factories import Cast, answer, hidden, receipt_of

pytestmark = pytest.mark.django_db
LAST = {"E1": "5", "E2": "5", "E3": "5"}


def begin(client: Client, cast: Cast) -> tuple[str, Any]:
    path = f"/r/{receipt_of(answer(client, cast, overall='4'))}/full"
    return path, client.get(path)


def send(client: Client, path: str, page: Any, **answers: Any) -> Any:
    return client.post(path, {**hidden(page.content), **answers})


def latest() -> Response:
    row = Response.objects.order_by("-revision").first()
    assert row is not None
    return row


def part_of(page: Any) -> str:
    return hidden(page.content)["full-current_step"]


def test_who_is_called_away_has_sent_what_was_answered_and_goes_on_at_the_open_part(
    citizen: Client, cast: Cast
) -> None:
    path, page = begin(citizen, cast)
    page = send(citizen, path, page, A1="4", A2="4")
    page = send(citizen, path, page, B1="2")
    assert latest().answers == {"overall": 4, "A1": 4, "A2": 4, "B1": 2}
    thanks = citizen.get(path.removesuffix("/full")).content.decode()
    assert f'href="{path}' in thanks
    assert "Còn câu chưa trả lời" in thanks
    again = citizen.get(path)
    assert part_of(again) == "STAFF"
    assert " checked" not in again.content.decode().partition("</style>")[2], (
        "no page shows what was answered"
    )
    page = send(citizen, path, again, C1="3")
    page = send(citizen, path, page, D1="3")
    end = send(citizen, path, page, **LAST)
    assert end.status_code == 303
    kept = {"overall": 4, "A1": 4, "A2": 4, "B1": 2, "C1": 3, "D1": 3, "E1": 5, "E2": 5, "E3": 5}
    assert latest().answers == kept
    assert "/full" not in citizen.get(path.removesuffix("/full")).content.decode()


@pytest.mark.parametrize("spell", [str.lower, str.upper, lambda path: f"{path[:6]}-{path[6:]}"])
def test_an_address_typed_another_way_works_to_the_end(
    citizen: Client, cast: Cast, spell: Callable[[str], str]
) -> None:
    path, _page = begin(citizen, cast)
    typed = f"{spell(path.removesuffix('/full'))}/full".replace("/R/", "/r/")
    page = citizen.get(typed)
    for codes in ("A1", "B1"):
        page = send(citizen, typed, page, **{codes: "4"})
        assert page.status_code == 200
    assert send(citizen, path, page, C1="4").status_code == 200
    assert latest().answers == {"overall": 4, "A1": 4, "B1": 4, "C1": 4}


def test_every_part_has_a_button_that_sends_and_stops(citizen: Client, cast: Cast) -> None:
    path, page = begin(citizen, cast)
    shown = []
    for code in ("A1", "B1", "C1", "D1", "E1"):
        shown.append('name="stop"' in page.content.decode())
        stopped = send(citizen, path, page, **{code: "2", "stop": "1"})
        assert stopped.status_code == 303
        assert latest().answers[code] == 2
        page = send(citizen, path, page, **{code: "3"})
        assert latest().answers[code] == 3
    assert shown == [True] * 5


def test_stopping_with_nothing_answered_stores_nothing(citizen: Client, cast: Cast) -> None:
    path, page = begin(citizen, cast)
    assert send(citizen, path, page, stop="1").status_code == 303
    assert Response.objects.count() == 1


def test_what_is_no_answer_is_told_also_to_who_stops(citizen: Client, cast: Cast) -> None:
    path, page = begin(citizen, cast)
    for fields in ({"A1": "9"}, {"zzz": "1"}):
        assert send(citizen, path, page, stop="1", **fields).status_code == 422
    assert Response.objects.count() == 1


def test_an_earlier_part_opened_again_without_its_answers_takes_none_away(
    citizen: Client, cast: Cast
) -> None:
    path, page = begin(citizen, cast)
    send(citizen, path, page, A1="4")
    again = citizen.get(path)
    back = send(citizen, path, again, wizard_goto_step="ACCESS")
    assert part_of(back) == "ACCESS"
    send(citizen, path, back)
    assert latest().answers == {"overall": 4, "A1": 4}


def test_back_and_another_answer_is_what_counts(citizen: Client, cast: Cast) -> None:
    path, page = begin(citizen, cast)
    second = send(citizen, path, page, A1="4", A2="4")
    back = send(citizen, path, second, B1="1", wizard_goto_step="ACCESS")
    assert latest().answers["B1"] == 1, "going back keeps the part, too"
    send(citizen, path, back, A1="2")
    assert latest().answers == {"overall": 4, "A1": 2, "B1": 1}, "A2 was taken back on its own page"
    send(citizen, path, page, A1="4", A2="4")
    assert latest().answers["A1"] == 4, "sent once more, the first page counts again"


def test_a_text_among_the_further_questions_is_kept_apart_and_once(
    citizen: Client, cast: Cast
) -> None:
    path, page = begin(citizen, cast)
    send(citizen, path, page, A1="4")
    row = latest()
    form = load_form(row.version_id)
    said = QuestionSpec(code="said", kind="short-text", factor="WORDS")
    more = Form(
        row.version_id,
        form.questionnaire,
        form.number,
        True,
        form.extends,
        {**form.factors, "WORDS": (said,)},
    )
    for _ in range(2):
        store_part(row=row, form=more, sent={"said": "Chờ lâu"}, dropped=frozenset(), key="page")
    assert list(Comment.objects.values_list("question", "text")) == [("said", "Chờ lâu")]
    assert latest().answers == {"overall": 4, "A1": 4}
    assert Response.objects.count() == 3


def test_parts_from_two_pages_at_one_moment_are_put_onto_each_other(
    citizen: Client, cast: Cast
) -> None:
    """Both were computed from the same revision: the database refuses the second its number."""
    path, page = begin(citizen, cast)
    send(citizen, path, page, A1="4")
    stale = latest()
    form = load_form(stale.version_id)
    for code, key in (("B1", "page"), ("C1", "another"), ("C1", "another")):
        store_part(row=stale, form=form, sent={code: 3}, dropped=frozenset(), key=key)
    assert latest().answers == {"overall": 4, "A1": 4, "B1": 3, "C1": 3}
    assert [row.revision for row in Response.objects.order_by("revision")] == [0, 1, 2, 3]


@pytest.mark.parametrize("what", ["comment", "change", "mark"])
def test_a_part_that_comes_in_while_another_page_is_stored_is_kept(
    citizen: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """The other page has read the response just before: its revision's number is taken."""
    path, page = begin(citizen, cast)
    send(citizen, path, page, A1="4")
    stale = latest()
    receipt = path.removesuffix("/full")
    asked = hidden(citizen.get(f"{receipt}/{'comment' if what == 'mark' else what}").content)
    form = load_form(stale.version_id)
    store_part(row=stale, form=form, sent={"B1": 3}, dropped=frozenset(), key="page")
    found = iter([stale, latest()])
    monkeypatch.setattr(services, "latest_for_update", lambda _row: next(found))
    if what == "mark":
        services.mark_response(row=stale, flag=Flag.DISPUTED, key="mark")
    else:
        fields = {"comment": "Chờ lâu"} if what == "comment" else {"overall": "2"}
        assert citizen.post(f"{receipt}/{what}", {**asked, **fields}).status_code == 303
    assert latest().revision == 3
    assert {"A1": 4, "B1": 3}.items() <= latest().answers.items()
    assert latest().answers["overall"] == (2 if what == "change" else 4)
    assert Comment.objects.count() == (what == "comment")


def test_the_full_form_asks_the_database_twenty_times_at_most(citizen: Client, cast: Cast) -> None:
    path, _page = begin(citizen, cast)
    with CaptureQueriesContext(connection) as asked:
        page = citizen.get(path)
        for codes in ("A1 A2", "B1", "C1", "D1", "E1 E2 E3"):
            page = send(citizen, path, page, **dict.fromkeys(codes.split(), "4"))
        assert page.status_code == 303
        citizen.get(page.headers["Location"])
    # Inside of the transaction of a test each insert has a savepoint around it.
    told = [q["sql"] for q in asked.captured_queries if "SAVEPOINT" not in q["sql"]]
    assert len(told) <= 20, told


def test_a_question_required_of_a_later_part_holds_no_earlier_one(
    citizen: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def strict(version_id: int) -> Form:
        form = load_form(version_id)
        last = tuple(replace(question, required=True) for question in form.factors["RESULT"])
        return replace(form, factors={**form.factors, "RESULT": last})

    path, page = begin(citizen, cast)
    monkeypatch.setattr(receipt_views, "load_form", strict)
    page = send(citizen, path, page, A1="4")
    for _ in range(3):
        page = send(citizen, path, page)
    assert latest().answers == {"overall": 4, "A1": 4}
    assert send(citizen, path, page).status_code == 422
    assert send(citizen, path, page, stop="1").status_code == 303


def test_the_open_part_is_the_first_without_an_answer_until_the_last_is_answered() -> None:
    def part(code: str, kind: str = "scale") -> tuple[QuestionSpec, ...]:
        return (QuestionSpec(code=code, kind=kind, factor=code),)

    form = Form(
        1,
        "f",
        1,
        True,
        "s",
        {"A": part("A"), "T": part("T", "short-text"), "B": part("B"), "C": part("C")},
    )
    assert open_part(form, {}) == "A"
    assert open_part(form, {"A": 1}) == "B"
    assert open_part(form, {"B": 1}) == "A"
    assert open_part(form, {"C": 1}) is None
    assert parts.open_part(Form(1, "f", 1, True, "s", {}), {}) is None
