"""The web side's own tests once more on PostgreSQL: triggers, constraints and queries behave the same there."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.servers.conftest import ROOT


@pytest.mark.postgresql
def test_the_rooms_pass_their_tests_on_postgresql(scratch_database: Callable[[], str]) -> None:
    environment = {**os.environ, "DATABASE_URL": scratch_database()}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "tests/survey",
        "-x",
        "--ignore=tests/survey/common",
        "--ignore=tests/survey/dispatch/test_text.py",
        "--ignore=tests/survey/responses/test_guessing.py",  # counted in memory
    ]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-5000:]
    assert " passed" in done.stdout
