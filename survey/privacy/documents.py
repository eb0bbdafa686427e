"""The record of processing and the impact assessment, made from the inventory and the schedule:
what the program knows is filled in, what only the province knows is left to it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override, pgettext

from survey.privacy.incidents import read_checklist
from survey.privacy.inventory import FILE, Activity, read_activities
from survey.privacy.models import ConsentText
from survey.privacy.requests import read_rights
from survey.privacy.schedule import load_schedule
from survey.reports.content import make_letterhead
from survey.reports.documents import (
    Column,
    ReportDocument,
    bullets,
    grid,
    heading,
    paragraph,
)
from survey.reports.docx import report_docx
from survey.reports.pdf import report_pdf

Block = dict[str, Any]
TO_ADD: Final = "…………………………"
"""Stands where only the province knows what to write."""


def processing_record(now: datetime) -> ReportDocument:
    """What is processed, of whom, what for, who reads it, how long, and how it is protected."""
    with override("vi"):
        blocks = [
            *_parties(),
            heading(_("II. ACTIVITIES OF PROCESSING")),
            *(block for activity in read_activities() for block in _tell_activity(activity)),
            heading(_("III. HOW LONG DATA ARE KEPT")),
            _schedule_table(),
            heading(_("IV. TEXTS CITIZENS ARE SHOWN")),
            _texts_table(),
        ]
        return _finish(_("Record of personal data processing"), blocks, now)


def impact_assessment(now: datetime) -> ReportDocument:
    """The assessment of what processing can do to people, and what is done against it."""
    with override("vi"):
        blocks = [
            *_parties(),
            heading(_("II. WHAT IS PROCESSED AND WHY")),
            *(
                paragraph(f"{one.text('purpose')}: {one.text('data')}.")
                for one in read_activities()
            ),
            heading(_("III. WHAT COULD HAPPEN TO PEOPLE, AND WHAT IS DONE AGAINST IT")),
            _risk_table(),
            heading(_("IV. RIGHTS OF DATA SUBJECTS")),
            *_tell_rights(),
            heading(_("V. IF SOMETHING HAPPENS")),
            bullets([f"{one.title} ({one.hours} giờ)" for one in read_checklist()]),
            heading(_("VI. CONCLUSION OF THE PROVINCE")),
            paragraph(TO_ADD),
        ]
        return _finish(_("Assessment of the impact of personal data processing"), blocks, now)


DOCUMENTS: Final[Mapping[str, Callable[[datetime], ReportDocument]]] = {
    "processing": processing_record,
    "impact": impact_assessment,
}
KINDS: Final[Mapping[str, Callable[[Mapping[str, Any]], bytes]]] = {
    "pdf": report_pdf,
    "docx": report_docx,
}


def write_document(name: str, kind: str, now: datetime) -> bytes:
    """A document as a file; the same bytes for the same day."""
    return KINDS[kind](DOCUMENTS[name](now).as_data())


def _parties() -> list[Block]:
    return [
        heading(_("I. WHO PROCESSES")),
        paragraph(_("Controller: %(name)s.") % {"name": settings.PROVINCE_NAME}),
        paragraph(_("Unit in charge of data protection: %(name)s") % {"name": TO_ADD}),
        paragraph(_("Contractors (SMS provider, hosting): %(name)s") % {"name": TO_ADD}),
        paragraph(_("Legal basis, decided by the province: %(name)s") % {"name": TO_ADD}),
    ]


def _tell_activity(activity: Activity) -> list[Block]:
    rows = [
        (pgettext("personal", "Data"), activity.text("data")),
        (_("People concerned"), activity.text("people")),
        (_("Purpose"), activity.text("purpose")),
        (_("Who reads it"), activity.text("access")),
        (_("Kept (days)"), "; ".join(activity.kept())),
        (_("Protection"), activity.text("measures")),
        (_("Tables"), ", ".join(activity.tables)),
    ]
    columns = (Column(_("Item"), share=1), Column(_("Content"), share=3))
    return [grid(activity.text("purpose"), columns, rows)]


def _schedule_table() -> Block:
    columns = (
        Column(pgettext("personal", "Data"), share=3),
        Column(_("Days"), "right"),
        Column(_("Counted from"), share=2),
        Column(_("What happens then"), share=3),
    )
    rows = [(one.title, str(one.days), one.since, one.then) for one in load_schedule()]
    return grid(_("Schedule of retention, applied every night"), columns, rows)


def _texts_table() -> Block:
    rows = [
        (row.place, timezone.localtime(row.shown_from).strftime("%d/%m/%Y"), row.sha256[:16])
        for row in ConsentText.objects.all()
    ]
    columns = (Column(_("Language")), Column(_("Shown from")), Column(_("Checksum"), share=2))
    return grid(_("Versions of the text on data protection"), columns, rows)


def _risk_table() -> Block:
    rows = [
        (
            _("Somebody learns what a person answered"),
            _(
                "No name or number beside an answer; answers by link keep the month only and stand "
                "in random order; nothing is shown below ten answers; differences of releases are "
                "held back."
            ),
        ),
        (
            _("A person is pressed to answer in a certain way"),
            _(
                "A receipt never shows the answer; it can be changed for seven days; channels are "
                "compared; another body calls back."
            ),
        ),
        (
            _("Telephone numbers leak"),
            _(
                "Sealed with a key kept apart, erased once the message is settled, never shown on "
                "a page, never in a log."
            ),
        ),
        (
            _("A comment names somebody"),
            _("Masked before anybody reads it; can be erased by the rating code for thirty days."),
        ),
        (
            _("Officials use data for something else"),
            _(
                "Each role sees its branch only; exports of answers need a purpose and a second "
                "person; everything is in the audit trail."
            ),
        ),
        (
            _("The database is changed or lost"),
            _(
                "A public log with witnesses names every changed row; sealed backups are restored "
                "in an exercise."
            ),
        ),
    ]
    columns = (Column(_("Risk"), share=2), Column(_("Measure"), share=4))
    return grid(_("Risks and measures"), columns, rows)


def _tell_rights() -> list[Block]:
    rights = read_rights()
    told = _(
        "First answer within %(first)s working days; carried out in %(least)s to %(most)s days."
    )
    numbers = {
        "first": rights["first_answer_working_days"],
        "least": min(rights["days"].values()),
        "most": max(rights["days"].values()),
    }
    return [paragraph(told % numbers)]


def _finish(title: str, blocks: list[Block], now: datetime) -> ReportDocument:
    day = timezone.localtime(now)
    return ReportDocument(
        title=title.upper(),
        subject=_("System that asks citizens how satisfied they are"),
        head=make_letterhead(),
        blocks=blocks,
        scope=settings.PROVINCE_NAME,
        as_of=f"{day:%d/%m/%Y}",
        edition=sha256(FILE.read_bytes()).hexdigest()[:12],
    )
