"""Reports: what they say, that the same one is the same to the byte, and who may have them."""

from __future__ import annotations

import io
import json
import unicodedata
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pypdfium2
import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils.translation import override
from docx import Document
from fontTools.ttLib import TTFont

from survey.access.print.sheets import FONTS
from survey.accounts.models import Role, User
from survey.common.periods import parse_period
from survey.reports import pdf
from survey.reports.docx import SHIPPED_TEMPLATE, report_docx
from survey.reports.models import Interval, QuarterPack, Report, ReportSchedule, ReportTemplate
from survey.reports.packs import check_pack, make_pack, plain_name
from survey.reports.pdf import report_pdf
from survey.reports.services import (
    FORMATS,
    SAMPLE,
    draw_report,
    keep_template,
    make_report,
    make_scheduled_reports,
)
from survey.reports.xlsx import report_xlsx
from survey.scorecards.models import Edition
from survey.scorecards.rounds.evidence import UploadedEvidence
from survey.transactions.services import import_totals
from tests.survey.console.builders import AFTER, release, signed_in
from tests.survey.factories import NOW, Cast, flat
from tests.survey.followup.builders import opened
from tests.survey.scorecards.builders import fill, snapshot
from tests.survey.transactions.builders import csv_file

REPORTS = reverse("console:reports")
PACKS = reverse("console:packs")
INVISIBLE = {0xA0, 0xAD, 0x200B, 0x200C, 0x200D, 0x2011, *range(0x2010, 0x2016)}
LONGEST = "Trung tâm Phục vụ hành chính công xã " + "Đông Hải Thượng Nghĩa " * 6


@pytest.fixture
def edition(cast: Cast, tmp_path: Path) -> Edition:
    fill(cast, good=50, bad=10)
    totals = csv_file(
        "2026-07,H20.01,land,counter,600,500", "2026-07,28261,civil-status,counter,40,40"
    )
    import_totals(content=totals, file_name="t.csv", by=None, now=NOW)
    return release(snapshot(tmp_path))


@pytest.fixture
def report(cast: Cast, edition: Edition) -> Report:
    opened(cast, "task")
    return make_report(edition=edition, agency=None, by=cast.analyst, now=AFTER)


def pdf_text(content: bytes) -> str:
    read = pypdfium2.PdfDocument(content)
    try:
        return " ".join(" ".join(page.get_textpage().get_text_range().split()) for page in read)
    finally:
        read.close()


def test_the_report_of_the_province_says_what_is_released(report: Report) -> None:
    text = pdf_text(draw_report(report, "pdf"))
    for words in (
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "UBND TỈNH ĐỒNG THÁP",
        "BÁO CÁO",
        "quý III năm 2026",
        "Chỉ số hài lòng: 83,33%",
        "Số hồ sơ đã giải quyết: 640",
        "84,38%",
        "Sở Nông nghiệp và Môi trường",
        "chưa có phiếu",
        "S.13.A1",
        "Nơi nhận:",
    ):
        assert words in text, words
    assert report.edition.snapshot_sha256[:12] in text


@pytest.mark.parametrize("kind", FORMATS)
def test_the_same_report_is_the_same_to_the_byte(report: Report, kind: str) -> None:
    again = Report.objects.get(pk=report.pk)
    assert draw_report(report, kind) == draw_report(again, kind)


@pytest.mark.parametrize("kind", FORMATS)
def test_who_reads_in_english_gets_the_same_bytes(report: Report, kind: str) -> None:
    with override("en"):
        english = draw_report(report, kind)
    with override("vi"):
        assert draw_report(report, kind) == english


@pytest.mark.parametrize(
    "odd", ["Xong 😀", "面积 ㎡", "\U0001f1fb\U0001f1f3 cờ", "ខ្មែរ", "a\u0301"]
)
def test_letters_no_font_has_break_no_report(report: Report, odd: str) -> None:
    document = {**report.content, "subject": odd, "scope": odd}
    assert report_pdf(document).startswith(b"%PDF")
    assert report_docx(document).startswith(b"PK")
    assert report_xlsx(document).startswith(b"PK")


def test_bundled_letters_have_what_is_let_through() -> None:
    """Whatever is drawn as it is has a glyph in one of the fonts."""
    folders = [Path(pdf.__file__).parent / "fonts", *FONTS]
    known: set[int] = set()
    for path in (one for folder in folders for one in folder.glob("*.ttf")):
        known |= set(TTFont(path).getBestCmap())
    drawn = {code for code in range(32, 0x2800) if not pdf._DRAWN.match(chr(code))}
    assert {code for code in drawn - known if unicodedata.category(chr(code)) != "Cn"} <= INVISIBLE


