"""The recipes of CONTRIBUTING lead somewhere: their files exist, and their tests run."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("# Ten recipes\n")[1]
RECIPES = dict(part.split("\n", 1) for part in re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:])


def copied_tests(text: str) -> list[str]:
    return re.findall(r"`(tests/[\w/]+\.py::\w+)`", text)


def test_there_are_ten() -> None:
    assert len(RECIPES) == 10


@pytest.mark.parametrize("name", RECIPES)
def test_every_file_of_a_recipe_exists(name: str) -> None:
    paths = re.findall(r"`((?:[\w.-]+/)+[\w.-]*)(?:::\w+)?`", RECIPES[name])
    assert len(paths) >= 3
    assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("name", RECIPES)
def test_every_name_of_a_recipe_stands_in_a_file_it_names(name: str) -> None:
    """``UPPER`` and ``lower_case`` names in backticks are code the reader is sent to."""
    recipe = RECIPES[name]
    paths = [ROOT / path for path in re.findall(r"`((?:[\w.-]+/)+[\w.-]+\.\w+)", recipe)]
    code = "".join(path.read_text(encoding="utf-8") for path in paths)
    names = re.findall(r"`(\w+)`", recipe)
    assert [word for word in names if not re.search(rf"\b{word}\b", code)] == []


@pytest.mark.parametrize("name", RECIPES)
def test_every_test_of_a_recipe_exists(name: str) -> None:
    found = copied_tests(RECIPES[name])
    assert found
    for path, _colons, function in (test.partition("::") for test in found):
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        assert function in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.slow
def test_the_tests_of_the_recipes_run() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *copied_tests(TEXT)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-3000:]
    assert "passed" in run.stdout
