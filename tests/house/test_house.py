"""Rules of the house a machine can keep."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.template.loader import render_to_string
from django.urls import get_resolver

from survey.common import catalogues

ROOT = Path(__file__).parents[2]
CODE = [
    p
    for folder in ("survey", "analysis")
    for p in (ROOT / folder).rglob("*.py")
    if "migrations" not in p.parts
]
PAGES = sorted((ROOT / "templates" / "survey").rglob("*.html"))
TRANSLATED = [code for code, _name in settings.LANGUAGES if code != "en"]
SHEETS = sorted((ROOT / "survey" / "static" / "survey").glob("*.css"))
SCRIPTS = sorted((ROOT / "survey" / "static" / "survey").rglob("*.js"))


@pytest.mark.django_db
def test_models_and_migrations_agree() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_language_is_complete(language: str) -> None:
    assert catalogues.missing(language) == []


def test_nothing_is_left_over_in_vietnamese() -> None:
    source = {message.id for message in catalogues.extract_messages() if message.id}
    translated = {message.id for message in catalogues.read_catalogue("vi") if message.id}
    assert translated == source


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_keep_every_placeholder(language: str) -> None:
    for message in catalogues.read_catalogue(language):
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        wanted = {part for text in ids for part in re.findall(r"%\(\w+\)s", str(text))}
        for text in strings:
            assert set(re.findall(r"%\(\w+\)s", str(text))) == wanted or not message.id, message.id


def test_files_have_one_subject() -> None:
    long = {
        str(p.relative_to(ROOT)): n
        for p in CODE
        if (n := len(p.read_text(encoding="utf-8").splitlines())) > 320
    }
    assert long == {}


WIDEST = 100


@pytest.mark.parametrize("path", [*PAGES, *SHEETS, *SCRIPTS], ids=lambda path: path.name)
def test_templates_style_sheets_and_scripts_are_readable_without_scrolling(path: Path) -> None:
    """One element a line and one declaration a line; djlint keeps the templates' form (``make
    check-fast``).
    """
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if len(line) > WIDEST] == []
    if path.suffix == ".css":
        assert [
            line for line in lines if line.count(";") > 1 or re.search(r"[{}].*[{}]", line)
        ] == []


def test_a_page_is_sent_without_the_indentation_of_its_template() -> None:
    sent = render_to_string("survey/citizen/thanks.html", {"language": "vi"})
    assert not re.search(r"(?m)^[ \t]", sent)
    typed = render_to_string(
        "survey/kinds/text.html", {"question": {"code": "c", "value": "một\n   hai"}}
    )
    assert "một\n   hai" in typed, "what somebody typed keeps its spaces"


def test_no_address_is_registered_twice() -> None:
    seen: list[str] = []

    def walk(patterns: Sequence[object], prefix: str) -> None:
        for pattern in patterns:
            path = prefix + str(pattern.pattern)  # type: ignore[attr-defined]  # URL patterns and resolvers
            children = getattr(pattern, "url_patterns", None)
            if children is None:
                seen.append(path)
            elif not path.startswith("admin/"):
                walk(children, path)

    walk(get_resolver().url_patterns, "")
    assert len(seen) == len(set(seen))


def test_templates_have_no_inline_script_style_or_foreign_host() -> None:
    for path in (ROOT / "templates" / "survey").rglob("*.html"):
        # The one script of the citizen pages is a file, put into the page and allowed by its hash.
        text = path.read_text(encoding="utf-8").replace("<script>{{ script|safe }}</script>", "")
        # Data for a script are not run, so the policy lets them stand in the page.
        script = r'<script(?! src=.{. (?:static|url)| type="application/json")'
        assert not re.search(script + r"|\son\w+=|\sstyle=|https?://", text), path


def contrast(one: str, two: str) -> float:
    def light(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        r, g, b = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    a, b = sorted((light(one), light(two)), reverse=True)
    return (a + 0.05) / (b + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_every_pair_of_colours_can_be_read(scheme: int) -> None:
    css = (ROOT / "survey/static/survey/tokens.css").read_text(encoding="utf-8")
    blocks = css.split("@media")
    colours = dict(re.findall(r"--([\w-]+):\s*(#[0-9A-Fa-f]{6})", blocks[scheme]))
    for text in ("ink", "ink-soft", "accent", "danger", "ok"):
        for ground in ("paper", "soft", "pick"):
            assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
    assert contrast(colours["on-accent"], colours["accent"]) >= 4.5
    assert contrast(colours["edge"], colours["paper"]) >= 3


def test_every_source_column_of_a_snapshot_is_described() -> None:
    import analysis

    text = (ROOT / "docs" / "snapshot.md").read_text(encoding="utf-8")
    assert [
        c.name
        for c in analysis.RESPONSE_COLUMNS
        if f"`{c.name}`" not in text and c.name not in analysis.ITEMS
    ] == []


def test_exports_use_the_words_people_were_asked_with() -> None:
    import tomllib

    from analysis.publication.labels import VI

    library = tomllib.loads(
        (ROOT / "survey/questionnaires/library/service-block.toml").read_text(encoding="utf-8")
    )
    asked = {
        part["code"]: part["text"]["vi"] for f in library["factor"] for part in (f, *f["question"])
    }
    assert {code: VI[code] for code in asked} == asked
