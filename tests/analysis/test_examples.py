"""Examples in docstrings run."""

from __future__ import annotations

import doctest
import importlib

import pytest

MODULES = [
    "analysis.change",
    "analysis.disclosure",
    "analysis.index",
    "analysis.interval",
    "analysis.method",
    "analysis.quality",
    "analysis.ranks",
    "analysis.scorecard",
    "analysis.weighting.poststratify",
]


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples(name: str) -> None:
    module = importlib.import_module(name)
    import numpy as np

    result = doctest.testmod(module, extraglobs={"np": np})
    assert result.attempted > 0
    assert result.failed == 0
