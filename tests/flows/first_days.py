"""People at their browsers, from the invitation link through the second factor."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final

import pyotp
import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.flows.browsing import press, violations
from tests.servers.conftest import environment_for, manage, migrate, serve

PASSWORD: Final = "một mật khẩu đủ dài"
SIZES: Final = ((1280, 800), (360, 740))
MAIN: Final = "main button[type=submit].primary"
NUMBERS: Final = count(1)
NO_FACTOR: Final = ("agency-head", "office-manager", "hotline", "operator")


@dataclass
class Province:
    """A running installation with an administrator signed in."""

    url: str
    browser: Browser
    page: Page
    app: pyotp.TOTP

    def person(self, *, phone: bool = False) -> Page:
        """Somebody at a browser of their own."""
        width, height = SIZES[1] if phone else SIZES[0]
        context: BrowserContext = self.browser.new_context(
            viewport={"width": width, "height": height}, locale="vi-VN"
        )
        return context.new_page()


def look(page: Page) -> None:
    """Nothing sticks out and axe finds nothing, wide and on a phone."""
    before = page.viewport_size
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url
        found = violations(page)
        assert found == [], (page.url, width, found)
    if before is not None:
        page.set_viewport_size(before)


def open_account(page: Page, link: str, name: str) -> None:
    """From the link to the first page of the account."""
    page.goto(link)
    look(page)
    page.fill("#id_username", name)
    page.fill("#id_password", PASSWORD)
    page.fill("#id_repeated", PASSWORD)
    press(page, MAIN)


def set_up_app(page: Page) -> pyotp.TOTP:
    """The authenticator app, as the page leads to it; recovery codes are shown after it."""
    assert "/staff/second-factor" in page.url, "the role needs one first"
    look(page)
    press(page, "main a.primary")
    look(page)
    app = pyotp.TOTP(page.locator("main code").inner_text())
    page.fill("#id_code", app.now())
    press(page, MAIN)
    assert page.locator(".codes li").count() == 10
    look(page)
    press(page, "main a.primary")
    return app


@pytest.fixture(scope="module")
def province(
    browser: Browser,
    scratch_database: Callable[..., str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Province]:
    """An empty PostgreSQL database, and the administrator behind the first link."""
    folder: Path = tmp_path_factory.mktemp("province")
    environment = environment_for(folder, scratch_database()) | {"SECOND_FACTOR": "1"}
    migrate(environment)
    told = manage(environment, "first_admin", "--name", "Lê Thị Đầu")
    found = re.search(r"/staff/invitation/\S+", told)
    assert found
    with serve(environment, folder) as server:
        # Passkeys belong to a name, not to an address of numbers.
        url = server.url.replace("127.0.0.1", "localhost")
        context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="vi-VN")
        page = context.new_page()
        open_account(page, url + found[0], "quantri")
        yield Province(url, browser, page, set_up_app(page))


def invite(province: Province, name: str, role: str, agency: str = "") -> str:
    """The link the administrator hands over."""
    page = province.page
    page.goto(f"{province.url}/staff/people/invite")
    page.fill("#id_name", name)
    page.select_option("#id_role", role)
    if agency:
        page.select_option("#id_agency", label=agency)
    press(page, MAIN)
    link = page.locator("code.link").inner_text()
    return province.url + link[link.index("/staff/") :]


def start(province: Province, name: str, role: str, agency: str = "") -> Page:
    """Somebody's first minutes: link, password, second factor where the role needs one."""
    page = province.person(phone=role in ("hotline", "office-manager", "author"))
    open_account(page, invite(province, name, role, agency), f"{role}-{next(NUMBERS)}")
    if role not in NO_FACTOR:
        set_up_app(page)
    look(page)
    return page
