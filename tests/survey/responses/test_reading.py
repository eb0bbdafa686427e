"""Comments are read masked and late; the rated side in batches that say nothing of when or who."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from survey.accounts.models import AuditEvent, Role, User
from survey.agencies.models import AgencyKind
from survey.agencies.services import Attributes, found_agency
from survey.responses.case_work import CaseNote, choose_handler
from survey.responses.cases import Case, erase_comments
from survey.responses.models import Comment
from survey.responses.reading import (
    CommentNight,
    ReadableComment,
    find_topics_again,
    prepare_comments,
    readable_comments,
)
from survey.responses.services import record_response
from survey.responses.topics import Lexicon, Topic
from tests.survey.console.builders import signed_in
from tests.survey.factories import START, Cast, flat

COMMENTS = reverse("console:comments")


def rate(cast: Cast, seed: str, text: str = "", level: int = 2) -> Any:
    answers = {"overall": level, **({"comment": text} if text else {})}
    return record_response(submission=cast.submission(seed, level, answers=answers)).row


def night() -> None:
    """Another night; each is a day after the one before."""
    last = CommentNight.objects.first()
    prepare_comments(last.at + timedelta(days=1) if last else timezone.now())


def two_nights() -> None:
    night()
    night()


@pytest.mark.parametrize(
    ("text", "topics"),
    [
        ("Tôi chờ lâu quá.", ["waiting"]),
        ("toi cho lau qua", ["waiting"]),
        ("Cán bộ hách dịch. Hồ sơ trễ hẹn 3 tuần.", ["attitude", "late"]),
        ("Có người gợi ý tiền bồi dưỡng", ["corruption"]),
        ("Cảm ơn anh chị", ["praise"]),
        ("Trời hôm nay đẹp", []),
        ("Phích nước nóng", ["place"]),
        ("chờ láu", []),
        ("Tôi đã cho. Lâu rồi mới trả lời", []),
        ("cho lâu dài", []),
        ("Cán bộ nhận hoi lo của dân", ["corruption"]),
        ("đòi hối\nlộ, hối-lộ", ["corruption"]),
        ("doi tien ạ", ["corruption"]),
        ("cán bộ gợi ý đưa phong bi", ["corruption"]),
        ("", []),
    ],
)
def test_topics_are_found_as_people_write_with_and_without_marks(
    db: None, text: str, topics: list[str]
) -> None:
    found = Lexicon(Topic.objects.all()).find(text)
    assert [match.topic for match in found] == topics
    assert all(match.sentence in text for match in found)


def test_topics_of_a_megabyte_are_found_at_once(db: None) -> None:
    lexicon = Lexicon(Topic.objects.all())
    start = time.process_time()
    lexicon.find("chờ lâu và hách dịch. " * 50_000)
    lexicon.find("a" * 1_000_000)
    assert time.process_time() - start < 5


def test_nobody_reads_a_comment_before_a_night_and_a_day(cast: Cast) -> None:
    rate(cast, "1", "Chờ lâu")
    client = signed_in(cast.analyst)
    assert "Chờ lâu" not in flat(client.get(COMMENTS))
    night()
    assert "Chờ lâu" not in flat(client.get(COMMENTS))
    night()
    page = flat(client.get(COMMENTS))
    assert "<p>Chờ lâu</p>" in page
    assert "Thời gian chờ đợi" in page
    assert AuditEvent.objects.filter(action="read-comments").exists()


def test_the_rated_side_reads_what_one_of_ten_people_can_have_written(cast: Cast) -> None:
    for number in range(9):
        rate(cast, f"a{number}", f"Ý kiến số {number}")
    two_nights()
    head = signed_in(cast.head)
    assert "<p>Ý kiến" not in flat(head.get(COMMENTS))
    rate(cast, "b", "Ý kiến số 9")
    two_nights()
    page = flat(head.get(COMMENTS))
    assert page.count("<p>Ý kiến") == 10
    for told in ("Tệ", "Không hài lòng", "2026", "Quầy 1", cast.code.code):
        assert told not in page.split("<h1>")[1].split("</main>")[0], told


def test_a_lone_comment_waits_for_nine_others_of_its_block(cast: Cast) -> None:
    """Whoever saw who came on a day would else know who wrote: quiet answers before cover nobody,
    for a comment of theirs would have been told long ago.
    """
    for number in range(15):
        rate(cast, f"quiet{number}")
    for _night in range(3):
        night()
    rate(cast, "one", "Góp thêm một ý")
    for _night in range(4):
        night()
    head, analyst = signed_in(cast.head), signed_in(cast.analyst)
    assert "Góp thêm" not in flat(head.get(COMMENTS))
    assert "Góp thêm" in flat(analyst.get(COMMENTS))
    for number in range(9):
        rate(cast, f"later{number}")
    night()
    assert "Góp thêm" not in flat(head.get(COMMENTS)), "not in the night its block ends"
    night()
    assert "Góp thêm" in flat(head.get(COMMENTS)), "one of ten, on whatever day"


def test_open_posters_cover_nobody_for_the_rated_side_can_fill_them(cast: Cast) -> None:
    rate(cast, "one", "Góp một ý")
    for number in range(20):
        record_response(submission=cast.submission(f"p{number}", evidence="E0"))
    two_nights()
    assert "Góp một ý" not in flat(signed_in(cast.head).get(COMMENTS))


def test_a_second_run_in_a_night_does_nothing(cast: Cast) -> None:
    now = timezone.now()
    for number in range(12):
        rate(cast, f"a{number}", "Ý kiến chung")
    assert prepare_comments(now) == (12, 0)
    assert prepare_comments(now + timedelta(hours=2)) == (0, 0)
    assert "<p>Ý kiến" not in flat(signed_in(cast.analyst).get(COMMENTS))
    assert prepare_comments(now + timedelta(hours=24)) == (0, 12)


def test_numbers_of_rows_tell_neither_order_nor_night(cast: Cast) -> None:
    for number in range(30):
        rate(cast, f"a{number}", f"Ý kiến số {number:02d}")
    two_nights()
    texts = list(ReadableComment.objects.order_by("pk").values_list("text", flat=True))
    assert texts != sorted(texts)
    fields = {field.name for field in ReadableComment._meta.get_fields()}
    assert not {name for name in fields if name.endswith(("_at", "_on", "day", "hour", "number"))}


def test_allegations_go_to_the_inspectorate_and_never_to_the_rated_side(cast: Cast) -> None:
    inspectorate = found_agency(
        key="thanh-tra",
        on=START,
        attributes=Attributes(
            name="Thanh tra tỉnh", kind=AgencyKind.DEPARTMENT, parent=cast.province
        ),
    )
    for number in range(12):
        rate(cast, f"a{number}", "Vòi vĩnh tiền" if number == 0 else "")
    two_nights()
    assert "Vòi vĩnh" not in flat(signed_in(cast.head).get(COMMENTS))
    analyst = signed_in(cast.analyst)
    assert "dành cho cơ quan thanh tra" in flat(analyst.get(COMMENTS))
    row = ReadableComment.objects.get()
    analyst.post(reverse("console:comment-case", args=[row.pk]))
    assert Case.objects.get().handler == inspectorate
    Topic.objects.filter(code="attitude").update(words="vòi vĩnh\nvòi vĩnh tiền")
    Topic.objects.filter(inspectorate=True).update(words="khác")
    find_topics_again()
    again = Lexicon(Topic.objects.all()).find("Vòi vĩnh tiền")
    assert {match.topic for match in again} == {"attitude", "corruption"}, "shipped phrases stay"
    row.refresh_from_db()
    assert row.reserved, "changing a list hands no allegation to who it is about"
    assert choose_handler(row, timezone.localdate()) == inspectorate.pk


def test_erasing_takes_the_readable_copy_along(cast: Cast) -> None:
    row = rate(cast, "1", "Số tôi là 0912 345 678")
    two_nights()
    shown = ReadableComment.objects.get()
    assert "0912" not in shown.text
    assert "0912" not in shown.folded
    erase_comments(row=row, now=timezone.now())
    assert not ReadableComment.objects.exists()
    assert not Comment.objects.exists()


def test_comments_are_searched_with_and_without_marks_by_topic_and_agency(cast: Cast) -> None:
    rate(cast, "1", "Chờ lâu ở quầy đất đai")
    rate(cast, "2", "Cán bộ nhiệt tình")
    two_nights()
    client = signed_in(cast.analyst)
    assert "<p>Chờ lâu" in flat(client.get(COMMENTS, {"q": "dat dai"}))
    assert "<p>Cán bộ" not in flat(client.get(COMMENTS, {"q": "Đất đai"}))
    assert "<p>Cán bộ" in flat(client.get(COMMENTS, {"topic": "praise"}))
    assert "<p>Cán bộ" not in flat(client.get(COMMENTS, {"agency": cast.commune.pk}))
    for odd in ({"agency": "9" * 40}, {"agency": "x"}, {"page": "-1"}, {"topic": "%"}, {"q": "%_"}):
        assert client.get(COMMENTS, odd).status_code == 200


def test_a_head_reads_only_the_own_agency(cast: Cast) -> None:
    for number in range(12):
        rate(cast, f"a{number}", "Chờ lâu")
    two_nights()
    other = User.objects.create_user(username="other", role=Role.AGENCY_HEAD, agency=cast.commune)
    assert "Chờ lâu" not in flat(signed_in(other).get(COMMENTS, {"agency": cast.land.pk}))
    assert readable_comments([cast.land.pk], rated_side=True).count() == 12
    assert signed_in(cast.operator).get(COMMENTS).status_code == 200
    hotline = User.objects.create_user(username="hotline", role=Role.HOTLINE)
    assert signed_in(hotline).get(COMMENTS).status_code == 403


def test_a_changed_list_finds_topics_anew(cast: Cast) -> None:
    rate(cast, "1", "Máy bốc số hỏng")
    two_nights()
    topic = Topic.objects.get(code="waiting")
    client = signed_in(cast.analyst)
    address = reverse("console:topic", args=[topic.pk])
    answer = client.post(address, {"name": topic.name, "words": "máy bốc số\n\nmáy  bốc số"})
    assert answer.status_code == 302
    topic.refresh_from_db()
    assert topic.words == "máy bốc số"
    assert ReadableComment.objects.get().topic_codes == ["waiting"]
    for bad in ("x" * 61, "\n".join(f"cụm {n}" for n in range(301)), ""):
        assert client.post(address, {"name": "x", "words": bad}).status_code == 422
    assert signed_in(cast.head).get(address).status_code == 403


def test_a_comment_becomes_a_case_with_owner_deadline_answer_and_history(cast: Cast) -> None:
    rate(cast, "1", "Chờ lâu, gọi 0912 345 678")
    two_nights()
    client = signed_in(cast.analyst)
    row = ReadableComment.objects.get()
    open_it = reverse("console:comment-case", args=[row.pk])
    client.post(open_it)
    client.post(open_it)
    case = Case.objects.get()
    assert (case.rated, case.handler, case.consent) == (cast.land, cast.province, "")
    assert "0912" not in case.text

    def act(action: str, **sent: Any) -> str:
        address = reverse("console:case-act", args=[case.pk, action])
        answer = flat(client.post(address, sent, follow=True))
        case.refresh_from_db()
        return answer

    assert "Hãy chọn người xử lý" in act("assign", owner="999", due_on="31/12/2099")
    assert "31/12/2026" in act("assign", owner=cast.analyst.pk, due_on="2099-12-31")
    assert "đã qua" in act("assign", owner=cast.analyst.pk, due_on="01/01/2020")
    act("assign", owner=cast.analyst.pk, due_on="31/12/2099")
    assert (case.owner, f"{case.due_on():%d/%m/%Y}") == (cast.analyst, "31/12/2099")
    act("note", text="Đã gọi cho bộ phận một cửa")
    assert "Hãy chọn kết quả" in act("close", answer="x")
    assert "1022" in act("close", outcome="solved")
    assert case.closed_on is None
    act("close", outcome="solved", answer="Đã bố trí thêm quầy.")
    assert case.outcome == "solved"
    assert Case.objects.get().closed_on == timezone.localdate()
    hotline = User.objects.create_user(username="hotline", role=Role.HOTLINE)
    address = reverse("console:case", args=[case.pk])
    assert "Đã bố trí thêm quầy." in flat(signed_in(hotline).get(address))
    found = flat(signed_in(hotline).get("/staff/cases", {"q": "bo tri", "state": "closed"}))
    assert case.code in found
    assert "nêu lý do" in act("reopen")
    act("reopen", text="Người dân gọi lại")
    assert Case.objects.get().closed_on is None
    steps = list(CaseNote.objects.values_list("step", flat=True))
    assert steps == ["opened", "assigned", "noted", "closed", "reopened"]
    assert signed_in(cast.head).get(address).status_code == 404, "the rated agency sees none"
