"""A guide for every role, whose pages and pictures exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.utils.translation import override

from survey.accounts.models import Role
from survey.console.sections import SECTIONS
from tests.flows.guide_pictures import PICTURES

GUIDES = Path(__file__).parents[2] / "docs" / "guides"
BESIDE = {"Yếu tố thứ hai"}
"""Pages of the own account, outside the sections."""


def test_every_role_has_a_guide_and_the_list_names_it() -> None:
    roles = {role.value for role in Role}
    assert {path.stem for path in GUIDES.glob("*.md")} == roles | {"index"}
    index = (GUIDES / "index.md").read_text(encoding="utf-8")
    assert all(f"({role}.md)" in index for role in roles)


@pytest.mark.parametrize("path", sorted(GUIDES.glob("*.md")), ids=lambda path: path.stem)
def test_pages_a_guide_names_are_called_so(path: Path) -> None:
    with override("vi"):
        pages = {str(section.text) for sections in SECTIONS.values() for section in sections}
    named = set(re.findall(r"\*\*([^*]+)\*\*", path.read_text(encoding="utf-8")))
    assert named - BESIDE <= pages, named - BESIDE - pages


def test_every_picture_is_there_and_in_a_guide() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in GUIDES.glob("*.md"))
    used = set(re.findall(r"images/guides/([a-z-]+)\.avif", text))
    assert used == set(PICTURES)
    there = {path.stem for path in (GUIDES.parent / "images" / "guides").glob("*.avif")}
    assert there == set(PICTURES)
