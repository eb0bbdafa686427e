"""A scoring in Chromium on PostgreSQL: framework, round, self-score with evidence, appraisal,
answer, second appraisal, the council's decision by two people; every page wide and on a phone.
"""

from __future__ import annotations

from typing import Final

import pytest
from playwright.sync_api import FilePayload, Page

from tests.flows.browsing import press
from tests.flows.first_days import MAIN, Province, look, province, start
from tests.survey.scorecards.builders import FRAMEWORK

__all__ = ["province"]
pytestmark = pytest.mark.postgresql
OF_THE_PROVINCE: Final = FRAMEWORK.replace('"department"', '"province"')
PDF: Final[FilePayload] = {
    "name": "thu-xin-loi.pdf",
    "mimeType": "application/pdf",
    "buffer": b"%PDF-1.7",
}
DONE: Final = "button[name=hand-over]"


def approve(page: Page, url: str) -> None:
    page.goto(f"{url}/staff/approvals")
    page.locator("main tbody a").first.click()
    assert page.locator("button[value=approve]").count(), read(page)
    press(page, "button[value=approve]")
    assert "đã phê duyệt và thực hiện" in page.locator("main").inner_text()


def read(page: Page) -> str:
    look(page)
    return page.locator("main").inner_text()


@pytest.mark.slow
def test_a_scoring_from_the_framework_to_the_published_results(province: Province) -> None:
    url, admin = province.url, province.page
    press(admin, "main a.primary")
    admin.select_option("#province", label="UBND tỉnh Đồng Tháp")
    press(admin, "text=Nạp đơn vị hành chính")
    analyst = start(province, "Nguyễn Thị Chấm", "analyst")
    approver = start(province, "Ngô Thị Duyệt", "approver")
    head = start(province, "Lê Văn Trưởng", "agency-head", "UBND tỉnh Đồng Tháp")

    analyst.goto(f"{url}/staff/frameworks")
    look(analyst)
    press(analyst, "text=Hoặc soạn bằng tệp")
    analyst.fill("#id_text", OF_THE_PROVINCE.replace("total = 10", "total = 10.05"))
    press(analyst, MAIN)
    assert "Tổng điểm ghi trong bộ tiêu chí" in read(analyst)
    analyst.fill("#id_text", OF_THE_PROVINCE)
    press(analyst, MAIN)
    assert "bản nháp" in read(analyst)
    analyst.fill("#publish-reason", "Theo quyết định của UBND tỉnh")
    press(analyst, MAIN)
    approve(approver, url)

    analyst.goto(f"{url}/staff/scoring")
    look(analyst)
    analyst.select_option("#id_framework", index=1)
    press(analyst, MAIN)
    assert "tự chấm" in read(analyst)

    head.goto(f"{url}/staff/scoring")
    look(head)
    press(head, "main tbody a")
    press(head, "main tbody a")
    look(head)
    head.fill("[name='1:part']", "9")
    head.fill("[name='1:whole']", "10")
    head.set_input_files("[name='1:file']", files=PDF)
    press(head, DONE)
    assert "Chưa có số liệu." in read(head)
    head.fill("[name='2:number']", "2")
    press(head, DONE)
    assert "thẩm định lần một" in read(head)
    card = head.url

    analyst.goto(card)
    look(analyst)
    with analyst.expect_download() as got:
        analyst.click("text=thu-xin-loi.pdf")
    assert got.value.suggested_filename == "thu-xin-loi.pdf"
    analyst.fill("[name='1:part']", "6")
    analyst.fill("[name='1:note']", "Ba thư không có ngày hẹn")
    analyst.fill("[name='5:number']", "0,75")
    analyst.fill("[name='5:note']", "Chủ tịch chấm")
    press(analyst, DONE)
    head.goto(card)
    head.fill("[name='1:part']", "8")
    head.fill("[name='1:note']", "Hai thư có ngày hẹn ở trang 2")
    press(head, DONE)
    analyst.goto(card)
    analyst.fill("[name='1:note']", "Đồng ý")
    press(analyst, DONE)
    assert "đã kết thúc" in read(analyst)

    press(analyst, "main > p a")
    look(analyst)
    analyst.fill("#decision_decision", "215/QĐ-UBND")
    analyst.fill("#decision_decided_on", "01/11/2026")
    analyst.fill("#decision_minutes", "Hội đồng thống nhất.")
    analyst.fill("#decision_reason", "Hội đồng đã họp")
    press(analyst, "text=Gửi đề nghị công bố")
    approve(approver, url)
    head.goto(card)
    press(head, "main > p a")
    assert "215/QĐ-UBND" in read(head)
    assert "5,95" in head.locator("main").inner_text()
    follow_a_lost_point(analyst, head, card, url)


def follow_a_lost_point(analyst: Page, head: Page, card: str, url: str) -> None:
    """From a line that lost points to a finding, its proof, the check and the re-check."""
    for path in ("national", "inspections", "reports", "packs"):
        analyst.goto(f"{url}/staff/{path}")
        look(analyst)
    analyst.goto(card)
    press(analyst, "text=Ghi tồn tại, hạn chế")
    look(analyst)
    analyst.fill("#id_title", "Hai thư xin lỗi không có ngày hẹn")
    analyst.fill("#id_d-conclusion", "Ghi đủ ngày hẹn trong thư")
    analyst.fill("#id_due_on", "31/12/2030")
    press(analyst, MAIN)
    assert "Hai thư xin lỗi không có ngày hẹn" in read(analyst)
    finding = analyst.url
    head.goto(f"{url}/staff/follow-up?view=mine")
    look(head)
    press(head, "main tbody a")
    head.fill("#text", "Đã bổ sung ngày hẹn")
    head.set_input_files("#file", files=PDF)
    press(head, "button[value=report]")
    assert "đã báo cáo, chờ kiểm tra" in read(head).lower()
    analyst.goto(finding)
    press(analyst, "button[value=accept]")
    analyst.select_option("#verdict", "fixed")
    analyst.fill("#text", "Đã kiểm tra tại chỗ")
    press(analyst, "button[value=recheck]")
    assert "đã khắc phục, kiểm tra tại chỗ" in read(analyst)
    head.goto(finding)
    assert "đã hoàn thành" in read(head).lower()
    analyst.goto(f"{url}/staff/scoring")
    press(analyst, "main tbody a")
    press(analyst, "text=Phân tích điểm bị mất")
    look(analyst)
    assert "Hồ sơ có thư xin lỗi" in analyst.locator("main").inner_text()
