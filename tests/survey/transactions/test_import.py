"""Import of totals: all or nothing, every fault by row and column, limits before parsing."""

from __future__ import annotations

import io
import resource
import time
import zipfile
from datetime import date

import openpyxl
import pytest

from survey.agencies.services import Attributes, dissolve_agency, found_agency
from survey.transactions import reading
from survey.transactions.models import MonthlyTotal
from survey.transactions.reading import COLUMNS, FileError, read_rows
from survey.transactions.services import ImportRefused, check_totals, import_totals
from survey.transactions.template import explain_totals, template_csv, template_xlsx
from tests.survey.factories import NOW, Cast
from tests.survey.transactions.builders import GOOD, HEAD, csv_file


def xlsx_file(*rows: tuple[object, ...]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(COLUMNS))
    for row in rows:
        sheet.append(list(row))
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def faults_of(content: bytes) -> list[tuple[int, str]]:
    with pytest.raises(ImportRefused) as refused:
        import_totals(content=content, file_name="totals.csv", by=None, now=NOW)
    assert not MonthlyTotal.objects.exists()
    assert all(fault.message for fault in refused.value.faults)
    return [(fault.row, fault.column) for fault in refused.value.faults]


def test_csv_and_xlsx_give_the_same_totals(cast: Cast) -> None:
    import_totals(content=csv_file(GOOD), file_name="a.csv", by=cast.operator, now=NOW)
    first = list(
        MonthlyTotal.objects.values_list(
            "agency__key", "domain__code", "channel", "month", "completed", "on_time"
        )
    )
    row = (date(2026, 7, 1), "H20.01", "land", "counter", 100, 96.0)
    import_totals(content=xlsx_file(row), file_name="a.xlsx", by=cast.operator, now=NOW)
    again = list(
        MonthlyTotal.objects.values_list(
            "agency__key", "domain__code", "channel", "month", "completed", "on_time"
        )
    )
    assert first == again == [("h20.01", "land", "counter", date(2026, 7, 1), 100, 96)]


def test_a_month_sent_again_replaces_what_was_there(cast: Cast) -> None:
    import_totals(content=csv_file(GOOD), file_name="a.csv", by=None, now=NOW)
    source = import_totals(
        content=csv_file("2026-07,H20.01,land,counter,120,110"), file_name="b.csv", by=None, now=NOW
    )
    total = MonthlyTotal.objects.get()
    assert (total.completed, total.on_time, total.source) == (120, 110, source)
    other = "2026-07,H20.01,land,online,9,9"
    import_totals(content=csv_file(GOOD, other), file_name="c.csv", by=None, now=NOW)
    import_totals(content=csv_file(GOOD), file_name="d.csv", by=None, now=NOW)
    assert MonthlyTotal.objects.get().channel == "counter", (
        "a wrong row left out of the corrected file is gone"
    )


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("2026-13,H20.01,land,counter,1,1", "month"),
        ("07/2026,H20.01,land,counter,1,1", "month"),
        ("2026-12,H20.01,land,counter,1,1", "month"),
        ("2026-07,H99,land,counter,1,1", "agency_code"),
        ("2026-07,,land,counter,1,1", "agency_code"),
        ("2026-07,H20.01,sea,counter,1,1", "domain_code"),
        ("2026-07,H20.01,land,fax,1,1", "channel"),
        ("2026-07,H20.01,land,counter,-5,0", "completed"),
        ("2026-07,H20.01,land,counter,1.5,0", "completed"),
        ("2026-07,H20.01,land,counter,,0", "completed"),
        ("2026-07,H20.01,land,counter,1e3,0", "completed"),
        ("2026-07,H20.01,land,counter,5,6", "on_time"),
    ],
)
def test_each_fault_is_named_by_row_and_column(cast: Cast, row: str, column: str) -> None:
    assert faults_of(csv_file(GOOD, row)) == [(3, column)]


def test_all_faults_are_listed_and_good_rows_are_not_kept(cast: Cast) -> None:
    rows = csv_file(GOOD, "2026-07,H99,sea,fax,x,y", GOOD)
    assert faults_of(rows) == [
        (3, "agency_code"),
        (3, "domain_code"),
        (3, "channel"),
        (3, "completed"),
        (3, "on_time"),
        (4, "agency_code"),
    ]


