"""What every file of the folder tells about the data."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from analysis.publication.public_figures import PublicRow

LICENCES: Final[Mapping[str, tuple[str, str]]] = {
    "CC-BY-4.0": (
        "Creative Commons Attribution 4.0",
        "https://creativecommons.org/licenses/by/4.0/",
    ),
    "ODbL-1.0": (
        "Open Data Commons Open Database License v1.0",
        "https://opendatacommons.org/licenses/odbl/1-0/",
    ),
}
"""Licence by its SPDX name: title and address."""
Texts = Mapping[str, str]
"""A text by language, ``vi`` and ``en``."""


@dataclass(frozen=True)
class OpenDataset:
    """One edition to be published.

    Attributes
    ----------
    address : where the edition stands, ending in ``/``; its files lie under it.
    edition : number of the edition within its period.
    labels : words of factors, items, domains and kinds of agency by code.
    licence : a key of ``LICENCES``.
    files : further files of the folder by name, as they are: method, method note.
    """

    address: str
    titles: Texts
    descriptions: Texts
    publisher: str
    licence: str
    period: str
    first: date
    last: date
    edition: int
    issued: date
    keywords: Sequence[str]
    rows: Sequence[PublicRow]
    labels: Mapping[str, Texts]
    software: str
    citation: str
    method: str
    files: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def licence_title(self) -> str:
        """Name of the licence."""
        return LICENCES[self.licence][0]

    @property
    def licence_address(self) -> str:
        """Where the licence stands."""
        return LICENCES[self.licence][1]


def write_json(document: Any) -> bytes:
    """A document as text with equal bytes for equal content."""
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


COLUMN_TITLES: Final[Mapping[str, tuple[str, str]]] = {
    "cell": ("Khóa của ô số liệu", "Key of the cell"),
    "period": ("Kỳ số liệu", "Period"),
    "agency": ("Khóa cơ quan", "Key of the agency"),
    "agency_code": ("Mã định danh cơ quan", "Code of the agency"),
    "agency_name": ("Tên cơ quan", "Name of the agency"),
    "agency_kind": ("Loại cơ quan", "Kind of agency"),
    "level": ("Cấp số liệu", "Level of the figure"),
    "code": ("Mã nội dung", "Code of the content"),
    "label": ("Nội dung", "Content"),
    "status": ("Tình trạng", "Status"),
    "n": ("Số phiếu, làm tròn đến 5", "Answers, to the nearest five"),
    "index": ("Chỉ số hài lòng (%)", "Satisfaction index (%)"),
    "ci_low": ("Cận dưới khoảng tin cậy 95% (%)", "Lower limit of the 95% interval (%)"),
    "ci_high": ("Cận trên khoảng tin cậy 95% (%)", "Upper limit of the 95% interval (%)"),
    "rank_best": ("Hạng cao nhất có thể", "Best possible rank"),
    "rank_worst": ("Hạng thấp nhất có thể", "Worst possible rank"),
    "ranked": ("Số cơ quan cùng loại được xếp", "Agencies of the kind that are ranked"),
}
"""Vietnamese and English names of the columns."""
NUMBERS: Final = ("index", "ci_low", "ci_high")
COUNTS: Final = ("n", "rank_best", "rank_worst", "ranked")
STATUS_TITLES: Final[Mapping[str, tuple[str, str]]] = {
    "published": ("Công bố", "Published"),
    "few": ("Ít phiếu, không xếp hạng", "Few answers, not ranked"),
    "unverified": ("Chưa kiểm chứng, không xếp hạng", "Not verified, not ranked"),
    "suppressed": (
        "Không công bố: ít phiếu, hoặc suy ra được số liệu ít phiếu",
        "Not published: few answers, or it would tell a figure of few answers",
    ),
    "imprecise": (
        "Không công bố: khoảng tin cậy quá rộng",
        "Not published: its interval is too wide",
    ),
    "none": ("Chưa có phiếu", "No answer"),
}
LEVEL_TITLES: Final[Mapping[str, tuple[str, str]]] = {
    "overall": ("Chỉ số chung", "Overall index"),
    "factor": ("Yếu tố", "Factor"),
    "item": ("Tiêu chí", "Item"),
    "domain": ("Lĩnh vực thủ tục", "Procedure domain"),
    "applicant": ("Đối tượng nộp hồ sơ", "Applicant"),
}
