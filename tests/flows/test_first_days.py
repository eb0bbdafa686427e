"""A province's first days in Chromium: set up from an empty PostgreSQL by pages only, then one day
of each role, from the invitation link through the second factor to its work.
"""

from __future__ import annotations

from typing import Final

import pytest

from tests.flows.browsing import press
from tests.flows.first_days import MAIN, Province, invite, look, open_account, province, start

__all__ = ["province"]
pytestmark = pytest.mark.postgresql


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