def test_an_agency_counts_for_its_own_time_only(cast: Cast) -> None:
    old = found_agency(
        key="old",
        on=date(2020, 1, 1),
        attributes=Attributes(name="Sở cũ", kind="department", agency_code="H7"),
    )
    dissolve_agency(agency=old, on=date(2025, 3, 1), successor=None)
    assert faults_of(csv_file("2025-03,H7,land,counter,1,1")) == [(2, "agency_code")]
    import_totals(
        content=csv_file("2025-02,H7,land,counter,1,1"), file_name="a.csv", by=None, now=NOW
    )
    assert MonthlyTotal.objects.get().agency == old


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.csv", b""),
        ("empty.csv", b"\r\n  "),
        ("wrong.csv", b"a,b,c\r\n1,2,3\r\n"),
        ("latin.csv", "tháng".encode("utf-16")),
        ("quote.csv", (HEAD + '\r\n"2026-07,H20.01').encode()),
        ("picture.png", b"\x89PNG...."),
        ("fake.xlsx", b"PK\x03\x04 this is no archive"),
        ("nul.csv", (HEAD + "\r\n2026-07,H20\x00,land,counter,1,1").encode()),
    ],
)
def test_files_that_are_no_totals_are_refused_in_words(
    cast: Cast, name: str, content: bytes
) -> None:
    with pytest.raises((FileError, ImportRefused)) as error:
        import_totals(content=content, file_name=name, by=None, now=NOW)
    assert str(error.value)
    assert not MonthlyTotal.objects.exists()


def test_semicolons_bom_and_quotes_are_understood(cast: Cast) -> None:
    content = (
        "\ufeff" + ";".join(COLUMNS) + '\n"2026-07";H20.01;land;counter;"100";96\n\n'
    ).encode()
    import_totals(content=content, file_name="a.csv", by=None, now=NOW)
    assert MonthlyTotal.objects.get().completed == 100


def zipped(**parts: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def far_row() -> bytes:
    """A workbook with one cell in row 160,000,000 and no stated dimension: readers fill millions of
    blank rows in.
    """
    import re

    source = zipfile.ZipFile(io.BytesIO(xlsx_file(("2026-07", "H20.01", "land", "counter", 1, 1))))
    parts = {name: source.read(name) for name in source.namelist()}
    sheet = re.sub(rb"<dimension[^>]*>", b"", parts["xl/worksheets/sheet1.xml"])
    parts["xl/worksheets/sheet1.xml"] = sheet.replace(b'r="2"', b'r="160000000"')
    return zipped(**parts)


def broken_part() -> bytes:
    content = bytearray(xlsx_file(("2026-07", "H20.01", "land", "counter", 1, 1)))
    at = content.find(b"xl/worksheets/sheet1.xml") + len(b"xl/worksheets/sheet1.xml")
    content[at : at + 40] = b"\xff" * 40
    return bytes(content)


def bombs() -> dict[str, bytes]:
    flat = zipped(**{"xl/worksheets/sheet1.xml": b"<a>" + b"0" * 60_000_000})
    lying = bytearray(flat)
    at = lying.rfind(b"PK\x01\x02")
    lying[at + 24 : at + 28] = (1000).to_bytes(4, "little")
    laughs = b'<!DOCTYPE l [<!ENTITY a "ha">' + b"".join(
        b'<!ENTITY %c "%s">' % (98 + i, (b"&%c;" % (97 + i)) * 10) for i in range(9)
    )
    entities = zipped(
        **{
            "[Content_Types].xml": laughs + b"]><Types>&j;</Types>",
            "xl/workbook.xml": b"<workbook/>",
        }
    )
    return {
        "flat": flat,
        "lying": bytes(lying),
        "parts": zipped(**{f"xl/{i}.xml": b"x" for i in range(300)}),
        "entities": entities,
        "empty": zipped(),
        "far-row": far_row(),
        "broken-part": broken_part(),
        "no-types": zipped(**{"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<workbook/>"}),
        "too-long": csv_file(*[GOOD] * 120_000),
    }


@pytest.mark.long
@pytest.mark.parametrize(
    "name",
    [
        "flat",
        "lying",
        "parts",
        "entities",
        "empty",
        "far-row",
        "broken-part",
        "no-types",
        "too-long",
    ],
)
def test_bombs_are_refused_quickly_and_in_little_memory(name: str) -> None:
    content = bombs()[name]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.process_time()
    with pytest.raises(FileError):
        read_rows(content, f"{name}.xlsx")
    assert time.process_time() - start < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024


def test_too_many_rows_and_too_large_files_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_ROWS", 2)
    with pytest.raises(FileError):
        read_rows(csv_file(GOOD, GOOD, GOOD), "a.csv")
    with pytest.raises(FileError):
        read_rows(b"x" * (reading.MAX_FILE_BYTES + 1), "a.csv")


def test_the_templates_are_files_the_import_understands(cast: Cast) -> None:
    assert read_rows(template_csv(COLUMNS), "a.csv") == []
    assert read_rows(template_xlsx(COLUMNS, explain_totals()), "a.xlsx") == []


def test_headings_may_be_titles_or_names_and_channels_words(cast: Cast) -> None:
    """As the template has them, as older files have them, and as people type them."""
    row = "2026-07,H20.01,land,Tại quầy,100,96"
    title = "tháng,ma co quan,Mã lĩnh vực,channel,Hồ sơ đã giải quyết,Đúng hạn hoặc trước hạn"
    content = f"{title}\r\n{row}\r\n".encode()
    totals = check_totals(content=content, file_name="a.csv", today=date(2026, 8, 15))
    assert [(total.channel, total.completed) for total in totals] == [("counter", 100)]
