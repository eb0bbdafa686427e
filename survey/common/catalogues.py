"""Message catalogues without GNU gettext: extraction and compilation by Babel."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

SOURCE: Final = "en"
KEYWORDS: Final = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
}


CITIZEN: Final = (
    "templates/survey/citizen/",
    "templates/survey/kinds/",
    "templates/survey/public/",
    "survey/citizen/",
    "survey/public/words.py",
    "survey/common/province.py",
    "survey/responses/answers.py",
    "survey/questionnaires/content.py",
    "survey/questionnaires/kinds/",
    "survey/access/print/ballots.py",
    "survey/access/print/posters.py",
    "survey/access/print/slips.py",
    "survey/access/queries.py",
    "survey/access/twin_pictures.py",
    "survey/messaging/queries.py",
)
"""Where the words stand that citizens read: what every language needs."""


def is_for_citizens(name: str) -> bool:
    """Whether the texts of a source file are read by citizens."""
    return name.startswith(CITIZEN)


def _sources() -> Iterator[tuple[str, bytes]]:
    root = settings.BASE_DIR
    for path in sorted([*(root / "survey").rglob("*.py"), *(root / "templates").rglob("*.html")]):
        name = str(path.relative_to(root))
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".html":
            # The indentation of a page is none of Python, as which its texts are read.
            text = re.sub(r"(?m)^[ \t]+", "", templatize(text, origin=name))
        yield name, text.encode()


def extract_messages(*, citizens_only: bool = False) -> Catalog:
    """Every marked message of code and templates; English is the source language."""
    catalog = Catalog(
        project="Hài Lòng", charset="utf-8", creation_date=datetime(2026, 1, 1, tzinfo=UTC)
    )
    for name, content in _sources():
        if citizens_only and not is_for_citizens(name):
            continue
        for _line, message, comments, context in extract("python", io.BytesIO(content), KEYWORDS):
            if message and message != ("", ""):
                catalog.add(message, locations=[(name, 0)], auto_comments=comments, context=context)
    return catalog


def po_path(language: str) -> Path:
    """The catalogue a translator edits."""
    return Path(settings.BASE_DIR) / "locale" / language / "LC_MESSAGES" / "django.po"


def read_catalogue(language: str) -> Catalog:
    """A catalogue as it is on disk; empty when the language is new."""
    path = po_path(language)
    if not path.is_file():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def update_catalogue(language: str) -> Catalog:
    """Add new messages to a language's file and drop the ones no longer used."""
    catalog = read_catalogue(language)
    catalog.update(
        extract_messages(citizens_only=not staff_language(language)), no_fuzzy_matching=True
    )
    catalog.obsolete.clear()
    path = po_path(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(
            file, catalog, width=110, include_lineno=False, sort_output=True, omit_header=False
        )
    return catalog


def staff_language(language: str) -> bool:
    """Whether staff pages exist in a language; the others are for citizens only."""
    return language in settings.STAFF_LANGUAGES


@lru_cache(maxsize=16)
def completeness(language: str) -> int:
    """Translated texts that citizens read, per hundred, rounded down; English is the source.

    Worked out once per process: reading every source takes most of a second, and neither code nor
    catalogues change under a running server.
    """
    if language == SOURCE:
        return 100
    wanted = [str(message.id) for message in extract_messages(citizens_only=True) if message.id]
    absent = set(missing(language))
    return 100 * sum(text not in absent for text in wanted) // len(wanted)


def missing(language: str) -> list[str]:
    """Messages a language needs that have no translation, or a fuzzy one."""
    catalog = read_catalogue(language)
    translated = {
        message.id
        for message in catalog
        if message.id and message.string and all(_strings(message.string)) and not message.fuzzy
    }
    wanted = extract_messages(citizens_only=not staff_language(language))
    return [str(message.id) for message in wanted if message.id and message.id not in translated]


def _strings(value: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def compile_catalogues() -> list[Path]:
    """Write the binary catalogues Django reads; they are build products and not kept in the
    repository.
    """
    written = []
    for path in sorted((Path(settings.BASE_DIR) / "locale").glob("*/LC_MESSAGES/django.po")):
        with path.open("rb") as source, path.with_suffix(".mo").open("wb") as target:
            write_mo(target, read_po(source, locale=path.parts[-3]))
        written.append(path.with_suffix(".mo"))
    return written
