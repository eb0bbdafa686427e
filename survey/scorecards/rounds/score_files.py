"""An edition of a round as a file: the same edition gives the same bytes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import xlsxwriter

from survey.common.text import plain_cell
from survey.scorecards.rounds.models import ScoreEdition
from survey.scorecards.rounds.queries import framework_scored_by
from survey.scorecards.rounds.results import Row

FORMATS: Final = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
COLUMNS: Final = (
    ("agency_key", "Khóa đơn vị"),
    ("agency_name", "Tên đơn vị"),
    ("agency_kind", "Loại đơn vị"),
    ("code", "Mã tiêu chí"),
    ("title", "Tiêu chí"),
    ("state", "Tình trạng"),
    ("own_points", "Điểm tự chấm"),
    ("points", "Điểm thẩm định"),
    ("maximum", "Điểm tối đa áp dụng"),
    ("lost", "Điểm bị mất"),
)
NUMBERS: Final = ("own_points", "points", "maximum", "lost")
_FIXED: Final = datetime(2000, 1, 1, tzinfo=UTC)


def write_scores(edition: ScoreEdition, rows: Sequence[Row], kind: str) -> bytes:
    """The rows of an edition as ``json``, ``csv`` (BOM, semicolon, decimal comma) or ``xlsx``."""
    writers = {"json": _write_json, "csv": _write_csv, "xlsx": _write_xlsx}
    return writers[kind](edition, rows)


def _write_json(edition: ScoreEdition, rows: Sequence[Row]) -> bytes:
    plain = [{name: value for name, value in row.items() if name != "agency"} for row in rows]
    changes = select_changes(edition, {row["agency"] for row in rows})
    # Why something was corrected is for those it was corrected for, and for who sees all.
    told = changes or len(rows) == edition.scores.count()
    about = {**edition.about, "edition": edition.number, "reason": edition.reason if told else ""}
    named = [{k: v for k, v in change.items() if k != "agency"} for change in changes]
    record = {"about": about, "changes": named, "agencies": plain}
    text = json.dumps(record, ensure_ascii=False, sort_keys=True, indent=1)
    return (text + "\n").encode()


def select_changes(edition: ScoreEdition, agencies: Collection[int]) -> list[dict[str, Any]]:
    """What an edition changed for these agencies: of others nobody is told."""
    return [change for change in edition.changes if change["agency"] in agencies]


def tidy_lines(edition: ScoreEdition, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """One line for each agency and criterion, and one for the agency's total."""
    criteria = framework_scored_by(edition.scoring_round).by_code
    return [line for row in rows for line in _lines_of_agency(criteria, row)]


def _lines_of_agency(criteria: Mapping[str, Any], row: Row) -> Iterator[dict[str, Any]]:
    agency = {"agency_key": row["key"], "agency_name": row["name"], "agency_kind": row["kind"]}
    for line in row["lines"]:
        yield {
            **agency,
            **{name: line[name] for name in ("code", "state", "points", "maximum", "lost")},
            "title": criteria[line["code"]].title,
            "own_points": line["own"],
        }
    points = {"own_points": row["own_total"], "points": row["total"], "maximum": row["maximum"]}
    yield {**agency, "code": "", "title": "Tổng", "state": "total", "lost": None, **points}


def _write_csv(edition: ScoreEdition, rows: Sequence[Row]) -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n")
    writer.writerow([heading for _name, heading in COLUMNS])
    for line in tidy_lines(edition, rows):
        writer.writerow([_plain(name, line[name]) for name, _heading in COLUMNS])
    return b"\xef\xbb\xbf" + buffer.getvalue().encode()


def _plain(name: str, value: Any) -> str:
    """A cell no spreadsheet takes for a formula; numbers with a decimal comma."""
    if value is None:
        return ""
    if name in NUMBERS:
        return str(value).replace(".", ",")
    return plain_cell(str(value))


def _write_xlsx(edition: ScoreEdition, rows: Sequence[Row]) -> bytes:
    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(
        buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    code = f"{edition.about['framework']} {edition.about['period']} {edition.number}"
    book.set_properties({"title": code, "created": _FIXED})
    head = book.add_format({"bold": True, "text_wrap": True, "bottom": 1})
    number = book.add_format({"num_format": "0.00"})
    sheet = book.add_worksheet("Điểm")
    for column, (_name, heading) in enumerate(COLUMNS):
        sheet.write_string(0, column, heading, head)
    for place, line in enumerate(tidy_lines(edition, rows), start=1):
        for column, (name, _heading) in enumerate(COLUMNS):
            value = line[name]
            if value is not None and name in NUMBERS:
                sheet.write_number(place, column, float(value), number)
            elif value is not None:
                sheet.write_string(place, column, str(value))
    sheet.freeze_panes(1, 2)
    sheet.repeat_rows(0)
    sheet.set_column(1, 1, 40)
    sheet.set_column(4, 4, 50)
    about = book.add_worksheet("Nguồn")
    for place, (name, value) in enumerate(sorted(edition.about.items())):
        about.write_string(place, 0, name)
        about.write_string(place, 1, "" if value is None else str(value))
    book.close()
    return buffer.getvalue()
