"""Answers and invitations cannot be joined by a dump: by id, place in the file, time, writer or
shared attributes.
"""

from __future__ import annotations

import pytest

from tests.servers.conftest import environment_for, manage, migrate
from tests.servers.linkage import COUNT

TELL = "from tests.servers.linkage import tell; tell()"
MARGIN = 0.02


ON_POSTGRESQL = pytest.param("postgresql", marks=[pytest.mark.postgresql, pytest.mark.slow])


@pytest.mark.slow
@pytest.mark.parametrize("on", ["sqlite", ON_POSTGRESQL])
def test_the_best_assignment_of_answers_to_invitations_is_chance(
    on: str, tmp_path: object, request: pytest.FixtureRequest
) -> None:
    """Everybody answers in the order of the invitations; Hungarian matching over every column and
    physical order.
    """
    make = request.getfixturevalue("scratch_database") if on == "postgresql" else None
    environment = environment_for(tmp_path, make() if make else None)  # type: ignore[arg-type]
    migrate(environment)
    line = manage(environment, "shell", "--no-imports", "-c", TELL).splitlines()[-1]
    share, hint, named = line.split("|")
    assert float(share) <= 1 / COUNT + MARGIN, hint
    assert int(named) == 0, "a settled invitation names no agency"
