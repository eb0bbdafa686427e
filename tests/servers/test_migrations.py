"""Migrations: the newest go back and come again, and none locks what citizens write."""

from __future__ import annotations

import re
from typing import Final

import pytest

from tests.servers.conftest import manage

BEFORE: Final = "0053_crowded_alerts"
FIRST_RELEASE: Final = "0060_scheduled_exports"
"""No province ran anything older: those migrations met empty tables only."""
LINT: Final = """
from django_migration_linter import MigrationLinter
MigrationLinter(path=None, database="default", no_cache=True).lint_all_migrations(
    app_label="survey"
)
"""
FOUND: Final = re.compile(r"\(survey, (\w+)\)\.\.\. (OK|ERR|WARNING|IGNORE)")
STORE: Final = """
from benchmarks.made_answers import find_place, store_answer
store_answer("kept", *find_place())
"""
COUNT: Final = "from survey.models import Response; print(Response.objects.count())"


def shell(installation: dict[str, str], code: str) -> str:
    return manage(installation, "shell", "--no-imports", "-c", code)


@pytest.mark.slow
def test_the_newest_migrations_go_back_and_come_again(installation: dict[str, str]) -> None:
    shell(installation, STORE)
    for _turn in range(2):
        manage(installation, "migrate", "survey", BEFORE, "--verbosity", "0")
        assert "[ ] 0061" in manage(installation, "showmigrations", "survey")
        manage(installation, "migrate", "--verbosity", "0")
    manage(installation, "check", "--database", "default")
    assert shell(installation, COUNT).strip() == "1"


@pytest.mark.slow
@pytest.mark.parametrize("installation", ["postgresql"], indirect=True)
def test_no_migration_locks_what_the_version_before_writes(installation: dict[str, str]) -> None:
    found = dict(FOUND.findall(shell(installation, LINT)))
    assert found["0013_provider_id"] == "ERR", "it sees a column that is renamed"
    assert FIRST_RELEASE in found
    later = {name: state for name, state in found.items() if name > FIRST_RELEASE}
    assert {state for state in later.values() if state != "OK"} == set(), later
