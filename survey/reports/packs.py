"""Everything about a period in one file: what lies on the Chairman's desk before the 20th."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from survey.common.periods import Period
from survey.common.text import fold_accents, name_order
from survey.followup.models import FollowUp
from survey.followup.queries import late_follow_ups
from survey.reports.content import build_agency_report, build_province_report, read_period
from survey.reports.docx import report_docx
from survey.reports.method_note import Note, write_method_note
from survey.reports.pdf import report_pdf
from survey.reports.queries import own_template
from survey.reports.xlsx import report_xlsx
from survey.scorecards.bridge.exports import export_rows
from survey.scorecards.models import AgencyResult, Edition
from survey.scorecards.queries import province_result
from survey.scorecards.readiness import check_readiness
from survey.scorecards.rounds.models import ScoreEdition, ScoringRound
from survey.scorecards.rounds.queries import released_edition
from survey.scorecards.rounds.results import edition_rows
from survey.scorecards.rounds.score_files import FORMATS as SCORE_FORMATS
from survey.scorecards.rounds.score_files import write_scores

_FIXED: Final = (2000, 1, 1, 0, 0, 0)
REPORT_DAY: Final = 20
STEPS: Final = (
    ("totals", 15),
    ("freeze", 12),
    ("release", 8),
    ("scores", 5),
    ("pack", 2),
)
"""Steps to the report, and how many days before the 20th each should be done."""
Progress = Callable[[int, int], object]


@dataclass(frozen=True)
class Check:
    """One line of the checklist."""

    name: str
    text: str
    done: bool
    due_on: date


def report_due_on(period: Period) -> date:
    """The first 20th of a quarter's last month after a period has ended: figures are released once
    it has.
    """
    after = period.last + timedelta(days=1)
    return date(after.year, (after.month + 2) // 3 * 3, REPORT_DAY)


def check_pack(period: Period, today: date) -> list[Check]:
    """What is there of a period, what is missing, and by when: counted back from the 20th."""
    ready = check_readiness(period, today)
    rounds = ScoringRound.objects.filter(period=period.name)
    open_rounds = rounds.filter(published_at=None).count()
    late = late_follow_ups(FollowUp.objects.all(), today).count()
    totals_known = not ready.without_totals and not any(month.missing for month in ready.months)
    found = {
        "totals": (_("dossier totals of every agency are known"), totals_known),
        "freeze": (
            _("answers have come in, totals and events agree"),
            ready.has_answers and not ready.differences,
        ),
        "release": (_("figures are released by two people"), _is_released(period)),
        "scores": (_("scoring rounds of the period are published"), not open_rounds),
        "pack": (_("nothing followed up is overdue"), not late),
    }
    due = report_due_on(period)
    return [
        Check(name, found[name][0], found[name][1], due - timedelta(days=days))
        for name, days in STEPS
    ]


def _is_released(period: Period) -> bool:
    return released_edition(period) is not None


def make_pack(
    *, period: Period, target: Path, as_of: datetime, progress: Progress | None = None
) -> str:
    """Write the pack of a released period; its checksum. One file is held in memory at a time.

    Raises
    ------
    ValidationError
        The figures of the period are not released.
    """
    edition = released_edition(period)
    if edition is None:
        raise ValidationError(
            _("The figures of %(period)s have not been released.") % {"period": period.title}
        )
    found = edition.results.exclude(agency=None).select_related("agency")
    results = sorted(found, key=lambda row: (name_order(row.name), row.agency_id))
    total, sums = _count_files(period, results), []
    target.parent.mkdir(parents=True, exist_ok=True)
    with override("vi"), zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for done, (name, content) in enumerate(_files(edition, period, results, as_of), start=1):
            _add(archive, name, content)
            sums.append(f"{hashlib.sha256(content).hexdigest()}  {name}")
            if progress is not None:
                progress(done, total)
        _add(archive, "SHA256SUMS", ("\n".join(sums) + "\n").encode())
    return _find_checksum(target)


def _find_checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    part = zipfile.ZipInfo(name, _FIXED)
    part.compress_type = zipfile.ZIP_DEFLATED
    part.external_attr = 0o600 << 16
    archive.writestr(part, content)


def _score_editions(period: Period) -> list[ScoreEdition]:
    rounds = ScoringRound.objects.filter(period__in=(period.name, str(period.first.year)))
    found = [row.editions.first() for row in rounds.order_by("pk")]
    return [edition for edition in found if edition is not None]


def _count_files(period: Period, results: list[AgencyResult]) -> int:
    return 3 + 3 + 2 + len(results) + len(SCORE_FORMATS) * len(_score_editions(period))


def _files(
    edition: Edition, period: Period, results: list[AgencyResult], as_of: datetime
) -> Iterator[tuple[str, bytes]]:
    """(name, content) of everything in the pack, in its order."""
    document = build_province_report(edition, as_of).as_data()
    yield "bao-cao-toan-tinh.pdf", report_pdf(document)
    yield "bao-cao-toan-tinh.docx", report_docx(document, own_template())
    yield "bao-cao-toan-tinh.xlsx", report_xlsx(document)
    whole = province_result(edition)
    rows = [row for one in [*([whole] if whole else []), *results] for row in one.rows]
    for kind in ("csv", "xlsx", "json"):
        content = export_rows(rows=rows, about=edition.about, kind=kind)
        yield f"chi-so/chi-so-{period.name}.{kind}", content
    for number, scores in enumerate(_score_editions(period), start=1):
        for kind in SCORE_FORMATS:
            content = write_scores(scores, edition_rows(scores), kind)
            yield f"diem/{number}-ban-{scores.number}.{kind}", content
    yield "phuong-phap.json", write_note(write_method_note(edition))
    yield "danh-muc-kiem-tra.txt", _write_checklist(period, as_of)
    known = read_period(edition)
    for number, result in enumerate(results, start=1):
        content = report_pdf(build_agency_report(result, as_of, known).as_data())
        yield f"don-vi/{number:04d}-{plain_name(result.name)}.pdf", content


def write_note(notes: list[Note]) -> bytes:
    """The method note for programs."""
    lines = [asdict(note) for note in notes]
    return (json.dumps(lines, ensure_ascii=False, indent=1) + "\n").encode()


def _write_checklist(period: Period, as_of: datetime) -> bytes:
    lines = [
        f"[{'x' if check.done else ' '}] {check.due_on:%d/%m/%Y}  {check.text}"
        for check in check_pack(period, timezone.localdate(as_of))
    ]
    return ("\n".join(lines) + "\n").encode()


def plain_name(name: str) -> str:
    """A name as a file may bear it everywhere: ``so-tu-phap``."""
    words = "".join(c if c.isascii() and c.isalnum() else " " for c in fold_accents(name))
    return "-".join(words.split())[:60] or "don-vi"


def pack_path(sha256: str) -> Path:
    """Where the pack of a checksum stands."""
    return Path(settings.VAR_DIR) / "packs" / f"{sha256}.zip"
