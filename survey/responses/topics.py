"""What comments are about, by rules a reader can follow: a phrase of a list stands in a sentence.

No model: the page shows the phrase that matched. Words written without marks are compared without
marks, so that "cho lau" is found where people type like that. The lists are shipped in
``topics.toml`` (migration 0021) and belong to the province from then on.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from survey.common.text import fold_accents

MAX_PHRASES: Final = 300
MAX_PHRASE_CHARACTERS: Final = 60
_WORD: Final = re.compile(r"[^\W_]+")
_ENDS: Final = ".!?;\n"
_ENDING: Final = re.compile(f"[{_ENDS}]")


class Topic(models.Model):
    """One thing citizens write about, and the phrases that tell it."""

    code = models.SlugField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=60)
    words = models.TextField(_("phrases, one a line"), max_length=20_000)
    inspectorate = models.BooleanField(
        _("goes to the inspectorate, not to the rated agency"), default=False
    )

    class Meta:
        verbose_name = _("topic")
        verbose_name_plural = _("topics")
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return self.name

    @property
    def phrases(self) -> list[str]:
        """The phrases, blank lines left out."""
        return [line.strip() for line in self.words.splitlines() if line.strip()]


@dataclass(frozen=True)
class Match:
    """A topic found in a text: by which phrase, in which sentence."""

    topic: str
    phrase: str
    sentence: str


@dataclass(frozen=True)
class _Phrase:
    """A phrase word by word; ``loose``: marks do not matter."""

    topic: str
    text: str
    words: tuple[str, ...]
    folded: tuple[str, ...]
    loose: bool


def read_shipped_reserved() -> list[str]:
    """The shipped phrases of allegations: they are looked for whatever the lists say today."""
    text = (Path(__file__).parent / "topics.toml").read_text(encoding="utf-8")
    topics = tomllib.loads(text)["topic"]
    return [
        line.strip()
        for topic in topics
        if topic.get("inspectorate")
        for line in topic["words"].splitlines()
        if line.strip()
    ]


class Lexicon:
    """The phrases of all topics, ready to be looked for, word by word.

    A phrase fits that is written as in the list, or wholly without marks. For allegations marks
    never matter, nor what stands between the words. No phrase hides another: a sentence is about
    every topic it names.
    """

    def __init__(self, topics: Iterable[Topic]) -> None:
        self._begins: dict[str, list[_Phrase]] = {}
        shipped = read_shipped_reserved()
        for topic in topics:
            phrases = [*topic.phrases, *(shipped if topic.inspectorate else [])]
            for phrase in dict.fromkeys(phrases):
                words = tuple(_WORD.findall(_normal(phrase)))
                if words:
                    folded = tuple(fold_accents(word) for word in words)
                    entry = _Phrase(topic.code, phrase, words, folded, topic.inspectorate)
                    self._begins.setdefault(folded[0], []).append(entry)

    def find(self, text: str) -> list[Match]:
        """Topics of a text, each once, in the order in which they come up."""
        shown = unicodedata.normalize("NFC", text)
        hits = list(_WORD.finditer(shown))
        words = [hit[0].lower() for hit in hits]
        folded = [fold_accents(word) for word in words]
        found: dict[str, Match] = {}
        for place, first in enumerate(folded):
            for phrase in self._begins.get(first, ()):
                if phrase.topic in found or not _fits(phrase, words, folded, place):
                    continue
                start, last = hits[place].start(), hits[place + len(phrase.words) - 1]
                if phrase.loose or not _ENDING.search(shown, start, last.end()):
                    sentence = _sentence_around(shown, start)
                    found[phrase.topic] = Match(phrase.topic, phrase.text, sentence)
        return list(found.values())


def _fits(phrase: _Phrase, words: list[str], folded: list[str], place: int) -> bool:
    end = place + len(phrase.words)
    if tuple(folded[place:end]) != phrase.folded:
        return False
    return phrase.loose or tuple(words[place:end]) in (phrase.words, phrase.folded)


def _sentence_around(text: str, place: int) -> str:
    before = max(text.rfind(mark, 0, place) for mark in _ENDS) + 1
    after = min((at for mark in _ENDS if (at := text.find(mark, place)) >= 0), default=len(text))
    return text[before:after].strip()


def _normal(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).lower().split())
