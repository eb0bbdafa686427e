"""Reads: reports an account may open, and what can be reported on."""

from __future__ import annotations

from django.db.models import QuerySet

from survey.accounts.models import User
from survey.agencies.queries import visible_agencies
from survey.reports.models import Report, ReportTemplate
from survey.scorecards.models import AgencyResult, Edition
from survey.scorecards.queries import visible_results
from survey.scorecards.rounds.evidence import locate_evidence


def visible_reports(user: User) -> QuerySet[Report]:
    """Reports on agencies in the account's scope; those on the province for its accounts alone."""
    rows = Report.objects.select_related("edition", "agency", "made_by")
    return rows if user.sees_province else rows.filter(agency__in=visible_agencies(user))


def reportable_results(edition: Edition, user: User) -> QuerySet[AgencyResult]:
    """Agencies of an edition the account may have a report on."""
    return visible_results(edition, user).order_by("name")


def own_template() -> bytes | None:
    """The office's Word template; None while the shipped one is used."""
    found = ReportTemplate.objects.first()
    return read_template(found.sha256) if found else None


def read_template(sha256: str) -> bytes | None:
    """The Word template of a checksum; None for the shipped one."""
    path = locate_evidence(sha256) if sha256 else None
    return path.read_bytes() if path and path.is_file() else None
