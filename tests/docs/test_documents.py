"""What the documents say is true: paths exist, commands exist, settings are described, worked
numbers come out.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.utils.translation import override

import analysis

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
METHOD = (ROOT / "docs" / "method.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_every_path_of_the_signpost_table_exists() -> None:
    table = README.split("## Where is")[1].split("\n## ")[0]
    table += (ROOT / "docs" / "where.md").read_text(encoding="utf-8")
    paths = [p for p in re.findall(r"`([\w./<>-]+)`", table) if "/" in p and "<" not in p]
    assert len(paths) > 15
    assert [p for p in paths if not (ROOT / p).exists()] == []


def test_the_signpost_tables_of_the_readme_are_short_and_all_in_the_whole_list() -> None:
    signs = README.split("## Where is")[1].split("\n## ")[0]
    tables = [part.splitlines() for part in signs.split("\n### ")[1:]]
    rows = [[line for line in table if line.startswith("| ")][1:] for table in tables]
    assert len(rows) == 3
    assert max(map(len, rows)) <= 15
    whole = (ROOT / "docs" / "where.md").read_text(encoding="utf-8")
    assert [row for table in rows for row in table if row not in whole] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_links_and_pictures_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def test_every_page_a_citizen_can_meet_has_its_pictures() -> None:
    """After a change of pages: `make pictures`, and look at them."""
    from tests.flows.gallery import names

    sheets = list((ROOT / "docs" / "images" / "citizen").iterdir())
    assert {path.name for path in sheets} == set(names())
    assert sum(path.stat().st_size for path in sheets) <= 1_500_000, "pictures weigh on every clone"


def test_every_make_target_named_in_the_documents_exists() -> None:
    targets = set(
        re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    )
    for page in PAGES:
        named = set(re.findall(r"`make ([a-z-]+)", page.read_text(encoding="utf-8")))
        assert named <= targets, (page.name, named - targets)


def test_every_command_and_setting_is_described_for_operators() -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    commands = {
        p.stem for p in (ROOT / "survey/management/commands").glob("*.py") if p.stem != "__init__"
    }
    assert {name for name in commands if f"`{name}" not in text and f" {name}" not in text} == set()
    files = sorted((ROOT / "survey").glob("*settings.py"))
    source = "".join(path.read_text(encoding="utf-8") for path in files)
    settings = set(
        re.findall(r'(?:environ\.get|read_flag|read_text|read_list|read_choice)\("(\w+)"', source)
    )
    assert {name for name in settings if f"`{name}`" not in text} == set()


def examples() -> list[str]:
    return re.findall(r"```python\n(.*?)```", METHOD, re.DOTALL)


@pytest.mark.parametrize("number", range(len(examples())))
def test_the_worked_numbers_of_the_method_come_out(number: int) -> None:
    exec(compile(examples()[number], "docs/method.md", "exec"), {})  # noqa: S102  (our own document)


def test_the_method_has_worked_numbers() -> None:
    assert len(examples()) >= 4
    assert all("assert" in example for example in examples())


def test_decisions_are_numbered_without_gaps() -> None:
    numbers = [int(p.name[:4]) for p in sorted((ROOT / "docs" / "decisions").glob("0*.md"))]
    assert numbers == list(range(1, len(numbers) + 1))
    for path in (ROOT / "docs" / "decisions").glob("0*.md"):
        text = path.read_text(encoding="utf-8")
        assert all(f"## {part}" in text for part in ("Context", "Decision", "Consequences")), (
            path.name
        )
        assert "Status:" in text


def test_the_project_names_no_place_of_its_making() -> None:
    for page in PAGES:
        assert not re.search(r"\.\./shared|/work/|\.library", page.read_text(encoding="utf-8")), (
            page
        )


def test_the_glossary_holds_every_table_and_the_front_door() -> None:
    """One code name for one thing; a table is called in Vietnamese what its pages call it."""
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    tables, door = text.split("\n## Tables\n")[1].split("\n## Front door of `analysis`\n")
    assert set(re.findall(r"^\| .+? \| `(\w+)` \|", door, re.MULTILINE)) == set(analysis.__all__)
    told = dict(re.findall(r"^\| (.+?) \| `(\w+)` \|", tables, re.MULTILINE))
    with override("vi"):
        models = apps.get_app_config("survey").get_models()
        assert told == {str(model._meta.verbose_name): model.__name__ for model in models}
