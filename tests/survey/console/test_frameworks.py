"""Frameworks by pages: to read, to write as a draft, to publish by two people."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from analysis.scorecards.framework_faults import SENTENCES as ENGLISH
from survey.accounts.approvals import ApprovalRequest
from survey.accounts.models import Role, User
from survey.scorecards.bridge.frameworks import framework_text, shipped_frameworks
from survey.scorecards.frameworks.faults import SENTENCES
from survey.scorecards.frameworks.models import FrameworkFile, FrameworkState
from survey.scorecards.frameworks.services import (
    frameworks_in_force,
    publish_framework,
    retire_framework,
    save_framework,
)
from tests.survey.console.builders import signed_in
from tests.survey.factories import NOW, Cast, flat

LIST = reverse("console:frameworks")
NEW = reverse("console:framework-new")
COMMUNES = framework_text("hai-cap-xa")


@pytest.fixture
def draft(cast: Cast) -> FrameworkFile:
    return save_framework(text=COMMUNES, by=cast.analyst, now=NOW)


@pytest.fixture
def approver(cast: Cast) -> User:
    return User.objects.create_user(username="approver", role=Role.APPROVER)


def ask(client: Client, row: FrameworkFile, action: str) -> ApprovalRequest:
    sent = {"reason": "Theo quyết định của UBND tỉnh"}
    client.post(reverse("console:framework-act", args=[row.pk, action]), sent)
    return ApprovalRequest.objects.get(action=f"{action}-framework", state="waiting")


def state(row: FrameworkFile) -> str:
    return str(FrameworkFile.objects.get(pk=row.pk).state)


def decide(approver: User, request: ApprovalRequest) -> None:
    address = reverse("console:approval-decide", args=[request.pk])
    signed_in(approver).post(address, {"decision": "approve"})


def test_the_list_shows_what_is_shipped_and_each_can_be_read_and_taken(cast: Cast) -> None:
    client = signed_in(cast.head)
    page = flat(client.get(LIST))
    for name, framework in shipped_frameworks().items():
        assert framework.titles["vi"] in page
        assert client.get(reverse("console:framework-shipped", args=[name])).status_code == 200
        file = client.get(reverse("console:framework-shipped-file", args=[name]))
        assert file.content.decode() == framework_text(name)
    assert client.get(reverse("console:framework-shipped", args=["nothing"])).status_code == 404


def test_rules_are_told_in_words_with_decimal_commas(cast: Cast) -> None:
    page = flat(
        signed_in(cast.analyst).get(reverse("console:framework-shipped", args=["phu-tho-2025"]))
    )
    for words in ("36,5", "≥ 80: 100 % số điểm", "mỗi đơn vị được 0,5 điểm", "dưới 50: 0 điểm"):
        assert words in page, words


def test_a_draft_begins_from_a_shipped_one_and_keeps_every_letter(cast: Cast) -> None:
    client = signed_in(cast.analyst)
    page = client.get(NEW, {"from": "hai-cap-xa"})
    text = page.context["form"].initial["text"]
    assert text == COMMUNES
    answer = client.post(NEW, {"text": text.replace("\n", "\r\n")})
    row = FrameworkFile.objects.get()
    assert answer["Location"] == reverse("console:framework", args=[row.pk])
    assert (row.text, row.state, row.version) == (COMMUNES, FrameworkState.DRAFT, 1)
    file = client.get(reverse("console:framework-file", args=[row.pk]))
    assert file.content.decode() == COMMUNES


def test_saving_again_changes_the_draft_and_after_publication_makes_the_next_version(
    cast: Cast, draft: FrameworkFile
) -> None:
    address = reverse("console:framework-edit", args=[draft.pk])
    changed = COMMUNES.replace("Khung mẫu", "Quyết định 12/QĐ-UBND, khung mẫu")
    client = signed_in(cast.analyst)
    client.post(address, {"text": changed, "replaces": draft.sha256})
    changed_draft = FrameworkFile.objects.get()
    assert changed_draft.text == changed
    publish_framework(framework=changed_draft, now=NOW)
    client.post(address, {"text": COMMUNES})
    assert [(row.version, row.text == COMMUNES) for row in FrameworkFile.objects.all()] == [
        (2, True),
        (1, False),
    ]


def test_every_fault_is_told_in_vietnamese_and_nothing_is_kept(cast: Cast) -> None:
    bad = COMMUNES.replace("total = 100", "total = 99,5").replace("maximum = 28", "maximum = 29", 1)
    answer = signed_in(cast.analyst).post(NEW, {"text": bad})
    assert answer.status_code == 422
    bad = bad.replace("99,5", "99.5")
    answer = signed_in(cast.analyst).post(NEW, {"text": bad})
    page = flat(answer)
    assert answer.status_code == 422
    assert "Tiêu chí 8: Điểm tối đa không bằng tổng điểm của các phần, tổng đó là" in page
    assert "Tổng điểm ghi trong bộ tiêu chí không bằng tổng điểm các lĩnh vực" in page
    assert "maximum = 29" in page, "what was typed is still there"
    assert not FrameworkFile.objects.exists()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('id = "hai-cap-xa"', 'id = "Bộ 1"', "chữ thường không dấu"),
        ('applies_to = ["commune"]', 'applies_to = ["ward"]', "Không có loại cơ quan"),
        ("version = 1", "version = 1\x00", "TOML"),
    ],
)
def test_what_the_product_cannot_use_is_refused(cast: Cast, old: str, new: str, words: str) -> None:
    answer = signed_in(cast.analyst).post(NEW, {"text": COMMUNES.replace(old, new)})
    assert answer.status_code == 422
    assert words in flat(answer) or "\x00" in new
    assert not FrameworkFile.objects.exists()


@pytest.mark.parametrize(
    ("content", "status"), [(COMMUNES.encode(), 302), (b"\xff\xfe", 422), (b"x" * 300_000, 422)]
)
def test_a_file_is_brought_whole_or_not_at_all(cast: Cast, content: bytes, status: int) -> None:
    file = SimpleUploadedFile("b.toml", content)
    answer = signed_in(cast.analyst).post(reverse("console:framework-upload"), {"file": file})
    assert answer.status_code == status
    assert FrameworkFile.objects.count() == (status == 302)


def test_two_people_publish_and_retire(cast: Cast, draft: FrameworkFile, approver: User) -> None:
    client = signed_in(cast.analyst)
    made = ask(client, draft, "publish")
    decide(cast.analyst, made)
    assert state(draft) == "draft", "nobody approves their own"
    decide(approver, made)
    assert state(draft) == "published"
    assert frameworks_in_force("commune", date(2026, 8, 15)) == [draft]
    assert frameworks_in_force("department", date(2026, 8, 15)) == []
    decide(approver, ask(client, draft, "retire"))
    assert state(draft) == "retired"
    assert frameworks_in_force("commune", date(2026, 8, 15)) == []


def test_a_draft_changed_since_it_was_asked_for_is_not_published(
    cast: Cast, draft: FrameworkFile, approver: User
) -> None:
    made = ask(signed_in(cast.analyst), draft, "publish")
    save_framework(text=COMMUNES + "# another\n", by=cast.analyst, now=NOW, replaces=draft.sha256)
    decide(approver, made)
    draft.refresh_from_db()
    assert draft.published_at is None


def test_a_framework_replaced_inside_its_year_leaves_both(cast: Cast) -> None:
    """Sơn La's 2211 of August was replaced by 2712 of October: the day of cut-off decides."""
    first = COMMUNES.replace("2026-01-01", "2026-08-31\nvalid_to = 2026-10-30")
    second = COMMUNES.replace("2026-01-01", "2026-10-31")
    for text in (first, second):
        publish_framework(framework=save_framework(text=text, by=cast.analyst, now=NOW), now=NOW)
    in_force = {
        day: [row.version for row in frameworks_in_force("commune", date(2026, *day))]
        for day in ((8, 30), (8, 31), (10, 30), (10, 31))
    }
    assert in_force == {(8, 30): [], (8, 31): [1], (10, 30): [1], (10, 31): [2]}
    assert FrameworkFile.objects.count() == 2


