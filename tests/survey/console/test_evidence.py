"""Evidence of a scorecard: what is taken, what is refused, who gets it back."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from survey.accounts.models import Role, User
from survey.scorecards.rounds.evidence import MAX_EVIDENCE_BYTES, locate_evidence
from survey.scorecards.rounds.models import AgencyScoring, Evidence, ScoreEntry
from tests.survey.console.builders import signed_in
from tests.survey.factories import Cast, flat
from tests.survey.scorecards.builders import FIGURES, opened_scoring

PDF = b"%PDF-1.7\n1 0 obj\n"


@pytest.fixture
def scoring(cast: Cast, settings: Any, tmp_path: Path) -> AgencyScoring:
    settings.VAR_DIR = tmp_path
    return opened_scoring(cast, timezone.now())


def office(*parts: str, size: int = 10) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in parts:
            archive.writestr(part, b"0" * size)
    return buffer.getvalue()


def send(scoring: AgencyScoring, user: User, content: bytes, name: str = "Kế hoạch.pdf") -> str:
    file = SimpleUploadedFile(name, content, content_type="text/html")
    sent = {"stage": scoring.stage, **FIGURES, "1:file": file}
    answer = signed_in(user).post(reverse("console:scorecard", args=[scoring.pk]), sent)
    return "" if answer.status_code == 302 else flat(answer)


@pytest.mark.parametrize(
    ("content", "suffix"),
    [
        (PDF, "pdf"),
        (b"\xff\xd8\xff\xe0JFIF", "jpg"),
        (b"\x89PNG\r\n\x1a\nIHDR", "png"),
        (office("[Content_Types].xml", "word/document.xml"), "docx"),
        (office("[Content_Types].xml", "xl/workbook.xml"), "xlsx"),
    ],
)
def test_documents_and_pictures_are_kept_under_their_checksum(
    cast: Cast, scoring: AgencyScoring, content: bytes, suffix: str
) -> None:
    assert send(scoring, cast.head, content) == ""
    row = Evidence.objects.get()
    assert (row.suffix, row.size, row.stage) == (suffix, len(content), "self")
    assert row.sha256 == hashlib.sha256(content).hexdigest()
    assert locate_evidence(row.sha256).read_bytes() == content
    assert send(scoring, cast.head, content) == ""
    assert Evidence.objects.count() == 1, "the same file again is the same"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<html><script>", "PDF, JPG, PNG, DOCX hoặc XLSX"),
        (b"MZ\x90", "PDF, JPG, PNG, DOCX hoặc XLSX"),
        (b"", "PDF, JPG, PNG, DOCX hoặc XLSX"),
        (b"PK\x03\x04broken", "bị hỏng"),
        (office("readme.txt"), "PDF, JPG, PNG, DOCX hoặc XLSX"),
        (office("word/document.xml", "word/vbaProject.bin"), "macro"),
        (office("xl/workbook.xml", "xl/embeddings/a.exe"), "macro"),
        (office("xl/workbook.xml", "a", size=110_000_000), "giải nén"),
        (office("xl/workbook.xml", *(f"p{n}" for n in range(2001))), "giải nén"),
        (PDF + b"0" * MAX_EVIDENCE_BYTES, "20 MB"),
    ],
    ids=["page", "program", "empty", "broken", "zip", "macro", "packed", "bomb", "parts", "large"],
)
def test_anything_else_is_refused_with_its_line_and_no_figure_is_saved(
    cast: Cast, scoring: AgencyScoring, content: bytes, words: str
) -> None:
    told = send(scoring, cast.head, content)
    assert words in told
    assert "Hãy xem lại các tiêu chí: 1" in told
    assert not Evidence.objects.exists()
    assert not ScoreEntry.objects.exists()


def test_it_is_given_back_as_a_file_to_save_and_only_within_scope(
    cast: Cast, scoring: AgencyScoring
) -> None:
    send(scoring, cast.head, PDF)
    address = reverse("console:evidence", args=[Evidence.objects.get().pk])
    answer = signed_in(cast.analyst).get(address)
    assert b"".join(answer) == PDF
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment;")
    assert answer["X-Content-Type-Options"] == "nosniff"
    neighbour = User.objects.create_user(
        username="neighbour", role=Role.AGENCY_HEAD, agency=cast.commune
    )
    assert signed_in(neighbour).get(address).status_code == 404
    locate_evidence(Evidence.objects.get().sha256).unlink()
    assert signed_in(cast.analyst).get(address).status_code == 404


def test_a_line_holds_twenty_files(cast: Cast, scoring: AgencyScoring) -> None:
    for number in range(20):
        assert send(scoring, cast.head, PDF + str(number).encode()) == ""
    assert "20 tệp" in send(scoring, cast.head, PDF + b"one more")
    assert Evidence.objects.count() == 20


def test_a_gigabyte_is_refused_before_it_is_read(cast: Cast) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(cast.head)
    answer = client.generic("POST", reverse("console:scoring"), b"x", CONTENT_LENGTH=str(10**9))
    assert answer.status_code == 400
    assert "32 MB" in flat(answer)


def test_evidence_of_an_appraisal_under_way_is_its_writers_alone(
    cast: Cast, scoring: AgencyScoring
) -> None:
    AgencyScoring.objects.update(stage="appraisal")
    scoring.refresh_from_db()
    assert send(scoring, cast.analyst, PDF, "Bien ban.pdf") == ""
    page = reverse("console:scorecard", args=[scoring.pk])
    file = reverse("console:evidence", args=[Evidence.objects.get().pk])
    assert "Bien ban.pdf" in flat(signed_in(cast.analyst).get(page))
    assert "Bien ban.pdf" not in flat(signed_in(cast.head).get(page))
    assert signed_in(cast.head).get(file).status_code == 404
    AgencyScoring.objects.update(stage="answer")
    assert signed_in(cast.head).get(file).status_code == 200
