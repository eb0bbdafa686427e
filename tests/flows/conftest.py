"""A real browser (Debian's Chromium) for the journeys."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from tests.servers.conftest import postgresql_url, scratch_database

__all__ = ["postgresql_url", "scratch_database"]

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


def launch(playwright: Playwright) -> Browser:
    """Debian's Chromium."""
    return playwright.chromium.launch(executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=FLAGS)


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


def until(page: Page, expression: str, seconds: float = 30) -> None:
    """Wait for a condition in the page; Playwright's own waiting evaluates text, which our policy forbids."""
    ends = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < ends, expression
        page.wait_for_timeout(50)


AXE = "() => self.axe.run(document, %s).then((found) => found.violations.map((v) => `${v.id}: ${v.nodes[0].html}`))"
AXE_SCRIPT = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


def violations(page: Page, *rules: str) -> list[str]:
    """What axe finds wrong with a page: WCAG and best practice, or only these rules of it."""
    if not page.evaluate("typeof self.axe === 'object'"):
        page.evaluate(AXE_SCRIPT)
    options = {"resultTypes": ["violations"], **({"runOnly": list(rules)} if rules else {})}
    return [str(item)[:160] for item in page.evaluate(AXE % json.dumps(options))]
