"""Every proof the threat table names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
TABLE = (TESTS.parent / "docs/security.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`([a-z_/]+\.py(?:::test_\w+)?)`", TABLE)))


def test_the_table_names_proofs() -> None:
    assert len(NAMED) >= 30
    rows = TABLE.partition("## Not defended")[0].splitlines()
    threats = [row for row in rows if row.startswith("| ") and not row.startswith("| Threat")]
    assert all(".py" in row for row in threats), "a threat without a proof is not defended"


@pytest.mark.parametrize("name", NAMED)
def test_a_named_proof_exists(name: str) -> None:
    path, _colons, test = name.partition("::")
    text = (TESTS / path).read_text(encoding="utf-8")
    assert not test or f"def {test}(" in text
