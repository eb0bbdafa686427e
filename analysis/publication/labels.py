"""Vietnamese labels of factors and items for exports: the words the questionnaire uses (kept equal
by a test).
"""

from __future__ import annotations

from typing import Final

VI: Final = {
    "overall": "Chỉ số chung",
    "citizen": "Người dân",
    "business": "Doanh nghiệp, tổ chức",
    "untold": "Không rõ người dân hay doanh nghiệp",
    "OVERALL": "Mức độ hài lòng chung",
    "ACCESS": "Nơi tiếp nhận và trả kết quả",
    "PROCEDURE": "Thủ tục hành chính",
    "STAFF": "Công chức giải quyết công việc",
    "RESULT": "Kết quả giải quyết",
    "FEEDBACK": "Tiếp nhận, xử lý phản ánh, kiến nghị",
    "A1": "Nơi tiếp nhận có biển hiệu, chỉ dẫn rõ ràng, dễ tìm",
    "A2": "Nơi ngồi chờ đủ ghế, có bàn để viết",
    "A3": "Trang thiết bị phục vụ đầy đủ, sử dụng tốt",
    "B1": "Quy định về thủ tục được niêm yết công khai, dễ thấy, dễ đọc",
    "B2": "Giấy tờ phải nộp đúng với quy định",
    "B3": "Phí, lệ phí phải nộp đúng với quy định",
    "B4": "Thời hạn giải quyết đúng với quy định",
    "C1": "Công chức lịch sự, tôn trọng người dân",
    "C2": "Công chức hướng dẫn dễ hiểu, đầy đủ trong một lần",
    "C3": "Công chức làm việc đúng quy định",
    "D1": "Kết quả được trả đúng hẹn",
    "D2": "Kết quả đầy đủ, chính xác",
    "D3": "Kết quả bảo đảm công bằng",
    "E1": "Có kênh dễ dùng để phản ánh, kiến nghị",
    "E2": "Phản ánh, kiến nghị được xử lý đúng quy định",
    "E3": "Kết quả xử lý được thông báo kịp thời",
}
