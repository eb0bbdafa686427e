"""Examples in docstrings run.

``snapshot`` in them is the made-up province of ``samples``, ``later`` the same answers a quarter
later; ``method`` is ``sipas-service``, ``cells`` and ``items`` are what its index and its quality
report count of ``snapshot``, ``completed`` its dossiers; ``folder`` is an empty folder with a
survey file and its SPEC, ``np`` numpy.
"""

from __future__ import annotations

import doctest
import importlib
import importlib.util
import pkgutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import analysis
from analysis import open_run
from tests.analysis.samples import write_province

SURVEY = "office,weight,overall\na,2,5\na,2,4\na,2,2\nb,6,5\nb,6,3\nb,6,4\n"
SPEC = """data = "survey.csv"
[design]
weight = "weight"
stratum = "office"
[[estimand]]
name = "satisfied"
kind = "share"
numerator = "overall"
condition = { op = ">=", value = 4 }
"""


def _modules() -> list[str]:
    names = [module.name for module in pkgutil.walk_packages(analysis.__path__, "analysis.")]
    return [name for name in names if not name.endswith("__main__")]


def _with_examples(name: str) -> bool:
    path = importlib.util.find_spec(name)
    return path is not None and ">>> " in Path(str(path.origin)).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What no example changes: made once."""
    folder = tmp_path_factory.mktemp("province")
    later = write_province(folder / "q4", months=("2026-10", "2026-11"))
    run = open_run(write_province(folder / "q3"), purpose="quality")
    return {
        "np": np,
        "snapshot": run.snapshot,
        "later": later,
        "method": run.method,
        "cells": run.cells(),
        "items": run.cells("items"),
        "completed": run.completed,
    }


@pytest.fixture
def names(province: dict[str, Any], tmp_path: Path) -> dict[str, Any]:
    """What examples may use beside their module."""
    (tmp_path / "survey.csv").write_text(SURVEY, encoding="utf-8")
    (tmp_path / "SPEC.toml").write_text(SPEC, encoding="utf-8")
    return {**province, "folder": tmp_path}


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name in _modules() if _with_examples(name)])
def test_docstring_examples(name: str, names: dict[str, Any]) -> None:
    result = doctest.testmod(importlib.import_module(name), extraglobs=names)
    assert result.attempted > 0
    assert result.failed == 0
