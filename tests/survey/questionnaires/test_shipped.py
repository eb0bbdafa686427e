"""Questionnaires that come with the product, begun from by pages and looked at as citizens do."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from survey.accounts.models import Role, User
from survey.questionnaires.faults import find_faults
from survey.questionnaires.file_shape import parse_questionnaire
from survey.questionnaires.files import write_questionnaire
from survey.questionnaires.models import Version, VersionStatus
from survey.questionnaires.previews import preview_address
from survey.questionnaires.queries import missing_wordings, read_form
from survey.questionnaires.services import publish_version
from survey.questionnaires.shipped import TEMPLATES, draft_from_template, read_template
from survey.responses.models import Response
from tests.survey.factories import NOW, PASSWORD, Cast


@pytest.fixture
def author(cast: Cast) -> Client:
    client = Client()
    client.force_login(
        User.objects.create_user(username="author", password=PASSWORD, role=Role.AUTHOR)
    )
    return client


def path(version: Version, device: str) -> str:
    return urlsplit(preview_address(version.pk, device)).path


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_each_can_be_published_as_it_is_and_its_file_is_the_same_again(
    cast: Cast, name: str
) -> None:
    made = draft_from_template(template=name, code=f"own-{name}", title="")
    assert find_faults(made) == []
    assert missing_wordings(made) == {code: [] for code, _name in settings.LANGUAGES}
    assert {**read_template(name), "code": f"own-{name}"} == parse_questionnaire(
        write_questionnaire(made)
    )
    if name != "service-block":  # citizens meet one form after the short one
        publish_version(version=made, now=NOW)


def test_a_code_that_is_there_is_refused_and_nothing_is_left(cast: Cast) -> None:
    before = Version.objects.count()
    with pytest.raises(ValidationError):
        draft_from_template(template="health", code="counter-short", title="")
    assert Version.objects.count() == before


def test_an_author_begins_one_by_a_page(author: Client, cast: Cast) -> None:
    sent = {"template": "education", "code": "truong-hoc-2026", "title": "Trường học của tôi"}
    page = author.post(reverse("console:questionnaire-new"), sent)
    made = Version.objects.get(questionnaire__code="truong-hoc-2026")
    assert page["Location"] == reverse("console:version", args=[made.pk])
    assert (made.status, made.questionnaire.name) == (VersionStatus.DRAFT, "Trường học của tôi")
    again = author.post(reverse("console:questionnaire-new"), sent)
    assert again.status_code == 422
    assert "Đã có phiếu mang mã này" in again.content.decode()


@pytest.mark.parametrize("code", ["Trường", "A", "a b", "1a", "", "a" * 41])
def test_a_code_no_file_can_bear_is_refused(author: Client, cast: Cast, code: str) -> None:
    sent = {"template": "education", "code": code, "title": ""}
    assert author.post(reverse("console:questionnaire-new"), sent).status_code == 422


def test_the_legal_basis_goes_with_the_draft_its_file_and_its_copy(
    author: Client, cast: Cast
) -> None:
    made = draft_from_template(template="health", code="benh-vien", title="")
    author.post(reverse("console:version-words", args=[made.pk]), {"legal_basis": "QĐ 12/QĐ-UBND"})
    made.refresh_from_db()
    assert made.legal_basis == "QĐ 12/QĐ-UBND"
    page = author.get(reverse("console:version", args=[made.pk])).content.decode()
    assert "QĐ 12/QĐ-UBND" in page
    assert parse_questionnaire(write_questionnaire(made))["legal_basis"] == "QĐ 12/QĐ-UBND"
    long = author.post(reverse("console:version-words", args=[made.pk]), {"legal_basis": "x" * 301})
    assert long.status_code == 422


@pytest.mark.parametrize("language", ["vi", "en", "km"])
@pytest.mark.parametrize("device", ["phone", "kiosk"])
def test_a_draft_is_looked_at_as_a_citizen_would_in_every_language(
    cast: Cast, device: str, language: str
) -> None:
    made = draft_from_template(template="business", code="doanh-nghiep", title="")
    page = Client().get(f"{path(made, device)}?lang={language}")
    words = made.wordings.get(slot="question.overall", language=language).text
    assert page.status_code == 200
    assert words in page.content.decode()


def test_the_preview_shows_a_word_changed_a_moment_ago(cast: Cast) -> None:
    made = draft_from_template(template="business", code="doanh-nghiep", title="")
    address = path(made, "phone")
    Client().get(address)
    made.wordings.filter(slot="question.overall", language="vi").update(text="Câu mới?")
    assert "Câu mới?" in Client().get(address).content.decode()


def test_the_preview_asks_on_as_the_answers_say_and_stores_nothing(cast: Cast) -> None:
    made = draft_from_template(template="late-dossier", code="tre-hen", title="")
    address, client = path(made, "phone"), Client()
    assert client.post(address, {"step": "1"}).status_code == 422
    plain = client.post(address, {"step": "1", "overall": "5"}).content.decode()
    late = client.post(
        address, {"step": "1", "overall": "2", "event-timing": "late"}
    ).content.decode()
    names = [set(re.findall(r'name="([a-z-]+)"', text)) for text in (plain, late)]
    assert not names[0] & {"apology", "reasons"}
    assert names[1] >= {"apology", "new-date", "reasons"}
    sent = {"step": "2", "overall": "2", "event-timing": "late", "apology": "no"}
    end = client.post(address, sent).content.decode()
    assert "Đây là hết phần xem trước" in end
    assert not Response.objects.exists()


def test_a_fault_of_a_later_page_is_told_there_and_the_text_stays(cast: Cast) -> None:
    made = draft_from_template(template="health", code="benh-vien", title="")
    sent = {"step": "2", "overall": "5", "comment": "x" * 3000}
    page = Client().post(path(made, "phone"), sent)
    assert page.status_code == 422
    assert "x" * 3000 in page.content.decode()


def test_the_16_criteria_come_a_factor_a_page(cast: Cast) -> None:
    made = draft_from_template(template="service-block", code="sipas-rieng", title="")
    client, address = Client(), path(made, "phone")
    first = client.get(address).content.decode()
    second = client.post(address, {"step": "1", "A1": "5"}).content.decode()
    names = [
        set(re.findall(r'type="radio"\s+class="[^"]*"\s+name="(\w+)"', x)) for x in (first, second)
    ]
    assert names == [{"A1", "A2", "A3"}, {"B1", "B2", "B3", "B4"}]


@pytest.mark.parametrize("broken", ["words", "kind", "condition"])
@pytest.mark.parametrize("device", ["phone", "kiosk"])
def test_a_draft_that_cannot_be_shown_says_so(cast: Cast, broken: str, device: str) -> None:
    made = draft_from_template(template="health", code="benh-vien", title="")
    question = made.questions.get(code="med-access")
    if broken == "words":
        made.wordings.filter(slot="question.med-access").delete()
    elif broken == "kind":
        made.questions.filter(pk=question.pk).update(kind="unknown")
    else:
        made.questions.filter(pk=question.pk).update(shown_when=["x"])
    for method in ("get", "post"):
        if method == "post" and device == "kiosk":
            continue
        assert getattr(Client(), method)(path(made, device)).status_code == 409


def test_conditions_nobody_would_meet_are_faults(cast: Cast) -> None:
    made = draft_from_template(template="health", code="benh-vien", title="")
    made.questions.filter(code="comment").update(shown_when={"med-patient": ["patient"]})
    assert any("med-patient" in fault for fault in find_faults(made))
    further = draft_from_template(template="service-block", code="sipas-rieng", title="")
    further.questions.filter(code="A2").update(shown_when={"event-timing": ["late"]})
    assert any("A2" in fault for fault in find_faults(further))


def test_the_legal_basis_of_a_published_version_stays(cast: Cast) -> None:
    made = publish_version(
        version=draft_from_template(template="health", code="benh-vien", title=""), now=NOW
    )
    with pytest.raises(DatabaseError), transaction.atomic():
        Version.objects.filter(pk=made.pk).update(
            status=VersionStatus.RETIRED, retired_at=NOW, legal_basis="khác"
        )


@pytest.mark.parametrize("token", ["x", "MQ:abc:def", "%00", "1"])
def test_a_preview_that_is_not_ours_is_no_page(cast: Cast, token: str) -> None:
    for device in ("phone", "kiosk"):
        assert Client().get(f"/preview/{device}/{token}").status_code == 404


def test_a_preview_of_a_draft_that_was_deleted_is_no_page(cast: Cast) -> None:
    made = draft_from_template(template="health", code="benh-vien", title="")
    address = path(made, "phone")
    made.delete()
    assert Client().get(address).status_code == 404


def test_a_condition_on_the_event_can_be_made_by_the_form_of_a_question(
    author: Client, cast: Cast
) -> None:
    made = draft_from_template(template="health", code="benh-vien", title="")
    factor = made.factors.get(code="MORE")
    sent = {
        "code": "apology",
        "kind": "yes-no",
        "text": "Có xin lỗi không?",
        "options": "",
        "when": "event-timing",
        "values": "late",
    }
    page = author.post(reverse("console:question-new", args=[factor.pk]), sent)
    assert page.status_code == 302
    assert read_form(made).questions["apology"].shown_when == {"event-timing": ("late",)}
    bad = {**sent, "code": "other", "values": "soon"}
    author.post(reverse("console:question-new", args=[factor.pk]), bad)
    assert any("soon" in fault for fault in find_faults(made))
