"""The citizen's way: scan, answer, thank-you page, further questions - and everything that may go
wrong on it.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from survey.access.posters import issue_code, revoke_code
from survey.citizen.receipts import page_state
from survey.common import tokens
from survey.questionnaires.queries import published_version
from survey.questionnaires.services import retire_version
from survey.responses.models import CHANGE_DAYS, Comment, Response
from tests.survey.factories import NOW, Cast, answer, flat, hidden, open_form, receipt_of


def test_the_form_needs_no_cookie_no_script_and_no_other_host(citizen: Client, cast: Cast) -> None:
    page = citizen.get(f"/s/{cast.code.code}")
    text = page.content.decode()
    assert page.status_code == 200
    assert not page.cookies
    assert text.count("<script>") == 1
    text = re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)
    assert "<script src" not in text
    assert not re.search(r'(?:src|href|action)="(?:https?:)?//', text)
    assert "checked" not in text.split("</style>")[1]
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert 'lang="vi"' in text


@pytest.mark.parametrize(
    "form", ["{code}", "{lower}", "{group_code}", "{code}/", "{code}&zarsrc=30", "{code}&a=b?c=d"]
)
def test_the_code_is_read_as_people_type_it(citizen: Client, cast: Cast, form: str) -> None:
    code = cast.code.code
    path = form.format(code=code, lower=code.lower(), group_code=f"{code[:4]}-{code[4:]}")
    assert citizen.get(f"/S/{path}").status_code == 200


def test_an_answer_is_stored_once_with_everything_the_code_knows(
    citizen: Client, cast: Cast
) -> None:
    response = answer(citizen, cast, overall="2", reasons=["waiting", "late"], comment="Chờ lâu")
    row = Response.objects.get()
    assert row.answers == {"overall": 2, "reasons": ["waiting", "late"]}
    assert (row.agency, row.counter, row.office) == (
        cast.land,
        cast.land_counter,
        cast.land_counter.office,
    )
    assert (row.domain, row.channel, row.evidence, row.language) == (
        cast.land_counter.domain,
        "counter",
        "E0",
        "vi",
    )
    assert (row.answered_hour.minute, row.answered_hour.second) == (0, 0)
    assert row.month.day == 1
    assert Comment.objects.get().text == "Chờ lâu"
    thanks = citizen.get(response.headers["Location"])
    assert tokens.group_code(receipt_of(response)) in thanks.content.decode()
    assert "Chờ lâu" not in thanks.content.decode()
    assert not thanks.cookies


def test_double_tap_reload_and_back_show_the_same_receipt(citizen: Client, cast: Cast) -> None:
    fields = {**open_form(citizen, cast.code.code), "overall": "4"}
    first, second = (citizen.post(f"/s/{cast.code.code}", fields) for _ in range(2))
    changed = citizen.post(f"/s/{cast.code.code}", {**fields, "overall": "1"})
    assert receipt_of(first) == receipt_of(second) == receipt_of(changed)
    assert Response.objects.get().answers == {"overall": 4}
    assert "từ trước" in citizen.get(changed.headers["Location"]).content.decode()
    assert "từ trước" not in citizen.get(second.headers["Location"]).content.decode()


def test_reasons_of_a_changed_mind_are_dropped_not_refused(citizen: Client, cast: Cast) -> None:
    answer(citizen, cast, overall="5", reasons=["waiting"])
    assert Response.objects.get().answers == {"overall": 5}


def test_vietnamese_is_stored_in_one_form(citizen: Client, cast: Cast) -> None:
    answer(citizen, cast, overall="3", comment=unicodedata.normalize("NFD", "Phục vụ được"))
    assert Comment.objects.get().text == unicodedata.normalize("NFC", "Phục vụ được")


BAD: list[dict[str, Any]] = [
    {},
    {"overall": ""},
    {"overall": "6"},
    {"overall": "0"},
    {"overall": ["4", "5"]},
    {"overall": "4\x00"},
    {"overall": "4", "foreign": "1"},
    {"overall": "4", "A1": "5"},
    {"overall": "2", "reasons": ["none-of-these"]},
    {"overall": "2", "reasons": ["late", "late"]},
    {"overall": "4", "comment": "a\x00b"},
    {"overall": "4", "comment": "x" * 501},
    {"overall": "4", "ticket": "forged"},
    {"overall": "4", "ticket": ""},
    {"overall": "4", "ticket": "\ud800".encode("utf-8", "surrogatepass")},
]


@pytest.mark.parametrize("fields", BAD)
def test_bad_answers_get_a_kind_page_and_store_nothing(
    citizen: Client, cast: Cast, fields: dict[str, Any]
) -> None:
    response = answer(citizen, cast, **fields)
    page = response.content.decode()
    assert response.status_code == 422
    assert 'role="alert"' in page
    assert page.partition("<title>")[2].strip().startswith("Lỗi:")
    assert not Response.objects.exists()


def test_lone_surrogates_in_the_body_store_nothing(citizen: Client, cast: Cast) -> None:
    ticket = open_form(citizen, cast.code.code)["ticket"]
    body = f"ticket={ticket}&overall=4&comment=%ED%A0%80"
    response = citizen.post(
        f"/s/{cast.code.code}", body, content_type="application/x-www-form-urlencoded"
    )
    assert response.status_code == 422
    assert not Response.objects.exists()


def test_what_was_typed_is_still_there_after_an_error(citizen: Client, cast: Cast) -> None:
    page = answer(citizen, cast, comment="Xin thêm ghế & <b>nước</b>").content.decode()
    assert "Xin thêm ghế &amp; &lt;b&gt;nước&lt;/b&gt;" in page
    assert 'href="#overall-1"' in page
    again = answer(citizen, cast, overall="9", reasons=["late"])
    assert 'type="hidden" name="reasons" value="late"' in flat(again)
    long = answer(citizen, cast, overall="4", comment="x" * 501)
    assert "<textarea" in long.content.decode(), "what has to be mended is shown"


def test_an_old_form_keeps_its_answers_and_gets_a_new_ticket(
    citizen: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = {**open_form(citizen, cast.code.code), "overall": "4"}
    late = timezone.now() + tokens.TICKET_TTL + timedelta(minutes=1)
    with monkeypatch.context() as patch:
        patch.setattr("survey.citizen.receipts.guard.timezone.now", lambda: late)
        page = citizen.post(f"/s/{cast.code.code}", fields)
        assert page.status_code == 422
        assert 'id="overall-4" value="4" checked' in flat(page)
        fresh = {**hidden(page.content), "overall": "4"}
        assert receipt_of(citizen.post(f"/s/{cast.code.code}", fresh))
    assert Response.objects.count() == 1


def test_a_ticket_of_another_counter_is_refused(citizen: Client, cast: Cast) -> None:
    fields = {**open_form(citizen, cast.commune_code.code), "overall": "5"}
    assert citizen.post(f"/s/{cast.code.code}", fields).status_code == 422
    assert not Response.objects.exists()


def test_another_spelling_of_the_same_ticket_is_the_same_key(citizen: Client, cast: Cast) -> None:
    fields = {**open_form(citizen, cast.code.code), "overall": "5"}
    citizen.post(f"/s/{cast.code.code}", fields)
    spelled = fields["ticket"][:8] + "\n" + fields["ticket"][8:]
    citizen.post(f"/s/{cast.code.code}", {**fields, "ticket": spelled})
    assert Response.objects.count() == 1


def test_a_body_of_ten_megabytes_is_refused_before_it_is_read(citizen: Client, cast: Cast) -> None:
    fields = {**open_form(citizen, cast.code.code), "overall": "4", "comment": "x" * 10_000_000}
    response = citizen.post(f"/s/{cast.code.code}", fields)
    assert response.status_code == 413
    assert "quá dài" in response.content.decode()
    many = citizen.post(f"/s/{cast.code.code}", {f"f{i}": "1" for i in range(500)})
    assert many.status_code == 400
    broken = citizen.post(f"/s/{cast.code.code}", b"x", content_type="multipart/form-data")
    assert broken.status_code == 400
    assert not Response.objects.exists()


def test_a_replaced_poster_is_answered_for_the_office_with_a_mark(
    citizen: Client, cast: Cast
) -> None:
    ticket = open_form(citizen, cast.code.code)
    issue_code(counter=cast.land_counter, now=NOW)
    assert "tờ dán mới" in citizen.get(f"/s/{cast.code.code}").content.decode()
    assert citizen.post(f"/s/{cast.code.code}", {**ticket, "overall": "5"}).status_code == 303
    row = Response.objects.get()
    assert (row.counter, row.office, row.marks) == (
        None,
        cast.land_counter.office,
        {"flag": "old-poster"},
    )


def test_unknown_and_revoked_codes_say_what_to_do(citizen: Client, cast: Cast) -> None:
    ticket = open_form(citizen, cast.code.code)
    revoke_code(code=cast.commune_code, now=NOW)
    for code, status in ((cast.commune_code.code, 410), ("00000000", 404), ("%00", 404)):
        page = citizen.get(f"/s/{code}")
        assert page.status_code == status
        assert "<h1>" in page.content.decode()
        assert citizen.post(f"/s/{code}", {**ticket, "overall": "5"}).status_code == status
    assert not Response.objects.exists()


def test_a_closed_counter_and_a_closed_form_say_so(citizen: Client, cast: Cast) -> None:
    version = published_version("counter-short")
    assert version is not None
    cast.land_counter.closed_on = NOW.date()
    cast.land_counter.save()
    assert citizen.get(f"/s/{cast.code.code}").status_code == 410
    retire_version(version=version, now=NOW)
    assert citizen.get(f"/s/{cast.commune_code.code}").status_code == 410


@pytest.mark.parametrize("method", ["get", "head", "options", "put", "delete", "patch"])
def test_no_other_method_changes_anything(citizen: Client, cast: Cast, method: str) -> None:
    before = open_form(citizen, cast.code.code)
    for path in (f"/s/{cast.code.code}", "/r/ABCDEFGHJK", "/r/ABCDEFGHJK/full", "/", "/privacy"):
        assert getattr(citizen, method)(path).status_code < 500
    assert not Response.objects.exists()
    assert receipt_of(citizen.post(f"/s/{cast.code.code}", {**before, "overall": "5"}))


def test_english_is_complete_on_every_citizen_page(citizen: Client, cast: Cast) -> None:
    page = citizen.get(f"/s/{cast.code.code}?lang=en").content.decode()
    assert "Very satisfied" in page
    assert 'lang="en"' in page
    fields = {**hidden(page.encode()), "overall": "4"}
    sent = citizen.post(f"/s/{cast.code.code}", fields)
    assert "lang=en" in sent.headers["Location"]
    assert Response.objects.get().language == "en"
    assert "rating code" in citizen.get(sent.headers["Location"]).content.decode()
    assert citizen.get(f"/s/{cast.code.code}?lang=xx").status_code == 200


# --- the full form --------------------------------------------------------------------------------


def start(client: Client, cast: Cast, overall: str = "4") -> tuple[str, Any]:
    receipt = receipt_of(answer(client, cast, overall=overall))
    return f"/r/{receipt}/full", client.get(f"/r/{receipt}/full")


def step(client: Client, path: str, page: Any, **answers: Any) -> Any:
    fields = {k: v for k, v in hidden(page.content).items() if k != "wizard_goto_step"}
    return client.post(path, {**fields, **answers})


PAGES = [
    ("A1", "A2", "A3"),
    ("B1", "B2", "B3", "B4"),
    ("C1", "C2", "C3"),
    ("D1", "D2", "D3"),
    ("E1", "E2", "E3"),
]


def run(client: Client, path: str, page: Any, level: str = "5") -> Any:
    for codes in PAGES:
        page = step(client, path, page, **dict.fromkeys(codes, level))
    return page


def test_the_full_form_is_a_revision_and_history_stays(citizen: Client, cast: Cast) -> None:
    path, page = start(citizen, cast)
    end = run(citizen, path, page)
    first, *between, last = Response.objects.order_by("revision")
    assert receipt_of(end) == path.split("/")[2]
    assert {row.response for row in between} == {first.response} == {last.response}
    assert first.answers == {"overall": 4}
    assert last.answers == {"overall": 4, **{code: 5 for codes in PAGES for code in codes}}
    assert (last.revision, last.agency, last.month, last.evidence) == (
        5,
        first.agency,
        first.month,
        "E0",
    )
    thanks = citizen.get(end.headers["Location"])
    assert not thanks.cookies
    assert "/full" not in thanks.content.decode()


def test_sending_the_last_page_twice_makes_one_revision(citizen: Client, cast: Cast) -> None:
    path, page = start(citizen, cast)
    for codes in PAGES[:-1]:
        page = step(citizen, path, page, **dict.fromkeys(codes, "4"))
    ends = [step(citizen, path, page, E1="0") for _ in range(3)]
    assert len({receipt_of(end) for end in ends}) == 1
    assert Response.objects.count() == 6, "one a part, however often it is sent"


def test_two_tabs_never_mix(citizen: Client, cast: Cast) -> None:
    path, one = start(citizen, cast)
    other = citizen.get(path)
    one = step(citizen, path, one, A1="1")
    other = step(citizen, path, other, A1="5")
    for _ in PAGES[1:]:
        one = step(citizen, path, one)
    for _ in PAGES[1:]:
        other = step(citizen, path, other)
    assert [
        row.answers["A1"] for row in Response.objects.filter(revision__gt=0).order_by("revision")
    ] == [1, 5]


def test_back_keeps_what_was_answered_on_both_pages(citizen: Client, cast: Cast) -> None:
    path, page = start(citizen, cast)
    page = step(citizen, path, page, A1="2", A2="3")
    back = step(citizen, path, page, B1="1", wizard_goto_step="ACCESS")
    text = flat(back)
    assert 'id="A1-2" value="2" checked' in text
    assert 'id="A2-3" value="3" checked' in text
    forward = step(citizen, path, back, A1="2", A2="3")
    assert 'id="B1-1" value="1" checked' in flat(forward)


def test_questions_may_be_skipped_and_nothing_at_all_is_no_revision(
    citizen: Client, cast: Cast
) -> None:
    path, page = start(citizen, cast)
    for _ in PAGES:
        page = step(citizen, path, page)
    assert page.status_code == 303
    assert Response.objects.count() == 1


@pytest.mark.parametrize(
    "fields",
    [{"A1": "6"}, {"A1": ["1", "2"]}, {"A1": "x\x00"}, {"B1": "5"}, {"zzz": "1"}],
)
def test_bad_answers_in_the_full_form_are_shown_and_not_stored(
    citizen: Client, cast: Cast, fields: dict[str, Any]
) -> None:
    path, page = start(citizen, cast)
    answered = step(citizen, path, page, **fields)
    assert answered.status_code == 422
    assert 'role="alert"' in answered.content.decode()
    assert Response.objects.count() == 1


@pytest.mark.parametrize("state", ["", "x", "a:b:c", "x" * 60_000, "\x00"])
def test_a_damaged_state_offers_to_start_again(citizen: Client, cast: Cast, state: str) -> None:
    path, page = start(citizen, cast)
    answered = step(citizen, path, page, state=state)
    assert answered.status_code == 400
    assert f'href="{path}' in answered.content.decode()
    assert Response.objects.count() == 1


def test_a_state_of_another_receipt_is_refused(citizen: Client, cast: Cast) -> None:
    _path, page = start(citizen, cast)
    other, _ = start(citizen, cast)
    assert step(citizen, other, page, A1="5").status_code == 400


def test_an_expired_state_offers_to_start_again(
    citizen: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, page = start(citizen, cast)
    monkeypatch.setattr(page_state, "STATE_TTL", timedelta(seconds=-1))
    answered = step(citizen, path, page, A1="5")
    assert answered.status_code == 400
    assert "mở quá lâu" in answered.content.decode()


@pytest.mark.parametrize("current", ["", "NOPE", "RESULT", "\x00"])
def test_an_invented_step_never_breaks_the_wizard(
    citizen: Client, cast: Cast, current: str
) -> None:
    path, page = start(citizen, cast)
    assert step(citizen, path, page, **{"full-current_step": current}).status_code in (200, 303)
    assert step(citizen, path, page, wizard_goto_step=current).status_code in (200, 303)


def test_the_full_form_closes_after_seven_days(
    citizen: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, _ = start(citizen, cast)
    late = timezone.now() + timedelta(days=CHANGE_DAYS, hours=1)
    monkeypatch.setattr("survey.citizen.short_form.timezone.now", lambda: late)
    assert citizen.get(path).status_code == 410
    assert "/full" not in citizen.get(path.removesuffix("/full")).content.decode()


def test_unknown_receipts_are_told_kindly(citizen: Client, cast: Cast) -> None:
    for path in ("/r/0000000000", "/r/0000000000/full", "/r/x%00y"):
        assert citizen.get(path).status_code == 404
    assert citizen.post("/r/0000000000/full", {"state": "x"}).status_code == 404


def test_the_window_for_changes_counts_from_the_first_answer(
    citizen: Client, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, page = start(citizen, cast)
    begin = timezone.now()
    for days, status in ((6, 303), (8, 410)):
        moment = begin + timedelta(days=days)
        monkeypatch.setattr(
            "survey.citizen.entrances.poster.timezone.now", lambda moment=moment: moment
        )
        page = citizen.get(path)
        assert (run(citizen, path, page) if status == 303 else page).status_code == status


def test_other_answers_sent_again_are_what_counts(citizen: Client, cast: Cast) -> None:
    path, page = start(citizen, cast)
    for codes in PAGES[:-1]:
        page = step(citizen, path, page, **dict.fromkeys(codes, "4"))
    for level in "51":
        step(citizen, path, page, E1=level)
    assert [
        row.answers["E1"]
        for row in Response.objects.filter(answers__has_key="E1").order_by("revision")
    ] == [5, 1]


def test_files_are_not_answers(citizen: Client, cast: Cast) -> None:
    import io

    path, page = start(citizen, cast)
    file = io.BytesIO(b"x")
    file.name = "x.txt"
    assert step(citizen, path, page, A1="5", extra=file).status_code == 400


def test_a_renamed_office_shows_at_once(citizen: Client, cast: Cast) -> None:
    citizen.get(f"/s/{cast.code.code}")
    office = cast.land_counter.office
    office.name = "Trung tâm mới đổi tên"
    office.save()
    assert "Trung tâm mới đổi tên" in citizen.get(f"/s/{cast.code.code}").content.decode()


def test_refused_methods_are_not_kept_by_caches(citizen: Client, cast: Cast) -> None:
    response = citizen.put(f"/s/{cast.code.code}")
    assert response.status_code == 405
    assert response.headers["Cache-Control"] == "private, no-cache"


def test_the_script_is_told_where_to_go_and_does_not_load_the_thanks_twice(
    citizen: Client, cast: Cast
) -> None:
    fields = {**open_form(citizen, cast.code.code), "overall": "4"}
    asked = citizen.post(f"/s/{cast.code.code}", fields, headers={"accept": "text/uri-list"})
    plain = citizen.post(f"/s/{cast.code.code}", fields)
    assert (asked.status_code, asked.headers["Content-Type"]) == (200, "text/uri-list")
    # The passes at the end are made anew each time.
    told, sent = (at.split("&t=")[0] for at in (asked.content.decode(), plain.headers["Location"]))
    assert told == sent
    assert asked.headers["Cache-Control"] == "no-store"
    assert Response.objects.count() == 1
    wrong = citizen.post(
        f"/s/{cast.code.code}", {**fields, "overall": "9"}, headers={"accept": "text/uri-list"}
    )
    assert wrong.status_code == 422
