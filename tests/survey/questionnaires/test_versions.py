"""Life of a version, and the database that keeps published ones as they are."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone

from survey.questionnaires.models import (
    Factor,
    Question,
    Questionnaire,
    Version,
    VersionStatus,
    Wording,
)
from survey.questionnaires.queries import (
    load_form,
    missing_wordings,
    periods_reworded,
    published_extension,
    published_version,
    wordings,
    wordings_changed,
)
from survey.questionnaires.services import (
    LIBRARY,
    load_questionnaire,
    publish_version,
    renew_library,
)
from tests.survey.console.builders import release
from tests.survey.factories import NOW, Cast
from tests.survey.scorecards.builders import fill, snapshot

SERVICE_FACTORS = {"ACCESS": 3, "PROCEDURE": 4, "STAFF": 3, "RESULT": 3, "FEEDBACK": 3}


def short(cast: Cast) -> Version:
    version = published_version("counter-short")
    assert version is not None
    return version


def test_the_library_ships_the_two_forms_in_every_language(cast: Cast) -> None:
    service = published_extension("counter-short")
    assert service is not None
    assert {
        factor: len(questions) for factor, questions in load_form(service.pk).factors.items()
    } == SERVICE_FACTORS
    assert list(load_form(short(cast).pk).questions) == [
        "overall",
        "reasons",
        "good",
        "applicant",
        "comment",
    ]
    for version in (service, short(cast)):
        assert missing_wordings(version) == {code: [] for code, _name in settings.LANGUAGES}
        assert wordings(version.pk, "en")["title"] != wordings(version.pk, "vi")["title"]


def test_a_new_version_replaces_the_published_one(cast: Cast) -> None:
    old = short(cast)
    new = publish_version(version=load_questionnaire(path=LIBRARY / "counter-short.toml"), now=NOW)
    old.refresh_from_db()
    assert (new.number, old.status, new.status) == (
        2,
        VersionStatus.RETIRED,
        VersionStatus.PUBLISHED,
    )
    assert published_version("counter-short") == new


def test_a_version_with_missing_texts_is_not_published(cast: Cast) -> None:
    draft = load_questionnaire(path=LIBRARY / "counter-short.toml")
    draft.wordings.filter(language="en", slot="question.overall").delete()
    with pytest.raises(ValidationError, match=r"question\.overall"):
        publish_version(version=draft, now=NOW)
    assert published_version("counter-short") == short(cast)


def stray() -> Question:
    """A question of a draft, to be smuggled into a published version."""
    draft = load_questionnaire(path=LIBRARY / "service-block.toml")
    return draft.questions.get(code="A1")


def changes(version: Version) -> list[object]:
    factor = version.factors.get(position=1)
    return [
        lambda: Wording.objects.filter(version=version).update(text="x"),
        lambda: Question.objects.filter(version=version).update(required=False),
        lambda: Factor.objects.filter(version=version).delete(),
        lambda: Wording.objects.create(version=version, slot="x", language="vi", text="x"),
        lambda: Question.objects.create(
            version=version, factor=factor, code="x", kind="scale", position=9
        ),
        lambda: Question.objects.filter(pk=stray().pk).update(version=version),
        lambda: Version.objects.filter(pk=version.pk).update(status="draft"),
        lambda: Version.objects.filter(pk=version.pk).update(number=99),
        lambda: Version.objects.filter(pk=version.pk)._raw_delete("default"),
    ]


@pytest.mark.parametrize("number", range(9))
@pytest.mark.parametrize("status", ["published", "retired"])
def test_the_database_refuses_any_change_of_a_published_version(
    cast: Cast, number: int, status: str
) -> None:
    version = short(cast)
    if status == "retired":
        Version.objects.filter(pk=version.pk).update(status="retired")
    change = changes(version)[number]
    with pytest.raises(DatabaseError, match="immutable"), transaction.atomic():
        change()  # type: ignore[operator]  # a list of callables


def test_a_draft_can_be_changed(cast: Cast) -> None:
    draft = load_questionnaire(path=LIBRARY / "counter-short.toml")
    draft.wordings.filter(language="vi", slot="title").update(text="Phiếu thử")
    draft.delete()
    assert Questionnaire.objects.get(code="counter-short").versions.count() == 1


def reworded(folder: Path) -> Version:
    """The short form with another question, in use."""
    text = (LIBRARY / "counter-short.toml").read_text(encoding="utf-8")
    (folder / "own.toml").write_text(
        text.replace("Ông/Bà có hài lòng với lần phục vụ này không?", "Thế nào?"), encoding="utf-8"
    )
    return publish_version(version=load_questionnaire(path=folder / "own.toml"), now=NOW)


def test_changed_words_are_a_new_version_and_a_mark_in_the_series(
    cast: Cast, tmp_path: Path
) -> None:
    assert renew_library(now=NOW) == [], "the same words are no new version"
    assert not Version.objects.filter(status=VersionStatus.DRAFT).exists()
    old = reworded(tmp_path)
    call_command("load_library", "--renew", verbosity=0)
    fresh = short(cast)
    assert fresh.number == old.number + 1
    assert wordings(fresh.pk, "vi")["question.overall"].startswith("Ông/Bà có hài lòng")
    assert set(load_form(fresh.pk).questions) == set(load_form(old.pk).questions)
    today = timezone.localdate()
    assert wordings_changed(today, today) == [fresh]
    assert wordings_changed(today - timedelta(days=9), today - timedelta(days=1)) == []
    month = f"{today:%Y-%m}"
    assert periods_reworded(["2020-Q1", month]) == [month]
    assert periods_reworded([]) == []


def test_the_page_of_a_period_says_that_the_words_changed_in_it(
    client: Client, cast: Cast, tmp_path: Path
) -> None:
    fill(cast, good=50, bad=10)
    release(snapshot(tmp_path))
    client.force_login(cast.analyst)
    assert "Câu chữ" not in client.get("/staff/").content.decode()
    reworded(tmp_path)
    assert "Câu chữ của phiếu hỏi đã đổi" in client.get("/staff/").content.decode()
