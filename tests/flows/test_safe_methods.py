"""Whoever only looks changes nothing: previews of links, scanners, and a browser that runs every
script.

SAFE_FULL=1 lets the browser come twenty times to each page, as often as the others.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Mapping
from typing import Final

import pytest
import requests
from django.urls import URLPattern, get_resolver
from playwright.sync_api import Browser

from tests.flows.browsing import press
from tests.flows.gallery import Grounds

pytestmark = pytest.mark.browser
TIMES: Final = 20
VISITS: Final = TIMES if os.environ.get("SAFE_FULL") == "1" else 2
"""Visits of each page by the browser; twenty take over a minute."""
PREVIEWS: Final = (
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Zalo/1.0 (+https://zalo.me)",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; Microsoft Outlook 16.0.16130; Microsoft Office) "
    "SafeLinks",
    "WhatsApp/2.23.20.0",
)
ONLY_SENT_TO: Final = frozenset({"step", "kiosk-enrol", "kiosk-sync"})
"""Addresses without a page."""
DUMP: Final = """
from tests.survey.citizen.builders import (dump)
import hashlib
print(hashlib.sha256(repr(dump()).encode()).hexdigest())
"""


def public_names() -> set[str]:
    """Every address citizens can open, by name: a new one has to be looked at here too."""
    resolver = get_resolver("survey.citizen.urls")
    return {
        str(pattern.name) for pattern in resolver.url_patterns if isinstance(pattern, URLPattern)
    }


def addresses(facts: Mapping[str, str]) -> dict[str, list[str]]:
    """Name of an address -> paths that show something at it."""
    code, receipt = facts["code"], f"/r/{facts['receipt']}"
    return {
        "front": ["/"],
        "privacy": ["/privacy"],
        "offices": ["/offices", "/offices?name=my"],
        "office-form": ["/offices/hall/28261"],
        "short-form": [
            f"/s/{name}"
            for name in (code, facts["link"], facts["slip"], facts["used"], facts["old"])
        ],
        "bare-code": [f"/{name}" for name in (code, facts["link"], facts["slip"])],
        "group-ballot": [f"/groups/{facts['group']}"],
        "preview-phone": [f"/preview/phone/{facts['preview']}"],
        "preview-kiosk": [f"/preview/kiosk/{facts['preview']}"],
        "improvements": [f"/s/{code}/done"],
        "opt-out": [f"/s/{facts['link']}/stop"],
        "funnel-step": [f"/s/{facts['link']}/step"],
        "screen-form": [f"/q/{facts['number']}"],
        "screen-page": [f"/screen/{facts['display']}"],
        "screen-code": [f"/screen/{facts['display']}/code"],
        "kiosk": ["/kiosk/"],
        "kiosk-program": ["/kiosk/program.js"],
        "kiosk-worker": ["/kiosk/worker.js"],
        "kiosk-manifest": ["/kiosk/manifest.webmanifest"],
        "kiosk-enrol": ["/kiosk/enrol"],
        "kiosk-sync": ["/kiosk/sync"],
        "receipt": [receipt],
        "second-page": [f"{receipt}/more"],
        "case": [f"/r/{facts['handed']}/case"],
        "full-form": [f"{receipt}/full"],
        "change": [f"{receipt}/change"],
        "comment": [f"{receipt}/comment"],
        "erase": [f"{receipt}/erase"],
        "proof": [f"{receipt}/proof"],
        "proof-file": [f"{receipt}/proof/file"],
        "escalate": [f"{receipt}/handover"],
    }


def open_by_clients(grounds: Grounds, paths: list[str]) -> None:
    with requests.Session() as client:
        for path in paths:
            for time in range(TIMES):
                headers = {"User-Agent": PREVIEWS[time % len(PREVIEWS)], "Purpose": "prefetch"}
                for method in ("GET", "HEAD", "OPTIONS"):
                    answer = client.request(
                        method, grounds.server.url + path, headers=headers, timeout=30
                    )
                    assert answer.status_code < 500, (method, path)


def open_in_browser(browser: Browser, grounds: Grounds, paths: list[str]) -> None:
    """Several visits each by a browser that runs all scripts and stays until the network is quiet
    on the last.
    """
    context = browser.new_context()
    for path in paths:
        page = context.new_page()
        for _visit in range(VISITS):
            page.goto(grounds.server.url + path, wait_until="load")
        page.wait_for_load_state("networkidle")
        page.close()
    context.close()


def test_every_address_of_citizens_is_looked_at() -> None:
    """Kept out of the long test: a new page without a line here shows at once, not in the night."""
    assert set(addresses(defaultdict(str))) == public_names()


@pytest.mark.slow
def test_looking_changes_nothing_however_often(browser: Browser, grounds: Grounds) -> None:
    found = addresses(grounds.facts)
    paths = [path for group in found.values() for path in group]
    shown = [path for name, group in found.items() if name not in ONLY_SENT_TO for path in group]
    before = grounds.server.python(DUMP)
    open_by_clients(grounds, paths)
    open_in_browser(browser, grounds, shown)
    assert grounds.server.python(DUMP) == before, "not one row of any table is another"
    for name in ("link", "slip"):
        page = browser.new_page()
        page.goto(f"{grounds.server.url}/s/{grounds.facts[name]}")
        # So many looks at a screen's old code are taken for guesses: a citizen behind the same
        # address presses once.
        if page.locator("label[for=overall-5]").count() == 0:
            press(page, "main button[type=submit]")
        page.locator("label[for=overall-5]").click()
        press(page, "#answer button[type=submit]")
        assert "/r/" in page.url
        page.close()
