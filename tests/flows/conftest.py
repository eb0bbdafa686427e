"""A real browser, and a server with one of everything, for the journeys."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.flows.browsing import launch
from tests.flows.gallery import Grounds, grounds_in
from tests.servers.conftest import postgresql_url, scratch_database

__all__ = ["postgresql_url", "scratch_database"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium; without it the test fails in CI and is skipped, with the reason, elsewhere."""
    path = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
    if not path.exists():
        message = f"there is no Chromium at {path}: run `make test`, or set CHROMIUM"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        chromium = launch(playwright)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def grounds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grounds]:
    """A server with one of everything a citizen can meet; tests leave it as they find it, but for
    more ratings.
    """
    with grounds_in(tmp_path_factory.mktemp("grounds")) as made:
        yield made
