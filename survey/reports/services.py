"""Writes: a report, the schedules' reports, the office's template; and a report as a file."""

from __future__ import annotations

import logging
import re
from datetime import datetime
from pathlib import PurePath
from typing import Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from survey.accounts.models import User
from survey.accounts.permissions import may
from survey.agencies.models import Agency
from survey.common.periods import parse_period
from survey.common.text import storable
from survey.followup.effects import standing_editions
from survey.reports.content import build_agency_report, build_province_report
from survey.reports.docx import report_docx
from survey.reports.models import (
    Interval,
    Report,
    ReportSchedule,
    ReportTemplate,
)
from survey.reports.pdf import report_pdf
from survey.reports.queries import read_template, reportable_results
from survey.reports.xlsx import report_xlsx
from survey.scorecards.models import Edition
from survey.scorecards.rounds.evidence import (
    UploadedEvidence,
    check_size,
    detect_suffix,
    keep_file,
)

log = logging.getLogger(__name__)
FORMATS: Final = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
PERIODS: Final = {
    Interval.MONTH: re.compile(r"\d{4}-\d\d"),
    Interval.QUARTER: re.compile(r"\d{4}-Q\d"),
    Interval.YEAR: re.compile(r"\d{4}"),
}
"""How periods of such a length are named."""


def make_report(*, edition: Edition, agency: Agency | None, by: User, now: datetime) -> Report:
    """Make a report on an agency, or without one on the province, and keep what it says.

    Raises
    ------
    ValidationError
        The figures are not released, or are not the account's to report.
    """
    if not edition.is_released:
        raise ValidationError(_("Only released figures are reported."))
    # Administrative documents are Vietnamese, whoever makes them.
    with override("vi"):
        if agency is None:
            if not by.sees_province:
                raise ValidationError(_("A report on the province is made by its accounts."))
            document = build_province_report(edition, now)
        else:
            result = reportable_results(edition, by).filter(agency=agency).first()
            if result is None:
                raise ValidationError(_("There are no figures of this agency in this period."))
            document = build_agency_report(result, now)
    template = ReportTemplate.objects.first()
    return Report.objects.create(
        edition=edition,
        agency=agency,
        content=document.as_data(),
        template_sha256=template.sha256 if template else "",
        made_by=by,
        made_at=now,
    )


def draw_report(report: Report, kind: str) -> bytes:
    """A report as ``pdf``, ``docx`` or ``xlsx``; the same report gives the same bytes.

    Raises
    ------
    ValidationError
        The office's Word template cannot be filled.
    """
    if kind == "docx":
        return report_docx(report.content, read_template(report.template_sha256))
    return {"pdf": report_pdf, "xlsx": report_xlsx}[kind](report.content)


def keep_template(
    *, file: UploadedEvidence, by: User, now: datetime, sample: Report | None
) -> ReportTemplate:
    """Use a Word template of the office's own from now on.

    Raises
    ------
    ValidationError
        It is no DOCX without macros, or cannot be filled with a report.
    """
    check_size(file)
    if detect_suffix(file.content) != "docx":
        raise ValidationError(_("A template is a DOCX file."))
    document = sample.content if sample else SAMPLE
    report_docx(document, file.content)
    return ReportTemplate.objects.create(
        name=storable(PurePath(file.name).name)[-150:] or "template.docx",
        sha256=keep_file(file.content),
        brought_by=by,
        brought_at=now,
    )


SAMPLE: Final = {
    "title": "Báo cáo",
    "subject": "thử",
    "head": {
        "above": "UBND tỉnh",
        "issuer": "Sở",
        "code": "BC",
        "place": "Tỉnh",
        "signer": "Giám đốc",
        "receivers": ["Lưu"],
    },
    "blocks": [
        {"type": "heading", "text": "I."},
        {"type": "paragraph", "text": "x"},
        {"type": "bullets", "items": ["x"]},
        {
            "type": "grid",
            "caption": "x",
            "columns": [{"text": "x", "align": "left", "share": 1}],
            "rows": [["x"]],
        },
    ],
    "scope": "x",
    "as_of": "x",
    "edition": "x",
    "notice": "",
    "country": ["x", "x"],
}
"""What a template is tried with before there is a report."""


def make_scheduled_reports(now: datetime) -> int:
    """Make what schedules ask for of periods released since their last report; how many. An owner
    who may no longer see the figures gets none, and what goes wrong with one stops no other.
    """
    made, day = 0, timezone.localdate(now)
    for schedule in ReportSchedule.objects.select_related("owner", "agency", "last_edition"):
        edition = _find_next(schedule)
        owner = schedule.owner
        if edition is None or not owner.is_open(day) or not may(owner, "make-reports"):
            continue
        try:
            with transaction.atomic():
                make_report(edition=edition, agency=schedule.agency, by=owner, now=now)
                ReportSchedule.objects.filter(pk=schedule.pk).update(last_edition=edition)
        except ValidationError:
            continue
        except Exception:
            log.exception("a scheduled report was not made")
            continue
        made += 1
    return made


def _find_next(schedule: ReportSchedule) -> Edition | None:
    """The newest released edition of the schedule's length, released since it was made: of a later
    period than the last one reported, or of the same one made anew.
    """
    found = [
        row
        for row in standing_editions()
        if PERIODS[Interval(schedule.interval)].fullmatch(row.period)
        and row.released_at
        and row.released_at >= schedule.made_at
    ]
    last = schedule.last_edition
    if not found or last is None:
        return found[-1] if found else None
    newest = found[-1]
    later = parse_period(newest.period).last > parse_period(last.period).last
    anew = newest.period == last.period and newest.pk > last.pk
    return newest if later or anew else None
