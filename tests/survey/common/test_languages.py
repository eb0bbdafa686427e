"""A new language is one row in the settings plus files: pages and kiosk offer it, texts it lacks
are Vietnamese.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from survey.common import catalogues
from survey.questionnaires.models import Questionnaire, Version
from survey.questionnaires.services import LIBRARY, load_questionnaire, publish_version
from tests.survey.factories import NOW, Cast, flat

pytestmark = pytest.mark.django_db


@pytest.fixture
def esperanto(settings: Any) -> None:
    settings.LANGUAGES = [*settings.LANGUAGES, ("eo", "Esperanto")]


@pytest.mark.long
def test_every_page_and_the_kiosk_offer_the_new_language(
    citizen: Client, cast: Cast, esperanto: None
) -> None:
    page = citizen.get(f"/s/{cast.code.code}?lang=eo").content.decode()
    assert '<html lang="eo">' in page
    assert "Gửi đánh giá" in page, "what has no translation yet is shown in Vietnamese"
    assert 'lang="eo" hreflang="eo"' in flat(citizen.get(f"/s/{cast.code.code}"))
    assert "/kiosk/?lang=eo" in citizen.get("/kiosk/worker.js").content.decode()
    assert catalogues.completeness("eo") == 0
    assert catalogues.completeness("km") == 100


def test_a_form_without_the_words_of_a_language_cannot_be_published(
    cast: Cast, esperanto: None
) -> None:
    Questionnaire.objects.filter(code="counter-short").update(code="old")
    draft = load_questionnaire(path=LIBRARY / "counter-short.toml")
    with pytest.raises(ValidationError, match="eo"):
        publish_version(version=draft, now=NOW)
    assert Version.objects.get(pk=draft.pk).status == "draft"


def test_citizens_are_told_one_thing_in_a_sentence() -> None:
    """At most eighteen syllables: about fifteen words, as somebody reads who reads slowly."""
    wanted = {
        message.id if isinstance(message.id, str) else message.id[0]
        for message in catalogues.extract_messages(citizens_only=True)
        if message.id
    }
    long = []
    for message in catalogues.read_catalogue("vi"):
        name = message.id if isinstance(message.id, str) else (message.id or ("",))[0]
        text = message.string if isinstance(message.string, str) else (message.string or ("",))[0]
        if name in wanted:
            sentences = re.split(r"(?<=[.?!:])\s+", re.sub(r"<[^>]+>", "", text))
            long += [sentence for sentence in sentences if len(sentence.split()) > 18]
    assert long == []