def test_what_happens_later_changes_no_report(cast: Cast, report: Report) -> None:
    before = draw_report(report, "pdf")
    opened(cast, "finding")
    Edition.objects.update(withdrawn_at=AFTER)
    assert draw_report(Report.objects.get(pk=report.pk), "pdf") == before


@pytest.mark.filterwarnings("ignore:.* extension is not supported")
def test_word_and_excel_hold_the_same_figures(report: Report) -> None:
    word = Document(io.BytesIO(draw_report(report, "docx")))
    text = " ".join(p.text for p in word.paragraphs)
    assert "Chỉ số hài lòng: 83,33%" in text
    cells = [cell.text for table in word.tables for row in table.rows for cell in row.cells]
    assert "83,33" in cells
    assert "{{" not in text + " ".join(cells)
    book = openpyxl.load_workbook(io.BytesIO(draw_report(report, "xlsx")))
    values = [c.value for sheet in book for line in sheet.iter_rows() for c in line]
    assert 83.33 in values
    assert not any(c.data_type == "f" for sheet in book for line in sheet.iter_rows() for c in line)


def test_an_agency_reads_of_itself_alone(cast: Cast, edition: Edition) -> None:
    made = make_report(edition=edition, agency=cast.land, by=cast.head, now=AFTER)
    text = pdf_text(draw_report(made, "pdf"))
    assert "Sở Nông nghiệp và Môi trường" in text
    assert "phường Mỹ Tho" not in text
    for agency in (None, cast.commune):
        with pytest.raises(ValidationError):
            make_report(edition=edition, agency=agency, by=cast.head, now=AFTER)


def test_what_is_not_released_is_not_reported(cast: Cast, edition: Edition) -> None:
    Edition.objects.update(withdrawn_at=AFTER)
    with pytest.raises(ValidationError, match="đã công bố"):
        make_report(edition=Edition.objects.get(), agency=None, by=cast.analyst, now=AFTER)


def long_document() -> dict[str, Any]:
    """300 lines of the longest names, with everything markup could stumble over."""
    odd = ["=1+1", "<b>x</b> & {{ 7*7 }}", "#let x = 1", "@SUM(A1)", "“ngoặc” \\ $x$ *y* _z_"]
    grid = {
        "type": "grid",
        "caption": LONGEST,
        "columns": [
            {"text": "STT", "align": "right", "share": 2},
            {"text": LONGEST[:60], "align": "left", "share": 11},
            {"text": "Chỉ số", "align": "right", "share": 3},
        ],
        "rows": [[str(n), LONGEST if n % 2 else odd[n % len(odd)], "83,54"] for n in range(1, 301)],
    }
    return {**SAMPLE, "subject": LONGEST, "scope": LONGEST, "blocks": [*SAMPLE["blocks"], grid]}


def test_long_tables_repeat_their_head_and_every_name_fits() -> None:
    document = long_document()
    read = pypdfium2.PdfDocument(report_pdf(document))
    pages = [" ".join(page.get_textpage().get_text_range().split()) for page in read]
    read.close()
    assert len(pages) > 10
    assert all("STT" in text for text in pages[1:-1])
    whole = " ".join(pages)
    assert "=1+1" in whole
    assert "{{ 7*7 }}" in whole
    assert "49" not in whole.split("{{ 7*7 }}")[1][:5]
    word = Document(io.BytesIO(report_docx(document)))
    cells = [cell.text for row in word.tables[2].rows for cell in row.cells]
    assert "<b>x</b> & {{ 7*7 }}" in cells
    book = openpyxl.load_workbook(io.BytesIO(report_xlsx(document)))
    assert not any(c.data_type == "f" for s in book for line in s.iter_rows() for c in line)


def edited(text: str) -> bytes:
    """The shipped template with one more paragraph, as the office would write it in Word."""
    word = Document(str(SHIPPED_TEMPLATE))
    word.add_paragraph(text)
    buffer = io.BytesIO()
    word.save(buffer)
    return buffer.getvalue()


