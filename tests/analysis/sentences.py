"""Every sentence of ``analysis`` a user can read, from its source."""

from __future__ import annotations

import argparse
import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import analysis

ROOT: Final = Path(analysis.__file__).parent
ERRORS: Final = {"AnalysisError", "DesignError", "MethodError", "SnapshotError", "SpecError"}
SPEAKERS: Final = ERRORS | {"say", "translate", "_note", "_refusal", "_check_alike", "__init__"}
"""Functions whose text is told in the language of the environment."""
ARGPARSE: Final = {
    "usage: ",
    "options",
    "positional arguments",
    "show this help message and exit",
    "%(prog)s: error: %(message)s\n",
    "the following arguments are required: %s",
    "argument %(argument_name)s: %(message)s",
    "invalid choice: %(value)r (choose from %(choices)s)",
    "invalid %(type)s value: %(value)r",
    "expected one argument",
    "expected at least one argument",
    "unrecognized arguments: %s",
}


def read_source() -> Iterator[tuple[str, str]]:
    """(file, sentence), each once a file."""
    for path in sorted(ROOT.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        known = dict(_constants(tree))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _name(node.func) in SPEAKERS:
                for argument in node.args:
                    for text in _texts(argument, known):
                        yield path.relative_to(ROOT).as_posix(), text


def _constants(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            yield node.target.id, node.value


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")


def _texts(node: ast.expr, known: dict[str, ast.expr]) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.Name) and node.id in known:
        yield from _texts(known[node.id], {})
    elif isinstance(node, ast.Subscript):
        yield from _texts(node.value, known)
    elif isinstance(node, ast.Dict):
        for value in node.values:
            yield from _texts(value, known)


def words_of_argparse() -> set[str]:
    """Those of its sentences that stand in the catalogue, as far as this Python has them."""
    source = Path(argparse.__file__).read_text(encoding="utf-8")
    return {text for text in ARGPARSE if repr(text)[1:-1] in source}
