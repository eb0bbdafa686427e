"""A real browser, and a server with one of everything, for the journeys."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.flows.browsing import launch
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
