"""Life of a version, and the database that keeps published ones as they are."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction

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
    published_extension,
    published_version,
    wordings,
)
from survey.questionnaires.services import LIBRARY, load_questionnaire, publish_version
from tests.survey.factories import NOW, Cast

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
    assert list(load_form(short(cast).pk).questions) == ["overall", "reasons", "good", "comment"]
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
