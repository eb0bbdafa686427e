"""Questions of a draft by forms: a new one reaches citizens, the core block stays."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from survey.accounts.models import Role, User
from survey.questionnaires.faults import find_faults
from survey.questionnaires.files import write_questionnaire
from survey.questionnaires.models import Question, Version
from survey.questionnaires.queries import published_version
from survey.questionnaires.services import (
    copy_to_draft,
    draft_from_text,
    publish_version,
    save_wordings,
)
from tests.survey.console.builders import signed_in
from tests.survey.factories import Cast, flat

NEW: dict[str, Any] = {
    "code": "helpers",
    "kind": "multiple-choice",
    "text": "Ai đã giúp Ông/Bà?",
    "options": "desk = Bàn hướng dẫn\nyouth = Đoàn thanh niên",
    "when": "overall",
    "values": "1, 2",
}


@pytest.fixture
def author(cast: Cast) -> Client:
    return signed_in(User.objects.create_user(username="author", role=Role.AUTHOR))


@pytest.fixture
def draft(cast: Cast) -> Version:
    short = published_version("counter-short")
    assert short is not None
    return copy_to_draft(version=short)


def codes(version: Version) -> list[str]:
    rows = version.questions.order_by("factor__position", "position")
    return list(rows.values_list("code", flat=True))


def add(author: Client, draft: Version, **more: Any) -> Any:
    factor = draft.factors.order_by("-position")[0]
    return author.post(reverse("console:question-new", args=[factor.pk]), {**NEW, **more})


def test_a_new_question_is_typed_into_a_form_and_published(
    author: Client, draft: Version, citizen: Client, cast: Cast
) -> None:
    assert add(author, draft).status_code == 302
    row = Question.objects.get(version=draft, code="helpers")
    assert (row.options, row.shown_when) == (["desk", "youth"], {"overall": [1, 2]})
    assert find_faults(draft) == []
    page = flat(author.get(reverse("console:questions", args=[draft.pk])))
    assert "Ai đã giúp Ông/Bà?" in page
    words = {
        slot: {"en": "Who helped?", "km": "អ្នកណា?"}
        for slot in ("question.helpers", "option.helpers.desk", "option.helpers.youth")
    }
    save_wordings(version=draft, texts=words)
    text = write_questionnaire(draft)
    assert publish_version(version=draft, now=timezone.now()).status == "published"
    again = draft_from_text(text=text)
    assert codes(again) == codes(draft), "what forms make goes out as a file and in the same"


def test_order_is_changed_by_buttons_and_ends_at_the_ends(author: Client, draft: Version) -> None:
    add(author, draft)
    before = codes(draft)
    row = Question.objects.get(version=draft, code="helpers")

    def press(action: str) -> None:
        author.post(reverse("console:question-act", args=[row.pk, action]))

    press("down")
    assert codes(draft) == before, "it is the last"
    press("up")
    after = codes(draft)
    assert after != before
    assert sorted(after) == sorted(before)
    for _time in range(20):
        press("up")
    assert codes(draft).index("helpers") == len(before) - len(
        draft.factors.order_by("-position")[0].questions.all()
    )


def test_the_core_block_stays_with_its_kind(author: Client, draft: Version) -> None:
    core = Question.objects.get(version=draft, code="overall")
    remove = reverse("console:question-act", args=[core.pk, "remove"])
    assert "khối cốt lõi" in flat(author.post(remove, follow=True))
    assert "overall" in codes(draft)
    change = reverse("console:question", args=[core.pk])
    sent = {"kind": "yes-no", "text": "x", "required": "on"}
    assert author.post(change, sent).status_code == 422
    assert author.post(change, {**sent, "kind": "scale", "text": "Câu khác?"}).status_code == 302
    words = draft.wordings.get(slot="question.overall", language="vi")
    assert words.text == "Câu khác?"


def test_a_question_that_is_removed_takes_its_words_along(author: Client, draft: Version) -> None:
    add(author, draft)
    row = Question.objects.get(version=draft, code="helpers")
    author.post(reverse("console:question-act", args=[row.pk, "remove"]))
    assert "helpers" not in codes(draft)
    assert not draft.wordings.filter(slot__contains="helpers").exists()


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"code": "overall"}, "code"),
        ({"code": "có dấu"}, "code"),
        ({"code": "x" * 21}, "code"),
        ({"kind": "thang5"}, "kind"),
        ({"options": "không có dấu bằng"}, "options"),
        ({"options": "a = x\na = y"}, "options"),
        ({"text": ""}, "text"),
        ({"when": "nothing"}, "when"),
    ],
)
def test_what_cannot_be_asked_is_told_at_its_field(
    author: Client, draft: Version, more: dict[str, str], field: str
) -> None:
    before = codes(draft)
    answer = add(author, draft, **more)
    assert answer.status_code == 422
    assert f'id="id_{field}_error"' in flat(answer)
    assert codes(draft) == before


def test_a_published_version_has_no_such_pages(author: Client, cast: Cast) -> None:
    short = published_version("counter-short")
    assert short is not None
    row = short.questions.order_by("pk")[0]
    for name, pk in (
        ("questions", short.pk),
        ("factor-new", short.pk),
        ("question-new", row.factor_id),
        ("question", row.pk),
    ):
        assert author.get(reverse(f"console:{name}", args=[pk])).status_code == 404
    act = reverse("console:question-act", args=[row.pk, "remove"])
    assert author.post(act).status_code == 404
    assert signed_in(cast.analyst).post(act).status_code == 403


def test_a_factor_is_added_with_its_first_question(author: Client, draft: Version) -> None:
    page = reverse("console:factor-new", args=[draft.pk])
    assert author.post(page, {"code": "FEES", "text": "Phí"}).status_code == 302
    assert author.post(page, {"code": "FEES", "text": "Phí"}).status_code == 422
    assert author.post(page, {"code": "Phí", "text": ""}).status_code == 422
    assert "FEES" in str(find_faults(draft)), "a factor without a question is a fault"
    add(author, draft)
    assert find_faults(draft) == []
