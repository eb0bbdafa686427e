"""The one table of permissions keeps its own promises."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from survey.accounts.models import Role
from survey.accounts.permissions import READS, RULES, WRITES_NOTHING


@pytest.mark.parametrize("action", RULES)
def test_who_writes_nothing_stands_in_no_line_that_writes(action: str) -> None:
    assert action in READS or not RULES[action].roles & WRITES_NOTHING


def test_every_line_that_reads_is_a_rule_and_every_role_may_do_something() -> None:
    assert set(RULES) >= READS
    assert set().union(*(rule.roles for rule in RULES.values())) == set(Role)


def test_every_permission_is_asked_for() -> None:
    root = Path(__file__).parents[3]
    code = "".join(
        path.read_text(encoding="utf-8")
        for path in [*(root / "survey").rglob("*.py"), *(root / "templates").rglob("*.html")]
        if path.name != "permissions.py"
    )
    asked = set(re.findall(r'(?:requires\(|may\([^)]*?|Section\([^)]*?)"([a-z]+-[a-z-]+)"', code))
    asked |= {name.replace("_", "-") for name in re.findall(r"\bmay\.([a-z_]+)", code)}
    assert set(RULES) - asked == set()
