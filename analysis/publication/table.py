"""The table every format writes: one row per agency and measure, codes and labels side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from analysis.comparison.change import interval_sides
from analysis.comparison.ranks import rank_sets_from_limits
from analysis.data.schema import EVIDENCE
from analysis.index.results import APPLICANT_LEVELS, PROVINCE, Figure, IndexResult
from analysis.method import Method
from analysis.publication.disclosure import Published, publish_all
from analysis.publication.hiding import Place
from analysis.publication.labels import VI

if TYPE_CHECKING:
    import pandas as pd

TableValue = str | int | Decimal | None
Writer = Callable[..., None]

INDEX_COLUMNS: Final[Mapping[str, str]] = {
    "period": "Kỳ",
    "agency": "Khóa đơn vị",
    "agency_code": "Mã đơn vị",
    "agency_name": "Tên đơn vị",
    "agency_kind": "Loại đơn vị",
    "level": "Cấp",
    "code": "Mã",
    "label": "Nội dung",
    "status": "Tình trạng",
    "n": "Số phiếu (n)",
    "transactions": "Số hồ sơ đã giải quyết",
    "response_rate": "Tỷ lệ trả lời (%)",
    "unweighted_index": "Chỉ số trước khi tính trọng số (%)",
    "weighted_index": "Chỉ số hài lòng (%)",
    "se": "Sai số chuẩn (điểm %)",
    "ci_low": "Khoảng tin cậy: cận dưới",
    "ci_high": "Khoảng tin cậy: cận trên",
    "deff": "Hệ số thiết kế",
    "n_eff": "Cỡ mẫu hiệu dụng",
    "band": "Xếp loại",
    "items_missing": "Số tiêu chí không có trả lời",
    "cells_joined": "Số ô đã gộp",
    "without_totals": "Thiếu số hồ sơ",
    "overfull": "Phiếu vượt số hồ sơ",
    "received": "Số phiếu nhận được",
    "counted_classes": "Loại phiếu được tính",
    **{f"share_{name}": f"Tỷ lệ phiếu loại {name} (%)" for name in EVIDENCE},
    "index_with_open": "Chỉ số kể cả phiếu mở (%)",
    "n_with_open": "Số phiếu kể cả phiếu mở",
    "margin_loss": "Trọng số bị cắt (%)",
    "rank_best": "Hạng cao nhất có thể (cùng loại)",
    "rank_worst": "Hạng thấp nhất có thể (cùng loại)",
    "ranked": "Số đơn vị cùng loại được xếp",
}
"""Column code -> Vietnamese heading."""
TEXTS: Final = frozenset(
    [
        "period",
        "agency",
        "agency_code",
        "agency_name",
        "agency_kind",
        "level",
        "code",
        "label",
        "status",
        "band",
        "counted_classes",
    ]
)
COUNTS: Final = frozenset(
    [
        "n",
        "transactions",
        "items_missing",
        "cells_joined",
        "without_totals",
        "overfull",
        "received",
        "n_with_open",
        "rank_best",
        "rank_worst",
        "ranked",
    ]
)
"""Columns of texts, and of whole numbers; all others hold decimals."""

_OPEN_VI: Final = ", tính cả phiếu mở (E0)"
_OPEN_EN: Final = ", open answers (E0) counted"
"""Stands in the title of a method that counts them, so that every page and file says so."""
STATUS_VI: Final = {
    "published": "Công bố",
    "few": "Ít phiếu, không xếp hạng",
    "unverified": "Chưa kiểm chứng, không xếp hạng",
    "suppressed": "Không công bố: ít phiếu, hoặc suy ra được đơn vị ít phiếu",
    "none": "Chưa có phiếu",
}


@dataclass(frozen=True)
class Table:
    """Rows as dictionaries by column code, plus what to print beside them.

    Attributes
    ----------
    rows : one per agency and measure; numbers are ``Decimal`` or int, never binary floats.
    about : period, method and snapshot identity, for the method note.
    """

    rows: list[dict[str, TableValue]]
    about: Mapping[str, Any]

    def to_frame(self) -> pd.DataFrame:
        """The rows as a pandas frame, with the columns and kinds of the Parquet export."""
        import pandas as pd  # noqa: PLC0415  (pandas is loaded when a frame is asked for)

        columns = {}
        for name in INDEX_COLUMNS:
            values = [row[name] for row in self.rows]
            if name in TEXTS:
                columns[name] = pd.Series(values, dtype="string")
            elif name in COUNTS:
                columns[name] = pd.Series(values, dtype="Int64")
            else:
                numbers = [None if value is None else float(value) for value in values]
                columns[name] = pd.Series(numbers, dtype="Float64")
        return pd.DataFrame(columns)


def build_table(
    result: IndexResult,
    agencies: Iterable[Mapping[str, str]],
    labels: Mapping[str, str],
    province_name: str,
    earlier: Sequence[Mapping[Place, int]] = (),
) -> Table:
    """Join what may be shown of the figures with names and labels; agencies without figures do not
    appear.

    ``earlier``: numbers of answers of overlapping releases, see ``disclosure.publish_all``.

    Examples
    --------
    >>> from analysis import open_run
    >>> result = open_run(snapshot, "overall").result
    >>> table = build_table(result, snapshot.agencies(), {}, "Tỉnh Mẫu")
    >>> table.rows[0]["agency_name"], table.rows[0]["status"]
    ('Tỉnh Mẫu', 'published')
    """
    known = {agency["agency"]: agency for agency in agencies}
    known[PROVINCE] = {"agency": PROVINCE, "name": province_name, "kind": "province", "code": ""}
    period = str(result.about.get("period", ""))
    rows = []
    for figure in publish_all(result, earlier):
        agency = known.get(figure.agency, {"name": figure.agency, "kind": "", "code": ""})
        rows.append(
            {
                **_row(figure, agency, period, labels),
                "counted_classes": " ".join(result.method.counted),
            }
        )
    _add_ranks(rows, result)
    about = {
        **result.about,
        "method": result.method.id,
        "method_version": result.method.version,
        "method_sha256": result.method.sha256,
        "min_n": result.method.min_n,
        "counted_classes": list(result.method.counted),
        "counts_open": result.method.counts_open,
        "method_title": result.method.titles["vi"]
        + (_OPEN_VI if result.method.counts_open else ""),
        "method_title_en": result.method.titles["en"]
        + (_OPEN_EN if result.method.counts_open else ""),
        "factors": {factor: list(items) for factor, items in result.method.factors.items()},
    }
    return Table(rows, about)


def _label(figure: Published, labels: Mapping[str, str]) -> str:
    """Words of a figure; of one by applicant those of the applicant and of the part. A province may
    have a procedure domain with the code of an applicant.
    """
    if figure.level not in APPLICANT_LEVELS:
        return labels.get(figure.code, figure.code)
    applicant, dot, part = figure.code.partition(".")
    words = VI[applicant]
    return f"{words}: {labels.get(part, part)}" if dot else words


def _row(
    figure: Published, agency: Mapping[str, str], period: str, labels: Mapping[str, str]
) -> dict[str, TableValue]:
    return {
        "period": period,
        "agency": figure.agency,
        "agency_code": agency["code"],
        "agency_name": agency["name"],
        "agency_kind": agency["kind"],
        "level": figure.level,
        "code": figure.code,
        "label": _label(figure, labels),
        "status": figure.status,
        "n": figure.n,
        "transactions": figure.transactions,
        "response_rate": figure.response_rate,
        "unweighted_index": figure.unweighted,
        "weighted_index": figure.weighted,
        "se": figure.se,
        "ci_low": figure.low,
        "ci_high": figure.high,
        "deff": figure.deff,
        "n_eff": figure.n_eff,
        "band": figure.band,
        "items_missing": figure.items_missing,
        "cells_joined": figure.cells_joined,
        "without_totals": int(figure.without_totals),
        "overfull": int(figure.overfull),
        "received": figure.received,
        **{f"share_{name}": share for name, share in zip(EVIDENCE, figure.evidence, strict=True)},
        "index_with_open": figure.with_open,
        "n_with_open": figure.n_with_open,
        "margin_loss": figure.margin_loss,
        "rank_best": None,
        "rank_worst": None,
        "ranked": None,
    }


def _add_ranks(rows: list[dict[str, TableValue]], result: IndexResult) -> None:
    """Joint rank sets of the published agencies of each kind, from the unrounded figures."""
    exact = {figure.agency: figure for figure in result.figures if figure.level == "overall"}
    kinds: dict[str, list[dict[str, TableValue]]] = {}
    for row in rows:
        if row["level"] == "overall" and row["status"] == "published" and row["agency"] != PROVINCE:
            kinds.setdefault(str(row["agency_kind"]), []).append(row)
    for members in kinds.values():
        best, worst = _rank_sets([exact[str(row["agency"])] for row in members], result.method)
        for row, first, last in zip(members, best.tolist(), worst.tolist(), strict=True):
            row |= {"rank_best": first, "rank_worst": last, "ranked": len(members)}


def _rank_sets(figures: Sequence[Figure], method: Method) -> tuple[Any, Any]:
    """Sets from the method's own intervals, each at the level that makes all of them hold together
    (Bonferroni).
    """
    level = 1 - (1 - method.confidence) / len(figures)
    return rank_sets_from_limits(*interval_sides(figures, method).limits(level))


def safe_text(value: str) -> str:
    """CSV text that no spreadsheet runs as a formula (CWE-1236): an apostrophe before = + - @, tab,
    CR, NUL.

    A workbook needs none: its cells say that they are text.

    Examples
    --------
    >>> safe_text("=1+1"), safe_text("Xã Đông Anh")
    ("'=1+1", 'Xã Đông Anh')
    """
    value = value.replace("\x00", "")
    return (
        "'" + value
        if value.lstrip(" ").startswith(
            ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
        )
        else value
    )


def plain_text(value: str) -> str:
    r"""Text as a workbook can hold it: without the control characters XML forbids, at most 32,767
    characters.

    Examples
    --------
    >>> plain_text("+84 1\x00")
    '+84 1'
    """
    return "".join(c for c in value if c >= " " or c in "\t\n")[:32767]