def test_a_draft_can_be_deleted_and_a_published_one_cannot(
    cast: Cast, draft: FrameworkFile
) -> None:
    client = signed_in(cast.analyst)
    address = reverse("console:framework-act", args=[draft.pk, "delete"])
    publish_framework(framework=draft, now=NOW)
    client.post(address)
    assert FrameworkFile.objects.exists()
    FrameworkFile.objects.update(published_at=None)
    client.post(address)
    assert not FrameworkFile.objects.exists()


def test_publishing_and_retiring_twice_says_so(cast: Cast, draft: FrameworkFile) -> None:
    with pytest.raises(ValidationError, match="công bố"):
        retire_framework(framework=draft, now=NOW)
    publish_framework(framework=draft, now=NOW)
    with pytest.raises(ValidationError, match="đã được công bố hoặc đã thay đổi"):
        publish_framework(framework=draft, now=NOW)


def test_there_is_one_draft_of_a_framework(cast: Cast, draft: FrameworkFile) -> None:
    draft.pk, draft.version = None, 2
    with pytest.raises(IntegrityError), transaction.atomic():
        draft.save(force_insert=True)


def test_drafts_are_not_there_for_agencies(cast: Cast, draft: FrameworkFile) -> None:
    client = signed_in(cast.head)
    assert client.get(reverse("console:framework", args=[draft.pk])).status_code == 404
    assert str(draft) not in flat(client.get(LIST))
    publish_framework(framework=draft, now=NOW)
    assert client.get(reverse("console:framework", args=[draft.pk])).status_code == 200
    assert client.post(NEW, {"text": COMMUNES}).status_code == 403


