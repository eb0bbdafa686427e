"""A province's first days in Chromium: set up from an empty PostgreSQL by pages only, then one day
of each role, from the invitation link through the second factor to its work.
"""

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
from tests.servers.conftest import environment_for, manage, serve

pytestmark = pytest.mark.postgresql
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
    manage(environment, "migrate", "--verbosity", "0")
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


def test_a_province_is_set_up_by_pages_only(province: Province) -> None:
    page, url = province.page, province.url
    press(page, "main a.primary")
    assert page.url == f"{url}/staff/set-up"
    look(page)
    page.select_option("#province", label="UBND tỉnh Đồng Tháp")
    press(page, "text=Nạp đơn vị hành chính")
    press(page, "text=Nạp phiếu hỏi")
    page.goto(f"{url}/staff/agencies?q=my tho")
    look(page)
    assert "UBND phường Mỹ Tho" in page.locator("main").inner_text()

    page.goto(f"{url}/staff/places/new")
    look(page)
    page.fill("#id_name", "Trung tâm Phục vụ hành chính công phường Mỹ Tho")
    press(page, MAIN)
    page.select_option("#counter_agency", label="UBND phường Mỹ Tho")
    press(page, MAIN)
    look(page)
    assert "Đã mở quầy" in page.locator("main").inner_text()
    page.goto(f"{url}/staff/codes")
    press(page, "main form button:has-text('Cấp mã')")
    look(page)
    page.goto(f"{url}/staff/set-up")
    link = page.locator("a.button.primary, a.button").last.get_attribute("href")
    assert link

    citizen = province.person(phone=True)
    citizen.goto(url + link)
    assert "Mỹ Tho" in citizen.locator("body").inner_text()
    citizen.locator("label[for=overall-4]").click()
    press(citizen, "#answer button[type=submit]")
    assert "Cảm ơn" in citizen.locator("body").inner_text()
    invite(province, "Ngô Thị Duyệt", "approver")
    page.goto(f"{url}/staff/set-up")
    look(page)
    done = page.locator(".steps .done").count()
    assert done == 5, "all but the colleagues, who have not opened their accounts"


def start(province: Province, name: str, role: str, agency: str = "") -> Page:
    """Somebody's first minutes: link, password, second factor where the role needs one."""
    page = province.person(phone=role in ("hotline", "office-manager", "author"))
    open_account(page, invite(province, name, role, agency), f"{role}-{next(NUMBERS)}")
    if role not in NO_FACTOR:
        set_up_app(page)
    look(page)
    return page


def test_author_and_approver_change_a_question_together(province: Province) -> None:
    author = start(province, "Trần Văn Soạn", "author")
    author.goto(f"{province.url}/staff/questionnaires")
    look(author)
    author.locator("main a:has-text('Đánh giá lần phục vụ v1')").click()
    press(author, "text=Tạo bản nháp từ phiên bản này")
    press(author, "text=Sửa câu chữ")
    look(author)
    author.fill("[name='question.overall:vi']", "Ông/Bà thấy lần phục vụ này thế nào?")
    press(author, MAIN)
    author.fill("#reason", "Theo góp ý của người dân")
    press(author, MAIN)
    look(author)
    assert "đang chờ" in author.locator("main").inner_text()

    approver = province.person()
    approver.goto(invite(province, "Ngô Thị Duyệt", "approver"))
    session = approver.context.new_cdp_session(approver)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    open_account(approver, approver.url, "nguoiduyet")
    approver.goto(f"{province.url}/staff/second-factor/passkey")
    look(approver)
    press(approver, "#mfa_webauthn_add")
    assert approver.locator(".codes li").count() == 10
    press(approver, "text=Đăng xuất")
    press(approver, "#passkey_login")
    approver.goto(f"{province.url}/staff/approvals")
    look(approver)
    approver.locator("main tbody a").first.click()
    look(approver)
    press(approver, "button[value=approve]")
    assert "đã phê duyệt và thực hiện" in approver.locator("main").inner_text()


WORK: Final = {
    "analyst": ("/staff/totals", "Số hồ sơ đã giải quyết"),
    "auditor": ("/staff/audit?q=quantri", "quantri"),
    "operator": ("/staff/messages", "Tin nhắn"),
    "office-manager": ("/staff/codes", "Mỹ Tho"),
}


@pytest.mark.parametrize("role", WORK)
def test_a_first_day_of_who_mostly_reads(province: Province, role: str) -> None:
    agency = "UBND phường Mỹ Tho" if role == "office-manager" else ""
    page = start(province, "Cán bộ", role, agency)
    address, words = WORK[role]
    page.goto(province.url + address)
    look(page)
    assert words in page.locator("main").inner_text()


def test_a_first_day_of_a_head_and_of_the_hotline(province: Province) -> None:
    head = start(province, "Phạm Thủ Trưởng", "agency-head", "UBND phường Mỹ Tho")
    head.goto(f"{province.url}/staff/improvements")
    look(head)
    head.fill("[name=done_on]", "01/11/2026")
    head.fill("[name=said]", "Chờ lâu")
    head.fill("[name=did]", "Mở thêm quầy")
    head.select_option("[name=agency]", label="UBND phường Mỹ Tho")
    press(head, "main form button[type=submit]")
    assert "Mở thêm quầy" in head.locator("main").inner_text()

    hotline = start(province, "Tổng đài", "hotline")
    hotline.goto(f"{province.url}/staff/calls")
    look(hotline)
    hotline.select_option("[name=agency]", label="UBND phường Mỹ Tho")
    hotline.locator("input[name=overall][value='2']").check()
    press(hotline, MAIN)
    assert hotline.locator(".messages li").count() == 1


def test_somebody_closed_is_out_on_every_device(province: Province) -> None:
    person = start(province, "Người nghỉ việc", "operator")
    admin = province.page
    admin.goto(f"{province.url}/staff/people?q=nguoi nghi")
    look(admin)
    press(admin, "main tbody a")
    look(admin)
    press(admin, "main form button:has-text('Đóng tài khoản')")
    person.goto(f"{province.url}/staff/messages")
    assert "/staff/sign-in" in person.url
    admin.goto(f"{province.url}/staff/audit")
    look(admin)
    assert "đóng hoặc mở tài khoản" in admin.locator("main").inner_text()
