"""Headings of the files people fill in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from survey.common.text import fold_accents

TITLES: Final = {
    "month": "Tháng",
    "agency_code": "Mã cơ quan",
    "domain_code": "Mã lĩnh vực",
    "channel": "Hình thức",
    "completed": "Hồ sơ đã giải quyết",
    "on_time": "Đúng hạn hoặc trước hạn",
    "dossier_code": "Mã hồ sơ",
    "event": "Sự kiện",
    "time": "Thời điểm",
    "timing": "Thời hạn",
    "procedure_code": "Mã thủ tục",
    "phone": "Số điện thoại",
    "applicant": "Người nộp hồ sơ",
    "name": "Tên cơ quan",
    "kind": "Loại cơ quan",
    "unit_code": "Mã đơn vị hành chính",
    "parent_code": "Mã cơ quan cấp trên",
    "valid_from": "Từ ngày",
    "office": "Nơi làm thủ tục",
    "address": "Địa chỉ",
    "office_phone": "Điện thoại",
    "counter_number": "Số quầy",
    "counter_name": "Tên quầy",
    "full_name": "Họ và tên",
    "role": "Vai trò",
    "email": "Thư điện tử",
    "ends_on": "Ngày cuối",
}
"""Headings people see, whatever language the page is in; a file may bear these or the names beside
them.
"""


def is_heading(cells: Sequence[str], columns: Sequence[str], optional: int = 0) -> bool:
    """Whether cells are the headings of these columns, by name or by title, with or without
    accents; the last ``optional`` ones may lack.
    """
    if not len(columns) - optional <= len(cells) <= len(columns):
        return False
    columns = columns[: len(cells)]
    return all(
        fold_accents(cell) in (name, fold_accents(TITLES[name]))
        for cell, name in zip(cells, columns, strict=True)
    )
