"""Debian's Chromium for the journeys, and what is asked of every page in it."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import axe_playwright_python
from playwright.sync_api import Browser, BrowserContext, Error, Page, Playwright, ViewportSize

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A phone of here: what it wishes first is heard.
    "--lang=vi-VN",
    "--accept-lang=vi-VN,vi",
]


def launch(playwright: Playwright) -> Browser:
    """Debian's Chromium."""
    return playwright.chromium.launch(
        executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=FLAGS
    )


def until(page: Page, expression: str, seconds: float = 30) -> None:
    """Wait for a condition in the page; Playwright's own waiting evaluates text, which our policy
    forbids.
    """
    ends = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < ends, expression
        page.wait_for_timeout(50)


def press(page: Page, button: str) -> None:
    """Press a button or link that asks for another page, and wait for that page: a click alone does
    not, and a page that only notes something in its own history is still the old one.
    """
    page.evaluate("() => { self.before = true; }")
    page.locator(button).first.click()
    ends = time.monotonic() + 30
    while _is_before(page):
        assert time.monotonic() < ends, button
        time.sleep(0.02)
    page.wait_for_load_state()


def _is_before(page: Page) -> bool:
    try:
        return bool(page.evaluate("() => self.before === true"))
    except Error:
        # The page is being changed for the next.
        return True


AXE = (
    "() => self.axe.run(document, %s).then((found) => found.violations.map((v) => `${v.id}: "
    "${v.nodes[0].html}`))"
)
AXE_SCRIPT = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(
    encoding="utf-8"
)


def violations(page: Page, *rules: str) -> list[str]:
    """What axe finds wrong with a page: WCAG and best practice, or only these rules of it."""
    page.wait_for_load_state()
    if not page.evaluate("typeof self.axe === 'object'"):
        page.evaluate(AXE_SCRIPT)
    options = {"resultTypes": ["violations"], **({"runOnly": list(rules)} if rules else {})}
    return [str(item)[:160] for item in page.evaluate(AXE % json.dumps(options))]


def without_khmer(browser: Browser, folder: Path) -> BrowserContext:
    """A browser on a machine whose only font is Noto Sans: Latin with every Vietnamese letter, no
    Khmer.
    """
    (folder / "fonts").mkdir()
    shutil.copy(FONTS / "NotoSans-Regular.ttf", folder / "fonts")
    (folder / "fonts.conf").write_text(
        f"<fontconfig><dir>{folder}/fonts</dir><cachedir>{folder}/cache</cachedir></fontconfig>",
        encoding="utf-8",
    )
    return browser.browser_type.launch_persistent_context(
        str(folder / "profile"),
        executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
        args=FLAGS,
        viewport=PHONE,
        env={**os.environ, "FONTCONFIG_FILE": str(folder / "fonts.conf")},
    )


PHONE: ViewportSize = {"width": 360, "height": 740}


FONTS = Path(__file__).parents[2] / "analysis" / "charts" / "fonts"