def test_the_office_edits_the_template_in_word(cast: Cast, report: Report) -> None:
    client = signed_in(cast.analyst)
    address = reverse("console:report-template")
    assert client.get(address).content == SHIPPED_TEMPLATE.read_bytes()
    file = io.BytesIO(edited("Người lập biểu: {{ head.issuer }}"))
    file.name = "mau.docx"
    assert client.post(address, {"file": file}).status_code == 302
    assert ReportTemplate.objects.get().name == "mau.docx"
    before = draw_report(report, "docx")
    made = make_report(edition=report.edition, agency=None, by=cast.analyst, now=AFTER)
    word = Document(io.BytesIO(draw_report(made, "docx")))
    assert any("Người lập biểu: Sở Nội vụ" in p.text for p in word.paragraphs)
    # A report keeps the template it was made with.
    assert draw_report(report, "docx") == before
    assert not any("Người lập biểu" in p.text for p in Document(io.BytesIO(before)).paragraphs)
    assert client.get(address).content == file.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        "{{ head.__class__.__mro__ }}",
        "{{ ''.__class__.__base__.__subclasses__() }}",
        "{% for x in %}",
        "{{ head.nothing.more }}",
    ],
)
def test_a_template_runs_no_program(cast: Cast, text: str) -> None:
    with pytest.raises(ValidationError, match="mẫu Word"):
        keep_template(
            file=UploadedEvidence("a.docx", edited(text)), by=cast.analyst, now=NOW, sample=None
        )
    assert not ReportTemplate.objects.exists()


