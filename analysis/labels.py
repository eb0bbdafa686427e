"""Vietnamese and English labels of factors and items (condensed wording of the SIPAS service block)."""

from __future__ import annotations

from typing import Final

VI: Final = {
    "overall": "Chỉ số chung",
    "OVERALL": "Mức độ hài lòng chung",
    "ACCESS": "Tiếp cận dịch vụ",
    "PROCEDURE": "Thủ tục hành chính",
    "STAFF": "Công chức giải quyết công việc",
    "RESULT": "Kết quả dịch vụ",
    "FEEDBACK": "Tiếp nhận, xử lý phản ánh, kiến nghị",
    "A1": "Nơi phục vụ có biển hiệu, chỉ dẫn rõ ràng, dễ tìm",
    "A2": "Đủ ghế ngồi chờ, bàn viết",
    "A3": "Trang thiết bị đầy đủ, sử dụng tốt",
    "B1": "Quy định về thủ tục được niêm yết công khai, dễ thấy, dễ đọc",
    "B2": "Giấy tờ phải nộp đúng quy định",
    "B3": "Phí, lệ phí đúng quy định",
    "B4": "Thời hạn giải quyết đúng quy định",
    "C1": "Công chức lịch sự, tôn trọng người dân",
    "C2": "Công chức hướng dẫn dễ hiểu, đầy đủ trong một lần",
    "C3": "Công chức làm đúng quy định",
    "D1": "Trả kết quả đúng hẹn",
    "D2": "Kết quả đầy đủ, chính xác",
    "D3": "Kết quả bảo đảm công bằng",
    "E1": "Có kênh dễ dùng để phản ánh, kiến nghị",
    "E2": "Phản ánh, kiến nghị được xử lý đúng quy định",
    "E3": "Thông báo kết quả xử lý kịp thời",
}
