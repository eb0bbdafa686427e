"""The open-data folder of an edition: everything in it is fixed when the edition is released."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from survey.common.periods import parse_period
from survey.public.editions import PublicEdition
from survey.public.words import CITATION, PARTS, shipped_labels
from survey.reports.content import make_letterhead
from survey.reports.documents import ReportDocument
from survey.reports.method_note import Note, note_blocks, write_method_note
from survey.reports.pdf import report_pdf
from survey.scorecards.bridge.methods import method_text
from survey.scorecards.bridge.open_data import LICENCES, OpenDataset, build_files, public_rows
from survey.scorecards.methods import locate_method

RESULTS: Final = "/ket-qua/"
LANGUAGES: Final = ("vi", "en")


def stored_rows(one: PublicEdition) -> list[dict[str, Any]]:
    """What the public may see of an edition, the province first, then agencies by key."""
    results = one.edition.results.select_related("agency").order_by("agency__key")
    whole = [row for result in results if result.agency is None for row in result.rows]
    agencies = [row for result in results if result.agency is not None for row in result.rows]
    return public_rows([*whole, *agencies])


@lru_cache(maxsize=4)
def _folder(one: PublicEdition, _fixed: tuple[str, ...]) -> dict[str, bytes]:
    return build_files(_describe(one))


def open_data_folder(one: PublicEdition) -> dict[str, bytes]:
    """Content of every file by name; kept in memory of the process for the last few editions."""
    fixed = (one.edition.snapshot_sha256, settings.PUBLIC_URL, settings.OPEN_DATA_LICENCE)
    return _folder(one, fixed)


def cite(one: PublicEdition) -> str:
    """How to cite an edition, in the active language."""
    return str(CITATION) % {
        "publisher": settings.REPORT_ISSUER,
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
    with override("vi"):
        citation = cite(one)
    return OpenDataset(
        address=f"{settings.PUBLIC_URL}{RESULTS}{one.path}",
        titles=titles,
        descriptions=descriptions,
        publisher=f"{settings.REPORT_ISSUER} {settings.PROVINCE_NAME}",
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
    found = {code: dict(texts) for code, texts in shipped_labels().items()}
    for code, words in PARTS.items():
        found[code] = {}
        for language in LANGUAGES:
            with override(language):
                found[code][language] = str(words)
    return found


def _further_files(one: PublicEdition) -> dict[str, bytes]:
    with override("vi"):
        notes = write_method_note(one.edition)
        files = {
            "method-note.html": _note_page(one, notes),
            "method-note.json": _note_json(notes),
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


def _note_json(notes: list[Note]) -> bytes:
    lines = [asdict(note) for note in notes]
    return (json.dumps(lines, ensure_ascii=False, indent=1) + "\n").encode()


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