def broken(name: str) -> bytes:
    """The shipped template with one part that is no XML."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(SHIPPED_TEMPLATE) as before,
        zipfile.ZipFile(buffer, "w") as after,
    ):
        for one in before.namelist():
            after.writestr(one, b"<w:document" if one == name else before.read(one))
    return buffer.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"%PDF-1.7",
        b"x",
        b"PK\x03\x04 broken",
        broken("word/document.xml"),
        broken("[Content_Types].xml"),
    ],
    ids=["PDF", "text", "archive", "document", "types"],
)
def test_another_file_is_no_template(cast: Cast, content: bytes) -> None:
    with pytest.raises(ValidationError):
        keep_template(
            file=UploadedEvidence("a.docx", content), by=cast.analyst, now=NOW, sample=None
        )


def test_reports_are_made_and_drawn_by_pages(cast: Cast, edition: Edition) -> None:
    client = signed_in(cast.analyst)
    assert client.get(REPORTS).status_code == 200
    sent = {"edition": edition.pk, "agency": "province"}
    assert client.post(REPORTS, sent).status_code == 302
    report = Report.objects.get()
    for kind, mime in FORMATS.items():
        answer = client.get(reverse("console:report-file", args=[report.pk, kind]))
        assert answer.headers["Content-Type"] == mime
        assert "attachment" in answer.headers["Content-Disposition"]
    assert client.post(REPORTS, {"edition": "x", "agency": "0"}).status_code == 422
    head = signed_in(cast.head)
    assert head.get(reverse("console:report-file", args=[report.pk, "pdf"])).status_code == 404
    assert head.post(REPORTS, sent).status_code == 422
    assert head.post(REPORTS, {**sent, "agency": cast.commune.pk}).status_code == 422
    assert head.post(REPORTS, {**sent, "agency": cast.land.pk}).status_code == 302
    assert Report.objects.count() == 2


def test_a_schedule_reports_what_its_owner_may_see_then(cast: Cast, edition: Edition) -> None:
    Edition.objects.update(released_at=AFTER)
    before = AFTER - timedelta(days=1)
    for user, agency in ((cast.analyst, None), (cast.head, cast.land)):
        ReportSchedule.objects.create(
            owner=user, agency=agency, interval=Interval.QUARTER, made_at=before
        )
    ReportSchedule.objects.create(
        owner=cast.analyst, agency=None, interval=Interval.MONTH, made_at=before
    )
    # The head has been moved to another agency since.
    User.objects.filter(pk=cast.head.pk).update(agency=cast.commune)
    assert make_scheduled_reports(AFTER) == 1
    assert Report.objects.get().agency is None
    assert make_scheduled_reports(AFTER) == 0
    User.objects.filter(pk=cast.head.pk).update(agency=cast.land, ends_on=AFTER.date())
    assert make_scheduled_reports(AFTER + timedelta(days=2)) == 0, "the account has ended"
    User.objects.filter(pk=cast.head.pk).update(ends_on=None)
    assert make_scheduled_reports(AFTER) == 1
    # What is withdrawn is not followed by a report on an older period.
    Edition.objects.create(
        **{
            field: getattr(edition, field)
            for field in ("method", "method_version", "method_sha256", "about", "responses")
        },
        period="2026-Q2",
        snapshot_sha256="q2",
        made_at=AFTER,
        released_at=AFTER,
    )
    Edition.objects.filter(pk=edition.pk).update(withdrawn_at=AFTER)
    assert make_scheduled_reports(AFTER) == 0


def test_schedules_are_set_up_and_ended_by_pages(cast: Cast) -> None:
    client, address = signed_in(cast.head), reverse("console:report-schedule")
    sent = {"interval": "quarter", "agency": cast.land.pk}
    assert client.post(address, sent).status_code == 302
    assert client.post(address, sent).status_code == 422
    row = ReportSchedule.objects.get()
    end = reverse("console:report-schedule-end", args=[row.pk])
    assert signed_in(cast.analyst).post(end).status_code == 404
    assert client.post(end).status_code == 302
    assert not ReportSchedule.objects.exists()


def test_the_pack_holds_everything_with_its_sums(
    cast: Cast, edition: Edition, tmp_path: Path
) -> None:
    steps: list[tuple[int, int]] = []
    target, period = tmp_path / "a" / "pack.zip", parse_period("2026-Q3")
    first = make_pack(
        period=period, target=target, as_of=AFTER, progress=lambda *at: steps.append(at)
    )
    with zipfile.ZipFile(target) as archive:
        names = archive.namelist()
        sums = archive.read("SHA256SUMS").decode().splitlines()
        notes = json.loads(archive.read("phuong-phap.json"))
    assert {"bao-cao-toan-tinh.pdf", "chi-so/chi-so-2026-Q3.csv", "danh-muc-kiem-tra.txt"} <= set(
        names
    )
    assert len(sums) == len(names) - 1 == steps[-1][0] == steps[-1][1]
    assert "S.13.A1" in {note["code"] for note in notes}
    assert "don-vi/0001-so-nong-nghiep-va-moi-truong.pdf" in names
    again = make_pack(period=period, target=tmp_path / "b.zip", as_of=AFTER)
    assert first == again


def test_the_checklist_counts_back_from_the_twentieth(cast: Cast, edition: Edition) -> None:
    found = check_pack(parse_period("2026-Q3"), AFTER.date())
    checks = {check.name: check for check in found}
    assert checks["release"].done
    assert not checks["totals"].done, "August and September have no totals"
    assert f"{checks['pack'].due_on:%d/%m/%Y}" == "18/12/2026"
    assert f"{checks['totals'].due_on:%d/%m/%Y}" == "05/12/2026"


def test_the_pack_is_made_by_a_button_and_downloaded(
    cast: Cast, edition: Edition, django_capture_on_commit_callbacks: Any
) -> None:
    client = signed_in(cast.analyst)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(PACKS, {"period": "2026-Q3"})
    row = QuarterPack.objects.get()
    assert (row.state, row.done) == ("done", row.total)
    page = flat(client.get(f"{PACKS}?period=2026-Q3"))
    address = reverse("console:pack-file", args=[row.pk])
    assert address in page
    content = b"".join(client.get(address).streaming_content)  # type: ignore[attr-defined]
    assert len(content) == row.size
    with django_capture_on_commit_callbacks(execute=True):
        client.post(PACKS, {"period": "2020-Q1"})
    failed = QuarterPack.objects.get(period="2020-Q1")
    assert failed.state == "failed"
    assert "chưa được công bố" in failed.problem
    assert client.get(f"{PACKS}?period=xyz").status_code == 404
    auditor = signed_in(User.objects.create_user(username="a", role=Role.AUDITOR))
    assert auditor.get(PACKS).status_code == 200
    assert auditor.post(PACKS, {"period": "2026-Q3"}).status_code == 403


def test_one_command_writes_the_pack(cast: Cast, edition: Edition, tmp_path: Path) -> None:
    out = io.StringIO()
    call_command("quarter_pack", "2026-Q3", "--out", str(tmp_path), stdout=out)
    assert (tmp_path / "2026-Q3.zip").stat().st_size > 1000
    assert "SHA-256" in out.getvalue()
    with pytest.raises(CommandError, match="2026"):
        call_command("quarter_pack", "2026-Q2", "--out", str(tmp_path), stdout=out)
    with pytest.raises(CommandError):
        call_command("quarter_pack", "mùa thu", stdout=out)


def test_names_of_files_are_plain() -> None:
    assert plain_name("UBND phường Mỹ Tho / số 1") == "ubnd-phuong-my-tho-so-1"
    assert plain_name("…") == "don-vi"


def test_a_report_of_a_future_time_zone_says_local_time(cast: Cast, edition: Edition) -> None:
    at = datetime(2026, 12, 31, 18, 30, tzinfo=UTC)
    made = make_report(edition=edition, agency=None, by=cast.analyst, now=at)
    assert made.content["as_of"] == "số liệu tính đến 01:30 01/01/2027"
