"""Counted over the whole code: late imports, names, and where tests look."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = [
    path
    for folder in ("survey", "analysis")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "migrations" not in path.parts
]
TESTS = sorted((ROOT / "tests").rglob("*.py"))
MAX_LATE_IMPORTS = 3
"""The application's checks, and what only a cluster needs."""
MAX_UNFORMATTED = 10


def functions(path: Path) -> Iterator[ast.FunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            yield node


def imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return [name.name for name in node.names] if isinstance(node, ast.Import) else []


def test_own_packages_are_imported_at_the_top() -> None:
    late = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in CODE
        for function in functions(path)
        for node in ast.walk(function)
        for name in imported(node)
        if name.split(".")[0] in ("survey", "analysis")
    ]
    assert len(late) <= MAX_LATE_IMPORTS, late


def test_functions_are_verbs_not_something_of_something() -> None:
    named = [
        f"{path.relative_to(ROOT)}: {function.name}"
        for path in CODE
        for function in functions(path)
        if function.name.endswith("_of")
    ]
    assert named == []


def test_code_is_formatted_by_the_formatter() -> None:
    pattern = re.compile(r"#\s*fmt:\s*(?:skip|off)")
    skipped = [p for p in [*CODE, *TESTS] if pattern.search(p.read_text(encoding="utf-8"))]
    assert len(skipped) <= MAX_UNFORMATTED, skipped


@pytest.mark.parametrize("path", TESTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_test_module_imports_another(path: Path) -> None:
    """What several tests need stands in ``builders.py``, ``conftest.py`` or a module without
    tests.
    """
    names = [n for x in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) for n in imported(x)]
    assert [name for name in names if re.search(r"(?:^|\.)test_\w+$", name)] == []


def test_every_check_has_its_own_number() -> None:
    text = (ROOT / "survey" / "checks.py").read_text(encoding="utf-8")
    numbers = re.findall(r"survey\.[EW]\d{3}", text)
    assert len(numbers) == len(set(numbers)) > 5
