"""Every page a citizen can meet, in every language: nobody is left out by how he reads, types or
sees.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page

from tests.flows.browsing import violations
from tests.flows.gallery import LANGUAGES, Grounds

pytestmark = pytest.mark.browser
NARROW = {"width": 320, "height": 640}
SIDEWAYS = "document.documentElement.scrollWidth > window.innerWidth"
SMALL = """(least) => [...document.querySelectorAll("button, .button, .options > label, .field, a")]
    .filter((e) => e.checkVisibility() && e.getBoundingClientRect().height < least)
    .map((e) => e.outerHTML.slice(0, 80) + " " + e.getBoundingClientRect().height)"""
CUT = """() => [...document.querySelectorAll("button, .button, label, legend, h1, h2, p, a, li")]
    .filter((e) => e.checkVisibility() && !e.classList.contains("hidden")
        && (e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 6) &&
            e.clientWidth > 1)
    .map((e) => e.outerHTML.slice(0, 80))"""
VISIBLE_TEXT = 200
"""Per cent: the text size of a phone whose owner has set the largest letters."""


def faults_of(page: Page, name: str, language: str) -> list[str]:
    """What is wrong with the page as it stands, on the narrowest phone and then with letters twice
    as large.
    """
    found = [f"{item}" for item in violations(page)]
    if page.evaluate(SIDEWAYS):
        found.append("is wider than the window")
    if page.locator("html").get_attribute("lang") != language:
        found.append("does not say its language")
    found += [
        f"is hard to hit: {item}"
        for item in page.evaluate(SMALL, 72 if name.startswith("kiosk") else 48)
    ]
    page.emulate_media(color_scheme="dark")
    found += [f"in dark colours {item}" for item in violations(page, "color-contrast")]
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 360, "height": 740})
    page.evaluate(
        "(size) => { document.documentElement.style.fontSize = `${size}%`; }",
        112.5 * VISIBLE_TEXT / 100,
    )
    if page.evaluate(SIDEWAYS):
        found.append("is wider than the window with large letters")
    found += [f"cuts letters off when they are large: {item}" for item in page.evaluate(CUT)]
    return [f"{name} ({language}) {item}" for item in found]


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_in_every_language(browser: Browser, grounds: Grounds, language: str) -> None:
    """axe finds nothing, nothing is cut off or wider than a narrow phone, no cookie, nobody else is
    asked.
    """
    context = browser.new_context(viewport=NARROW)  # type: ignore[arg-type]
    requested: set[str] = set()
    context.on(
        "request", lambda request: requested.add(request.url.partition("://")[2].partition("/")[0])
    )
    faults: list[str] = []
    page = context.new_page()
    for view in grounds.views():
        if view.then is not None:
            page.close()
            page = context.new_page()
        page.set_viewport_size(NARROW)  # type: ignore[arg-type]
        grounds.show(page, view, language)
        faults += faults_of(page, view.name, language)
    assert context.cookies() == []
    context.close()
    own = {server.url.partition("://")[2] for server in (grounds.server, grounds.broken)}
    assert {host for host in requested if not host.startswith(("image/", "data"))} <= own | {","}
    assert not faults, "\n".join(faults)