def test_every_kind_of_fault_has_a_sentence() -> None:
    assert SENTENCES.keys() == ENGLISH.keys()


def test_what_is_published_is_word_for_word_what_was_approved(
    cast: Cast, draft: FrameworkFile
) -> None:
    """Between the approval and the publication somebody saves the draft once more."""
    save_framework(text=COMMUNES + "# 2\n", by=cast.analyst, now=NOW, replaces=draft.sha256)
    with pytest.raises(ValidationError):
        publish_framework(framework=draft, now=NOW)
    assert state(draft) == "draft"


def test_nobody_writes_over_a_draft_they_have_not_seen(cast: Cast, draft: FrameworkFile) -> None:
    client = signed_in(cast.analyst)
    for address in (NEW, reverse("console:framework-edit", args=[draft.pk])):
        answer = client.post(address, {"text": COMMUNES + "# mine\n", "replaces": "0" * 64})
        assert answer.status_code == 422
        assert "bản nháp khác" in flat(answer)
    assert FrameworkFile.objects.get().text == COMMUNES


@pytest.mark.parametrize(
    "text",
    [
        "total = 1" + "0" * 5000,
        "total = 0x" + "F" * 5000,
        COMMUNES.replace('en = "', 'en.a.b = "'),
        COMMUNES.replace('code = "1"\n', "code = 0x" + "F" * 5000 + "\n", 1),
        COMMUNES.replace('title = "Chỉ đạo', 'title = "a\\u0000b Chỉ đạo'),
        COMMUNES.replace('code = "1"', 'code = "1 <b>:x"', 1),
        COMMUNES
        + "".join(
            f'\n[[criterion]]\ncode = "d{n}"\nparent = "{f"d{n - 1}" if n else "1"}"\n'
            f'title = "x"\nmaximum = 11\n'
            for n in range(400)
        ),
        COMMUNES + "[[criterion]]\n" * 600,
    ],
    ids=["long", "hexadecimal", "title", "code as a number", "nul", "code", "deep", "many"],
)
def test_files_made_to_hurt_are_told_what_is_wrong(cast: Cast, text: str) -> None:
    answer = signed_in(cast.analyst).post(NEW, {"text": text})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert not FrameworkFile.objects.exists()
