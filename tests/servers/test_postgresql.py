"""The web side's own tests once more on PostgreSQL: triggers, constraints and queries behave the
same there.

Row-level security runs with ``make test``; the whole of it with ``make test-slow``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Final

import pytest

from tests.servers.conftest import ROOT

pytestmark = pytest.mark.postgresql
COUNTED_IN_MEMORY: Final = (
    "--ignore=tests/survey/common",
    "--ignore=tests/survey/messaging/test_text.py",
    "--ignore=tests/survey/citizen/test_guessing.py",
)

# Every method of every address as every account: what is refused before a row is read (2 minutes).
ASKED_ON_SQLITE: Final = (
    "--deselect=tests/survey/console/test_matrix.py::"
    "test_nobody_gets_into_what_the_table_does_not_give_them[True]",
)


def pass_on(url: str, *chosen: str, **environment: str) -> None:
    """Run chosen tests in a process of their own on a database; what fails is in the message."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *chosen]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:]
    assert " passed" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("queries", ["2000"])
def test_rows_of_other_agencies_are_not_there_whatever_is_asked(
    scratch_database: Callable[[], str], queries: str
) -> None:
    isolation = "tests/survey/agencies/isolation.py"
    pass_on(scratch_database(), isolation, ISOLATION_QUERIES=queries)


@pytest.mark.slow
def test_the_rooms_pass_their_tests_on_postgresql(scratch_database: Callable[[], str]) -> None:
    pass_on(scratch_database(), "tests/survey", *COUNTED_IN_MEMORY, *ASKED_ON_SQLITE)
