"""Questionnaires by pages: a draft, its words, what differs, and a second person who publishes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from survey.accounts.approvals import ApprovalRequest
from survey.accounts.models import Role
from survey.questionnaires.files import compare_versions, write_questionnaire
from survey.questionnaires.models import Version, VersionStatus
from survey.questionnaires.queries import published_version
from survey.questionnaires.services import LIBRARY, draft_from_text, publish_version
from tests.survey.accounts.builders import account
from tests.survey.console.builders import signed_in
from tests.survey.factories import NOW, Cast


@pytest.fixture
def author(cast: Cast) -> Client:
    return signed_in(account("author", role=Role.AUTHOR))


@pytest.fixture
def approver(cast: Cast) -> Client:
    return signed_in(account("approver", role=Role.APPROVER))


def short() -> Version:
    version = published_version("counter-short")
    assert version is not None
    return version


def draft() -> Version:
    return Version.objects.get(status=VersionStatus.DRAFT)


def test_a_question_gets_other_words_by_pages_and_citizens_read_them(
    cast: Cast, author: Client, approver: Client, citizen: Client
) -> None:
    old = short()
    author.post(f"/staff/versions/{old.pk}/copy")
    made = draft()
    path = f"/staff/versions/{made.pk}"
    page = author.get(f"{path}/words").content.decode()
    assert "Ông/Bà có hài lòng với lần phục vụ này không?" in page
    sent = {"question.overall:vi": "Ông/Bà thấy lần phục vụ này thế nào?"}
    assert author.post(f"{path}/words", sent).status_code == 302
    page = author.get(path).content.decode()
    assert "<del>Ông/Bà có hài lòng" in re.sub(r"\s+<", "<", page.replace("\n", ""))
    author.post(f"{path}/ask/publish", {"reason": "Theo góp ý của người dân"})
    row = ApprovalRequest.objects.get()
    made.refresh_from_db()
    assert made.status == VersionStatus.DRAFT, "not by one person"
    for own in (author, signed_in(cast.operator)):
        own.post(f"/staff/approvals/{row.pk}/decide", {"decision": "approve"})
        made.refresh_from_db()
        assert made.status == VersionStatus.DRAFT
    assert "Theo góp ý" in approver.get(f"/staff/approvals/{row.pk}").content.decode()
    approver.post(f"/staff/approvals/{row.pk}/decide", {"decision": "approve"})
    made.refresh_from_db()
    old.refresh_from_db()
    assert (made.status, old.status) == (VersionStatus.PUBLISHED, VersionStatus.RETIRED)
    assert "thấy lần phục vụ này thế nào" in citizen.get(f"/{cast.code.code}").content.decode()


def test_a_draft_changed_after_the_request_is_not_published(
    cast: Cast, author: Client, approver: Client
) -> None:
    author.post(f"/staff/versions/{short().pk}/copy")
    made = draft()
    author.post(f"/staff/versions/{made.pk}/ask/publish", {"reason": "x"})
    author.post(f"/staff/versions/{made.pk}/words", {"title:vi": "Tên khác"})
    row = ApprovalRequest.objects.get()
    page = approver.post(
        f"/staff/approvals/{row.pk}/decide", {"decision": "approve"}, follow=True
    ).content.decode()
    assert "đã thay đổi sau khi đề nghị" in page
    made.refresh_from_db()
    assert made.status == VersionStatus.DRAFT
    author.post(f"/staff/approvals/{row.pk}/cancel")
    row.refresh_from_db()
    assert row.state == "cancelled"


@pytest.mark.parametrize("name", ["counter-short", "service-block"])
def test_a_file_goes_out_and_in_the_same(cast: Cast, author: Client, name: str) -> None:
    used = published_version(name)
    assert used is not None
    file = author.get(f"/staff/versions/{used.pk}.toml")
    text = file.content.decode()
    sent = {"file": SimpleUploadedFile("q.toml", text.encode())}
    answer = author.post("/staff/questionnaires/upload", sent)
    assert answer.headers["Location"] == f"/staff/versions/{draft().pk}"
    assert write_questionnaire(draft()) == text
    assert compare_versions(used, draft()) == []
    author.post(f"/staff/versions/{draft().pk}/delete")
    assert not Version.objects.filter(status=VersionStatus.DRAFT).exists()
    shipped = draft_from_text(text=(LIBRARY / f"{name}.toml").read_text(encoding="utf-8"))
    assert write_questionnaire(shipped) == text


QUESTION = (
    'code = "own"\ntitle.vi = "a"\nintro.vi = "b"\n[[factor]]\n'
    'code = "A"\ntext.vi = "t"\n[[factor.question]]\ncode = "q"\nkind = "scale"\ntext.vi = "x"\n'
)
WRONG: dict[str, tuple[str | bytes, str]] = {
    "no TOML": ("code = ", "không đúng dạng TOML"),
    "not UTF-8": (b"\xff\xfe\x00", "không phải UTF-8"),
    "a list": ("a = [1]", "“code”"),
    "a strange code": ('code = "Ả"', "“code”"),
    "no title": ('code = "own"', "“title”"),
    "a language nobody has": (
        'code = "own"\ntitle = { vi = "a", xx = "b" }',
        "“title.xx”",
    ),
    "no factor": ('code = "own"\ntitle.vi = "a"\nintro.vi = "b"', "“factor”"),
    "factor as text": ('code = "own"\ntitle.vi = "a"\nintro.vi = "b"\nfactor = "x"', "“factor”"),
    "no question": (
        'code = "own"\ntitle.vi = "a"\nintro.vi = "b"\n[[factor]]\ncode = "A"\ntext.vi = "t"',
        "“factor 1, question”",
    ),
    "words as number": (
        'code = "own"\ntitle.vi = 3\nintro.vi = "b"',
        "“title.vi”",
    ),
    "deep": ("a = " + "[" * 5000, "TOML"),
    "to go on from nothing": (
        'code = "own"\nextends = "nothing"\ntitle.vi = "a"\nintro.vi = "b"\n[[factor]]\n'
        'code = "A"\ntext.vi = "t"\n[[factor.question]]\ncode = "q"\nkind = "scale"\ntext.vi = "x"',
        "“nothing”",
    ),
    "twice": (QUESTION + QUESTION[QUESTION.index("[[factor]]") :], "“factor A”"),
    "an answer as a day": (QUESTION + "shown_when.q = [1979-05-27]", "shown_when"),
    "an answer as no number": (QUESTION + "shown_when.q = [nan]", "shown_when"),
    "endless digits": ("a = " + "9" * 5000, "lồng quá nhiều lớp"),
    "endless dots": (".".join("a" * 9000) + " = 1", "lồng quá nhiều lớp"),
    "an invisible character": (QUESTION.replace('"t"', '"a\\u0000b"'), "factor 1, text.vi"),
    "a code with a line end": (QUESTION.replace('"own"', '"own\\n"'), "“code”"),
    "a number as code": (QUESTION.replace('"own"', "inf"), "“code”"),
    "a strange kind": (
        'code = "own"\ntitle.vi = "a"\nintro.vi = "b"\n[[factor]]\n'
        'code = "A"\ntext.vi = "t"\n[[factor.question]]\ncode = "q"\nkind = "odd"\ntext.vi = "x"',
        "“odd”",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_file_that_is_none_says_where(cast: Cast, author: Client, case: str) -> None:
    content, words = WRONG[case]
    raw = content.encode() if isinstance(content, str) else content
    sent = {"file": SimpleUploadedFile("q.toml", raw)}
    page = author.post("/staff/questionnaires/upload", sent, follow=True)
    assert page.status_code == 200
    assert words in page.content.decode()
    assert not Version.objects.filter(status=VersionStatus.DRAFT).exists()
    assert author.post("/staff/questionnaires/upload").status_code == 302


def test_what_moves_figures_is_told_beside_the_words(cast: Cast) -> None:
    text = write_questionnaire(short())
    moved = text.replace('kind = "short-text"', 'kind = "short-text"\nnot_applicable = true')
    changes = compare_versions(short(), draft_from_text(text=moved))
    assert [change["slot"] for change in changes] == ["comment"]


@pytest.mark.parametrize("name", ["own", "counter-short"])
def test_no_second_form_takes_the_place_of_the_sixteen_questions(
    cast: Cast, author: Client, approver: Client, name: str
) -> None:
    text = (LIBRARY / "service-block.toml").read_text(encoding="utf-8")
    rival = draft_from_text(text=text.replace('code = "service-block"', 'code = "own-block"', 1))
    page = author.post(
        f"/staff/versions/{rival.pk}/ask/publish", {"reason": "x"}, follow=True
    ).content.decode()
    assert "Ngừng dùng phiếu đó trước" in page
    assert not ApprovalRequest.objects.exists()
    if name == "counter-short":
        own = (LIBRARY / "counter-short.toml").read_text(encoding="utf-8")
        with pytest.raises(ValidationError):
            draft_from_text(text=own.replace("title.vi", 'extends = "counter-short"\ntitle.vi', 1))


def test_a_questionnaire_of_the_library_keeps_all_its_core(cast: Cast) -> None:
    text = write_questionnaire(Version.objects.get(questionnaire__code="service-block"))
    head, *factors = text.split("\n[[factor]]\n")
    shorter = draft_from_text(text="\n[[factor]]\n".join([head, factors[0]]) + "\n")
    with pytest.raises(ValidationError, match="phần lõi"):
        publish_version(version=shorter, now=NOW)


def test_the_core_cannot_be_taken_out(cast: Cast, author: Client, approver: Client) -> None:
    text = (LIBRARY / "counter-short.toml").read_text(encoding="utf-8")
    other = text.replace('kind = "scale"\nrequired = true', 'kind = "multiple-choice"').replace(
        "Ông/Bà có hài lòng", "Ông/Bà có thật hài lòng"
    )
    made = draft_from_text(text=other)
    author.post(f"/staff/versions/{made.pk}/ask/publish", {"reason": "x"})
    row = ApprovalRequest.objects.first()
    if row is not None:
        approver.post(f"/staff/approvals/{row.pk}/decide", {"decision": "approve"})
    made.refresh_from_db()
    assert made.status == VersionStatus.DRAFT
    assert short().pk != made.pk


def test_texts_too_long_or_missing_keep_what_was_typed(cast: Cast, author: Client) -> None:
    author.post(f"/staff/versions/{short().pk}/copy")
    path = f"/staff/versions/{draft().pk}/words"
    for text, words in (("", "Phải có câu tiếng Việt"), ("x" * 1001, "1000"), ("a\x00b", "lưu")):
        sent = {"title:vi": text, "intro:vi": "Câu vừa gõ"}
        page = author.post(path, sent)
        assert page.status_code == 422
        assert words in page.content.decode()
        assert "Câu vừa gõ" in page.content.decode()
    assert draft().wordings.get(slot="intro", language="vi").text != "Câu vừa gõ"


def test_who_may_not_author_changes_nothing(cast: Cast, author: Client, approver: Client) -> None:
    version = short()
    for client in (approver, signed_in(cast.analyst), signed_in(cast.head)):
        for path in ("copy", "ask/retire", "delete", "words"):
            assert client.post(f"/staff/versions/{version.pk}/{path}").status_code == 403, path
    author.post(f"/staff/versions/{version.pk}/delete")
    author.post(f"/staff/versions/{version.pk}/words", {"title:vi": "x"})
    assert short().pk == version.pk
    assert author.get("/staff/versions/999999").status_code == 404
    assert Path(LIBRARY).exists()


def test_a_published_version_is_retired_by_two(
    cast: Cast, author: Client, approver: Client, citizen: Client
) -> None:
    version = short()
    author.post(f"/staff/versions/{version.pk}/ask/retire", {"reason": "hết dùng"})
    row: Any = ApprovalRequest.objects.get()
    approver.post(f"/staff/approvals/{row.pk}/decide", {"decision": "refuse"})
    row.refresh_from_db()
    assert row.state == "waiting", "turned down with a reason only"
    approver.post(f"/staff/approvals/{row.pk}/decide", {"decision": "odd"})
    approver.post(f"/staff/approvals/{row.pk}/decide", {"decision": "approve"})
    version.refresh_from_db()
    assert version.status == VersionStatus.RETIRED
