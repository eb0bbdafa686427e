"""Words and numbers of the pictures per language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

VI: Final = {
    "decimal": ",",
    "thousands": ".",
    "index": "Chỉ số hài lòng (0–100)",
    "target": "Mục tiêu {value}",
    "index_title": "Chỉ số hài lòng và khoảng tin cậy 95 %",
    "index_text": (
        "Chỉ số của {count} đơn vị. Cao nhất: {first}. Thấp nhất: {last}. "
        "Có {above} đơn vị chắc chắn {reach} {target}."
    ),
    ">": "trên mục tiêu",
    ">=": "đạt mục tiêu từ",
    "ranks_title": "Thứ hạng có thể có của từng đơn vị",
    "rank": "Thứ hạng có thể có (1 là cao nhất)",
    "ranks_text": "Thứ hạng có thể có của {count} đơn vị, đúng đồng thời với độ tin cậy 95 %: "
    "{list}.",
    "funnel_title": "Biểu đồ phễu: chỉ số theo số phiếu",
    "answers": "Số phiếu trả lời",
    "effective": "Số phiếu (cỡ mẫu hiệu dụng)",
    "inside": "trong giới hạn 95 %",
    "above": "cao hơn",
    "below": "thấp hơn",
    "limit95": "giới hạn 95 %",
    "limit998": "giới hạn 99,8 %",
    "province": "Toàn tỉnh",
    "middle": "trung vị {value}",
    "funnel_text": (
        "Trung vị {mean}. Cao hơn giới hạn 95 %: {above}. Thấp hơn: {below}. Các đơn vị còn lại "
        "nằm trong giới hạn."
    ),
    "none": "không có",
    "profile_title": "Các yếu tố so với toàn tỉnh",
    "profile_axis": "Tỷ lệ hài lòng theo yếu tố (%)",
    "profile_text": "{agency}: {list}.",
    "against": "{name} {value} (toàn tỉnh {province})",
    "likert_title": "Năm mức trả lời",
    "likert_axis": "% số phiếu, tính từ giữa mức 3",
    "levels": "Rất không hài lòng|Không hài lòng|Bình thường|Hài lòng|Rất hài lòng",
    "likert_text": "Tỷ lệ hài lòng và rất hài lòng: {list}.",
    "trend_title": "Chỉ số qua các kỳ",
    "trend_text": "{agency}: {list}.",
    "break": "đổi phương pháp",
    "reworded": "đổi câu hỏi",
    "weights_title": "Trọng số trước và sau khi cắt",
    "weight": "Trọng số",
    "before": "trước khi cắt",
    "after": "sau khi cắt",
    "weights_text": "Trọng số của {count} phiếu, lớn nhất {most} trước và {cut} sau khi cắt.",
    "coverage_title": "Tỷ lệ trả lời theo tháng (%)",
    "steps": "chưa đủ|dưới 20|20–39|40–59|từ 60",
    "coverage_text": "Tỷ lệ trả lời của {count} đơn vị qua {months} tháng; {missing} ô chưa đủ số "
    "phiếu.",
}
EN: Final = {
    "decimal": ".",
    "thousands": ",",
    "index": "Satisfaction index (0–100)",
    "target": "Target {value}",
    "index_title": "Satisfaction index with 95% interval",
    "index_text": (
        "Index of {count} agencies. Highest: {first}. Lowest: {last}. "
        "{above} are {reach} {target} beyond doubt."
    ),
    ">": "above the target of",
    ">=": "at or above the target of",
    "ranks_title": "Possible ranks of each agency",
    "rank": "Possible ranks (1 is the highest)",
    "ranks_text": "Places {count} agencies may hold, jointly with 95% confidence: {list}.",
    "funnel_title": "Funnel plot: index by number of answers",
    "answers": "Answers",
    "effective": "Answers (effective sample)",
    "inside": "inside the 95% limits",
    "above": "above",
    "below": "below",
    "limit95": "95% limits",
    "limit998": "99.8% limits",
    "province": "Province",
    "middle": "median {value}",
    "funnel_text": "Median {mean}. Above the 95% limits: {above}. Below: {below}. The others lie "
    "inside.",
    "none": "none",
    "profile_title": "Factors against the province",
    "profile_axis": "Satisfied per factor (%)",
    "profile_text": "{agency}: {list}.",
    "against": "{name} {value} (province {province})",
    "likert_title": "Five levels",
    "likert_axis": "% of answers, from the middle of level 3",
    "levels": "Very dissatisfied|Dissatisfied|Neutral|Satisfied|Very satisfied",
    "likert_text": "Satisfied and very satisfied: {list}.",
    "trend_title": "Index over the periods",
    "trend_text": "{agency}: {list}.",
    "break": "method changed",
    "reworded": "wording changed",
    "weights_title": "Weights before and after trimming",
    "weight": "Weight",
    "before": "before",
    "after": "after",
    "weights_text": "Weights of {count} answers, at most {most} before and {cut} after trimming.",
    "coverage_title": "Response rate by month (%)",
    "steps": "too few|below 20|20–39|40–59|60 and more",
    "coverage_text": "Response rate of {count} agencies over {months} months; {missing} cells have "
    "too few answers.",
}
WORDS: Final[Mapping[str, Mapping[str, str]]] = {"vi": VI, "en": EN}
