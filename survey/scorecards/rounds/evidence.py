"""Files that prove a figure: documents and pictures only, kept under their checksum."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePath
from typing import Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from survey.accounts.models import User
from survey.common.durable_files import replace_file
from survey.common.text import storable
from survey.scorecards.rounds.models import AgencyScoring, Evidence
from survey.transactions.workbook_limits import DAMAGE

MAX_EVIDENCE_BYTES: Final = 20 * 1024 * 1024
MAX_FILES_OF_A_LINE: Final = 20
MAX_PARTS: Final = 2000
MAX_UNPACKED: Final = 200 * 1024 * 1024
SUFFIXES: Final = ("pdf", "jpg", "png", "docx", "xlsx")
_MAGIC: Final = {b"%PDF-": "pdf", b"\xff\xd8\xff": "jpg", b"\x89PNG\r\n\x1a\n": "png"}
_OFFICE: Final = {"word/document.xml": "docx", "xl/workbook.xml": "xlsx"}
_MACROS: Final = ("vbaproject.bin", "vbadata.xml", "/activex/", "/embeddings/")


@dataclass(frozen=True)
class UploadedEvidence:
    """A file somebody chose for a line."""

    name: str
    content: bytes


def detect_suffix(content: bytes) -> str:
    """What a file is by its content, whatever it is called.

    Raises
    ------
    ValidationError
        It is none of the kinds that are taken, is damaged, unpacks to too much, or holds macros.
    """
    for magic, suffix in _MAGIC.items():
        if content.startswith(magic):
            return suffix
    if content.startswith(b"PK"):
        return _detect_office(content)
    raise ValidationError(_("Evidence is a PDF, JPG, PNG, DOCX or XLSX file."))


def _detect_office(content: bytes) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            names = {part.filename.lower() for part in parts}
            unpacked = sum(part.file_size for part in parts)
    except DAMAGE as error:
        raise ValidationError(
            _("The file is damaged. Open it, save it again, and send that.")
        ) from error
    if len(parts) > MAX_PARTS or unpacked > MAX_UNPACKED:
        raise ValidationError(_("The file unpacks to far more than a document."))
    if any(mark in name for name in names for mark in _MACROS):
        raise ValidationError(
            _("The file holds macros or other files. Save it without them, or as PDF.")
        )
    found = [suffix for part, suffix in _OFFICE.items() if part in names]
    if len(found) != 1:
        raise ValidationError(_("Evidence is a PDF, JPG, PNG, DOCX or XLSX file."))
    return found[0]


def keep_evidence(
    *,
    scoring: AgencyScoring,
    files: Mapping[str, UploadedEvidence],
    by: User,
    now: datetime,
) -> int:
    """Keep files by code of the criterion; the number of new ones. The caller's transaction holds
    them together with the figures.

    Raises
    ------
    ValidationError
        By code of the criterion: too large, of another kind, too many.
    """
    suffixes, faults = {}, {}
    for code, file in files.items():
        try:
            suffixes[code] = _check_file(scoring, code, file)
        except ValidationError as error:
            faults[code] = error.messages[0]
    if faults:
        raise ValidationError(faults)
    made = 0
    for code, file in files.items():
        sha256 = keep_file(file.content)
        _row, new = Evidence.objects.get_or_create(
            scoring=scoring,
            criterion=code,
            sha256=sha256,
            defaults={
                "stage": scoring.stage,
                "name": storable(PurePath(file.name).name)[-150:] or suffixes[code],
                "suffix": suffixes[code],
                "size": len(file.content),
                "made_by": by,
                "made_at": now,
            },
        )
        made += new
    return made


def check_size(file: UploadedEvidence) -> None:
    """Refuse what is larger than a document.

    Raises
    ------
    ValidationError
        It has more than 20 MB.
    """
    if len(file.content) > MAX_EVIDENCE_BYTES:
        raise ValidationError(_("A file of evidence has at most 20 MB."))


def _check_file(scoring: AgencyScoring, code: str, file: UploadedEvidence) -> str:
    check_size(file)
    if scoring.evidence.filter(criterion=code).count() >= MAX_FILES_OF_A_LINE:
        raise ValidationError(_("A criterion has at most 20 files of evidence."))
    return detect_suffix(file.content)


def locate_evidence(sha256: str) -> Path:
    """Where the file of a checksum stands."""
    return Path(settings.VAR_DIR) / "evidence" / sha256[:2] / sha256


def keep_file(content: bytes) -> str:
    """Write a file under its checksum, which it returns: whole or not at all, once."""
    sha256 = hashlib.sha256(content).hexdigest()
    target = locate_evidence(sha256)
    if not target.is_file():
        # The row that names it is committed after this: the file has to be there by then.
        replace_file(target, content)
    return sha256
