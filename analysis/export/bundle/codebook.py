"""What each column of the rows is: for people (CSV), for SPSS (labels), and as DDI-Codebook 2.5."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from xml.etree import ElementTree

from analysis.data.schema import IKM_ITEMS, ITEMS
from analysis.publication.table import safe_text

NOT_ANSWERED: Final = -9
"""Code of "no answer or not asked" where a file cannot be empty."""
_NO_XML: Final = re.compile(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")
_LEVELS: Final = {
    1: ("Rất không hài lòng", "Very dissatisfied"),
    2: ("Không hài lòng", "Dissatisfied"),
    3: ("Bình thường", "Neutral"),
    4: ("Hài lòng", "Satisfied"),
    5: ("Rất hài lòng", "Very satisfied"),
    0: ("Không áp dụng", "Not applicable"),
}
_LIKE: Final = {1: ("Không thích", "Dislike"), 2: ("Thích", "Like")}
_MISSING: Final = {NOT_ANSWERED: ("Không trả lời hoặc không hỏi", "No answer or not asked")}
_FIXED: Final = {
    "row": ("Số thứ tự của phiếu trong tệp", "Number of the answer in this file"),
    "agency": ("Khóa cơ quan", "Key of the agency"),
    "domain": ("Lĩnh vực thủ tục", "Procedure domain"),
    "channel": ("Kênh", "Channel: counter, online, postal"),
    "evidence": ("Loại phiếu theo bằng chứng giao dịch", "Evidence class E0 to E6"),
    "flag": ("Quy tắc đánh dấu phiếu", "Rule that marked the answer"),
    "language": ("Ngôn ngữ của phiếu", "Language of the form"),
    "month": ("Tháng trả lời", "Month of the answer"),
    "applicant": ("Đối tượng nộp hồ sơ", "For whom the dossier was"),
    "counted": ("Phần của phiếu được tính (0 đến 1)", "Share of the answer that counts (0 to 1)"),
    "weight": ("Trọng số: số hồ sơ một phiếu đại diện", "Weight: dossiers an answer stands for"),
    "overall": ("Mức độ hài lòng chung", "Overall satisfaction"),
    "recommend": ("Mức sẵn lòng giới thiệu (0 đến 10)", "How likely to recommend (0 to 10)"),
    "like": ("Thích hay không thích", "Like or dislike"),
}
Texts = Mapping[str, str]


@dataclass(frozen=True)
class Variable:
    """A column: its labels, and those of its codes; ``missing`` are codes that are no value."""

    name: str
    vi: str
    en: str
    kind: str
    codes: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    missing: tuple[int, ...] = ()


def describe_columns(names: tuple[str, ...], labels: Mapping[str, Texts]) -> list[Variable]:
    """The columns in their order; ``labels`` are the words of items by code and language."""
    return [_describe(name, labels) for name in names]


def _describe(name: str, labels: Mapping[str, Texts]) -> Variable:
    vi, en = _FIXED.get(name, (name, name))
    vi, en = labels.get(name, {}).get("vi", vi), labels.get(name, {}).get("en", en)
    if name not in ITEMS:
        kind = "number" if name in ("row", "counted", "weight") else "text"
        return Variable(name, vi, en, kind)
    if name == "recommend":
        return Variable(name, vi, en, "level", _MISSING, (NOT_ANSWERED,))
    if name == "like":
        return Variable(name, vi, en, "level", _LIKE | _MISSING, (NOT_ANSWERED,))
    if name in IKM_ITEMS:
        codes = {level: (str(level), str(level)) for level in range(1, 5)}
        return Variable(name, vi, en, "level", codes | _MISSING, (NOT_ANSWERED,))
    return Variable(name, vi, en, "level", _LEVELS | _MISSING, (NOT_ANSWERED, 0))


def write_codebook(columns: list[Variable]) -> bytes:
    """``codebook.csv``: a line for each column and one for each of its codes.

    ``code in .sav`` stands for what is empty in CSV and Parquet.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("column", "code", "missing", "kind", "label_vi", "label_en"))
    for column in columns:
        writer.writerow(
            (column.name, "", "", column.kind, safe_text(column.vi), safe_text(column.en))
        )
        for code, (vi, en) in column.codes.items():
            missing = "yes" if code in column.missing else "no"
            kind = "code in .sav" if code == NOT_ANSWERED else "code"
            writer.writerow((column.name, str(code), missing, kind, vi, en))
    return text.getvalue().encode()


def write_ddi(
    columns: list[Variable], *, title: Texts, producer: str, period: str, cases: int, file: str
) -> bytes:
    """``ddi.xml``: DDI-Codebook 2.5 of a file of rows with its codes, Vietnamese and English."""
    ElementTree.register_namespace("", "ddi:codebook:2_5")
    root = _element(None, "codeBook", {"version": "2.5"})
    study = _element(root, "stdyDscr")
    citation = _element(study, "citation")
    titles = _element(citation, "titlStmt")
    _element(titles, "titl", {"xml:lang": "vi"}, title["vi"])
    _element(titles, "parTitl", {"xml:lang": "en"}, title["en"])
    _element(_element(citation, "prodStmt"), "producer", {}, producer)
    summary = _element(_element(study, "stdyInfo"), "sumDscr")
    _element(summary, "timePrd", {}, period)
    described = _element(_element(root, "fileDscr", {"ID": "F1"}), "fileTxt")
    _element(described, "fileName", {}, file)
    dimensions = _element(described, "dimensns")
    _element(dimensions, "caseQnty", {}, str(cases))
    _element(dimensions, "varQnty", {}, str(len(columns)))
    data = _element(root, "dataDscr")
    for number, column in enumerate(columns, start=1):
        _add_variable(data, number, column)
    ElementTree.indent(root, " ")
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()


def _add_variable(data: ElementTree.Element, number: int, column: Variable) -> None:
    given = {"ID": f"V{number}", "name": column.name, "files": "F1"}
    if column.name == "weight":
        given["wgt"] = "wgt"
    variable = _element(data, "var", given)
    _element(variable, "labl", {"xml:lang": "vi"}, column.vi)
    _element(variable, "labl", {"xml:lang": "en"}, column.en)
    for code, (vi, en) in column.codes.items():
        category = _element(variable, "catgry", {"missing": "Y"} if code in column.missing else {})
        _element(category, "catValu", {}, str(code))
        _element(category, "labl", {"xml:lang": "vi"}, vi)
        _element(category, "labl", {"xml:lang": "en"}, en)
    kind = "character" if column.kind == "text" else "numeric"
    _element(variable, "varFormat", {"type": kind})


def _element(
    parent: ElementTree.Element | None,
    name: str,
    given: Mapping[str, str] | None = None,
    text: str = "",
) -> ElementTree.Element:
    known = {
        key.replace("xml:", "{http://www.w3.org/XML/1998/namespace}"): value
        for key, value in (given or {}).items()
    }
    tag = f"{{ddi:codebook:2_5}}{name}"
    made = (
        ElementTree.Element(tag, known)
        if parent is None
        else ElementTree.SubElement(parent, tag, known)
    )
    made.text = _NO_XML.sub("", text) or None
    return made
