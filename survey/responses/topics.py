"""What comments are about, by rules a reader can follow: a phrase of a list stands in a sentence.

No model: the page shows the sentence and the phrase. A text written without marks is compared
without marks, so that "cho lau" is found where people type like that. The lists are shipped in
``topics.toml`` (migration 0021) and belong to the province from then on.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from survey.common.text import fold_accents

MAX_PHRASES: Final = 300
MAX_PHRASE_CHARACTERS: Final = 60
_SENTENCES: Final = re.compile(r"[^.!?;\n]+")


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


class Lexicon:
    """The phrases of all topics, ready to be looked for."""

    def __init__(self, topics: Iterable[Topic]) -> None:
        self._marked: dict[str, str] = {}
        self._plain: dict[str, str] = {}
        for topic in topics:
            for phrase in topic.phrases:
                self._marked[_normal(phrase)] = topic.code
                self._plain[fold_accents(phrase)] = topic.code
        self._patterns = {
            marked: _pattern(table)
            for marked, table in ((True, self._marked), (False, self._plain))
        }

    def find(self, text: str) -> list[Match]:
        """Topics of a text, each once, in the order in which they come up."""
        marked = fold_accents(text) != _normal(text)
        table = self._marked if marked else self._plain
        pattern = self._patterns[marked]
        found: dict[str, Match] = {}
        if pattern is None:
            return []
        for sentence in _SENTENCES.findall(text):
            for hit in pattern.finditer(_normal(sentence) if marked else fold_accents(sentence)):
                topic = table[hit[0]]
                found.setdefault(topic, Match(topic, hit[0], sentence.strip()))
        return list(found.values())


def _normal(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).lower().split())


def _pattern(table: dict[str, str]) -> re.Pattern[str] | None:
    """Whole words; of two phrases at one place the longer one."""
    if not table:
        return None
    words = "|".join(re.escape(phrase) for phrase in sorted(table, key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?:{words})(?!\w)")
