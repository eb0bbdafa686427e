"""The open-data folder of an edition: made once, kept under ``var/open-data``, never changed."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from survey.common.periods import parse_period
from survey.public.editions import PublicEdition
from survey.public.words import CITATION, PARTS
from survey.questionnaires.shipped import shipped_labels
from survey.reports.content import make_letterhead
from survey.reports.documents import ReportDocument
from survey.reports.method_note import Note, note_blocks, write_public_note
from survey.reports.packs import write_note
from survey.reports.pdf import report_pdf
from survey.scorecards.bridge.methods import method_text
from survey.scorecards.bridge.open_data import LICENCES, OpenDataset, build_files, public_rows
from survey.scorecards.methods import locate_method
from survey.scorecards.queries import find_overall, province_result

RESULTS: Final = "/ket-qua/"
LANGUAGES: Final = ("vi", "en")
NAMES: Final = (
    "data.csv",
    "data.csv-metadata.json",
    "datapackage.json",
    "sdmx-csv-1.csv",
    "sdmx-csv-2.csv",
    "structure.xml",
    "method.toml",
    "method-note.html",
    "method-note.json",
    "method-note.pdf",
    "CITATION.cff",
    "catalog.jsonld",
    "ro-crate-metadata.json",
    "SHA256SUMS",
)
"""Files of the folder; nothing else is looked for."""


def stored_rows(one: PublicEdition) -> list[dict[str, Any]]:
    """What the public may see of an edition, the province first, then agencies by key."""
    found = one.edition.results.select_related("agency")
    # Sorted here: databases order text in ways of their own.
    results = sorted(found, key=lambda row: row.agency.key if row.agency else "")
    whole = [row for result in results if result.agency is None for row in result.rows]
    agencies = [row for result in results if result.agency is not None for row in result.rows]
    return public_rows([*whole, *agencies])


def list_open_data(one: PublicEdition) -> list[tuple[str, int]]:
    """(name, bytes) of every file, in their order."""
    folder = _keep_folder(one)
    return [(name, (folder / name).stat().st_size) for name in NAMES if (folder / name).is_file()]


def read_open_data(one: PublicEdition, name: str) -> bytes | None:
    """Content of a file; None where there is none of this name."""
    if name not in NAMES:
        return None
    path = _keep_folder(one) / name
    return path.read_bytes() if path.is_file() else None


def _keep_folder(one: PublicEdition) -> Path:
    """The folder as it was made first: what is published of an edition changes never after,
    whatever becomes of words, settings and software.
    """
    sums = f"{one.edition.snapshot_sha256[:16]}-{one.edition.method_sha256[:8]}"
    target = Path(settings.VAR_DIR) / "open-data" / f"{one.edition.period}-{one.number}-{sums}"
    if target.is_dir():
        return target
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with TemporaryDirectory(dir=target.parent) as temporary:
        made = Path(temporary) / "made"
        made.mkdir()
        for name, content in build_files(_describe(one)).items():
            (made / name).write_bytes(content)
        # Whoever was first, theirs stays.
        with suppress(OSError):
            made.rename(target)
    return target


def write_notes(one: PublicEdition) -> list[Note]:
    """The method note for everybody, in the active language."""
    rows = public_rows(find_overall_rows(one))
    shown = rows[0] if rows and rows[0]["index"] is not None else None
    half = (shown["ci_high"] - shown["ci_low"]) / 2 if shown else None
    return write_public_note(one.edition, half_width=half)


def find_overall_rows(one: PublicEdition) -> list[dict[str, Any]]:
    """The stored overall row of the province, if there is one."""
    row = find_overall(province_result(one.edition))
    return [row] if row else []


def find_publisher() -> str:
    """Who publishes, with the province: "Sở Nội vụ tỉnh Đồng Tháp"."""
    name = settings.PROVINCE_NAME
    return f"{settings.REPORT_ISSUER} {name[:1].lower()}{name[1:]}"


def cite(one: PublicEdition) -> str:
    """How to cite an edition, in the active language."""
    return str(CITATION) % {
        "publisher": find_publisher(),
        "period": parse_period(one.edition.period).name,
        "edition": one.number,
        "address": f"{settings.PUBLIC_URL}{RESULTS}{one.path}",
    }


def _describe(one: PublicEdition) -> OpenDataset:
    edition, period = one.edition, one.period
    titles, descriptions = {}, {}
    for language in LANGUAGES:
        with override(language):
            words = {"province": settings.PROVINCE_NAME, "period": period.title}
            titles[language] = _("Satisfaction index, %(province)s, %(period)s") % words
            descriptions[language] = _(
                "Satisfaction of citizens and organisations with public services, by agency, "
                "factor, item and procedure domain, with their intervals; counts to the nearest "
                "five."
            )
            if notice := one.edition.about.get("notice"):
                descriptions[language] = f"{notice}. {descriptions[language]}"
    with override("vi"):
        citation = cite(one)
    return OpenDataset(
        address=f"{settings.PUBLIC_URL}{RESULTS}{one.path}",
        titles=titles,
        descriptions=descriptions,
        publisher=find_publisher(),
        licence=settings.OPEN_DATA_LICENCE,
        period=edition.period,
        first=period.first,
        last=period.last,
        edition=one.number,
        issued=one.released_on,
        keywords=("hài lòng", "cải cách hành chính", "dịch vụ công", "SIPAS"),
        rows=stored_rows(one),
        labels={code: texts for code, texts in _labels().items() if {"vi", "en"} <= texts.keys()},
        software=str(edition.about.get("software", "")),
        citation=citation,
        method=edition.method,
        files=_further_files(one),
    )


def _labels() -> dict[str, dict[str, str]]:
    """Words of factors and items; those of parts by ``level/code``, for codes of domains may be the
    same.
    """
    found = {code: dict(texts) for code, texts in shipped_labels().items()}
    for code, words in PARTS.items():
        key = f"{'overall' if code == 'overall' else 'applicant'}/{code}"
        found[key] = {}
        for language in LANGUAGES:
            with override(language):
                found[key][language] = str(words)
    return found


def _further_files(one: PublicEdition) -> dict[str, bytes]:
    with override("vi"):
        notes = write_notes(one)
        files = {
            "method-note.html": _note_page(one, notes),
            "method-note.json": write_note(notes),
            "method-note.pdf": _note_pdf(one, notes),
        }
    method = _method_file(one)
    return {"method.toml": method, **files} if method else files


def _method_file(one: PublicEdition) -> bytes:
    """The file the edition was computed by; empty where it is no longer there."""
    try:
        found = locate_method(one.edition.method, one.edition.method_sha256)
    except ValidationError:
        return b""
    path = Path(found)
    text = path.read_bytes() if path.is_file() else method_text(found).encode()
    return text if hashlib.sha256(text).hexdigest() == one.edition.method_sha256 else b""


def _note_page(one: PublicEdition, notes: list[Note]) -> bytes:
    context = {"notes": notes, "one": one, "province": settings.PROVINCE_NAME}
    return render_to_string("survey/public/method_note_file.html", context).encode()


def _note_pdf(one: PublicEdition, notes: list[Note]) -> bytes:
    released = timezone.localtime(one.edition.released_at).strftime("%H:%M %d/%m/%Y")
    document = ReportDocument(
        title=_("Method note"),
        subject=one.period.title,
        head=make_letterhead(),
        blocks=note_blocks(notes),
        scope=_("Whole province"),
        as_of=_("as of %(moment)s") % {"moment": released},
        edition=_("edition %(sums)s") % {"sums": one.edition.snapshot_sha256[:12]},
        notice=str(one.edition.about.get("notice", "")),
    )
    return report_pdf(document.as_data())


def licence_title() -> tuple[str, str]:
    """Name and address of the licence results are published under."""
    return LICENCES[settings.OPEN_DATA_LICENCE]
